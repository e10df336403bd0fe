/// A drawing in a plane whose y axis points down, `width` by `height` units: the content of an `svg` element.
///
/// Colours come from the page's style sheet by class, so that a drawing follows light, dark and print.
struct Drawing: Sendable {
    let width: Double
    let height: Double
    private(set) var content: [Markup] = []

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// Where a label is anchored.
    enum Anchor: String {
        case start, middle, end
    }

    mutating func line(_ style: String, fromX x1: Double, y y1: Double, toX x2: Double, y y2: Double) {
        append(
            "line", style, Self.number("x1", x1), Self.number("y1", y1), Self.number("x2", x2), Self.number("y2", y2))
    }

    mutating func rectangle(
        _ style: String, x: Double, y: Double, width: Double, height: Double, radius: Double = 0
    ) {
        append(
            "rect", style, Self.number("x", x), Self.number("y", y), Self.number("width", max(0, width)),
            Self.number("height", max(0, height)), Self.number("rx", radius))
    }

    mutating func dot(_ style: String, x: Double, y: Double, radius: Double = 4.75) {
        append("circle", style, Self.number("cx", x), Self.number("cy", y), Self.number("r", radius))
    }

    /// Straight lines through `points`, closed if they enclose an area.
    mutating func path(_ style: String, _ points: [(x: Double, y: Double)], closed: Bool = false) {
        guard points.count > 1 else { return }
        let steps = points.map { "\(Self.coordinate($0.x)) \(Self.coordinate($0.y))" }
        append("path", style, Markup.Attribute("d", "M" + steps.joined(separator: "L") + (closed ? "Z" : "")))
    }

    mutating func label(_ text: String, style: String = "label", x: Double, y: Double, anchor: Anchor = .start) {
        content.append(
            .element(
                "text",
                [
                    .class(style), Self.number("x", x), Self.number("y", y),
                    Markup.Attribute("text-anchor", anchor.rawValue),
                ], [.text(text)]))
    }

    /// A dot with its interval as a line through it.
    mutating func estimate(_ style: String, _ estimate: AuditReport.Estimate, on scale: Scale, y: Double) {
        if let lower = estimate.lower, let upper = estimate.upper, lower.isFinite, upper.isFinite {
            line("whisker \(style)", fromX: scale.position(lower), y: y, toX: scale.position(upper), y: y)
        }
        dot("dot \(style)", x: scale.position(estimate.value), y: y)
    }

    /// A horizontal axis with ticks, at the foot of the drawing.
    mutating func axis(_ scale: Scale, y: Double, ticks: Int = 4) {
        line("axis", fromX: scale.start, y: y, toX: scale.end, y: y)
        for tick in scale.ticks(about: ticks) {
            let x = scale.position(tick.value)
            line("axis", fromX: x, y: y, toX: x, y: y + 4)
            label(tick.label, style: "tick", x: x, y: y + 17, anchor: .middle)
        }
    }

    private mutating func append(_ name: StaticString, _ style: String, _ attributes: Markup.Attribute...) {
        content.append(.element(name, [.class(style)] + attributes, []))
    }

    private static func number(_ name: StaticString, _ value: Double) -> Markup.Attribute {
        Markup.Attribute(name, coordinate(value))
    }

    /// A coordinate with at most two decimals.
    static func coordinate(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        var text = Figures.ascii(value, decimals: 2)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
