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
            // Many lines are several of one kind, and the colours of the original and the unlearned model would mislead.
            let areMany = curve.lines.count > 2
            let style = areMany ? "reference" : ["unlearned", "original"][number]
            let points = finite(line).map { (x: horizontal.position($0.x), y: vertical.position($0.y)) }
            drawing.path("curve \(style)" + (areMany ? " thin" : ""), points)
            guard let end = points.last else { continue }
            drawing.dot("dot \(style)", x: end.x, y: end.y, radius: 3)
            names.append((line.name.shortened(to: 18), style, end.y + 4))
        }
        names.sort { $0.y < $1.y }
        for (name, y) in zip(names, apart(names.map(\.y), from: 16, to: 230)) {
            drawing.label(name.text, style: "label \(name.style)", x: 314, y: y)
        }
        return drawing
    }

    /// Rising positions moved as little as keeps names apart and inside the drawing; closer together where there are too many.
    static func apart(_ positions: [Double], from top: Double, to bottom: Double) -> [Double] {
        let distance = min(15, (bottom - top) / Double(max(positions.count - 1, 1)))
        var moved = positions
        var free = top
        for index in moved.indices {
            moved[index] = max(moved[index], free)
            free = moved[index] + distance
        }
        free = bottom
        for index in moved.indices.reversed() {
            moved[index] = min(moved[index], free)
            free = moved[index] - distance
        }
        return moved
    }
}
