/// Why a text is no hexadecimal or Base64 encoding.
public enum TextEncodingError: Error, Equatable, Sendable {
    /// The number of characters is none that the encoding can have.
    case length(encoding: String, count: Int)
    /// A character does not belong to the alphabet, or padding stands in the wrong place.
    case character(encoding: String, offset: Int)
    /// The last Base64 character carries bits that encode nothing: the text is not the only spelling of its bytes.
    case trailingBits
}

extension TextEncodingError: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .length(let encoding, let count): "\(encoding) text has the impossible length \(count)"
        case .character(let encoding, let offset): "\(encoding) text has a character that does not belong at \(offset)"
        case .trailingBits: "Base64 text ends with bits that encode nothing"
        }
    }
}

/// Lower-case hexadecimal text.
public enum Hex {
    /// Two lower-case digits for each byte.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        encode(Array(bytes))
    }

    /// Two lower-case digits for each byte.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            var end = 0
            for byte in bytes {
                text[end] = digit(byte >> 4)
                text[end + 1] = digit(byte & 15)
                end += 2
            }
            return end
        }
    }

    /// The digit of a value below 16.
    package static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// The bytes that `text` spells. Upper-case digits are refused unless asked for, so that bytes have one spelling.
    public static func decode(_ text: String, allowingUppercase: Bool = false) throws(TextEncodingError) -> [UInt8] {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { throw .length(encoding: "hexadecimal", count: digits.count) }
        var bytes = [UInt8](repeating: 0, count: digits.count / 2)
        for offset in digits.indices {
            guard let value = value(of: digits[offset], allowingUppercase: allowingUppercase) else {
                throw .character(encoding: "hexadecimal", offset: offset)
            }
            bytes[offset / 2] = bytes[offset / 2] << 4 | value
        }
        return bytes
    }

    /// The value of one digit.
    static func value(of digit: UInt8, allowingUppercase: Bool) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F") where allowingUppercase: digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension UInt64 {
    /// Reads lower-case digits, the first the most significant; nil where a byte is no such digit. More than 16 overflow unseen.
    package init?(lowercaseHex digits: Slice<UnsafeBufferPointer<UInt8>>) {
        self = 0
        for digit in digits {
            guard let value = Hex.value(of: digit, allowingUppercase: false) else { return nil }
            self = self << 4 | UInt64(value)
        }
    }

    /// Reads sixteen lower-case digits, the first the most significant; nil where a byte is no such digit.
    package init?(lowercaseHex first: UInt64, _ second: UInt64) {
        guard let high = Self.value(ofEightDigits: first.bigEndian),
            let low = Self.value(ofEightDigits: second.bigEndian)
        else { return nil }
        self = high << 32 | low
    }

    /// The eight lower-case digits of a value, one a byte and the first the highest.
    package init(lowercaseHexOf value: UInt32) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var digits = UInt64(value)
        digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF
        digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (digits + 6 * ones) >> 4 & ones
        self = digits + 0x30 * ones + 0x27 * isLetter
    }

    /// The value of eight lower-case digits, one a byte and the first the highest, all at once; nil where one is none.
    private static func value(ofEightDigits text: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // Letters have bit 6, digits do not; the low half of "a" is 1.
        let isLetter = text >> 6 & ones
        let values = (text & (0x0F * ones)) + 9 * isLetter
        // Spelled again they must be the text; what is 10 or more, and nothing else, must be a letter.
        guard values & (0x10 * ones) == 0, (values + 6 * ones) >> 4 & ones == isLetter,
            values + 0x30 * ones + 0x27 * isLetter == text
        else { return nil }
        let pairs = (values >> 4 | values) & 0x00FF_00FF_00FF_00FF
        let quarters = (pairs >> 8 | pairs) & 0x0000_FFFF_0000_FFFF
        return (quarters >> 16 | quarters) & 0xFFFF_FFFF
    }
}
