/// A small strict reader of the HTML that reports are written in: every start tag has its end tag in the right place, every
/// attribute is quoted, and no bare `<`, `>` or `&` stands in text.
struct HtmlChecker {
    /// An element that was seen.
    struct Element: Equatable {
        var name: String
        var attributes: [String: String]
    }

    /// What is wrong with a page.
    enum Problem: Error, Equatable {
        case unexpectedCharacter(String, near: String)
        case wrongEndTag(found: String, expected: String?)
        case unclosed([String])
        case duplicateAttribute(String)
    }

    private(set) var elements: [Element] = []
    /// All text outside tags, as written.
    private(set) var text = ""
    private var open: [String] = []
    private var rest: Substring

    private static let void: Set<String> = ["meta", "br", "hr"]

    /// Reads `html`, which must begin with the document type.
    static func check(_ html: String) throws(Problem) -> HtmlChecker {
        let doctype = "<!DOCTYPE html>\n"
        guard html.hasPrefix(doctype) else {
            throw .unexpectedCharacter("no document type", near: String(html.prefix(20)))
        }
        var checker = HtmlChecker(rest: html.dropFirst(doctype.count))
        while !checker.rest.isEmpty { try checker.readNext() }
        guard checker.open.isEmpty else { throw .unclosed(checker.open) }
        return checker
    }

    private init(rest: Substring) {
        self.rest = rest
    }

    private mutating func readNext() throws(Problem) {
        guard rest.first == "<" else {
            let run = rest.prefix { $0 != "<" }
            if open.last != "style" { try checkText(run) }
            text += run
            rest = rest.dropFirst(run.count)
            return
        }
        rest.removeFirst()
        if rest.first == "/" {
            rest.removeFirst()
            let name = try readName()
            guard open.last == name else { throw .wrongEndTag(found: name, expected: open.last) }
            open.removeLast()
            try expect(">")
        } else {
            try readStartTag()
        }
    }

    private mutating func readStartTag() throws(Problem) {
        let name = try readName()
        var attributes: [String: String] = [:]
        while rest.first == " " {
            rest.removeFirst()
            let attribute = try readName()
            try expect("=")
            try expect("\"")
            let value = rest.prefix { $0 != "\"" }
            try checkText(value)
            rest = rest.dropFirst(value.count)
            try expect("\"")
            guard attributes.updateValue(String(value), forKey: attribute) == nil else {
                throw .duplicateAttribute(attribute)
            }
        }
        let endsItself = rest.first == "/"
        if endsItself { rest.removeFirst() }
        try expect(">")
        elements.append(Element(name: name, attributes: attributes))
        if !endsItself, !Self.void.contains(name) { open.append(name) }
    }

    private mutating func readName() throws(Problem) -> String {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard !name.isEmpty else { throw .unexpectedCharacter("no name", near: String(rest.prefix(30))) }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private mutating func expect(_ character: Character) throws(Problem) {
        guard rest.first == character else {
            throw .unexpectedCharacter("expected \(character)", near: String(rest.prefix(30)))
        }
        rest.removeFirst()
    }

    private func checkText(_ text: Substring) throws(Problem) {
        guard !text.contains(">"), !text.contains("<") else {
            throw .unexpectedCharacter("bare angle bracket", near: String(text.prefix(60)))
        }
        for part in text.split(separator: "&", omittingEmptySubsequences: false).dropFirst() {
            guard ["amp;", "lt;", "gt;", "quot;", "#39;"].contains(where: { part.hasPrefix($0) }) else {
                throw .unexpectedCharacter("bare ampersand", near: String(part.prefix(30)))
            }
        }
    }
}
