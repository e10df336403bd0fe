import LetheStatements
import Testing

@testable import LetheRequests

/// Counts against examples that were counted by hand.
struct StatisticsTests {
    /// A request received at `received`, in `state` since `ended`.
    private static func outcome(
        _ number: Int, received: String, _ state: RequestState, ended: String? = nil, due: String = "2026-02-15",
        extended: Bool = false, law: Regulation = .gdpr, offset: Int = 0
    ) throws -> RequestOutcome {
        let id = makeRequestID(number)
        let record = RequestRecord(
            lifecycle: Lifecycle(requestID: id, regulation: law, state: state, isExtended: extended),
            clock: LoggedClock(confirmBy: nil, due: try CivilDate(due), extended: try CivilDate("2026-04-15")),
            subjectCommitment: digest("s\(number)"), requestCommitment: digest("r\(number)"),
            nonceTag: digest("n\(number)"), replayTag: digest("t\(number)"), policyDigest: digest("p"),
            receivedAt: try time(received), updatedAt: try time(ended ?? received), receivedIndex: UInt64(number),
            lastIndex: UInt64(number), runID: nil, certificateIndex: nil, shreddedIndex: nil)
        return RequestOutcome(record: record, endedAt: try ended.map(time))
    }

    private static func count(
        _ outcomes: [RequestOutcome], _ period: StatisticsPeriod, regulation: Regulation? = nil,
        asOf: String = "2026-03-01", offset: Int = 0
    ) throws -> RequestStatistics {
        RequestStatistics(
            of: outcomes, in: period, regulation: regulation, asOf: try CivilDate(asOf), utcOffsetMinutes: offset)
    }

    /// Eleven requests of January, of every fate.
    private static func january() throws -> [RequestOutcome] {
        try [
            // 0, 10, 31 and 36 days; the third on its last day, the fourth a day late.
            outcome(1, received: "2026-01-15T08:00:00Z", .fulfilled, ended: "2026-01-15T23:00:00Z"),
            outcome(2, received: "2026-01-15T23:59:59Z", .fulfilled, ended: "2026-01-25T00:00:00Z"),
            outcome(3, received: "2026-01-15T08:00:00Z", .fulfilled, ended: "2026-02-15T23:59:59Z"),
            outcome(4, received: "2026-01-11T08:00:00Z", .refused(.legalClaims), ended: "2026-02-16T00:00:00Z"),
            // 5 and 4 days.
            outcome(5, received: "2026-01-10T08:00:00Z", .refused(.cannotIdentify), ended: "2026-01-15T08:00:00Z"),
            outcome(
                6, received: "2026-01-31T08:00:00Z", .refused(.unfoundedOrExcessive), ended: "2026-02-04T08:00:00Z"),
            // 46 days, within the extended period.
            outcome(7, received: "2026-01-15T08:00:00Z", .expired, ended: "2026-03-02T08:00:00Z", extended: true),
            outcome(8, received: "2026-01-02T08:00:00Z", .withdrawn, ended: "2026-03-01T08:00:00Z"),
            outcome(
                9, received: "2026-01-02T08:00:00Z", .duplicate(of: makeRequestID(1)), ended: "2026-01-02T08:00:00Z"),
            outcome(10, received: "2026-01-20T08:00:00Z", .inProgress, due: "2026-02-20"),
            outcome(11, received: "2026-01-31T08:00:00Z", .inProgress, due: "2026-03-01"),
        ]
    }

    @Test func everyFateIsCountedOnce() throws {
        let found = try Self.count(Self.january(), StatisticsPeriod(year: 2026))
        #expect(found.received == 11)
        #expect(found.complied == 3)
        #expect(found.denied == 4)
        #expect(found.refused == 3)
        #expect(found.deniedNotVerifiable == 2)
        #expect(found.deniedExempt == 1)
        #expect(found.deniedOnOtherGrounds == 1)
        #expect(found.expired == 1)
        #expect(found.withdrawn == 1)
        #expect(found.duplicates == 1)
        #expect(found.open == 2)
        #expect(found.overdue == 1)
        #expect(found.extended == 1)
        #expect(found.answeredLate == 1)
        #expect(found.answered == 7)
        // 0, 4, 5, 10, 31, 36, 46: the fourth, and 132 / 7 = 18.857...
        #expect(found.medianDays == "10.0")
        #expect(found.meanDays == "18.9")
        #expect(
            found.received == found.complied + found.denied + found.withdrawn + found.duplicates + found.open)
        #expect(found.refusals == [.legalClaims: 1, .cannotIdentify: 1, .unfoundedOrExcessive: 1])
    }

    @Test func ofAnEvenNumberTheMedianLiesBetweenTheMiddleTwo() throws {
        let outcomes = try ["16", "18", "21", "30"].enumerated().map { number, day in
            try Self.outcome(
                number, received: "2026-01-15T08:00:00Z", .fulfilled, ended: "2026-01-\(day)T08:00:00Z")
        }
        // 1, 3, 6, 15: (3 + 6) / 2, and 25 / 4 = 6.25, whose half is rounded up.
        let found = try Self.count(outcomes, StatisticsPeriod(year: 2026))
        #expect(found.medianDays == "4.5")
        #expect(found.meanDays == "6.3")
        #expect(found.answeredLate == 0)
    }

    @Test func anEmptyPeriodHasNoDaysAndNothingElse() throws {
        for outcomes in [[], try Self.january()] {
            let found = try Self.count(outcomes, StatisticsPeriod(year: 2025))
            #expect(found.received == 0)
            #expect(found.complied + found.denied + found.withdrawn + found.duplicates + found.open == 0)
            #expect(found.medianDays == nil)
            #expect(found.meanDays == nil)
        }
    }

    @Test(arguments: [
        // Midnight in UTC; an hour ahead of it the new year has begun, eight hours behind it has not.
        ("2025-12-31T23:59:59Z", 0, 2025), ("2026-01-01T00:00:00Z", 0, 2026), ("2025-12-31T23:00:00Z", 60, 2026),
        ("2025-12-31T22:59:59Z", 60, 2025), ("2026-01-01T07:59:59Z", -480, 2025), ("2026-01-01T08:00:00Z", -480, 2026),
    ])
    func aRequestBelongsToTheLocalDayOfItsReceipt(received: String, offset: Int, year: Int) throws {
        let request = try Self.outcome(1, received: received, .fulfilled, ended: "2026-01-20T12:00:00Z")
        for candidate in [2024, 2025, 2026] {
            let found = try Self.count([request], StatisticsPeriod(year: candidate), offset: offset)
            #expect(found.received == (candidate == year ? 1 : 0), "\(candidate)")
        }
    }

    @Test func daysAreLocalDaysAndAnAnswerInTheNextYearCountsForTheYearOfReceipt() throws {
        // 20:00 on the 30th and 01:00 on the 2nd, at UTC-5: three days; in UTC it would be two.
        let request = try Self.outcome(
            1, received: "2025-12-31T01:00:00Z", .refused(.statutoryException), ended: "2026-01-02T06:00:00Z",
            law: .ccpa)
        let found = try Self.count([request], StatisticsPeriod(year: 2025), offset: -300)
        #expect(found.meanDays == "3.0")
        #expect(found.deniedExempt == 1)
        #expect(try Self.count([request], StatisticsPeriod(year: 2025)).meanDays == "2.0")
        #expect(try Self.count([request], StatisticsPeriod(year: 2026), offset: -300).received == 0)
    }

    @Test func aLawCountsItsOwnRequestsOnly() throws {
        let outcomes = try [
            Self.outcome(1, received: "2026-01-15T08:00:00Z", .fulfilled, ended: "2026-01-16T08:00:00Z"),
            Self.outcome(2, received: "2026-01-15T08:00:00Z", .expired, ended: "2026-02-15T08:00:00Z", law: .ccpa),
        ]
        let ccpa = try Self.count(outcomes, StatisticsPeriod(year: 2026), regulation: .ccpa)
        #expect(ccpa.received == 1)
        #expect(ccpa.denied == 1)
        #expect(ccpa.deniedNotVerifiable == 1)
        #expect(ccpa.meanDays == "31.0")
        #expect(try Self.count(outcomes, StatisticsPeriod(year: 2026)).received == 2)
    }

    @Test func aPausedRequestIsNotOverdueAndAClockThatWentBackGivesNoNegativeDays() throws {
        let outcomes = try [
            Self.outcome(1, received: "2026-01-15T08:00:00Z", .identityPending),
            Self.outcome(2, received: "2026-01-15T00:00:10Z", .fulfilled, ended: "2026-01-14T23:59:50Z"),
        ]
        let found = try Self.count(outcomes, StatisticsPeriod(year: 2026))
        #expect(found.overdue == 0)
        #expect(found.open == 1)
        #expect(found.meanDays == "0.0")
    }

    @Test func aPeriodThatIsNoneIsRefused() throws {
        let (early, late) = (try CivilDate("2026-01-01"), try CivilDate("2026-01-02"))
        #expect(throws: StatisticsPeriodError.reversed(first: late, last: early)) {
            try StatisticsPeriod(from: late, to: early)
        }
        let day = try StatisticsPeriod(from: late, to: late)
        #expect(day.contains(late) && !day.contains(early))
        for year in [0, -1, 10_000, Int.max, Int.min] {
            #expect(throws: StatisticsPeriodError.noSuchYear(year)) { try StatisticsPeriod(year: year) }
        }
        #expect(try StatisticsPeriod(year: 2024).last.description == "2024-12-31")
    }
}
