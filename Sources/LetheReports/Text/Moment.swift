/// A time for people: "23 Nov 2026, 10:15 UTC", made from RFC 3339 text in UTC; or a day, "23 Nov 2026", made from "2026-11-23".
///
/// Text in any other form is shown as it is: a report must not lose what it was given.
struct Moment {
    /// The day: "23 Nov 2026".
    let day: String
    /// The day with the time of day.
    let full: String
    /// The text that it was made from, if it is a valid time for machines.
    let machine: String?

    init(_ text: String) {
        let characters = Array(text.utf8)
        guard let day = Self.day(characters) else {
            (self.day, full, machine) = (text, text, nil)
            return
        }
        if characters.count == 10 {
            (self.day, full, machine) = (day, day, text)
            return
        }
        guard characters.count >= 20, characters.last == UInt8(ascii: "Z"), characters[10] == UInt8(ascii: "T"),
            characters[13] == UInt8(ascii: ":"), characters[16] == UInt8(ascii: ":"),
            let hour = Self.number(characters[11..<13]), let minute = Self.number(characters[14..<16]),
            hour < 24, minute < 60, characters[17..<19].allSatisfy(Self.isDigit),
            characters[19...].dropLast().allSatisfy({ Self.isDigit($0) || $0 == UInt8(ascii: ".") })
        else {
            (self.day, full, machine) = (text, text, nil)
            return
        }
        self.day = day
        full = "\(day), \(Self.twoDigits(hour)):\(Self.twoDigits(minute))\u{00A0}UTC"
        machine = text
    }

    /// The day that the first ten characters spell.
    private static func day(_ characters: [UInt8]) -> String? {
        guard characters.count >= 10, characters[4] == UInt8(ascii: "-"), characters[7] == UInt8(ascii: "-"),
            let year = number(characters[0..<4]), let month = number(characters[5..<7]),
            let day = number(characters[8..<10]), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        return "\(day)\u{00A0}\(months[month - 1])\u{00A0}\(year)"
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy(isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
