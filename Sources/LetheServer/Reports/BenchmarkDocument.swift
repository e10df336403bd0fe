import LetheBytes
import LethePages

/// Why a file is no benchmark result that can be shown.
struct BenchmarkError: Error, Equatable, CustomStringConvertible {
    /// Where, what was expected, and what was found.
    let description: String

    init(_ description: String) { self.description = description }
}

/// What a benchmark's file says: a heading, sentences and tables. The file is anybody's who can write into the folder, so it is read as
/// such: nothing of it becomes markup, and every count has a limit.
struct BenchmarkDocument: Sendable, Equatable {
    /// The heading.
    var title: String
    /// The sentences around the tables.
    var texts: [String] = []
    /// The tables.
    var tables: [Table] = []

    /// Rows of text under columns.
    struct Table: Sendable, Equatable {
        var caption: String
        var columns: [String]
        var rows: [[String]]
    }

    static let columnLimit = 24
    static let rowLimit = 1_000
    static let tableLimit = 64
    static let textLimit = 64
    /// The most bytes of a cell or a sentence.
    static let lengthLimit = 4_096

    /// The tables as pages show them.
    var views: [TableView] {
        tables.map { table in
            TableView(
                caption: table.caption, columns: table.columns, rows: table.rows.map { $0.map { .text($0) } },
                emptyText: "The table has no rows.")
        }
    }

    fileprivate mutating func add(_ table: Table, line: Int) throws(BenchmarkError) {
        guard tables.count < Self.tableLimit else {
            throw BenchmarkError("line \(line): expected at most \(Self.tableLimit) tables")
        }
        tables.append(table)
    }
}

// MARK: Markdown

extension BenchmarkDocument {
    /// Reads what `lethe benchmark … --output` writes for people: headings, paragraphs and pipe tables.
    ///
    /// - Parameter name: the heading of a file that has none.
    init(markdown bytes: [UInt8], name: String) throws(BenchmarkError) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw BenchmarkError("expected UTF-8 text") }
        self.init(title: "")
        var section = ""
        var paragraph: [String] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var next = lines.startIndex
        while next < lines.endIndex {
            let (number, line) = (next + 1, lines[next])
            next += 1
            guard line.utf8.count <= Self.lengthLimit * 4 else {
                throw BenchmarkError("line \(number): expected at most \(Self.lengthLimit * 4) bytes")
            }
            guard line.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x09 }) else {
                throw BenchmarkError("line \(number): expected text without control characters")
            }
            if line.hasPrefix("|") {
                try end(&paragraph, line: number)
                var rows: [[String]] = []
                let columns = try Self.cells(line, number)
                guard next < lines.endIndex, try Self.isRule(lines[next], columns: columns.count, next + 1) else {
                    throw BenchmarkError("line \(number + 1): expected the rule below a table's columns")
                }
                next += 1
                while next < lines.endIndex, lines[next].hasPrefix("|") {
                    let cells = try Self.cells(lines[next], next + 1)
                    guard cells.count == columns.count else {
                        throw BenchmarkError("line \(next + 1): expected \(columns.count) cells, found \(cells.count)")
                    }
                    guard rows.count < Self.rowLimit else {
                        throw BenchmarkError("line \(next + 1): expected at most \(Self.rowLimit) rows")
                    }
                    rows.append(cells)
                    next += 1
                }
                let caption = [section, title, name].first { !$0.isEmpty } ?? name
                try add(Table(caption: caption, columns: columns, rows: rows), line: number)
            } else if line.hasPrefix("#") {
                try end(&paragraph, line: number)
                let heading = Self.plain(line.drop { $0 == "#" })
                if title.isEmpty, line.hasPrefix("# ") { title = heading } else { section = heading }
            } else if line.allSatisfy({ $0 == " " || $0 == "\t" }) {
                try end(&paragraph, line: number)
            } else if !line.hasPrefix("![") {
                // A picture is a file beside this one, which is not served.
                paragraph.append(Self.plain(line[...]))
            }
        }
        try end(&paragraph, line: lines.count)
        if title.isEmpty { title = name }
    }

    private mutating func end(_ paragraph: inout [String], line: Int) throws(BenchmarkError) {
        guard !paragraph.isEmpty else { return }
        let text = paragraph.joined(separator: " ")
        paragraph = []
        guard texts.count < Self.textLimit, text.utf8.count <= Self.lengthLimit * 4 else {
            throw BenchmarkError(
                "line \(line): expected at most \(Self.textLimit) paragraphs of \(Self.lengthLimit * 4) bytes")
        }
        texts.append(text)
    }

    /// The cells between the bars of a line; `\|` is a bar that is text.
    private static func cells(_ line: String, _ number: Int) throws(BenchmarkError) -> [String] {
        var cells: [String] = []
        var cell = ""
        var isEscaped = false
        for character in line.unicodeScalars.dropFirst() {
            switch character {
            case "\\" where !isEscaped: isEscaped = true
            case "|" where !isEscaped:
                cells.append(plain(cell[...]))
                cell = ""
            default:
                if isEscaped, character != "|" { cell.unicodeScalars.append("\\") }
                cell.unicodeScalars.append(character)
                isEscaped = false
            }
        }
        guard cell.allSatisfy({ $0 == " " }), !isEscaped, !cells.isEmpty else {
            throw BenchmarkError("line \(number): expected a bar at the end of a table's row")
        }
        guard cells.count <= columnLimit, cells.allSatisfy({ $0.utf8.count <= lengthLimit }) else {
            throw BenchmarkError(
                "line \(number): expected at most \(columnLimit) cells of \(lengthLimit) bytes")
        }
        return cells
    }

    private static func isRule(_ line: String, columns: Int, _ number: Int) throws(BenchmarkError) -> Bool {
        guard line.hasPrefix("|") else { return false }
        let cells = try cells(line, number)
        return cells.count == columns && cells.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 == "-" || $0 == ":" } }
    }

    /// Text without the marks of emphasis and code, and without spaces around it.
    private static func plain(_ text: Substring) -> String {
        var text = text.replacing("**", with: "").replacing("`", with: "")[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}

// MARK: JSON

extension BenchmarkDocument {
    /// Reads a result that was kept for programs alone: the named values at its top, and each list of objects or object of values
    /// below it, as tables. What lies deeper stands in the file.
    init(json bytes: [UInt8], name: String) throws(BenchmarkError) {
        let json: JSONValue
        do { json = try StrictJSON.parse(bytes, maximumDepth: 32) } catch { throw BenchmarkError("\(error)") }
        guard let members = json.objectValue else { throw BenchmarkError("expected a JSON object") }
        self.init(title: members["benchmark"]?.stringValue ?? name)
        try addValues(of: members, caption: "Settings")
        for (member, value) in members.sorted(by: { $0.key < $1.key }) {
            if let inner = value.objectValue { try addValues(of: inner, caption: member) }
            if let elements = value.arrayValue { try addRows(elements, caption: member) }
        }
        guard !tables.isEmpty else { throw BenchmarkError("expected values or lists of objects, found neither") }
    }

    private mutating func addValues(of members: [String: JSONValue], caption: String) throws(BenchmarkError) {
        let values = members.compactMap { name, value in Self.word(value).map { [name, $0] } }.sorted { $0[0] < $1[0] }
        guard !values.isEmpty else { return }
        try add(caption: caption, columns: ["Name", "Value"], rows: values)
    }

    private mutating func addRows(_ elements: [JSONValue], caption: String) throws(BenchmarkError) {
        let objects = elements.compactMap(\.objectValue)
        guard !objects.isEmpty, objects.count == elements.count else { return }
        let columns = Set(objects.flatMap { $0.filter { Self.word($0.value) != nil }.keys }).sorted()
        guard !columns.isEmpty else { return }
        try add(
            caption: caption, columns: columns,
            rows: objects.map { object in columns.map { object[$0].flatMap(Self.word) ?? "" } })
    }

    private mutating func add(caption: String, columns: [String], rows: [[String]]) throws(BenchmarkError) {
        guard columns.count <= Self.columnLimit, rows.count <= Self.rowLimit else {
            throw BenchmarkError(
                "\(caption.prefix(64)): expected at most \(Self.columnLimit) columns and \(Self.rowLimit) rows")
        }
        guard ([caption] + columns + rows.joined()).allSatisfy({ $0.utf8.count <= Self.lengthLimit }) else {
            throw BenchmarkError("\(caption.prefix(64)): expected texts of at most \(Self.lengthLimit) bytes")
        }
        try add(Table(caption: caption, columns: columns, rows: rows), line: 1)
    }

    private static func word(_ value: JSONValue) -> String? {
        switch value {
        case .null: ""
        case .bool(let value): value ? "yes" : "no"
        case .number(let literal): literal
        case .string(let text): text
        case .array, .object: nil
        }
    }
}
