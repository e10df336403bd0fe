/// Lines over a common axis, each named at its right end.
enum CurvePlot {
    static func figure(_ curve: AuditReport.Curve, id: String) -> Figure {
        let ends = curve.lines.compactMap { line -> String? in
            guard let first = finite(line).first, let last = finite(line).last else { return nil }
            return "\(line.name) from \(Figures.short(first.y)) to \(Figures.short(last.y))"
        }
        let description =
            "\(curve.verticalAxis) over \(curve.horizontalAxis): "
            + (ends.isEmpty ? Figures.missing : ends.joined(separator: "; ")) + "."
        return Figure(
            id: id, title: curve.title, description: description, caption: description, drawing: drawing(curve))
    }

    private static func finite(_ line: AuditReport.Line) -> [AuditReport.Point] {
        line.points.filter { $0.x.isFinite && $0.y.isFinite }
    }

    static func drawing(_ curve: AuditReport.Curve) -> Drawing {
        var drawing = Drawing(width: 440, height: 236)
        let points = curve.lines.flatMap(finite)
        let horizontal = Scale(covering: points.map(\.x), from: 44, to: 306)
        let low = points.map(\.y).min() ?? 0
        let high = points.map(\.y).max() ?? 1
        let room = 0.08 * (high - low)
        let vertical = Scale(covering: [low - room, high + room], from: 196, to: 26)
        for tick in vertical.ticks(about: 4) {
            let y = vertical.position(tick.value)
            drawing.line("grid", fromX: 44, y: y, toX: 306, y: y)
            drawing.label(tick.label, style: "tick", x: 38, y: y + 4, anchor: .end)
        }
        drawing.axis(horizontal, y: 196)
        drawing.label(curve.verticalAxis.shortened(to: 40), style: "note", x: 8, y: 12)
        drawing.label(curve.horizontalAxis.shortened(to: 40), style: "note", x: 306, y: 230, anchor: .end)

        var names: [(text: String, style: String, y: Double)] = []
        for (number, line) in curve.lines.enumerated() {
            let style = ["unlearned", "original", "reference"][number % 3] + (number < 3 ? "" : " dashed")
            let points = finite(line).map { (x: horizontal.position($0.x), y: vertical.position($0.y)) }
            drawing.path("curve \(style)", points)
            guard let end = points.last else { continue }
            drawing.dot("dot \(style)", x: end.x, y: end.y, radius: 3)
            names.append((line.name.shortened(to: 18), style, end.y + 4))
        }
        var free = -Double.infinity
        for name in names.sorted(by: { $0.y < $1.y }) {
            let y = max(name.y, free)
            drawing.label(name.text, style: "label \(name.style)", x: 314, y: y)
            free = y + 15
        }
        return drawing
    }
}
