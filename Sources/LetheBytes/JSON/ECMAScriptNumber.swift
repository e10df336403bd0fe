/// The spelling of numbers that RFC 8785, section 3.2.2.3 takes from ECMAScript (`Number::toString`).
public enum ECMAScriptNumber {
    /// The shortest decimal text that reads back as `value`.
    /// - Throws: `.numberOutOfRange` for infinities and NaN.
    public static func text(of value: Double) throws(JSONError) -> String {
        guard value.isFinite else { throw .numberOutOfRange(literal: "\(value)") }
        if value == 0 { return "0" }
        let (digits, exponent) = shortestDigits(of: value.magnitude)
        let sign = value < 0 ? "-" : ""
        let count = digits.count
        // `exponent` is n of ECMAScript: the decimal point stands after the n-th digit.
        switch exponent {
        case count...21 where exponent >= count:
            return sign + digits + String(repeating: "0", count: exponent - count)
        case 1...21:
            return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
        case -5...0:
            return sign + "0." + String(repeating: "0", count: -exponent) + digits
        default:
            let power = exponent - 1
            let fraction = count > 1 ? "." + digits.dropFirst() : ""
            return sign + digits.prefix(1) + fraction + "e" + (power < 0 ? "-" : "+") + String(power.magnitude)
        }
    }

    /// The digits of Swift's own shortest spelling, and the place of the decimal point in them.
    private static func shortestDigits(of value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let fraction = mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : ""
        var digits = mantissa[0] + fraction
        var exponent = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.first == "0" {
            digits = digits.dropFirst()
            exponent -= 1
        }
        while digits.last == "0" { digits = digits.dropLast() }
        return (String(digits), exponent)
    }
}
