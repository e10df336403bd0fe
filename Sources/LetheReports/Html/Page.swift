extension AuditReport {
    /// The report as one self-contained page: no scripts, nothing fetched from anywhere, light, dark and printable.
    public var html: String { Page.html(Document(self)) }
}

/// A document as an HTML page.
enum Page {
    /// Forbids everything but the page's own style sheet, should a browser ever see something it ought not to.
    private static let contentPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

    static func html(_ document: Document) -> String { "<!DOCTYPE html>\n" + MarkupWriter.html(page(document)) }

    static func page(_ document: Document) -> Markup {
        .tag("html", .init("lang", "en")) {
            Markup.tag("head") {
                Markup.tag("meta", .init("charset", "utf-8"))
                Markup.tag("meta", .init("http-equiv", "Content-Security-Policy"), .init("content", contentPolicy))
                Markup.tag(
                    "meta", .init("name", "viewport"), .init("content", "width=device-width, initial-scale=1"))
                Markup.tag("meta", .init("name", "color-scheme"), .init("content", "light dark"))
                Markup.tag("title") { document.title }
                Markup.styleSheet(Stylesheet.css)
            }
            Markup.tag("body") {
                Markup.tag("main") {
                    content(document)
                    Markup.tag("p", .class("foot")) {
                        "Made by Lethe. This page holds no personal data, runs no scripts and fetches nothing."
                    }
                }
            }
        }
    }

    /// The document without what surrounds it.
    static func content(_ document: Document) -> [Markup] {
        [header(document), keyFigures(document.keyFigures), BlockMarkup.facts(document.facts)]
            + document.sections.map(section)
    }

    private static func header(_ document: Document) -> Markup {
        .tag("header", .class("verdict \(document.tone.rawValue)")) {
            Markup.tag("p", .class("kicker")) { ProseMarkup.markup(document.kicker) }
            Markup.tag("p", .class("code")) { "\(document.tone.sign) \(document.verdict)" }
            Markup.tag("h1") { document.headline }
            Markup.tag("p", .class("claim")) { ProseMarkup.markup(document.claim) }
            if !document.reasons.isEmpty {
                Markup.tag("ul", .class("reasons")) {
                    for reason in document.reasons {
                        Markup.tag("li") { ProseMarkup.markup(reason) }
                    }
                }
            }
        }
    }

    private static func keyFigures(_ figures: [KeyFigure]) -> Markup {
        .tag("dl", .class("keys")) {
            for figure in figures {
                Markup.tag("div") {
                    Markup.tag("dt") { figure.label }
                    Markup.tag("dd", .class("value")) { figure.value }
                    Markup.tag("dd", .class("second")) { figure.detail }
                }
            }
        }
    }

    private static func section(_ section: Section) -> Markup {
        .tag("section", .init("id", section.id), .init("aria-labelledby", "\(section.id)-title")) {
            Markup.tag("h2", .init("id", "\(section.id)-title")) { section.title }
            if let lead = section.lead {
                Markup.tag("p", .class("lead")) { ProseMarkup.markup(lead) }
            }
            for block in section.blocks {
                BlockMarkup.markup(block)
            }
        }
    }
}
