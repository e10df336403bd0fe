/// A span of local days, both ends included, that requests are counted over by the day of their receipt.
public struct StatisticsPeriod: Sendable, Hashable {
    /// The first day.
    public let first: CivilDate
    /// The last day.
    public let last: CivilDate

    /// From `first` to `last`.
    /// - Throws: `StatisticsPeriodError.reversed`.
    public init(from first: CivilDate, to last: CivilDate) throws(StatisticsPeriodError) {
        guard first <= last else { throw .reversed(first: first, last: last) }
        self.first = first
        self.last = last
    }

    /// A calendar year, 1 to 9999, which is what 11 CCR 7102 asks for.
    /// - Throws: `StatisticsPeriodError.noSuchYear`.
    public init(year: Int) throws(StatisticsPeriodError) {
        guard let first = try? CivilDate(year: year, month: 1, day: 1),
            let last = try? CivilDate(year: year, month: 12, day: 31)
        else { throw .noSuchYear(year) }
        self.first = first
        self.last = last
    }

    /// Whether `day` lies in it.
    public func contains(_ day: CivilDate) -> Bool { first <= day && day <= last }
}

/// Why days are no period.
public enum StatisticsPeriodError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It would end before it begins.
    case reversed(first: CivilDate, last: CivilDate)
    /// Beyond the calendar.
    case noSuchYear(Int)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .reversed(let first, let last): "period: expected a last day from \(first) on, found \(last)"
        case .noSuchYear(let year): "period: expected a year from 1 to 9999, found \(year)"
        }
    }
}
