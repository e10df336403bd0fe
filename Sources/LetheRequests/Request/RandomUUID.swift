import LetheBytes

/// A random (version 4) UUID of RFC 9562: 16 bytes with one spelling, 36 characters, lowercase.
struct RandomUUID: Sendable, Hashable, Comparable {
    private let high: UInt64
    private let low: UInt64

    /// Reads the one spelling; nil for other text, versions and variants.
    init?(_ text: String) {
        var text = text
        guard let uuid = text.withUTF8({ RandomUUID(ascii: $0) }) else { return nil }
        self = uuid
    }

    /// The same of text that is given as bytes.
    init?(ascii text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 36, [8, 13, 18, 23].allSatisfy({ text[$0] == UInt8(ascii: "-") }),
            let a = UInt64(lowercaseHex: text[0..<8]), let b = UInt64(lowercaseHex: text[9..<13]),
            let c = UInt64(lowercaseHex: text[14..<18]), let d = UInt64(lowercaseHex: text[19..<23]),
            let e = UInt64(lowercaseHex: text[24..<36])
        else { return nil }
        high = a << 32 | b << 16 | c
        low = d << 48 | e
        guard high >> 12 & 15 == 4, low >> 62 == 2 else { return nil }
    }

    /// Draws one from `generator`.
    init(using generator: inout some RandomNumberGenerator) {
        high = generator.next() & ~0xf000 | 0x4000
        low = generator.next() >> 2 | 1 << 63
    }

    /// The one spelling.
    var text: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var end = 0
            for word in [high, low] {
                for place in stride(from: UInt64(60), through: 0, by: -4) {
                    if end == 8 || end == 13 || end == 18 || end == 23 {
                        text[end] = UInt8(ascii: "-")
                        end += 1
                    }
                    text[end] = Hex.digit(UInt8(truncatingIfNeeded: word >> place & 15))
                    end += 1
                }
            }
            return end
        }
    }

    /// Orders as the texts do.
    static func < (left: RandomUUID, right: RandomUUID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
