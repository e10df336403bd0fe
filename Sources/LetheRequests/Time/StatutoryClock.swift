/// The law a request is made under.
public enum Regulation: String, Sendable, Hashable, CaseIterable {
    /// Regulation (EU) 2016/679, Art. 17 with the periods of Art. 12(3).
    case gdpr
    /// California Civil Code 1798.105 with the periods of 11 CCR 7021 and 7101.
    case ccpa
}

/// The days by which the law wants something done about one request.
public struct StatutoryDeadlines: Sendable, Hashable {
    /// The day by which receipt must be confirmed; only the CCPA sets one.
    public let confirmBy: CivilDate?
    /// The last day of the period before any move off a weekend or holiday.
    public let dueNominal: CivilDate
    /// The day by which the request must be answered.
    public let due: CivilDate
    /// The day by which the subject must have been told of an extension: the end of the first period.
    public var extensionNoticeBy: CivilDate { due }
    /// The last day of the extended period before any move.
    public let extendedNominal: CivilDate
    /// The day by which an extended request must be answered.
    public let extended: CivilDate
    /// The day until which records of the request must be kept at least; only the CCPA sets one.
    public let keepRecordUntil: CivilDate?

    /// The day that counts: `extended` for an extended request, `due` otherwise.
    public func due(extended isExtended: Bool) -> CivilDate { isExtended ? extended : due }
}

/// Statutory time limits for answering an erasure request, computed as the law states them. Facts, not advice.
///
/// GDPR: one calendar month from receipt, Art. 12(3), counted by Regulation 1182/71 Art. 3: the day of receipt is not
/// counted, the period ends on the same date or the last day of a shorter month, and a last day that is a Saturday, a Sunday
/// or a public holiday moves to the next working day. Two further months may be added. The clock may stand still while the
/// controller waits for a proof of identity that it asked for (Art. 12(6)).
///
/// CCPA: receipt confirmed within 10 business days, answered within 45 calendar days of receipt however long verification
/// takes, 45 more with notice (11 CCR 7021); records kept 24 months (11 CCR 7101). Calendar days do not move.
public struct StatutoryClock: Sendable, Hashable {
    /// The law.
    public let regulation: Regulation
    /// Public holidays of the controller's place, weekends not listed.
    public let holidays: Set<CivilDate>

    /// A clock for `regulation` that knows the public holidays of the controller's place.
    public init(regulation: Regulation, holidays: Set<CivilDate> = []) {
        self.regulation = regulation
        self.holidays = holidays
    }

    /// Whether waiting for a proof of identity stops this clock: under the GDPR, not under the CCPA.
    public var pausesForIdentity: Bool { regulation == .gdpr }

    /// The deadlines of a request received on `receivedOn`.
    ///
    /// - Parameters:
    ///   - receivedOn: the local day of receipt.
    ///   - suspendedDays: days spent waiting for a proof of identity; without effect under the CCPA.
    public func deadlines(receivedOn: CivilDate, suspendedDays: Int = 0) -> StatutoryDeadlines {
        switch regulation {
        case .gdpr:
            let pause = max(0, suspendedDays)
            let due = receivedOn.adding(months: 1).adding(days: pause)
            let extended = receivedOn.adding(months: 3).adding(days: pause)
            return StatutoryDeadlines(
                confirmBy: nil, dueNominal: due, due: workingDay(onOrAfter: due),
                extendedNominal: extended, extended: workingDay(onOrAfter: extended), keepRecordUntil: nil)
        case .ccpa:
            let due = receivedOn.adding(days: 45)
            let extended = receivedOn.adding(days: 90)
            return StatutoryDeadlines(
                confirmBy: businessDay(10, after: receivedOn), dueNominal: due, due: due,
                extendedNominal: extended, extended: extended, keepRecordUntil: receivedOn.adding(months: 24))
        }
    }

    /// Whether people work on `date`.
    public func isWorkingDay(_ date: CivilDate) -> Bool { !date.isWeekend && !holidays.contains(date) }

    private func workingDay(onOrAfter date: CivilDate) -> CivilDate {
        var day = date
        while !isWorkingDay(day) { day = day.adding(days: 1) }  // ends: the set of holidays is finite
        return day
    }

    private func businessDay(_ count: Int, after date: CivilDate) -> CivilDate {
        var day = date
        for _ in 0..<count { day = workingDay(onOrAfter: day.adding(days: 1)) }
        return day
    }
}
