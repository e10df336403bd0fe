/// Lines of text as HTML.
enum ProseMarkup {
    static func markup(_ prose: Prose) -> [Markup] {
        prose.spans.map(markup)
    }

    private static func markup(_ span: Prose.Span) -> Markup {
        switch span {
        case .text(let text): .text(text)
        case .strong(let text): .tag("strong") { text }
        case .code(let text): .tag("code") { text }
        case .day(let text): time(text, shown: Moment(text).day)
        case .time(let text): time(text, shown: Moment(text).full)
        case .mark(let tone, let text): .tag("span", .class("mark \(tone.rawValue)")) { "\(tone.sign) \(text)" }
        case .detail(let spans): .tag("span", .class("second")) { spans.map(markup) }
        case .bar(let share): bar(share)
        }
    }

    private static func time(_ text: String, shown: String) -> Markup {
        guard let machine = Moment(text).machine else { return .text(text) }
        return .tag("time", .init("datetime", machine)) { shown }
    }

    /// A bar that only repeats a number beside it, hence hidden from those who listen.
    private static func bar(_ share: Double) -> Markup {
        var drawing = Drawing(width: 100, height: 8)
        drawing.rectangle("track", x: 0, y: 0, width: 100, height: 8, radius: 2)
        drawing.rectangle("fill", x: 0, y: 0, width: max(1, 100 * min(max(share, 0), 1)), height: 8, radius: 2)
        return .element(
            "svg",
            [
                .class("bar"), .init("viewBox", "0 0 100 8"), .init("preserveAspectRatio", "none"),
                .init("aria-hidden", "true"),
            ], drawing.content)
    }
}
