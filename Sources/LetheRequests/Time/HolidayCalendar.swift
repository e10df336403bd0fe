public import LetheCrypto

/// Public holidays of the controller's place, out of a file that is kept up year by year without a change of policy.
///
/// One line a day, `YYYY-MM-DD` and, after a space, its name, which is for people; `#` starts a comment. What was reckoned with a version
/// of the file stays as it is: the deadlines stand in the log, with the digest of the days they were reckoned with.
public struct HolidayCalendar: Sendable, Equatable {
    /// The most bytes that a file may have.
    public static let maximumFileSize = 65_536

    /// The days.
    public let days: Set<CivilDate>
    /// SHA-256 of the days in order, each as `YYYY-MM-DD` and a newline.
    public let digest: Digest

    /// Reads a file.
    /// - Throws: `HolidayCalendarError`, with the line.
    public init(parsing bytes: [UInt8]) throws(HolidayCalendarError) {
        guard bytes.count <= Self.maximumFileSize else {
            throw .tooLarge(limit: Self.maximumFileSize, found: bytes.count)
        }
        var days: Set<CivilDate> = []
        for (offset, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            guard let text = String(validating: line, as: UTF8.self) else { throw .notText(line: offset + 1) }
            let word = text.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }.first
            guard let word else { continue }
            let day: CivilDate
            do { day = try CivilDate(String(word)) } catch { throw .date(line: offset + 1, error) }
            guard days.insert(day).inserted else { throw .twice(line: offset + 1, day) }
        }
        self.days = days
        digest = Digest(sha256: Array(days.sorted().map { "\($0)\n" }.joined().utf8))
    }
}

/// Why bytes are no file of holidays.
public enum HolidayCalendarError: Error, Equatable, Sendable, CustomStringConvertible {
    /// More bytes than such a file may have.
    case tooLarge(limit: Int, found: Int)
    /// A line that is not UTF-8.
    case notText(line: Int)
    /// A line that does not begin with a day.
    case date(line: Int, DateError)
    /// A day that an earlier line has.
    case twice(line: Int, CivilDate)

    /// One line with the place.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found): "holidays: expected at most \(limit) bytes, found \(found)"
        case .notText(let line): "holidays: line \(line): expected UTF-8 text, found other bytes"
        case .date(let line, let error): "holidays: line \(line): \(error)"
        case .twice(let line, let day): "holidays: line \(line): \(day) stands above already"
        }
    }
}
