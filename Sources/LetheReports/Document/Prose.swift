/// A line of text with a few marks on it, written as an interpolated string: `"Run \(code: report.runID)"`.
///
/// All of it is text: nothing in it can become markup.
struct Prose: Sendable, ExpressibleByStringInterpolation {
    /// A piece of a line.
    enum Span: Sendable {
        /// Plain text.
        case text(String)
        /// Text that matters.
        case strong(String)
        /// An identifier, digest or file name.
        case code(String)
        /// A day, from RFC 3339 text.
        case day(String)
        /// A day and time, from RFC 3339 text.
        case time(String)
        /// A state or result, with a tone.
        case mark(Tone, String)
        /// A second, quieter line in a cell.
        case detail([Span])
        /// A share of a whole, drawn as a bar.
        case bar(Double)
    }

    /// The pieces, in order.
    var spans: [Span]

    init(_ spans: [Span]) {
        self.spans = spans
    }

    /// The same line; lets a literal be written as `Prose("…")`.
    init(_ prose: Prose) {
        self = prose
    }

    init(stringLiteral text: String) {
        spans = [.text(text)]
    }

    init(stringInterpolation: Interpolation) {
        spans = stringInterpolation.spans
    }

    /// Length of the longest piece, in characters.
    var longestSpan: Int {
        spans.map { span in
            switch span {
            case .text(let text), .strong(let text), .code(let text), .mark(_, let text): text.count
            case .detail(let spans): Prose(spans).longestSpan
            case .day, .time, .bar: 0
            }
        }.max() ?? 0
    }

    /// The line with a quieter second line under it.
    func detail(_ second: Prose?) -> Prose {
        guard let second else { return self }
        return Prose(spans + [.detail(second.spans)])
    }

    /// Collects the pieces of an interpolated line.
    struct Interpolation: StringInterpolationProtocol {
        var spans: [Span] = []

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ text: String) {
            if !text.isEmpty { spans.append(.text(text)) }
        }

        mutating func appendInterpolation(_ text: String) { spans.append(.text(text)) }
        mutating func appendInterpolation(strong text: String) { spans.append(.strong(text)) }
        mutating func appendInterpolation(code text: String) { spans.append(.code(text)) }
        mutating func appendInterpolation(day text: String) { spans.append(.day(text)) }
        mutating func appendInterpolation(time text: String) { spans.append(.time(text)) }
        mutating func appendInterpolation(_ text: String, tone: Tone) { spans.append(.mark(tone, text)) }
        mutating func appendInterpolation(bar share: Double) { spans.append(.bar(share)) }
        mutating func appendInterpolation(_ prose: Prose) { spans += prose.spans }
    }
}

/// How good a state or result is.
enum Tone: String, Sendable {
    case good, caution, bad, neutral

    /// A sign that says the same without colour.
    var sign: String {
        switch self {
        case .good: "\u{2713}"
        case .caution: "?"
        case .bad: "\u{2717}"
        case .neutral: "\u{2013}"
        }
    }
}
