/// Numbers as people read them: fixed decimals, a true minus sign, thousands separators.
enum Figures {
    /// What stands where a number is missing or not finite.
    static let missing = "not available"

    /// `value` with `decimals` digits after the point, in ASCII: for coordinates and machine-readable files.
    static func ascii(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return missing }
        let scaled = (value.magnitude * powerOfTen(decimals)).rounded()
        guard scaled < 1e15 else { return value.description }
        let digits = String(Int(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// `value` with `decimals` digits after the point and a typographic minus sign.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let text = ascii(value, decimals: decimals)
        return text.first == "-" ? "\u{2212}" + text.dropFirst() : text
    }

    /// A phrase with a typographic minus sign before each negative number, such as "above -0.2 and below 0.2".
    static func withMinus(_ phrase: String) -> String {
        phrase.split(separator: " ", omittingEmptySubsequences: false).map { word in
            word.first == "-" && word.dropFirst().first?.isNumber == true ? "\u{2212}" + word.dropFirst() : String(word)
        }.joined(separator: " ")
    }

    /// `value` with about three significant digits.
    static func short(_ value: Double) -> String {
        fixed(value, decimals: decimals(for: value))
    }

    /// A share as a percentage without decimals.
    static func percent(_ share: Double) -> String {
        share.isFinite ? fixed(share * 100, decimals: 0) + "%" : missing
    }

    /// A count with thousands separators.
    static func count(_ count: Int) -> String {
        var groups: [Substring] = []
        var digits = Substring(String(count.magnitude))
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = digits.dropLast(3)
        }
        return (count < 0 ? "\u{2212}" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// A count with its noun: "1 record", "2,000 records".
    static func count(_ count: Int, _ noun: String, plural: String? = nil) -> String {
        "\(self.count(count))\u{00A0}\(count == 1 ? noun : plural ?? noun + "s")"
    }

    /// A duration in the largest unit that suits it.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return missing }
        if seconds < 9.95 { return fixed(seconds, decimals: 1) + "\u{00A0}s" }
        let whole = Int(seconds.rounded())
        if whole < 100 { return "\(whole)\u{00A0}s" }
        if whole < 5_400 { return "\(whole / 60)\u{00A0}min \(whole % 60)\u{00A0}s" }
        return "\(whole / 3_600)\u{00A0}h \(whole % 3_600 / 60)\u{00A0}min"
    }

    /// An estimate with its interval, all to the same decimals: "0.031 (−0.042 to 0.108)".
    static func estimate(_ estimate: AuditReport.Estimate, decimals: Int? = nil) -> String {
        guard estimate.value.isFinite else { return missing }
        let decimals = decimals ?? self.decimals(for: estimate)
        let value = fixed(estimate.value, decimals: decimals)
        guard let interval = interval(estimate, decimals: decimals) else { return value }
        return "\(value) (\(interval))"
    }

    /// The interval of an estimate in words, if both ends are known.
    static func interval(_ estimate: AuditReport.Estimate, decimals: Int) -> String? {
        guard let lower = estimate.lower, let upper = estimate.upper, lower.isFinite, upper.isFinite else { return nil }
        return "\(fixed(lower, decimals: decimals)) to \(fixed(upper, decimals: decimals))"
    }

    /// The shortest decimal that reads back as `value`, without an exponent.
    static func decimal(_ value: Double) -> String? {
        guard value.isFinite else { return nil }
        let text = value.description
        guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]) else {
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let mantissa = text[..<mark].drop { $0 == "-" }
        let digits = mantissa.filter { $0 != "." }
        let point = 1 + exponent
        let sign = text.first == "-" ? "-" : ""
        // Swift writes exponents below 1e-4 and from 2^54 on only, where a Double has no fraction.
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        let padded = digits + String(repeating: "0", count: max(0, point - digits.count))
        return sign + padded.prefix(point)
    }

    /// Digits after the point that an estimate deserves: two significant ones of its interval's half-width, or three of the
    /// value where there is no interval.
    static func decimals(for estimate: AuditReport.Estimate) -> Int {
        guard let lower = estimate.lower, let upper = estimate.upper, (upper - lower).isFinite, lower < upper else {
            return decimals(for: estimate.value)
        }
        return decimals(showing: 2, significantDigitsOf: (upper - lower) / 2, atLeast: 2)
    }

    /// Digits after the point that leave three significant ones, and at least three below 10.
    private static func decimals(for value: Double) -> Int {
        decimals(showing: 3, significantDigitsOf: value, atLeast: value.magnitude < 10 ? 3 : 1)
    }

    private static func decimals(showing digits: Int, significantDigitsOf value: Double, atLeast least: Int) -> Int {
        guard value.isFinite, value != 0 else { return least }
        var decimals = digits - 1
        var magnitude = value.magnitude
        while magnitude >= 10, decimals > least {
            magnitude /= 10
            decimals -= 1
        }
        while magnitude < 1, decimals < 8 {
            magnitude *= 10
            decimals += 1
        }
        return max(decimals, least)
    }

    private static func powerOfTen(_ exponent: Int) -> Double {
        (0..<max(0, exponent)).reduce(1.0) { power, _ in power * 10 }
    }
}
