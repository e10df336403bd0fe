internal import LetheBytes

/// The rows of a table in a file, one after the other, reduced to the fields that were asked for.
///
/// A row, the longest line included, is bounded by `maximumRowBytes`; a file may have any size.
struct RowReader {
    /// A row of more bytes is an error, whatever follows: no line can exhaust memory.
    static let maximumRowBytes = 1 << 20

    /// The name of the file as found, for messages.
    let file: String
    /// The line on which the current row begins, from 1.
    private(set) var line = 0
    /// Rows so far.
    private(set) var rowNumber = 0
    /// Empty lines so far, and the first of them.
    private(set) var blankLines: (count: Int, first: Int) = (0, 0)

    private let lines: LineReader
    private let fields: [String]
    private let source: Source
    private var values: [String?] = []

    private enum Source {
        case csv(CSVDialect, columns: [Int], width: Int)
        case jsonLines(paths: [[Substring]])
    }

    /// Opens `table` in `folder`, plain or with `.gz` added to its name; the plain file wins.
    ///
    /// - Parameter fields: the columns or members that will be asked for, by position in this list.
    /// - Throws: `DatasetError`: a missing or unreadable file, a CSV header without a field or with one twice.
    init(_ table: InteractionMapping.Table, in folder: String, fields: [String]) throws(DatasetError) {
        let (lines, file) = try Self.open(table.file, in: folder)
        self.lines = lines
        self.file = file
        self.fields = fields
        switch table.format {
        case .jsonLines:
            source = .jsonLines(paths: fields.map { $0.split(separator: ".", omittingEmptySubsequences: false) })
        case .csv(let dialect):
            guard dialect.hasHeader else {
                source = .csv(dialect, columns: try Self.numbered(fields, file: file), width: 0)
                return
            }
            var parser = CSVRecord(lines: lines, file: file, dialect: dialect)
            guard let header = try parser.next() else { throw .empty(file: file) }
            let columns = try Self.columns(fields, in: header, file: file, line: parser.line)
            source = .csv(dialect, columns: columns, width: header.count)
        }
    }

    private static func open(_ name: String, in folder: String) throws(DatasetError) -> (LineReader, String) {
        for file in [name, name + ".gz"] {
            do {
                return (try LineReader(path: Files.join(folder, file), maximumLineLength: maximumRowBytes), file)
            } catch .notFound {
                continue
            } catch {
                throw DatasetError(error, afterLine: 0)
            }
        }
        throw .missing(file: name, folder: folder)
    }

    /// Without a header, columns are called by their numbers.
    private static func numbered(_ fields: [String], file: String) throws(DatasetError) -> [Int] {
        var columns: [Int] = []
        for field in fields {
            guard let number = Int(field), (1...10_000).contains(number) else {
                throw .malformed(
                    file: file, line: 1, field: "header",
                    expected: "columns called 1 to 10000, as there is no header", found: quoted(field))
            }
            columns.append(number - 1)
        }
        return columns
    }

    private static func columns(
        _ fields: [String], in header: [[UInt8]], file: String, line: Int
    ) throws(DatasetError) -> [Int] {
        var places: [String: Int] = [:]
        for (place, bytes) in header.enumerated() {
            let name = try text(bytes, "header", file: file, line: line)
            // A dataframe's index column has no name; nobody can ask for it.
            guard !name.isEmpty else { continue }
            if let first = places.updateValue(place, forKey: name) {
                throw .malformed(
                    file: file, line: line, field: "header", expected: "every column once",
                    found: "\"\(name.prefix(40))\" as columns \(first + 1) and \(place + 1)")
            }
        }
        var columns: [Int] = []
        for field in fields {
            guard let place = places[field] else {
                throw .malformed(
                    file: file, line: line, field: "header", expected: "a column \"\(field)\"",
                    found: "\(places.keys.sorted().joined(separator: ", ").prefix(200))")
            }
            columns.append(place)
        }
        return columns
    }

    /// Moves to the next row; false at the end of the file. Empty lines are counted and passed over.
    mutating func next() throws(DatasetError) -> Bool {
        switch source {
        case .csv(let dialect, let columns, let width):
            var parser = CSVRecord(lines: lines, file: file, dialect: dialect)
            guard let record = try parser.next(counting: &blankLines) else { return false }
            line = parser.line
            let expected = width > 0 ? width : (columns.max() ?? 0) + 1
            guard width > 0 ? record.count == width : record.count >= expected else {
                throw .malformed(
                    file: file, line: line, field: "row",
                    expected: "\(width > 0 ? "" : "at least ")\(expected) fields", found: "\(record.count)")
            }
            values.removeAll(keepingCapacity: true)
            for (position, column) in columns.enumerated() {
                values.append(try Self.text(record[column], fields[position], file: file, line: line, dialect.encoding))
            }
        case .jsonLines(let paths):
            guard let bytes = try nextJSONLine() else { return false }
            let object: JSONValue
            do {
                object = try StrictJSON.parse(bytes)
            } catch {
                throw .malformed(
                    file: file, line: line, field: "row", expected: "one JSON object on a line", found: "\(error)")
            }
            guard object.objectValue != nil else {
                throw .malformed(
                    file: file, line: line, field: "row", expected: "one JSON object on a line", found: "another value")
            }
            values.removeAll(keepingCapacity: true)
            for (position, path) in paths.enumerated() {
                values.append(try member(path, of: object, fields[position]))
            }
        }
        rowNumber += 1
        return true
    }

    /// The value of the field at this position in the list of fields.
    /// - Throws: `DatasetError.malformed` where a JSON row lacks it.
    func text(_ position: Int) throws(DatasetError) -> String {
        guard let value = values[position] else {
            throw malformed(fields[position], expected: "a value", found: "none")
        }
        return value
    }

    /// The value of the field at this position, or nil where a JSON row has none or null.
    func optionalText(_ position: Int) -> String? { values[position] }

    /// The error that a field is not as it should be.
    func malformed(_ field: String, expected: String, found: String) -> DatasetError {
        .malformed(file: file, line: line, field: field, expected: expected, found: found)
    }

    /// The name of the field at this position.
    func fieldName(_ position: Int) -> String { fields[position] }

    /// The error that the field at this position is not as it should be, with what stands there.
    func malformed(_ position: Int, expected: String) -> DatasetError {
        malformed(fields[position], expected: expected, found: values[position].map(Self.quoted) ?? "none")
    }

    // MARK: - Parts

    private mutating func nextJSONLine() throws(DatasetError) -> [UInt8]? {
        while true {
            let bytes: [UInt8]?
            do { bytes = try lines.next() } catch { throw DatasetError(error, afterLine: lines.lineNumber) }
            guard var bytes else { return nil }
            if lines.lineNumber == 1 { bytes = CSVRecord.withoutByteOrderMark(bytes) }
            line = lines.lineNumber
            if !bytes.isEmpty { return bytes }
            if blankLines.count == 0 { blankLines.first = line }
            blankLines.count += 1
        }
    }

    private func member(
        _ path: [Substring], of object: JSONValue, _ field: String
    ) throws(DatasetError) -> String? {
        var value = object
        for name in path {
            let inner = Int(name).flatMap { value[$0] } ?? value[String(name)]
            guard let inner, !inner.isNull else { return nil }
            value = inner
        }
        switch value {
        case .string(let text): return text
        case .number(let literal): return literal
        case .bool(let flag): return flag ? "true" : "false"
        case .null: return nil
        case .array, .object:
            throw malformed(field, expected: "text, a number, true or false", found: "a list or an object")
        }
    }

    private static func text(
        _ bytes: [UInt8], _ field: String, file: String, line: Int, _ encoding: CSVDialect.Encoding = .utf8
    ) throws(DatasetError) -> String {
        if encoding == .latin1 { return FieldReader.latin1(bytes[...]) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed(file: file, line: line, field: field, expected: "UTF-8 text", found: "other bytes")
        }
        return text
    }

    /// At most forty characters on one line, in quotes.
    static func quoted(_ text: String) -> String {
        let shown = text.prefix(40).map { character in
            character.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : character
        }
        return "\"\(String(shown))\(text.count > 40 ? "…" : "")\""
    }
}
