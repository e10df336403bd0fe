/// How far the original and the unlearned model are from the retrained ones, beside the distance that retrained models have
/// among themselves: one metric, a dot with its interval for each model, and the noise floor as a band.
enum DistancePlot {
    static func figure(_ distance: AuditReport.Distance, id: String) -> Figure {
        Figure(
            id: id, title: distance.unit.isEmpty ? distance.name : "\(distance.name), \(distance.unit)",
            description: description(distance), drawing: drawing(distance))
    }

    private static func drawing(_ distance: AuditReport.Distance) -> Drawing {
        var drawing = Drawing(width: 300, height: 158)
        let estimates = [distance.original, distance.unlearned, distance.noiseFloor]
        let ends = estimates.flatMap { [$0.value, $0.lower ?? $0.value, $0.upper ?? $0.value] }.filter(\.isFinite)
        let scale = Scale(covering: [min(0, ends.min() ?? 0), (ends.max() ?? 1) * 1.06], from: 8, to: 292)
        let floor = distance.noiseFloor
        if floor.value.isFinite {
            if let lower = floor.lower, let upper = floor.upper, lower.isFinite, upper.isFinite {
                let left = scale.position(lower)
                drawing.rectangle("band", x: left, y: 22, width: scale.position(upper) - left, height: 106)
            }
            let x = scale.position(floor.value)
            drawing.line("floor", fromX: x, y: 22, toX: x, y: 128)
            drawing.label("noise floor", style: "note", x: max(34, min(x, 262)), y: 14, anchor: .middle)
        }
        row("Original", distance.original, "original", y: 58)
        row("Unlearned", distance.unlearned, "unlearned", y: 106)
        drawing.axis(scale, y: 128)
        return drawing

        func row(_ name: String, _ estimate: AuditReport.Estimate, _ style: String, y: Double) {
            let value = "\(name)  \(Figures.short(estimate.value))"
            let x = estimate.value.isFinite ? scale.position(estimate.value) : scale.start
            let anchor: Drawing.Anchor = x > 200 ? .end : .start
            drawing.label(value, style: "label \(style)", x: anchor == .end ? x + 6 : x - 6, y: y - 13, anchor: anchor)
            if estimate.value.isFinite { drawing.estimate(style, estimate, on: scale, y: y) }
        }
    }

    private static func description(_ distance: AuditReport.Distance) -> String {
        """
        Mean distance to the retrained models: original \(Figures.estimate(distance.original)), unlearned \
        \(Figures.estimate(distance.unlearned)). Retrained models among themselves: \
        \(Figures.estimate(distance.noiseFloor)).
        """
    }
}
