/// The name of a request: a random UUID, version 4, lowercase; never derived from the person (LEDGER 2.6).
public struct RequestID: Sendable, Hashable, Comparable {
    /// The canonical text, 36 lowercase characters.
    public let text: String

    /// Takes a canonical version 4 UUID.
    /// - Returns: nil for any other text, uppercase or another version included.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (position, byte) in bytes.enumerated() {
            switch position {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return nil }
            case 14: guard byte == UInt8(ascii: "4") else { return nil }
            case 19: guard "89ab".utf8.contains(byte) else { return nil }
            default: guard "0123456789abcdef".utf8.contains(byte) else { return nil }
            }
        }
        self.text = text
    }

    /// Draws a request id from `generator`.
    public static func random(using generator: inout some RandomNumberGenerator) -> RequestID {
        RequestID(drawing: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// Sets version and variant of sixteen random bytes (RFC 9562 section 5.4).
    private init(drawing random: [UInt8]) {
        var bytes = random
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (position, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(position) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.text = String(decoding: text, as: UTF8.self)
    }

    /// Orders by text.
    public static func < (lhs: RequestID, rhs: RequestID) -> Bool { lhs.text < rhs.text }
}

extension RequestID: CustomStringConvertible {
    /// The canonical text.
    public var description: String { text }
}
