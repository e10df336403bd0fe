/// A day of the proleptic Gregorian calendar, without a clock, a time zone or a locale.
///
/// Statutory periods are counted in days and calendar months, so the arithmetic lives here and is pure: the same input
/// gives the same day on every machine, whatever calendar data is installed there.
public struct CivilDate: Sendable, Hashable, Comparable {
    /// The year, 1 to 9999 when parsed.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, 1 to 31.
    public let day: Int

    /// Makes a day that exists.
    /// - Throws: `.noSuchDay` when the calendar has no such day.
    public init(year: Int, month: Int, day: Int) throws(DateError) {
        guard (1...9999).contains(year), (1...12).contains(month),
            day >= 1, day <= CivilDate.daysIn(month: month, year: year)
        else { throw .noSuchDay("\(year)-\(month)-\(day)") }
        self.init(unchecked: year, month, day)
    }

    private init(unchecked year: Int, _ month: Int, _ day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Parses `YYYY-MM-DD`, exactly ten ASCII characters.
    /// - Throws: `.malformedDate` for another form, `.noSuchDay` for a day that does not exist.
    public init(_ text: String) throws(DateError) {
        var spelling = text
        guard let date = spelling.withUTF8({ Self.numbers(ascii: $0) }) else { throw .malformedDate(excerpt(text)) }
        try self.init(year: date.year, month: date.month, day: date.day)
    }

    /// The same of text that is given as bytes; nil for anything else.
    package init?(ascii text: UnsafeBufferPointer<UInt8>) {
        guard let date = Self.numbers(ascii: text) else { return nil }
        try? self.init(year: date.year, month: date.month, day: date.day)
    }

    private static func numbers(ascii text: UnsafeBufferPointer<UInt8>) -> (year: Int, month: Int, day: Int)? {
        guard text.count == 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            let year = decimal(text[0..<4]), let month = decimal(text[5..<7]), let day = decimal(text[8..<10])
        else { return nil }
        return (year, month, day)
    }

    /// The day that lies `days` days after 1970-01-01.
    ///
    /// Days to civil by eras of 400 years, after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    public init(daysSinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        self.init(
            unchecked: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    /// Days since 1970-01-01, negative before.
    public var daysSinceEpoch: Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = floorDivide(marchYear, 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
    public var weekday: Int {
        let sinceMonday = daysSinceEpoch + 3  // 1970-01-01 was a Thursday
        return sinceMonday - floorDivide(sinceMonday, 7) * 7 + 1
    }

    /// Whether the day is a Saturday or a Sunday.
    public var isWeekend: Bool { weekday >= 6 }

    /// The day `days` days later.
    public func adding(days: Int) -> CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch + days) }

    /// The same day of the month `months` months later, or the last day of a shorter month.
    public func adding(months: Int) -> CivilDate {
        let total = year * 12 + (month - 1) + months
        let newYear = floorDivide(total, 12)
        let newMonth = total - newYear * 12 + 1
        return CivilDate(unchecked: newYear, newMonth, min(day, CivilDate.daysIn(month: newMonth, year: newYear)))
    }

    /// The days from `earlier` to this day.
    public func days(since earlier: CivilDate) -> Int { daysSinceEpoch - earlier.daysSinceEpoch }

    /// Whether `lhs` lies before `rhs`.
    public static func < (lhs: CivilDate, rhs: CivilDate) -> Bool {
        (lhs.year, lhs.month, lhs.day) < (rhs.year, rhs.month, rhs.day)
    }

    private static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension CivilDate: CustomStringConvertible {
    /// `YYYY-MM-DD`.
    public var description: String {
        // Counting by months can lead beyond what is written with four digits.
        guard (0...9999).contains(year) else { return "\(year)-\(padded(month, 2))-\(padded(day, 2))" }
        return String(unsafeUninitializedCapacity: 10) { text in
            func write(_ value: Int, at place: Int) {
                text[place] = UInt8(ascii: "0") + UInt8(value / 10)
                text[place + 1] = UInt8(ascii: "0") + UInt8(value % 10)
            }
            write(year / 100, at: 0)
            write(year % 100, at: 2)
            text[4] = UInt8(ascii: "-")
            write(month, at: 5)
            text[7] = UInt8(ascii: "-")
            write(day, at: 8)
            return 10
        }
    }
}

/// What is wrong with a written date.
public enum DateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text is not `YYYY-MM-DD`.
    case malformedDate(String)
    /// The calendar has no such day.
    case noSuchDay(String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .malformedDate(let text): "expected a date YYYY-MM-DD, found \"\(text)\""
        case .noSuchDay(let text): "the calendar has no day \(text)"
        }
    }
}

/// The number that ASCII digits spell, nil when one of them is something else.
func decimal(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}

func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}

func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// At most forty characters of a text that somebody else wrote, control characters replaced, for an error line.
func excerpt(_ text: String) -> String {
    let line = String(
        text.prefix(40).map { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : "?" })
    return line.count < text.count ? line + "…" : line
}
