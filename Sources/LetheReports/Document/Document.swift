/// A report as a document: what is said, before it is said in HTML or Markdown.
struct Document: Sendable {
    /// What a browser's tab and a printer call it.
    var title: String
    /// The line above the verdict.
    var kicker: Prose
    /// The verdict's code, as in the certificate.
    var verdict: String
    /// How good the verdict is.
    var tone: Tone
    /// The verdict in a few plain words.
    var headline: String
    /// The claim in one sentence, with its terms.
    var claim: Prose
    /// Why the verdict is what it is, and what the reader must know beside it.
    var reasons: [Prose]
    /// The few figures that a reader takes away.
    var keyFigures: [KeyFigure]
    /// Names and values that identify the run.
    var facts: [Fact]
    /// The rest.
    var sections: [Section]
}

/// A figure that a reader takes away.
struct KeyFigure: Sendable {
    var label: String
    var value: String
    var detail: String
}

/// A name with a value.
struct Fact: Sendable {
    var name: String
    var value: Prose
    /// Whether the value holds a digest or a long text, which wants room.
    var isWide: Bool { value.longestSpan > 60 }

    init(_ name: String, _ value: Prose) {
        self.name = name
        self.value = value
    }
}

/// A part of the document under a heading.
struct Section: Sendable {
    /// The anchor of the section.
    var id: String
    /// The heading.
    var title: String
    /// What the section says, in a sentence or two.
    var lead: Prose?
    /// The content.
    var blocks: [Block]
}

/// A piece of content.
enum Block: Sendable {
    case heading(String)
    case paragraph(Prose)
    case list([Prose])
    case facts([Fact])
    case table(Table)
    /// Small tables that may stand side by side.
    case tables([Table])
    case figures([Figure])
    case commands([AuditReport.Command])
    case warning(Prose)
}

/// A table whose first cells name their rows.
struct Table: Sendable {
    /// A column.
    struct Column: Sendable {
        var title: String
        var isNumeric: Bool

        static func text(_ title: String) -> Column { Column(title: title, isNumeric: false) }
        static func number(_ title: String) -> Column { Column(title: title, isNumeric: true) }
    }

    /// What the table holds.
    var caption: Prose
    var columns: [Column]
    var rows: [[Prose]]
}

/// A drawing that also says in words what it shows.
struct Figure: Sendable {
    /// The anchor, unique in the document.
    var id: String
    /// The heading.
    var title: String
    /// All that can be read from the drawing, in words, for those who cannot see it.
    var description: String
    /// What to take away from it, in words.
    var caption: String
    /// The drawing.
    var drawing: Drawing
}
