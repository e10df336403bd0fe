import Glibc

/// Steps through bytes whose form is known but for the values between quotation marks: what is canonical by construction needs
/// no parser, and what does not fit is left to the general reader, which says why.
package struct FixedFormReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// Reads `bytes` from their beginning; they outlive the reader.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Whether nothing is left.
    package var isAtEnd: Bool { position == bytes.count }

    /// Steps over `literal`; false, and not moved, where something else stands here.
    package mutating func take(_ literal: StaticString) -> Bool {
        literal.withUTF8Buffer { literal in
            guard let start = bytes.baseAddress, let wanted = literal.baseAddress,
                bytes.count - position >= literal.count, memcmp(start + position, wanted, literal.count) == 0
            else { return false }
            position += literal.count
            return true
        }
    }

    /// The bytes up to the next quotation mark, which is not stepped over; nil where there is none.
    ///
    /// They may hold anything else: whoever takes them refuses what JSON would write with an escape.
    package mutating func value() -> UnsafeBufferPointer<UInt8>? {
        guard let start = bytes.baseAddress,
            let close = memchr(start + position, Int32(UInt8(ascii: "\"")), bytes.count - position)
        else { return nil }
        let value = UnsafeBufferPointer(rebasing: bytes[position..<(UnsafeRawPointer(close) - UnsafeRawPointer(start))])
        position += value.count
        return value
    }
}
