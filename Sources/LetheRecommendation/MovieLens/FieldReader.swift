/// Reads a file of lines of separated fields byte by byte; every complaint names file, line and field.
///
/// A million lines are parsed in place: no string or array is made for a line that is fine.
struct FieldReader {
    /// What stands between two fields.
    enum Separator {
        case doubleColon
        case comma

        var words: String { self == .comma ? "commas" : "::" }
    }

    let file: String
    private(set) var line = 0
    private let bytes: [UInt8]
    private let separator: Separator
    private let fieldCount: Int
    private var position = 0
    private var lineEnd = 0
    private var field = 0

    init(_ bytes: [UInt8], file: String, separator: Separator, fieldCount: Int) throws(DatasetError) {
        guard !bytes.isEmpty else { throw .empty(file: file) }
        self.bytes = bytes
        self.file = file
        self.separator = separator
        self.fieldCount = fieldCount
    }

    /// Moves to the next line; false at the end of the file.
    mutating func nextLine() throws(DatasetError) -> Bool {
        position = line == 0 ? 0 : lineEnd + 1
        guard position < bytes.count else { return false }
        line += 1
        field = 0
        lineEnd = position
        while lineEnd < bytes.count && bytes[lineEnd] != 10 { lineEnd += 1 }
        if lineEnd == bytes.count { throw .truncated(file: file, line: line) }
        return true
    }

    /// The current line without its line feed.
    var wholeLine: [UInt8] { Array(bytes[position..<lineEnd]) }

    /// A decimal number without sign or leading zeros, within `range`; the last field of the line if `isLast`.
    mutating func number(_ name: String, in range: ClosedRange<Int>, isLast: Bool = false) throws(DatasetError) -> Int {
        let start = position
        var value = 0
        var digits = 0
        while position < lineEnd, digits <= 15 {
            let digit = bytes[position] &- 48
            if digit > 9 { break }
            value = value * 10 + Int(digit)
            position += 1
            digits += 1
        }
        let isPlain = digits > 0 && digits <= 15 && (digits == 1 || bytes[start] != 48)
        guard isPlain, range.contains(value), endsField(isLast: isLast) else {
            position = start
            let text = try self.text(name, isLast: isLast)
            throw malformed(name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", text)
        }
        return value
    }

    /// The bytes of a field, which may be empty.
    mutating func text(_ name: String, isLast: Bool = false) throws(DatasetError) -> ArraySlice<UInt8> {
        let start = position
        while position < lineEnd && !isSeparator(position) { position += 1 }
        let end = position
        guard endsField(isLast: isLast) else {
            var found = field + 1
            while position < lineEnd {
                if isSeparator(position) { found += 1; position += width } else { position += 1 }
            }
            throw .malformed(
                file: file, line: line, field: name,
                expected: "\(fieldCount) fields separated by \(separator.words)", found: "\(found)")
        }
        return bytes[start..<end]
    }

    /// The error that a field is not as it should be.
    func malformed(_ name: String, expected: String, _ found: ArraySlice<UInt8>) -> DatasetError {
        .malformed(file: file, line: line, field: name, expected: expected, found: Self.quoted(found))
    }

    /// Consumes the separator, or checks that the line ends.
    private mutating func endsField(isLast: Bool) -> Bool {
        if isLast { return position == lineEnd }
        guard position < lineEnd, isSeparator(position) else { return false }
        position += width
        field += 1
        return true
    }

    private var width: Int { separator == .comma ? 1 : 2 }

    private func isSeparator(_ place: Int) -> Bool {
        switch separator {
        case .comma: bytes[place] == 44
        case .doubleColon: bytes[place] == 58 && place + 1 < lineEnd && bytes[place + 1] == 58
        }
    }

    /// ISO-8859-1 text in quotes on one line, at most forty characters of it.
    static func quoted(_ bytes: ArraySlice<UInt8>) -> String {
        let shown = bytes.prefix(40).map { $0 < 32 || (127..<160).contains($0) ? UInt8(ascii: "?") : $0 }
        return "\"\(latin1(shown[...]))\(bytes.count > 40 ? "…" : "")\""
    }

    /// ISO-8859-1 decoded: every byte is the character of that number.
    static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
        if bytes.allSatisfy({ $0 < 128 }) { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.map { UInt16($0) }, as: UTF16.self)
    }
}
