/// Text that Markdown shows as it is: nothing in it can become a heading, a cell, a link or HTML.
enum MarkdownText {
    /// `text` in running prose.
    static func prose(_ text: String) -> String {
        let scalars = Array(text.printable.unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "$", "@": result += "\\\(scalar)"
            // No autolinks: neither "https://" nor "www." survives.
            case ":" where index + 1 < scalars.count && scalars[index + 1] == "/": result += "\\:"
            case "." where index > 2 && scalars[index - 3..<index].allSatisfy({ $0 == "w" || $0 == "W" }):
                result += "\\."
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `text` where a line begins, so that it starts no list, rule or numbering.
    static func lineStart(_ text: String) -> String {
        let trimmed = String(text.drop { $0 == " " })
        guard let first = trimmed.first else { return "" }
        if "-+=".contains(first) { return "\\" + trimmed }
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
        let rest = trimmed.dropFirst(digits.count)
        if !digits.isEmpty, let mark = rest.first, ".)".contains(mark) { return digits + "\\" + rest }
        return trimmed
    }

    /// `text` as code, within a fence that it cannot close; in a cell its pipes are escaped, as tables demand.
    static func code(_ text: String, inCell: Bool) -> String {
        let text = text.printable
        guard !text.isEmpty else { return "" }
        var longest = 0
        var run = 0
        for character in text.utf8 {
            run = character == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        let space = text.utf8.first == UInt8(ascii: "`") || text.utf8.last == UInt8(ascii: "`") ? " " : ""
        let body = inCell ? text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") : text
        return fence + space + body + space + fence
    }
}
