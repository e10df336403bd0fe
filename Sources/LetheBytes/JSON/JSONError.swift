/// Why bytes are no strict JSON document, or why a value has no canonical form. Offsets count bytes from zero.
public enum JSONError: Error, Equatable, Sendable {
    /// The document ends where more was needed.
    case unexpectedEnd(expected: String)
    /// Another byte stands where `expected` should.
    case unexpectedByte(offset: Int, byte: UInt8, expected: String)
    /// A number is not written as RFC 8259, section 6 demands.
    case malformedNumber(offset: Int)
    /// A backslash is followed by something that is no escape.
    case malformedEscape(offset: Int)
    /// An escape names half of a surrogate pair.
    case loneSurrogate(offset: Int)
    /// A control character stands unescaped in a string.
    case controlCharacter(offset: Int, byte: UInt8)
    /// A string is not well-formed UTF-8.
    case malformedUTF8(offset: Int)
    /// A name stands twice in one object, or two names differ only in Unicode normalisation.
    case duplicateName(offset: Int, name: String)
    /// Arrays and objects are nested deeper than allowed.
    case tooDeep(offset: Int, maximum: Int)
    /// The document starts with a byte order mark.
    case byteOrderMark
    /// Something follows the document.
    case trailingData(offset: Int)
    /// The number is no finite double, so it has no canonical form.
    case numberOutOfRange(literal: String)
}

extension JSONError: CustomStringConvertible {
    /// One line that says what is wrong and where.
    public var description: String {
        switch self {
        case .unexpectedEnd(let expected): "JSON ends early: expected \(expected)"
        case .unexpectedByte(let offset, let byte, let expected):
            "JSON at byte \(offset): expected \(expected), found \(Self.spelling(of: byte))"
        case .malformedNumber(let offset): "JSON at byte \(offset): malformed number"
        case .malformedEscape(let offset): "JSON at byte \(offset): malformed escape in a string"
        case .loneSurrogate(let offset): "JSON at byte \(offset): lone surrogate in a string"
        case .controlCharacter(let offset, let byte):
            "JSON at byte \(offset): unescaped control character \(Self.spelling(of: byte)) in a string"
        case .malformedUTF8(let offset): "JSON at byte \(offset): string is not well-formed UTF-8"
        case .duplicateName(let offset, let name):
            "JSON at byte \(offset): name \"\(name.prefix(80))\" stands twice in one object"
        case .tooDeep(let offset, let maximum): "JSON at byte \(offset): nested deeper than \(maximum) levels"
        case .byteOrderMark: "JSON starts with a byte order mark"
        case .trailingData(let offset): "JSON at byte \(offset): unexpected data after the document"
        case .numberOutOfRange(let literal): "JSON number \(literal.prefix(80)) is out of range"
        }
    }

    private static func spelling(of byte: UInt8) -> String {
        (0x21...0x7e).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(Hex.encode([byte]))"
    }
}
