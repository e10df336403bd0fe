/// The ways in which logs write times, read strictly into seconds since 1970-01-01 UTC.
enum LogTime {
    static let range = 0...99_999_999_999

    /// Whole seconds.
    static func seconds(_ text: String) -> Int? { number(text, in: range) }

    /// Whole milliseconds, of which the rest of a second is dropped.
    static func milliseconds(_ text: String) -> Int? { number(text, in: 0...99_999_999_999_999).map { $0 / 1000 } }

    /// `2013-04-19`, or `2013-04-19T08:15:15`, with a space for the T, with fractions (dropped), with `Z` or `-07:00`; UTC
    /// where none is given.
    static func iso8601(_ text: String) -> Int? {
        var scanner = DigitScanner(text)
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), let days = days(year, month, day)
        else { return nil }
        guard !scanner.isAtEnd else { return inRange(days * 86_400) }
        guard scanner.take("T") || scanner.take(" "), let time = scanner.time() else { return nil }
        if scanner.take(".") {
            guard scanner.digits(1) != nil else { return nil }
            while scanner.digits(1) != nil {}
        }
        var offset = 0
        if !scanner.isAtEnd, !scanner.take("Z") {
            guard let found = scanner.offset(colon: true) else { return nil }
            offset = found
        }
        return scanner.isAtEnd ? inRange(days * 86_400 + time - offset) : nil
    }

    /// `Fri Apr 19 08:15:15 -0700 2013`: English names whatever the machine's locale; the day's name must fit the date.
    static func goodReads(_ text: String) -> Int? {
        var scanner = DigitScanner(text)
        guard let weekday = scanner.name(of: ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]), scanner.take(" "),
            let month = scanner.name(of: [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ]),
            scanner.take(" "), let day = scanner.digits(2), scanner.take(" "), let time = scanner.time(),
            scanner.take(" "),
            let offset = scanner.offset(colon: false), scanner.take(" "), let year = scanner.digits(4), scanner.isAtEnd,
            let days = days(year, month + 1, day), (days % 7 + 7) % 7 == weekday
        else { return nil }
        return inRange(days * 86_400 + time - offset)
    }

    private static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 15, text.utf8.allSatisfy({ (48...57).contains($0) }),
            let value = Int(text), range.contains(value)
        else { return nil }
        return value
    }

    private static func inRange(_ seconds: Int) -> Int? { range.contains(seconds) ? seconds : nil }

    /// Days from 1970-01-01 to a date of the Gregorian calendar; nil for a date that there is not.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1, lengths.indices.contains(month - 1), (1...lengths[month - 1]).contains(day) else { return nil }
        let before = year - 1
        let leaps = before / 4 - before / 100 + before / 400
        return before * 365 + leaps + lengths[..<(month - 1)].reduce(0, +) + day - 1 - 719_162
    }
}

/// Takes fixed parts off the front of a text.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func digits(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func name(of names: [String]) -> Int? {
        guard let index = names.firstIndex(where: { rest.starts(with: $0.utf8) }) else { return nil }
        rest = rest.dropFirst(3)
        return index
    }

    /// `08:15:15` in seconds; a leap second counts as the second before it.
    mutating func time() -> Int? {
        guard let hour = digits(2), hour < 24, take(":"), let minute = digits(2), minute < 60, take(":"),
            let second = digits(2), second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + min(second, 59)
    }

    /// `-0700` or `-07:00` in seconds.
    mutating func offset(colon: Bool) -> Int? {
        let isNegative = take("-")
        guard isNegative || take("+"), let hours = digits(2), hours < 24, !colon || take(":"), let minutes = digits(2),
            minutes < 60
        else { return nil }
        return (isNegative ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
