import LetheBytes
import LetheStatements
import Testing

@testable import LetheRequests

struct CivilDateTests {
    @Test func everyDayOfFourHundredYearsFollowsTheOneBefore() throws {
        var date = try CivilDate("1899-12-31")
        var days = date.daysSinceEpoch
        var weekday = date.weekday
        for _ in 0..<146_098 {
            let next = date.adding(days: 1)
            days += 1
            weekday = weekday % 7 + 1
            #expect(next.daysSinceEpoch == days)
            #expect(next.weekday == weekday)
            #expect(date < next)
            let isNextDay = next.day == date.day + 1 && next.month == date.month && next.year == date.year
            let isNextMonth = next.day == 1 && (next.month == date.month + 1 || (next.month == 1 && date.month == 12))
            guard isNextDay || isNextMonth else {
                Issue.record("\(date) is followed by \(next)")
                return
            }
            date = next
        }
        #expect(date == (try CivilDate("2300-01-01")))
    }

    @Test func knownDaysHaveKnownNumbersAndWeekdays() throws {
        #expect(try CivilDate("1970-01-01").daysSinceEpoch == 0)
        #expect(try CivilDate("1970-01-01").weekday == 4)
        #expect(try CivilDate("2000-02-29").daysSinceEpoch == 11_016)
        #expect(try CivilDate("2026-11-23").weekday == 1)
        #expect(try CivilDate("0001-01-01").daysSinceEpoch == -719_162)
    }

    @Test func monthsEndOnTheLastDayOfAShorterMonth() throws {
        #expect(try CivilDate("2026-01-31").adding(months: 1).description == "2026-02-28")
        #expect(try CivilDate("2024-01-31").adding(months: 1).description == "2024-02-29")
        #expect(try CivilDate("2026-11-30").adding(months: 3).description == "2027-02-28")
        #expect(try CivilDate("2024-02-29").adding(months: 24).description == "2026-02-28")
        #expect(try CivilDate("2026-03-31").adding(months: -1).description == "2026-02-28")
    }

    @Test(arguments: [
        "", "2026-02-30", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01", "2025-02-29", "2026-1-01",
        "2026/01/01",
        "2026-01-01 ", "+026-01-01", "２０２６-01-01", "26-01-01",
    ])
    func textsThatAreNoDayAreRefused(_ text: String) {
        #expect(throws: DateError.self) { try CivilDate(text) }
    }

    @Test func timesAreHeldInTheRangeThatCanBeWritten() throws {
        #expect(try time("2026-01-01T00:00:00Z").adding(seconds: .max).description == "9999-12-31T23:59:59Z")
        #expect(try time("2026-01-01T00:00:00Z").adding(seconds: .min).description == "0001-01-01T00:00:00Z")
        #expect(try time("2026-01-01T00:00:00Z").adding(seconds: -1).description == "2025-12-31T23:59:59Z")
    }

    @Test func theDayOfReceiptIsALocalDay() throws {
        let moment = try time("2026-01-02T01:30:00Z")
        #expect(moment.date().description == "2026-01-02")
        #expect(moment.date(utcOffsetMinutes: -480).description == "2026-01-01")
        #expect(try time("2026-01-02T23:30:00Z").date(utcOffsetMinutes: 60).description == "2026-01-03")
        #expect(try time("1969-12-31T23:59:59Z").date().description == "1969-12-31")
    }
}

struct StatutoryClockTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let regulation: Regulation
        let received: String
        var holidays: [String] = []
        var confirmBy: String?
        var dueNominal: String?
        let due: String
        var extendedNominal: String?
        let extended: String
        var keep: String?
        var testDescription: String { "\(regulation) \(received) \(holidays)" }
    }

    static let cases: [Case] = [
        Case(
            regulation: .gdpr, received: "2026-05-15", dueNominal: "2026-06-15", due: "2026-06-15",
            extendedNominal: "2026-08-15", extended: "2026-08-17"),
        Case(
            regulation: .gdpr, received: "2027-01-30", dueNominal: "2027-02-28", due: "2027-03-01",
            extendedNominal: "2027-04-30", extended: "2027-04-30"),
        Case(
            regulation: .gdpr, received: "2026-11-24", holidays: ["2026-12-24", "2026-12-25", "2026-12-28"],
            dueNominal: "2026-12-24", due: "2026-12-29", extendedNominal: "2027-02-24", extended: "2027-02-24"),
        Case(
            regulation: .gdpr, received: "2028-02-29", dueNominal: "2028-03-29", due: "2028-03-29",
            extendedNominal: "2028-05-29", extended: "2028-05-29"),
        Case(
            regulation: .ccpa, received: "2026-11-20", holidays: ["2026-11-26"], confirmBy: "2026-12-07",
            due: "2027-01-04",
            extended: "2027-02-18", keep: "2028-11-20"),
        Case(
            regulation: .ccpa, received: "2024-02-29", confirmBy: "2024-03-14", due: "2024-04-14",
            extended: "2024-05-29",
            keep: "2026-02-28"),
    ]

    @Test(arguments: cases)
    func deadlinesAreThoseOfTheLaw(_ expected: Case) throws {
        try check(expected)
    }

    @Test(.enabled(if: Shared.has("vectors/deadlines/deadlines.json")))
    func sharedDeadlinesAreMet() throws {
        let cases = try #require(Shared.json("vectors/deadlines/deadlines.json")["cases"]?.arrayValue)
        #expect(cases.count == 16)
        for item in cases {
            func text(_ name: String) -> String? { item[name]?.stringValue }
            try check(
                Case(
                    regulation: #require(text("regime").flatMap(Regulation.init)), received: #require(text("received")),
                    holidays: item["holidays"]?.arrayValue?.compactMap(\.stringValue) ?? [],
                    confirmBy: text("confirm_by"),
                    dueNominal: text("due_nominal"), due: #require(text("due")),
                    extendedNominal: text("extended_nominal"), extended: #require(text("extended")),
                    keep: text("keep_record_until_at_least")))
        }
    }

    private func check(_ expected: Case) throws {
        let holidays = try Set(expected.holidays.map { try CivilDate($0) })
        let deadlines = StatutoryClock(regulation: expected.regulation, holidays: holidays)
            .deadlines(receivedOn: try CivilDate(expected.received))
        #expect(deadlines.confirmBy?.description == expected.confirmBy)
        #expect(deadlines.due.description == expected.due)
        #expect(deadlines.extended.description == expected.extended)
        #expect(deadlines.keepRecordUntil?.description == expected.keep)
        #expect(deadlines.extensionNoticeBy == deadlines.due)
        if let nominal = expected.dueNominal { #expect(deadlines.dueNominal.description == nominal) }
        if let nominal = expected.extendedNominal { #expect(deadlines.extendedNominal.description == nominal) }
        #expect(deadlines.due(extended: true) == deadlines.extended)
        #expect(deadlines.due(extended: false) == deadlines.due)
    }

    @Test func waitingForAnIdentityStopsTheClockUnderTheGDPROnly() throws {
        let day = try CivilDate("2026-03-02")
        let gdpr = StatutoryClock(regulation: .gdpr)
        #expect(gdpr.deadlines(receivedOn: day, suspendedDays: 10).due.description == "2026-04-13")
        let ccpa = StatutoryClock(regulation: .ccpa)
        #expect(ccpa.deadlines(receivedOn: day, suspendedDays: 10) == ccpa.deadlines(receivedOn: day))
        #expect(gdpr.pausesForIdentity && !ccpa.pausesForIdentity)
    }

    @Test func everyGDPRDeadlineOfTenYearsIsAWorkingDayWithinAMonthAndThreeDays() throws {
        let clock = StatutoryClock(regulation: .gdpr)
        var day = try CivilDate("2024-01-01")
        while day.year < 2034 {
            let deadlines = clock.deadlines(receivedOn: day)
            #expect(clock.isWorkingDay(deadlines.due) && clock.isWorkingDay(deadlines.extended))
            #expect((28...33).contains(deadlines.due.days(since: day)))
            #expect((0...2).contains(deadlines.due.days(since: deadlines.dueNominal)))
            day = day.adding(days: 1)
        }
    }
}
