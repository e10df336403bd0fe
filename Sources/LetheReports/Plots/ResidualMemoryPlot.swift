/// Relative residual memorisation on a scale where 0 is a retrained model and 1 the original, with the margin as a band.
enum ResidualMemoryPlot {
    static func figure(_ estimate: AuditReport.Estimate, margin: Double) -> Figure {
        let description = """
            On a scale from 0 (like retrained models) to 1 (like the original) the unlearned model is at \
            \(Figures.estimate(estimate)). The policy accepts \(Figures.fixed(-margin, decimals: 2)) to \
            \(Figures.fixed(margin, decimals: 2)).
            """
        return Figure(
            id: "residual-memory", title: "Memory left of the forgotten records", description: description,
            caption: description, drawing: drawing(estimate, margin: margin))
    }

    private static func drawing(_ estimate: AuditReport.Estimate, margin: Double) -> Drawing {
        var drawing = Drawing(width: 440, height: 158)
        let ends = [estimate.value, estimate.lower ?? estimate.value, estimate.upper ?? estimate.value]
        let reach = margin.isFinite ? min(margin.magnitude, 1) : 0
        let low = max(-1, ([-reach - 0.1, -0.3] + ends.filter(\.isFinite)).min() ?? 0)
        let high = min(2, ([1.15] + ends.filter(\.isFinite)).max() ?? 1)
        let scale = Scale(covering: [low, high], from: 16, to: 424)
        let axis = 104.0

        let left = scale.position(-reach)
        let right = scale.position(reach)
        drawing.rectangle("band accept", x: left, y: 34, width: right - left, height: axis - 34)
        drawing.label("accepted", style: "note", x: (left + right) / 2, y: 26, anchor: .middle)
        for (value, name) in [(0.0, "like retrained"), (1.0, "like the original")] {
            let x = scale.position(value)
            drawing.line("floor", fromX: x, y: 34, toX: x, y: axis)
            drawing.label(
                name, style: value == 1 ? "label original" : "label", x: min(x, 432), y: axis + 42,
                anchor: value == 1 && x > 380 ? .end : .middle)
        }
        drawing.axis(scale, y: axis, ticks: 6)

        if estimate.value.isFinite {
            let x = scale.position(estimate.value)
            let beyond = !scale.domain.contains(estimate.value)
            drawing.estimate(beyond ? "unlearned beyond" : "unlearned", estimate, on: scale, y: 78)
            let text = "Unlearned \(Figures.fixed(estimate.value, decimals: 2))" + (beyond ? ", beyond the scale" : "")
            let anchor: Drawing.Anchor = x > 320 ? .end : .start
            drawing.label(text, style: "label unlearned", x: anchor == .end ? x + 6 : x - 6, y: 62, anchor: anchor)
        } else {
            drawing.label("Unlearned \(Figures.missing)", style: "label unlearned", x: right + 12, y: 82)
        }
        return drawing
    }
}
