import LetheCrypto

/// A moment in UTC with a resolution of one second, written as RFC 3339 with `Z`: `2026-03-02T09:00:00Z`.
///
/// One moment has one spelling. Years 0001 to 9999, proleptic Gregorian calendar, no leap seconds.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public let secondsSinceEpoch: Int64

    private static let earliest: Int64 = -62_135_596_800  // 0001-01-01T00:00:00Z
    private static let latest: Int64 = 253_402_300_799  // 9999-12-31T23:59:59Z

    /// 1970-01-01T00:00:00Z.
    public static let epoch = Timestamp()

    private init() { secondsSinceEpoch = 0 }

    /// Takes seconds since 1970.
    ///
    /// - Throws: `.outOfRange` outside of the years 1 to 9999.
    public init(secondsSinceEpoch: Int64) throws(TimestampError) {
        guard (Self.earliest...Self.latest).contains(secondsSinceEpoch) else {
            throw .outOfRange(secondsSinceEpoch: secondsSinceEpoch)
        }
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// Reads `YYYY-MM-DDThh:mm:ssZ` and nothing else.
    ///
    /// - Throws: `.malformed` for other spellings and for dates that do not exist.
    public init(_ text: String) throws(TimestampError) {
        var spelling = text
        guard let moment = spelling.withUTF8({ Timestamp(ascii: $0) }) else { throw .malformed(found: text) }
        self = moment
    }

    /// The same of text that is given as bytes; nil for anything else.
    package init?(ascii text: UnsafeBufferPointer<UInt8>) {
        let pattern: StaticString = "dddd-dd-ddTdd:dd:ddZ"
        guard text.count == pattern.utf8CodeUnitCount else { return nil }
        for offset in text.indices {
            let place = pattern.utf8Start[offset]
            guard place == UInt8(ascii: "d") ? CanonicalNumber.isDigit(text[offset]) : text[offset] == place else {
                return nil
            }
        }
        func number(_ range: Range<Int>) -> Int64 {
            range.reduce(0) { 10 * $0 + Int64(text[$1] - UInt8(ascii: "0")) }
        }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard year >= 1, (1...12).contains(month), day >= 1, day <= Self.daysInMonth(month, year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        secondsSinceEpoch =
            Self.daysSinceEpoch(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// The one spelling of this moment.
    public var description: String {
        var days = secondsSinceEpoch / 86_400
        var rest = secondsSinceEpoch % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        let (year, month, day) = Self.civilDate(daysSinceEpoch: days)
        return String(unsafeUninitializedCapacity: 20) { text in
            var end = 0
            func append(_ pair: Int64, _ mark: Unicode.Scalar? = nil) {
                text[end] = UInt8(ascii: "0") + UInt8(pair / 10)
                text[end + 1] = UInt8(ascii: "0") + UInt8(pair % 10)
                end += 2
                guard let mark else { return }
                text[end] = UInt8(ascii: mark)
                end += 1
            }
            append(year / 100)
            append(year % 100, "-")
            append(month, "-")
            append(day, "T")
            append(rest / 3_600, ":")
            append(rest / 60 % 60, ":")
            append(rest % 60, "Z")
            return end
        }
    }

    /// Earlier moments are smaller.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }

    private static func daysInMonth(_ month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Howard Hinnant's days_from_civil and civil_from_days: eras of 400 years that start on 1 March.
    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civilDate(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = daysSinceEpoch + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

/// Why text or a number is not a moment.
public enum TimestampError: Error, Equatable, CustomStringConvertible {
    /// Not `YYYY-MM-DDThh:mm:ssZ`, or a date that does not exist.
    case malformed(found: String)
    /// Outside of the years 1 to 9999.
    case outOfRange(secondsSinceEpoch: Int64)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .malformed(let found): "time: expected one like 2026-03-02T09:00:00Z, found \(Printable.quoted(found))"
        case .outOfRange(let seconds): "time: \(seconds) seconds since 1970 is outside of the years 1 to 9999"
        }
    }
}
