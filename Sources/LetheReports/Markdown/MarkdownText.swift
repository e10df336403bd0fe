/// Text that Markdown shows as it is: nothing in it can become a heading, a cell, a link or HTML.
enum MarkdownText {
    /// `text` in running prose.
    static func prose(_ text: String) -> String {
        var result = ""
        var previous: Unicode.Scalar = " "
        for scalar in text.printable.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "$", "@": result += "\\\(scalar)"
            case "!" where previous != " ": result += "!"
            case "!": result += "\\!"
            // No autolinks: neither "https:" nor "www." survives.
            case ":" where isLetter(previous): result += "\\:"
            case "." where previous == "w" || previous == "W": result += "\\."
            default: result.unicodeScalars.append(scalar)
            }
            previous = scalar
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

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && scalar.properties.isAlphabetic
    }
}
