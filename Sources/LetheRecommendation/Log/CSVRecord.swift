internal import LetheBytes

/// How a CSV file is written.
public struct CSVDialect: Sendable, Hashable {
    /// How its bytes spell text.
    public enum Encoding: String, Sendable, Hashable, CaseIterable {
        /// UTF-8; anything else is an error.
        case utf8 = "utf-8"
        /// ISO-8859-1: every byte is the character of that number.
        case latin1 = "iso-8859-1"
    }

    /// What stands between two fields.
    public var delimiter: UInt8
    /// What stands around a field that has delimiters, quotes (then doubled) or line ends in it; nil where nothing does.
    public var quote: UInt8?
    /// Whether the first row names the columns; else they are called 1, 2, 3 …
    public var hasHeader: Bool
    /// How its bytes spell text.
    public var encoding: Encoding

    /// Creates a dialect; without arguments that of RFC 4180 with a header, in UTF-8.
    public init(
        delimiter: UInt8 = UInt8(ascii: ","), quote: UInt8? = UInt8(ascii: "\""), hasHeader: Bool = true,
        encoding: Encoding = .utf8
    ) {
        self.delimiter = delimiter
        self.quote = quote
        self.hasHeader = hasHeader
        self.encoding = encoding
    }
}

/// Reads records of RFC 4180 from lines: a quoted field may go on over several.
struct CSVRecord {
    /// The line on which the last record began.
    private(set) var line = 0
    private let lines: LineReader
    private let file: String
    private let dialect: CSVDialect

    init(lines: LineReader, file: String, dialect: CSVDialect) {
        self.lines = lines
        self.file = file
        self.dialect = dialect
    }

    /// The next record, or nil at the end of the file.
    mutating func next() throws(DatasetError) -> [[UInt8]]? {
        var blank = (count: 0, first: 0)
        return try next(counting: &blank)
    }

    /// The next record, or nil at the end of the file; empty lines before it are counted.
    mutating func next(counting blank: inout (count: Int, first: Int)) throws(DatasetError) -> [[UInt8]]? {
        while let bytes = try nextLine() {
            line = lines.lineNumber
            if !bytes.isEmpty { return try record(from: bytes) }
            if blank.count == 0 { blank.first = line }
            blank.count += 1
        }
        return nil
    }

    private func nextLine() throws(DatasetError) -> [UInt8]? {
        let bytes: [UInt8]?
        do { bytes = try lines.next() } catch { throw DatasetError(error, afterLine: lines.lineNumber) }
        guard let bytes else { return nil }
        guard !bytes.contains(0) else {
            throw .malformed(
                file: file, line: lines.lineNumber, field: "row", expected: "text without NUL bytes", found: "one")
        }
        return lines.lineNumber == 1 ? Self.withoutByteOrderMark(bytes) : bytes
    }

    /// Spreadsheets begin UTF-8 files with a byte order mark, which is no part of the first name.
    static func withoutByteOrderMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
    }

    private func record(from first: [UInt8]) throws(DatasetError) -> [[UInt8]] {
        var bytes = first
        var fields: [[UInt8]] = []
        var position = 0
        var size = bytes.count
        while true {
            var field: [UInt8] = []
            if position < bytes.count, bytes[position] == dialect.quote {
                position += 1
                while true {
                    guard position < bytes.count else {
                        // The line ends inside the quotes: the field goes on, with a line feed in it.
                        guard let more = try nextLine() else {
                            throw malformed("the closing quote of a field", "the end of the file")
                        }
                        size += more.count + 1
                        guard size <= RowReader.maximumRowBytes else {
                            throw malformed(
                                "a row of at most \(RowReader.maximumRowBytes) bytes", "more, inside quotes")
                        }
                        field.append(10)
                        bytes = more
                        position = 0
                        continue
                    }
                    if bytes[position] != dialect.quote {
                        field.append(bytes[position])
                        position += 1
                    } else if position + 1 < bytes.count, bytes[position + 1] == dialect.quote {
                        field.append(bytes[position])
                        position += 2
                    } else {
                        position += 1
                        break
                    }
                }
                guard position == bytes.count || bytes[position] == dialect.delimiter else {
                    throw malformed("a delimiter after a closing quote", "other text")
                }
            } else {
                let start = position
                while position < bytes.count, bytes[position] != dialect.delimiter {
                    if bytes[position] == dialect.quote {
                        throw malformed("quotes only around a whole field", "one inside field \(fields.count + 1)")
                    }
                    position += 1
                }
                field = Array(bytes[start..<position])
            }
            fields.append(field)
            guard position < bytes.count else { return fields }
            position += 1
        }
    }

    private func malformed(_ expected: String, _ found: String) -> DatasetError {
        .malformed(file: file, line: max(line, 1), field: "row", expected: expected, found: found)
    }
}
