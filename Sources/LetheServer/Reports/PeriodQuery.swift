import LetheRequests

/// The span of days that a query names, and the law whose requests are meant: as `lethe request statistics` and `lethe report period`
/// take them.
struct PeriodQuery: Sendable {
    private let from: String?
    private let to: String?
    private let year: UInt64?
    /// The law; nil for every one.
    let regulation: Regulation?

    /// What a route declares for it.
    static let parameters: [Parameter] = [
        .query("from", .day, "The first day of receipt."),
        .query("to", .day, "The last day of receipt; today without it."),
        .query("year", .number(1...9_999), "A calendar year, in place of days."),
        .query("regulation", .oneOf(Regulation.allCases.map(\.rawValue)), "Only under this law."),
    ]

    /// Reads the query of a call.
    /// - Throws: `Problem`, status 400, for names that do not go together.
    init(_ call: Call) throws {
        (from, to, year) = (call.parameters["from"], call.parameters["to"], call.number("year"))
        regulation = call.parameters["regulation"].flatMap(Regulation.init)
        guard to == nil || from != nil else { throw Problem(400, "bad-query", "to: needs from") }
        guard year == nil || from == nil else { throw Problem(400, "bad-query", "year: not together with from") }
    }

    /// The days; the calendar year of `today` where none are named.
    /// - Throws: `Problem`, status 400, where they are none.
    func period(today: CivilDate) throws -> StatisticsPeriod {
        do {
            guard let from else { return try StatisticsPeriod(year: year.map { Int($0) } ?? today.year) }
            return try StatisticsPeriod(from: CivilDate(from), to: to.map { try CivilDate($0) } ?? today)
        } catch let error as StatisticsPeriodError { throw Problem(400, "bad-query", "\(error)") }
    }
}
