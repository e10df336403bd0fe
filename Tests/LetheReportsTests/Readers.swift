/// The structure of a Markdown text: how its lines begin and how many cells its rows have.
struct MarkdownShape: Equatable {
    var lines: [String]

    init(_ markdown: String) {
        lines = markdown.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.hasPrefix("|") { return "row of \(Self.cells(line))" }
            for mark in ["### ", "## ", "# ", "    ", "- ", "> "] where line.hasPrefix(mark) { return mark }
            return line.isEmpty ? "" : "text"
        }
    }

    /// Pipes that no backslash escapes.
    private static func cells(_ line: Substring) -> Int {
        var escaped = false
        var pipes = 0
        for character in line.unicodeScalars {
            if character == "|", !escaped { pipes += 1 }
            escaped = character == "\\" && !escaped
        }
        return pipes - 1
    }
}

extension String {
    /// The text without code spans and indented code, where `<` is harmless.
    var replacingCode: String {
        split(separator: "\n").filter { !$0.hasPrefix("    ") }.map { line in
            var result = ""
            var rest = Substring(line)
            while let tick = rest.firstIndex(of: "`") {
                if tick > rest.startIndex, rest[rest.index(before: tick)] == "\\" {
                    result += rest[...tick]
                    rest = rest[rest.index(after: tick)...]
                    continue
                }
                result += rest[..<tick]
                let fence = rest[tick...].prefix { $0 == "`" }
                let body = rest[tick...].dropFirst(fence.count)
                guard let end = Self.end(of: fence, in: body) else { return result + body }
                rest = body[end...]
            }
            return result + rest
        }.joined(separator: "\n")
    }

    private static func end(of fence: Substring, in body: Substring) -> Substring.Index? {
        var index = body.startIndex
        while index < body.endIndex {
            let run = body[index...].prefix { $0 == "`" }
            if run.count == fence.count { return body.index(index, offsetBy: run.count) }
            index = body.index(index, offsetBy: run.isEmpty ? 1 : run.count)
        }
        return nil
    }
}

/// A strict reader of RFC 4180.
enum CsvReader {
    enum Problem: Error { case strayQuote, unterminated, noFinalBreak }

    static func rows(_ csv: String) throws(Problem) -> [[String]] {
        let text = Array(csv.unicodeScalars)
        var rows: [[String]] = []
        var row: [String] = []
        var index = 0
        while index < text.count {
            var cell = String.UnicodeScalarView()
            if text[index] == "\"" {
                index += 1
                while true {
                    guard index < text.count else { throw .unterminated }
                    if text[index] == "\"" {
                        guard index + 1 < text.count, text[index + 1] == "\"" else { break }
                        index += 1
                    }
                    cell.append(text[index])
                    index += 1
                }
                index += 1
            } else {
                while index < text.count, text[index] != ",", text[index] != "\r" {
                    guard text[index] != "\"", text[index] != "\n" else { throw .strayQuote }
                    cell.append(text[index])
                    index += 1
                }
            }
            row.append(String(cell))
            guard index < text.count else { throw .noFinalBreak }
            if text[index] == "," {
                index += 1
            } else {
                guard text[index] == "\r", index + 1 < text.count, text[index + 1] == "\n" else { throw .strayQuote }
                index += 2
                rows.append(row)
                row = []
            }
        }
        return rows
    }
}
