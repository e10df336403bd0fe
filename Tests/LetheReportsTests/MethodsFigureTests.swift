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

    @Test func oneFarMethodLeavesTheOthersApart() throws {
        let svg = Self.forgetting([
            Self.point("bad-t", 70, 36), Self.point("original", 70.1, 1), Self.point("e2urec", 70, 2),
            Self.point("retrain", 70, 0.3),
        ])
        let heights = svg.matches(of: /<circle[^>]* cy="([0-9.]+)"/).compactMap { Double($0.1) }
        try #require(heights.count == 4)
        #expect(abs(heights[1] - heights[2]) > 30 && abs(heights[2] - heights[3]) > 60)
    }

    @Test func namesOfPointsAtOnePlaceCoverNeitherEachOtherNorTheirDots() throws {
        let crowd = Self.forgetting((0..<12).map { Self.point("method-\($0)", 70, 1) }, floor: 0.9)
        let boxes = crowd.matches(
            of: /class="label [^>]* x="([0-9.]+)" y="([0-9.]+)" text-anchor="(start|end)">([^<]*)</
        ).compactMap { match -> (x: ClosedRange<Double>, y: ClosedRange<Double>)? in
            guard let x = Double(match.1), let y = Double(match.2) else { return nil }
            let width = 7 * Double(match.4.count)
            let from = match.3 == "start" ? x : x - width
            return (from...(from + width), (y - 10)...(y + 3))
        }
        try #require(boxes.count == 12)
        let dot = try #require(crowd.firstMatch(of: /<circle[^>]* cx="([0-9.]+)" cy="([0-9.]+)"/))
        let (x, y) = (try #require(Double(dot.1)), try #require(Double(dot.2)))
        for (number, box) in boxes.enumerated() {
            #expect(!(box.x.contains(x) && box.y.contains(y)))
            #expect(box.y.lowerBound >= 34 && box.y.upperBound <= 388 && box.x.upperBound <= 712)
            for other in boxes[..<number] { #expect(!(box.x.overlaps(other.x) && box.y.overlaps(other.y))) }
        }
        // A name that had to go far is tied to its dot.
        #expect(crowd.contains("class=\"leader\""))
        #expect(!Self.forgetting([Self.point("alone", 70, 1)]).contains("class=\"leader\""))
    }

    @Test func ticksOfALogarithmicAxisAreRoundAndInside() {
        let scale = LogarithmicScale(covering: [0.3, 40, 0, -1, .nan], from: 390, to: 34)
        #expect(scale.ticks().map(\.label) == ["0.5", "1", "2", "5", "10", "20", "50"])
        #expect(scale.position(0) == 390 && scale.position(-1) == 390 && scale.position(1e9) == 34)
        #expect(scale.position(1) > scale.position(10))
        #expect(LogarithmicScale(covering: [1e-6, 1e6], from: 0, to: 1).ticks().count == 13)
        #expect(LogarithmicScale(covering: [], from: 0, to: 1).position(5) > 0)
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

    @Test func everyLineHasAPanelWithItsNameAndItsEnd() {
        let lines = (0..<5).map { number in
            AuditReport.Line(
                name: "method-\(number)", points: [.init(x: 0, y: 0), .init(x: 1, y: .nan), .init(x: 2, y: -0.5)])
        }
        let empty = AuditReport.Line(name: "empty", points: [])
        let svg = MethodsFigure.curves(
            lines + [empty], title: "Curves", horizontalAxis: "steps", verticalAxis: "change"
        ).svg
        #expect(svg.ranges(of: "class=\"curve").count == 5 && svg.contains("method-4 from 0"))
        #expect(!svg.contains("nan") && !svg.contains("empty"))
    }
}
