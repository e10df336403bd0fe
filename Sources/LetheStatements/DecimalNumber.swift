/// A number as it stands in signed bytes: decimal text in a string, so that no reader rounds it.
///
/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?` with at most 40 characters. "-0" is refused. The text is kept: "0.50" and "0.5" are different bytes.
public struct DecimalNumber: Sendable, Hashable, CustomStringConvertible {
    /// The text as signed.
    public let text: String

    /// Takes over decimal text; nil for anything else, exponents included.
    public init?(_ text: String) {
        var rest = text.utf8[...]
        guard rest.count <= 40 else { return nil }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let parts = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(CanonicalNumber.isDigit) }),
            whole.count == 1 || whole.first != UInt8(ascii: "0"),
            !isNegative || rest.contains(where: { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.text = text
    }

    /// A whole number.
    public init(_ value: some BinaryInteger) {
        text = String(value)
    }

    /// The number rounded half to even to `places` decimal places; nil for infinities, NaN and numbers beyond 10^15.
    public init?(_ value: Double, places: Int = 6) {
        guard value.isFinite, value.magnitude < 1e15, (0...9).contains(places) else { return nil }
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (value.magnitude * scale).rounded(.toNearestOrEven)
        guard let units = UInt64(exactly: scaled) else { return nil }
        let digits = String(units)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let fraction = places > 0 ? "." + padded.suffix(places) : ""
        text = (value < 0 && units != 0 ? "-" : "") + padded.dropLast(places) + fraction
    }

    /// The nearest double, for comparisons and display.
    public var value: Double { Double(text) ?? .nan }

    /// The same as `text`.
    public var description: String { text }
}

package enum CanonicalNumber {
    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// `0|[1-9][0-9]*` up to 2^64-1.
    package static func wholeNumber(_ text: String) -> UInt64? {
        guard text.utf8.allSatisfy(isDigit), text == "0" || text.utf8.first != UInt8(ascii: "0") else { return nil }
        return UInt64(text)
    }
}
