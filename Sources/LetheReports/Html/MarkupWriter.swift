/// Writes markup as HTML text.
struct MarkupWriter {
    private(set) var output = ""

    /// Elements that have no content and no end tag.
    private static let void: Set<String> = ["meta", "br", "hr"]
    /// Elements of a drawing that end themselves when they are empty.
    private static let selfClosing: Set<String> = ["circle", "line", "path", "rect"]
    /// Elements after which a line may end without changing what is shown.
    private static let lineEnding: Set<String> = [
        "article", "circle", "dd", "desc", "div", "dl", "dt", "figcaption", "figure", "footer", "g", "h1", "h2", "h3",
        "head",
        "header", "html", "li", "line", "main", "meta", "ol", "p", "path", "pre", "rect", "section", "style", "svg",
        "table",
        "tbody", "thead", "title", "tr", "ul",
    ]
    /// Elements whose content starts on a line of its own.
    private static let lineStarting: Set<String> = [
        "article", "body", "div", "dl", "figure", "g", "head", "header", "html", "main", "ol", "section", "svg",
        "table",
        "tbody", "thead", "ul",
    ]

    /// The HTML text of `markup`.
    static func html(_ markup: Markup) -> String {
        var writer = MarkupWriter()
        writer.write(markup)
        return writer.output
    }

    private mutating func write(_ markup: Markup) {
        switch markup {
        case .text(let text):
            escape(text)
        case .styleSheet(let css):
            output += "<style>\n\(css)</style>\n"
        case .element(let tag, let attributes, let content):
            writeElement(tag.description, attributes, content)
        }
    }

    private mutating func writeElement(_ name: String, _ attributes: [Markup.Attribute], _ content: [Markup]) {
        output += "<\(name)"
        for attribute in attributes {
            output += " \(attribute.name)=\""
            escape(attribute.value)
            output += "\""
        }
        if Self.selfClosing.contains(name), content.isEmpty {
            output += "/>"
        } else {
            output += ">"
            if !Self.void.contains(name) {
                if Self.lineStarting.contains(name) { output += "\n" }
                content.forEach { write($0) }
                output += "</\(name)>"
            }
        }
        if Self.lineEnding.contains(name) { output += "\n" }
    }

    private mutating func escape(_ text: String) {
        for scalar in text.printable.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
    }
}
