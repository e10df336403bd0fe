/// How probable the models find the true answers of the forgotten records: original and unlearned as filled histograms, each
/// with the retrained models' histogram as an outline over it.
enum ProbabilityPlot {
    static func figure(_ shift: AuditReport.ProbabilityShift) -> Figure {
        let description = """
            Mean probability of the true answer: original \(mean(shift.original)), unlearned \(mean(shift.unlearned)), \
            mean of the retrained models \(mean(shift.retrained)).
            """
        return Figure(
            id: "probability-shift", title: "Probability of the true answer, forgotten records",
            description: description, caption: description, drawing: drawing(shift))
    }

    private static func mean(_ distribution: AuditReport.Distribution) -> String {
        Figures.fixed(distribution.mean, decimals: 3)
    }

    private static func drawing(_ shift: AuditReport.ProbabilityShift) -> Drawing {
        var drawing = Drawing(width: 440, height: 268)
        let scale = Scale(covering: [0, 1], from: 16, to: 424)
        let tallest = [shift.original, shift.unlearned, shift.retrained].flatMap(densities).max() ?? 0
        row("Original", shift.original, "original", foot: 112)
        row("Unlearned", shift.unlearned, "unlearned", foot: 232)
        drawing.axis(scale, y: 232, ticks: 5)
        return drawing

        func row(_ name: String, _ distribution: AuditReport.Distribution, _ style: String, foot: Double) {
            drawing.path("area \(style)", outline(distribution, foot: foot), closed: true)
            drawing.path("outline", outline(shift.retrained, foot: foot))
            if foot < 200 { drawing.line("axis", fromX: scale.start, y: foot, toX: scale.end, y: foot) }
            if distribution.mean.isFinite {
                let x = scale.position(distribution.mean)
                drawing.line("mean \(style)", fromX: x, y: foot - 84, toX: x, y: foot)
            }
            drawing.label("\(name), mean \(mean(distribution))", style: "label \(style)", x: 16, y: foot - 92)
            drawing.label("outline: retrained", style: "note", x: 424, y: foot - 92, anchor: .end)
        }

        func outline(_ distribution: AuditReport.Distribution, foot: Double) -> [(x: Double, y: Double)] {
            let heights = densities(distribution)
            guard tallest > 0, !heights.isEmpty else { return [] }
            let width = 1 / Double(heights.count)
            var points: [(x: Double, y: Double)] = [(scale.position(0), foot)]
            for (bin, height) in heights.enumerated() {
                let y = foot - 80 * height / tallest
                points.append((scale.position(Double(bin) * width), y))
                points.append((scale.position(Double(bin + 1) * width), y))
            }
            return points + [(scale.position(1), foot)]
        }
    }

    /// The share of records per unit of probability, so that histograms with other bins can be compared.
    private static func densities(_ distribution: AuditReport.Distribution) -> [Double] {
        let total = distribution.counts.reduce(0.0) { $0 + Double(max(0, $1)) }
        guard total > 0 else { return [] }
        let bins = Double(distribution.counts.count)
        return distribution.counts.map { Double(max(0, $0)) / total * bins }
    }
}
