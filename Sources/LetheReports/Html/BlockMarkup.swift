/// Pieces of content as HTML.
enum BlockMarkup {
    static func markup(_ block: Block) -> Markup {
        switch block {
        case .heading(let title): .tag("h3") { title }
        case .paragraph(let prose): .tag("p") { ProseMarkup.markup(prose) }
        case .list(let points): list(points)
        case .facts(let facts): self.facts(facts)
        case .table(let table): self.table(table)
        case .tables(let tables): .tag("div", .class("tables")) { tables.map { self.table($0) } }
        case .figures(let figures): self.figures(figures)
        case .commands(let commands): self.commands(commands)
        case .warning(let prose): .tag("p", .class("warning")) { ProseMarkup.markup(prose) }
        }
    }

    static func facts(_ facts: [Fact]) -> Markup {
        .tag("dl", .class("facts")) {
            for fact in facts {
                Markup.tag("div", .class(fact.isWide ? "wide" : "narrow")) {
                    Markup.tag("dt") { fact.name }
                    Markup.tag("dd") { ProseMarkup.markup(fact.value) }
                }
            }
        }
    }

    private static func list(_ points: [Prose]) -> Markup {
        .tag("ul") {
            for point in points {
                Markup.tag("li") { ProseMarkup.markup(point) }
            }
        }
    }

    /// A table; each cell also knows its column's name, for narrow screens where a row becomes a card.
    private static func table(_ table: Table) -> Markup {
        .tag("table") {
            Markup.tag("caption") { ProseMarkup.markup(table.caption) }
            Markup.tag("thead") {
                Markup.tag("tr") {
                    for column in table.columns {
                        Markup.element(
                            "th", [.init("scope", "col")] + (column.isNumeric ? [.class("number")] : []),
                            [.text(column.title)])
                    }
                }
            }
            Markup.tag("tbody") {
                for row in table.rows {
                    Markup.tag("tr") {
                        for (index, cell) in row.enumerated() {
                            self.cell(cell, of: table.columns[index], isFirst: index == 0)
                        }
                    }
                }
            }
        }
    }

    private static func cell(_ cell: Prose, of column: Table.Column, isFirst: Bool) -> Markup {
        if isFirst {
            return .tag("th", .init("scope", "row")) { ProseMarkup.markup(cell) }
        }
        return .element(
            "td", [.init("data-label", column.title)] + (column.isNumeric ? [.class("number")] : []),
            [.tag("span") { ProseMarkup.markup(cell) }])
    }

    private static func figures(_ figures: [Figure]) -> Markup {
        let isWide = figures.contains { $0.drawing.width > 400 }
        return .tag("div", .class(isWide ? "figures large" : "figures")) {
            for figure in figures {
                self.figure(figure)
            }
        }
    }

    static func figure(_ figure: Figure) -> Markup {
        .tag("figure") {
            Markup.tag("figcaption") {
                Markup.tag("strong") { figure.title }
            }
            drawing(figure)
            Markup.tag("p") { figure.caption }
        }
    }

    private static func drawing(_ figure: Figure) -> Markup {
        let drawing = figure.drawing
        let size = "\(Drawing.coordinate(drawing.width)) \(Drawing.coordinate(drawing.height))"
        return .tag(
            "svg", .init("id", figure.id), .init("viewBox", "0 0 \(size)"), .init("role", "img"),
            .init("aria-labelledby", "\(figure.id)-title \(figure.id)-text")
        ) {
            Markup.tag("title", .init("id", "\(figure.id)-title")) { figure.title }
            Markup.tag("desc", .init("id", "\(figure.id)-text")) { figure.description }
            drawing.content
        }
    }

    private static func commands(_ commands: [AuditReport.Command]) -> Markup {
        .tag("ul", .class("commands")) {
            for command in commands {
                Markup.tag("li") {
                    Markup.tag("p") { command.purpose }
                    Markup.tag("pre") {
                        Markup.tag("code") { command.line }
                    }
                }
            }
        }
    }
}
