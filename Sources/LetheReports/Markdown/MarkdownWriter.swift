extension AuditReport {
    /// The report as Markdown (GitHub's flavour); figures appear as what can be read from them.
    public var markdown: String { MarkdownWriter.text(Document(self)) }
}

/// Writes a document as Markdown.
struct MarkdownWriter {
    private(set) var output = ""

    static func text(_ document: Document) -> String {
        var writer = MarkdownWriter()
        writer.write(document)
        return writer.output
    }

    mutating func write(_ document: Document) {
        paragraph("# \(MarkdownText.prose(document.headline))")
        paragraph("**\(document.tone.sign) \(MarkdownText.prose(document.verdict))** · \(line(document.kicker))")
        paragraph(line(document.claim))
        list(document.reasons)
        paragraph(
            document.keyFigures.map {
                "- \(MarkdownText.prose($0.label)): **\(MarkdownText.prose($0.value))** (\(MarkdownText.prose($0.detail)))"
            }.joined(separator: "\n"))
        facts(document.facts)
        for section in document.sections {
            paragraph("## \(MarkdownText.prose(section.title))")
            if let lead = section.lead { paragraph(line(lead)) }
            section.blocks.forEach { write($0) }
        }
    }

    private mutating func write(_ block: Block) {
        switch block {
        case .heading(let title): paragraph("### \(MarkdownText.prose(title))")
        case .paragraph(let prose): paragraph(MarkdownText.lineStart(line(prose)))
        case .warning(let prose): paragraph("> **Note.** \(line(prose))")
        case .list(let points): list(points)
        case .facts(let facts): self.facts(facts)
        case .table(let table): self.table(table)
        case .tables(let tables): tables.forEach { table($0) }
        case .figures(let figures):
            paragraph(
                figures.map { "- **\(strong($0.title))**: \(MarkdownText.prose($0.description))" }.joined(
                    separator: "\n"))
        case .commands(let commands):
            for command in commands {
                paragraph(MarkdownText.lineStart(MarkdownText.prose(command.purpose)))
                paragraph("    " + command.line.printable)
            }
        }
    }

    private mutating func list(_ points: [Prose]) {
        paragraph(points.map { "- " + MarkdownText.lineStart(line($0)) }.joined(separator: "\n"))
    }

    private mutating func facts(_ facts: [Fact]) {
        paragraph(
            facts.map { "- \(MarkdownText.lineStart(MarkdownText.prose($0.name))): \(line($0.value))" }
                .joined(separator: "\n"))
    }

    private mutating func table(_ table: Table) {
        paragraph(line(table.caption) + ":")
        var lines = [
            row(table.columns.map { MarkdownText.prose($0.title) }),
            row(table.columns.map { $0.isNumeric ? "---:" : "---" }),
        ]
        lines += table.rows.map { row($0.map { line($0, inCell: true) }) }
        paragraph(lines.joined(separator: "\n"))
    }

    private func row(_ cells: [String]) -> String {
        "| " + cells.joined(separator: " | ") + " |"
    }

    private mutating func paragraph(_ text: String) {
        guard !text.isEmpty else { return }
        if !output.isEmpty { output += "\n" }
        output += text + "\n"
    }

    private func line(_ prose: Prose, inCell: Bool = false) -> String {
        prose.spans.map { span in
            switch span {
            case .text(let text): MarkdownText.prose(text)
            case .strong(let text): "**\(strong(text))**"
            case .code(let text): MarkdownText.code(text, inCell: inCell)
            case .day(let text): MarkdownText.prose(Moment(text).day)
            case .time(let text): MarkdownText.prose(Moment(text).full)
            case .mark(let tone, let text): "\(tone.sign) \(MarkdownText.prose(text))"
            case .detail(let spans): " (\(line(Prose(spans), inCell: inCell)))"
            case .bar(let share): Figures.percent(share)
            }
        }.joined()
    }

    /// Text between asterisks must not begin or end with a space.
    private func strong(_ text: String) -> String {
        let words = MarkdownText.prose(text).split(separator: " ").joined(separator: " ")
        return words.isEmpty ? "\u{2013}" : words
    }
}
