/// The figures of a comparison of methods, each an SVG that stands by itself.
public struct MethodsFigure: Sendable, Equatable {
    /// A value with its interval.
    public struct Measure: Sendable, Equatable {
        /// The point.
        public var value: Double
        /// The interval's ends; nil where there is none.
        public var interval: ClosedRange<Double>?

        /// A value with its interval.
        public init(_ value: Double, _ interval: ClosedRange<Double>? = nil) {
            self.value = value
            self.interval = interval
        }

        fileprivate var ends: [Double] { interval.map { [$0.lowerBound, $0.upperBound] } ?? [value] }
    }

    /// One method as a point.
    public struct Point: Sendable, Equatable {
        /// The method's name.
        public var name: String
        /// Horizontally: how useful it is.
        public var utility: Measure
        /// Vertically: how far from forgotten.
        public var distance: Measure

        /// A method as a point.
        public init(name: String, utility: Measure, distance: Measure) {
            self.name = name
            self.utility = utility
            self.distance = distance
        }
    }

    /// One method's time in parts.
    public struct Bar: Sendable, Equatable {
        /// The method's name.
        public var name: String
        /// The parts with their seconds.
        public var parts: [(name: String, seconds: Double)]

        /// A method's time.
        public init(name: String, parts: [(name: String, seconds: Double)]) {
            self.name = name
            self.parts = parts
        }

        /// Whether two say the same.
        public static func == (left: Bar, right: Bar) -> Bool {
            left.name == right.name && left.parts.elementsEqual(right.parts, by: ==)
        }
    }

    /// The file's text.
    public let svg: String

    private init(_ drawing: Drawing, title: String, description: String) {
        svg = MarkupWriter.html(
            .element(
                "svg",
                [
                    Markup.Attribute("xmlns", "http://www.w3.org/2000/svg"),
                    Markup.Attribute("viewBox", "0 0 \(Int(drawing.width)) \(Int(drawing.height))"),
                    Markup.Attribute("role", "img"),
                ],
                [
                    .element("title", [], [.text(title)]), .element("desc", [], [.text(description)]),
                    .styleSheet(Self.style),
                ]
                    + drawing.content))
    }

    /// Forgetting against utility: the nearer to the shaded noise floor and the farther to the right, the better. Distances, of which one
    /// may be a hundred times another, stand on a logarithmic axis.
    public static func forgetting(
        _ points: [Point], floor: Measure, title: String, utilityAxis: String, distanceAxis: String
    ) -> MethodsFigure {
        var drawing = Drawing(width: 720, height: 440)
        let finite = points.filter { $0.utility.value.isFinite && $0.distance.value.isFinite }
        let utilities = finite.flatMap(\.utility.ends)
        let (low, high) = (utilities.min() ?? 0, utilities.max() ?? 1)
        let room = 0.04 * max(high - low, 1e-9)
        let horizontal = Scale(covering: [low - room, high + room], from: 70, to: 560)
        let vertical = LogarithmicScale(covering: finite.flatMap(\.distance.ends) + floor.ends, from: 390, to: 34)
        if floor.value.isFinite {
            let ends = floor.ends
            let (from, to) = (vertical.position(ends.max() ?? floor.value), vertical.position(ends.min() ?? 0))
            drawing.rectangle("band", x: 70, y: from, width: 490, height: to - from)
            let y = vertical.position(floor.value)
            drawing.line("floor", fromX: 70, y: y, toX: 560, y: y)
        }
        for tick in vertical.ticks() {
            let y = vertical.position(tick.value)
            drawing.line("grid", fromX: 70, y: y, toX: 560, y: y)
            drawing.label(tick.label, style: "tick", x: 62, y: y + 4, anchor: .end)
        }
        drawing.axis(horizontal, y: 390, ticks: 8)
        drawing.label("\(distanceAxis.shortened(to: 80)), logarithmic", style: "note", x: 8, y: 16)
        drawing.label(utilityAxis.shortened(to: 80), style: "note", x: 560, y: 430, anchor: .end)
        let dots = finite.map { (x: horizontal.position($0.utility.value), y: vertical.position($0.distance.value)) }
        for (point, dot) in zip(finite, dots) {
            let style = "whisker thin \(Self.style(of: point.name))"
            if let interval = point.utility.interval {
                drawing.line(
                    style, fromX: horizontal.position(interval.lowerBound), y: dot.y,
                    toX: horizontal.position(interval.upperBound), y: dot.y)
            }
            if let interval = point.distance.interval {
                drawing.line(
                    style, fromX: dot.x, y: vertical.position(interval.lowerBound), toX: dot.x,
                    y: vertical.position(interval.upperBound))
            }
        }
        var labels = LabelPlacement(horizontal: 72...712, vertical: 34...388, dots: dots)
        if floor.value.isFinite {
            let note = labels.place("noise floor", at: (555, vertical.position(floor.value)))
            drawing.label("noise floor", style: "note", x: note.x, y: note.y, anchor: note.anchor)
        }
        let places = zip(finite, dots).map { point, dot in
            let name = point.name.shortened(to: 34)
            return (name: name, style: Self.style(of: point.name), dot: dot, place: labels.place(name, at: dot))
        }
        for label in places where label.place.isFar {
            drawing.line(
                "leader", fromX: label.dot.x, y: label.dot.y,
                toX: label.place.x + (label.place.anchor == .start ? -2 : 2), y: label.place.y - 4)
        }
        for label in places {
            drawing.dot("dot \(label.style)", x: label.dot.x, y: label.dot.y)
            drawing.label(
                label.name, style: "label \(label.style)", x: label.place.x, y: label.place.y,
                anchor: label.place.anchor)
        }
        let words = finite.map { "\($0.name) \(Figures.short($0.utility.value)), \(Figures.short($0.distance.value))" }
        return MethodsFigure(
            drawing, title: title,
            description: "\(utilityAxis) and \(distanceAxis): " + words.joined(separator: "; ")
                + ". Noise floor \(Figures.short(floor.value)).")
    }

    /// Time as bars, each cut into its parts.
    public static func time(_ bars: [Bar], title: String) -> MethodsFigure {
        var drawing = Drawing(width: 720, height: 60 + 26 * Double(bars.count))
        let totals = bars.map { $0.parts.reduce(0) { $0 + $1.seconds } }
        let names = bars.map { $0.name.shortened(to: 34) }
        let left = 20 + 7 * Double(names.map(\.count).max() ?? 0)
        let scale = Scale(covering: [0, max(totals.filter(\.isFinite).max() ?? 1, 1e-9)], from: left, to: 600)
        for (row, bar) in bars.enumerated() {
            let y = 14 + 26 * Double(row)
            drawing.label(names[row], style: "label", x: left - 8, y: y + 13, anchor: .end)
            var sum = 0.0
            for (number, part) in bar.parts.enumerated() where part.seconds > 0 && part.seconds.isFinite {
                let from = scale.position(sum)
                sum += part.seconds
                drawing.rectangle(
                    "part part\(number % 4)", x: from, y: y, width: scale.position(sum) - from, height: 18)
            }
            drawing.label(Figures.duration(totals[row]), style: "note", x: scale.position(sum) + 6, y: y + 13)
        }
        drawing.axis(scale, y: 20 + 26 * Double(bars.count))
        drawing.label("seconds of processor time", style: "note", x: 608, y: 37 + 26 * Double(bars.count))
        let words = zip(bars, totals).map { bar, total in
            "\(bar.name) \(Figures.duration(total)) ("
                + bar.parts.map { "\($0.name) \(Figures.duration($0.seconds))" }.joined(separator: ", ") + ")"
        }
        return MethodsFigure(drawing, title: title, description: words.joined(separator: "; ") + ".")
    }

    /// Objectives over steps: a panel for every line, each with a height of its own, for objectives of different methods do not compare.
    public static func curves(
        _ lines: [AuditReport.Line], title: String, horizontalAxis: String, verticalAxis: String
    ) -> MethodsFigure {
        let panels = lines.map { (name: $0.name, points: $0.points.filter { $0.x.isFinite && $0.y.isFinite }) }
            .filter { !$0.points.isEmpty }
        let (columns, width, height) = (4, 176.0, 112.0)
        let rows = (panels.count + columns - 1) / columns
        var drawing = Drawing(width: 720, height: 30 + height * Double(rows))
        drawing.label(
            "\(verticalAxis) (number: at the end) over \(horizontalAxis)".shortened(to: 100), style: "note", x: 8,
            y: 16)
        let spans = panels.flatMap(\.points).map(\.x)
        for (number, panel) in panels.enumerated() {
            let x = 8 + width * Double(number % columns)
            let y = 30 + height * Double(number / columns)
            let horizontal = Scale(covering: spans, from: x, to: x + width - 22)
            let vertical = Scale(covering: panel.points.map(\.y) + [0], from: y + height - 16, to: y + 26)
            let end = panel.points[panel.points.count - 1]
            drawing.label(panel.name.shortened(to: 18), style: "label", x: x, y: y + 14)
            drawing.label(
                Figures.percent(end.y), style: "note", x: x + width - 22, y: y + 14, anchor: .end)
            drawing.line("grid", fromX: x, y: vertical.position(0), toX: x + width - 22, y: vertical.position(0))
            drawing.path(
                "curve unlearned", panel.points.map { (horizontal.position($0.x), vertical.position($0.y)) })
            drawing.dot("dot unlearned", x: horizontal.position(end.x), y: vertical.position(end.y), radius: 3)
        }
        let words = panels.map { panel in
            "\(panel.name) from \(Figures.percent(panel.points[0].y)) to "
                + Figures.percent(panel.points[panel.points.count - 1].y)
        }
        return MethodsFigure(
            drawing, title: title,
            description: "\(verticalAxis) over \(horizontalAxis): " + words.joined(separator: "; ") + ".")
    }

    private static func style(of name: String) -> String {
        if name == "original" || name == "base" { return "original" }
        return name == "retrain" ? "reference" : "unlearned"
    }

    private static let style: StaticString = """
        text{font:500 12.5px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;fill:#1b1f24}
        .tick,.note{font-weight:400;font-size:11.5px;fill:#57606a}
        .original{--c:#b8500a}.unlearned{--c:#0067a8}.reference{--c:#59636e}
        .label{fill:var(--c,#1b1f24);paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
        .grid{stroke:#d8dee4}.axis{stroke:#57606a}.floor{stroke:#59636e;stroke-width:1.5;stroke-dasharray:3 3}
        .band{fill:#59636e24}.dot{fill:var(--c);stroke:#fff;stroke-width:1.5}
        .whisker,.curve{stroke:var(--c);stroke-width:2;stroke-linecap:round;stroke-linejoin:round;fill:none}
        .thin{stroke-width:1.25;stroke-opacity:.4}.leader{stroke:#57606a;stroke-width:.75}
        .part{stroke:#fff}.part0{fill:#59636e}.part1{fill:#0067a8}.part2{fill:#b8500a}.part3{fill:#0b6e4f}

        """
}
