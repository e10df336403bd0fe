public import ArgumentParser
public import LetheRequests

/// A span of days of receipt, and the law whose requests are meant.
struct PeriodOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The first day of receipt, YYYY-MM-DD.", valueName: "day"))
    var from: CivilDate?

    @Option(name: .long, help: ArgumentHelp("The last day of receipt; today without it.", valueName: "day"))
    var to: CivilDate?

    @Option(name: .long, help: ArgumentHelp("A calendar year.", valueName: "year"))
    var year: Int?

    @Option(name: .long, help: "Only requests made under this law: gdpr or ccpa.")
    var regulation: Regulation?

    func validate() throws {
        guard year == nil || (from == nil && to == nil) else {
            throw ValidationError("--year: not together with --from or --to")
        }
        guard to == nil || from != nil else { throw ValidationError("--to: needs --from") }
    }

    /// The days that are meant; the calendar year of `today` where none are named.
    func period(today: CivilDate) throws -> StatisticsPeriod {
        try from.map { (first) throws in try StatisticsPeriod(from: first, to: to ?? today) }
            ?? StatisticsPeriod(year: year ?? today.year)
    }
}

extension CivilDate: ExpressibleByArgument {
    /// A day as `YYYY-MM-DD`; nil for anything else.
    public init?(argument: String) { try? self.init(argument) }
}
