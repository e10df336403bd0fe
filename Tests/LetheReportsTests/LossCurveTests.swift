import Testing

@testable import LetheReports

struct LossCurveTests {
    private let curve = LossCurve(
        unit: "step",
        points: [.init(number: 1, training: 2.5), .init(number: 2, training: 0.1 + 0.2, validation: 1.25)])

    @Test func theTableReadsBackAsTheSameNumbers() throws {
        #expect(curve.csv == "step,training_loss,validation_loss\n1,2.5,\n2,0.30000000000000004,1.25\n")
        #expect(LossCurve(unit: "epoch", points: []).csv == "epoch,training_loss,validation_loss\n")
    }

    @Test func thePictureStandsByItself() {
        let svg = curve.svg
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("training") && svg.contains("validation") && svg.contains("<style>"))
        #expect(!svg.contains("href") && !svg.contains("<script"))
    }

    @Test(arguments: [0, 1, 5000])
    func anyLengthCanBeDrawn(count: Int) {
        let curve = LossCurve(
            unit: "step", points: (0..<count).map { .init(number: $0 + 1, training: $0 % 7 == 0 ? .nan : 1) })
        #expect(curve.svg.utf8.count < 60_000)
        #expect(!curve.svg.contains("nan"))
    }

    /// Five retrained models end near each other, near the bottom.
    @Test(arguments: [
        [], [120], [226, 227, 228, 229, 230], [10, 11, 12], (0..<40).map { Double($0) }, [20, 200, 201], [300],
    ])
    func namesStayApartAndInside(positions: [Double]) {
        let moved = CurvePlot.apart(positions, from: 16, to: 230)
        #expect(moved.count == positions.count && moved.allSatisfy { (15.999...230.001).contains($0) })
        for (above, below) in zip(moved, moved.dropFirst()) {
            #expect(below - above > min(14.999, 213 / Double(positions.count - 1)))
        }
        let far = zip(positions, positions.dropFirst()).allSatisfy { $1 - $0 >= 15 }
        if far, positions.allSatisfy((16...230).contains) { #expect(moved == positions) }
    }
}
