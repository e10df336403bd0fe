/// A reader of JSON that accepts exactly RFC 8259 as narrowed by I-JSON (RFC 7493).
///
/// It refuses duplicate names, a byte order mark, trailing data, ill-formed UTF-8 and lone surrogates: two readers of an
/// accepted document cannot disagree about what it says.
public enum StrictJSON {
    /// The value that `bytes` spell.
    /// - Throws: what is wrong with the bytes, and where.
    public static func parse(_ bytes: [UInt8], maximumDepth: Int = 64) throws(JSONError) -> JSONValue {
        guard !bytes.starts(with: [0xef, 0xbb, 0xbf]) else { throw .byteOrderMark }
        var parser = StrictJSONParser(bytes: bytes, maximumDepth: maximumDepth)
        let value = try parser.value(depth: 0)
        parser.skipWhitespace()
        guard parser.position == bytes.count else { throw .trailingData(offset: parser.position) }
        return value
    }
}

private struct StrictJSONParser {
    let bytes: [UInt8]
    let maximumDepth: Int
    var position = 0

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return
            }
        }
    }

    /// The value that starts at or after the current position, with `depth` containers around it.
    mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipWhitespace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number(try number())
        default: throw unexpected("a value")
        }
    }

    private func unexpected(_ expected: String) -> JSONError {
        guard let byte = current else { return .unexpectedEnd(expected: expected) }
        return .unexpectedByte(offset: position, byte: byte, expected: expected)
    }

    private mutating func take(_ byte: UInt8, _ expected: String) throws(JSONError) {
        guard current == byte else { throw unexpected(expected) }
        position += 1
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in "\(word)".utf8 { try take(byte, "\(word)") }
        return value
    }

    private mutating func enter(_ depth: Int) throws(JSONError) {
        guard depth < maximumDepth else { throw .tooDeep(offset: position, maximum: maximumDepth) }
        position += 1
        skipWhitespace()
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        try enter(depth)
        var elements: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipWhitespace()
            if current == UInt8(ascii: "]") { break }
            try take(UInt8(ascii: ","), "',' or ']'")
        }
        position += 1
        return .array(elements)
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        try enter(depth)
        var members: [String: JSONValue] = [:]
        if current == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipWhitespace()
            let start = position
            guard current == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
            let name = try string()
            skipWhitespace()
            try take(UInt8(ascii: ":"), "':'")
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: name) == nil else {
                throw .duplicateName(offset: start, name: name)
            }
            skipWhitespace()
            if current == UInt8(ascii: "}") { break }
            try take(UInt8(ascii: ","), "',' or '}'")
        }
        position += 1
        return .object(members)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = current, byte &- 0x30 < 10 { position += 1 }
        guard position > start else { throw .malformedNumber(offset: position) }
    }

    private mutating func number() throws(JSONError) -> String {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        let firstDigit = position
        try digits()
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
            throw .malformedNumber(offset: firstDigit)
        }
        if current == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var result = ""
        var start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let last = try text(start..<position)
                position += 1
                return result.isEmpty ? last : result + last
            } else if byte == UInt8(ascii: "\\") {
                result += try text(start..<position)
                result.unicodeScalars.append(try escape())
                start = position
            } else if byte < 0x20 {
                throw .controlCharacter(offset: position, byte: byte)
            } else {
                position += 1
            }
        }
        throw .unexpectedEnd(expected: "the closing quote of a string")
    }

    private func text(_ range: Range<Int>) throws(JSONError) -> String {
        if range.isEmpty { return "" }
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw .malformedUTF8(offset: range.lowerBound)
        }
        return text
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        position += 1
        guard let kind = current else { throw .unexpectedEnd(expected: "an escape") }
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(kind)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "f"): return "\u{0c}"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "u"): break
        default: throw .malformedEscape(offset: start)
        }
        let first = try codeUnit(escapeAt: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, current == UInt8(ascii: "\\") else { throw .loneSurrogate(offset: start) }
        position += 1
        guard current == UInt8(ascii: "u") else { throw .loneSurrogate(offset: start) }
        position += 1
        let second = try codeUnit(escapeAt: start)
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw .loneSurrogate(offset: start) }
        return scalar
    }

    private mutating func codeUnit(escapeAt start: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current else { throw .unexpectedEnd(expected: "four hexadecimal digits") }
            guard let digit = Hex.value(of: byte, allowingUppercase: true) else {
                throw .malformedEscape(offset: start)
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
