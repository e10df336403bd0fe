import Foundation
import Testing

@testable import LetheReports

/// The figures of a comparison of methods stand by themselves.
struct MethodsFigureTests {
    private static func point(_ name: String, _ utility: Double, _ distance: Double) -> MethodsFigure.Point {
        .init(
            name: name, utility: .init(utility, utility.isNaN ? nil : (utility - 1)...(utility + 1)),
            distance: .init(distance, (distance / 2)...(2 * distance)))
    }

    private static func forgetting(_ points: [MethodsFigure.Point], floor: Double = 0.2) -> String {
        MethodsFigure.forgetting(
            points, floor: .init(floor, floor.isNaN ? nil : (floor / 2)...(2 * floor)), title: "Forgetting",
            utilityAxis: "AUC",
            distanceAxis: "JSD"
        ).svg
    }

    @Test func everyMethodIsADotBesideTheShadedFloor() {
        let svg = Self.forgetting([
            Self.point("original", 76, 4), Self.point("retrain", 75, 0.2), Self.point("e2urec", 74, 1),
        ])
        #expect(svg.ranges(of: "<circle").count == 3)
        #expect(svg.contains("class=\"band\"") && svg.contains("noise floor"))
        #expect(svg.contains("class=\"dot original\"") && svg.contains("class=\"dot reference\""))
        #expect(svg.contains("e2urec 74"))
    }

    @Test func aHostileNameIsText() {
        let svg = Self.forgetting([Self.point("</text><script>&\"'", 76, 4)])
        #expect(!svg.contains("<script>") && svg.contains("&lt;script&gt;"))
    }

    @Test func valuesThatAreNotNumbersAreLeftOut() {
        let svg = Self.forgetting([Self.point("a", .nan, 1), Self.point("b", 3, 1)], floor: .nan)
        #expect(svg.ranges(of: "<circle").count == 1)
        #expect(!svg.contains("nan") && !svg.contains("class=\"band\""))
        #expect(Self.forgetting([]).hasPrefix("<svg xmlns="))
    }

    @Test func aBarHasItsPartsAndItsSum() {
        let svg = MethodsFigure.time(
            [
                .init(name: "e2urec", parts: [("augmented model", 30), ("forgetting", 12)]),
                .init(name: "sisa", parts: []),
            ],
            title: "Time"
        ).svg
        #expect(svg.ranges(of: "class=\"part part").count == 2)
        #expect(svg.contains("42\u{00A0}s") && svg.contains("augmented model 30\u{00A0}s"))
    }

    @Test func linesAreNamedAtTheirEnds() {
        let line = AuditReport.Line(name: "negkl", points: [.init(x: 0, y: 0), .init(x: 1, y: -0.5)])
        let svg = MethodsFigure.curves([line], title: "Curves", horizontalAxis: "steps", verticalAxis: "change").svg
        #expect(svg.contains("negkl") && svg.contains("class=\"curve"))
    }
}
