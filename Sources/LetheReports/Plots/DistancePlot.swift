/// How far the original and the unlearned model are from the retrained ones, beside the distance that retrained models have
/// among themselves: one metric, a dot with its interval for each model, and the noise floor as a band.
enum DistancePlot {
    static func figure(_ distance: AuditReport.Distance, id: String) -> Figure {
        Figure(
            id: id, title: distance.unit.isEmpty ? distance.name : "\(distance.name), \(distance.unit)",
            description: description(distance), caption: caption(distance), drawing: drawing(distance))
    }

    /// Digits after the point that all figures of a metric share.
    static func decimals(_ distance: AuditReport.Distance) -> Int {
        [distance.original, distance.unlearned, distance.noiseFloor].map { Figures.decimals(for: $0) }.max() ?? 3
    }

    private static func drawing(_ distance: AuditReport.Distance) -> Drawing {
        var drawing = Drawing(width: 300, height: 158)
        let estimates = [distance.original, distance.unlearned, distance.noiseFloor]
        let ends = estimates.flatMap { [$0.value, $0.lower ?? $0.value, $0.upper ?? $0.value] }.filter(\.isFinite)
        let scale = Scale(covering: [min(0, ends.min() ?? 0), (ends.max() ?? 1) * 1.06], from: 16, to: 284)
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
            let value = "\(name) \(Figures.fixed(estimate.value, decimals: decimals(distance)))"
            let x = estimate.value.isFinite ? scale.position(estimate.value) : scale.start
            let anchor: Drawing.Anchor = x > 200 ? .end : .start
            drawing.label(value, style: "label \(style)", x: anchor == .end ? x + 6 : x - 6, y: y - 13, anchor: anchor)
            if estimate.value.isFinite { drawing.estimate(style, estimate, on: scale, y: y) }
        }
    }

    private static func description(_ distance: AuditReport.Distance) -> String {
        let decimals = decimals(distance)
        return """
            Mean distance to the retrained models: original \(Figures.estimate(distance.original, decimals: decimals)), \
            unlearned \(Figures.estimate(distance.unlearned, decimals: decimals)). Retrained models among themselves: \
            \(Figures.estimate(distance.noiseFloor, decimals: decimals)).
            """
    }

    private static func caption(_ distance: AuditReport.Distance) -> String {
        let original = distance.original.value / distance.noiseFloor.value
        let unlearned = distance.unlearned.value / distance.noiseFloor.value
        guard original.isFinite, unlearned.isFinite else { return "The noise floor is \(Figures.missing)." }
        return """
            Original: \(Figures.fixed(original, decimals: 1)) times the noise floor. Unlearned: \
            \(Figures.fixed(unlearned, decimals: 1)) times.
            """
    }
}
