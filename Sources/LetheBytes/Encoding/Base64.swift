/// Base64 with the standard alphabet and padding (RFC 4648, section 4), strict: bytes have exactly one spelling.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xff, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// The text of `bytes`, padded to a multiple of four characters.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: encodedCount(bytes)) { encode(bytes, into: $0) }
    }

    /// The same text as bytes, which a caller can wipe.
    public static func encodedASCII(_ bytes: [UInt8]) -> [UInt8] {
        Array(unsafeUninitializedCapacity: encodedCount(bytes)) { $1 = encode(bytes, into: $0) }
    }

    private static func encodedCount(_ bytes: [UInt8]) -> Int { (bytes.count + 2) / 3 * 4 }

    /// Writes the text and returns its length; `text` has room for it.
    private static func encode(_ bytes: [UInt8], into text: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let alphabet = alphabet
        var start = 0
        var end = 0
        while start < bytes.count {
            let count = min(3, bytes.count - start)
            let second = count > 1 ? bytes[start + 1] : 0
            let third = count > 2 ? bytes[start + 2] : 0
            let group = UInt32(bytes[start]) << 16 | UInt32(second) << 8 | UInt32(third)
            text[end] = alphabet[Int(group >> 18)]
            text[end + 1] = alphabet[Int(group >> 12 & 63)]
            text[end + 2] = count > 1 ? alphabet[Int(group >> 6 & 63)] : padding
            text[end + 3] = count > 2 ? alphabet[Int(group & 63)] : padding
            start += 3
            end += 4
        }
        return end
    }

    /// The bytes that `text` spells. Refuses other alphabets, white space, missing padding and non-zero trailing bits.
    public static func decode(_ text: String) throws(TextEncodingError) -> [UInt8] {
        try decode(ascii: Array(text.utf8))
    }

    /// The bytes that text spells which is given as bytes, so that a caller can wipe it.
    public static func decode(ascii text: [UInt8]) throws(TextEncodingError) -> [UInt8] {
        try text.withUnsafeBufferPointer { (text) throws(TextEncodingError) in try decode(ascii: text) }
    }

    /// The same without an array of its own.
    package static func decode(ascii text: UnsafeBufferPointer<UInt8>) throws(TextEncodingError) -> [UInt8] {
        var characters = text[...]
        guard characters.count % 4 == 0 else { throw .length(encoding: "Base64", count: characters.count) }
        for _ in 0..<2 where characters.last == padding { characters.removeLast() }
        let values = values
        var bytes = [UInt8](repeating: 0, count: characters.count * 3 / 4)
        var pending: UInt32 = 0
        var pendingBits: UInt32 = 0
        var offset = 0
        var end = 0
        // Four characters are three bytes; where one does not belong, the loop below says which.
        while offset + 4 <= characters.count {
            let (a, b) = (values[Int(characters[offset])], values[Int(characters[offset + 1])])
            let (c, d) = (values[Int(characters[offset + 2])], values[Int(characters[offset + 3])])
            guard a | b | c | d < 64 else { break }
            bytes[end] = a << 2 | b >> 4
            bytes[end + 1] = b << 4 | c >> 2
            bytes[end + 2] = c << 6 | d
            offset += 4
            end += 3
        }
        while offset < characters.count {
            let value = values[Int(characters[offset])]
            guard value != 0xff else { throw .character(encoding: "Base64", offset: offset) }
            pending = (pending << 6 | UInt32(value)) & 0xffff
            pendingBits += 6
            if pendingBits >= 8 {
                pendingBits -= 8
                bytes[end] = UInt8(truncatingIfNeeded: pending >> pendingBits)
                end += 1
            }
            offset += 1
        }
        guard pending & (1 << pendingBits - 1) == 0 else { throw .trailingBits }
        return bytes
    }
}
