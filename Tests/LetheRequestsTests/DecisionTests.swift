import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

@testable import LetheRequests

/// What the law and the policy say of a decision, beyond what the state machine says.
struct DecisionTests {
    static let received = "2026-03-05T10:00:00Z"

    /// A request out of the events that made it.
    struct Case {
        var events: [RequestEvent]
        var state = LedgerState()
        var record: RequestRecord? { state.requests[makeRequestID(1)] }

        init(_ regulation: Regulation = .gdpr, rules: PolicyInForce) throws {
            let request = try DeletionRequest.fixture(regulation: regulation)
            let checked = CheckedRequest(
                request: request, rawBytes: Array("bytes".utf8), signer: try signingKey(1).publicKey)
            let key = try #require(SubjectKey(bytes: Array(repeating: 5, count: 32)))
            events = []
            try take(
                RequestEvent(receiving: checked, at: time(DecisionTests.received), under: key, policy: rules))
        }

        mutating func take(_ event: RequestEvent) throws {
            // Through the wire: what is logged is what a reader derives the state from.
            let read = try LedgerEvent(LedgerEvent.request(event).statement())
            #expect(read == .request(event))
            try state.apply(.request(event), at: UInt64(events.count))
            events.append(event)
        }

        func decision(at text: String, rules: PolicyInForce) throws -> Decision {
            Decision(
                about: try #require(record), pauses: IdentityPauses(in: events, utcOffsetMinutes: 0), rules: rules,
                now: try time(text))
        }

        mutating func decide(
            _ change: LifecycleEvent, at text: String, evidence: IdentityProof? = nil, rules: PolicyInForce
        ) throws {
            try take(decision(at: text, rules: rules).event(change, evidence: evidence))
        }
    }

    let rules: PolicyInForce
    let proof = IdentityProof(level: .documentVerified, method: .documentCheck)

    init() throws { rules = PolicyInForce(try fixturePolicy()) }

    @Test func everyStateEventPairThatIsNotAllowedIsOneLineAndNoEvent() throws {
        for state in LifecycleTests.states {
            for event in LifecycleTests.events {
                let fresh = try #require(try Case(rules: rules).record)
                let record = RequestRecord(
                    lifecycle: Lifecycle(requestID: fresh.requestID, regulation: .gdpr, state: state),
                    clock: fresh.clock, subjectCommitment: fresh.subjectCommitment,
                    requestCommitment: fresh.requestCommitment, nonceTag: fresh.nonceTag, replayTag: fresh.replayTag,
                    policyDigest: fresh.policyDigest, receivedAt: fresh.receivedAt, updatedAt: fresh.updatedAt,
                    receivedIndex: 0, lastIndex: 0, runID: nil, certificateIndex: nil, shreddedIndex: nil)
                // The day on which an extension is still told and a request without its proof already expires.
                let decision = Decision(
                    about: record, pauses: IdentityPauses(in: [], utcOffsetMinutes: 0), rules: rules,
                    now: try time("2026-04-05T10:00:00Z"))
                var lifecycle = record.lifecycle
                let isAllowed = (try? lifecycle.apply(event)) != nil
                do {
                    let made = try decision.event(event, evidence: proof)
                    #expect(isAllowed, "\(event.name) in \(state.name)")
                    #expect(made.requestCommitment == record.requestCommitment)
                    #expect(made.extra["policy"] == .string(rules.digest.hex))
                } catch {
                    #expect(!isAllowed, "\(event.name) in \(state.name): \(error)")
                    #expect("\(error)".hasPrefix("request \(record.requestID): "))
                    #expect(!"\(error)".contains("\n"))
                }
            }
        }
    }

    @Test func anExtensionIsToldWithinTheFirstMonth() throws {
        // Received on 2026-03-05; 5 April is a Sunday, so the month ends on the 6th.
        var request = try Case(rules: rules)
        try request.decide(.identityConfirmed, at: Self.received, evidence: proof, rules: rules)
        #expect(throws: DecisionError.self) {
            try request.decision(at: "2026-04-07T00:00:00Z", rules: rules).event(.extended(.complexity))
        }
        try request.decide(.extended(.numberOfRequests), at: "2026-04-06T23:59:59Z", rules: rules)
        #expect(request.record?.due.description == "2026-06-05")
        #expect(throws: DecisionError.self) {
            try request.decision(at: "2026-04-06T23:59:59Z", rules: rules).event(.extended(.complexity))
        }
    }

    @Test func anIdentityIsConfirmedByAProofThatThePolicyAccepts() throws {
        let request = try Case(rules: rules)
        let decision = try request.decision(at: Self.received, rules: rules)
        #expect(throws: DecisionError.noEvidence(makeRequestID(1))) { try decision.event(.identityConfirmed) }
        let weak = IdentityProof(level: .unverified, method: .selfDeclared)
        #expect(throws: DecisionError.self) { try decision.event(.identityConfirmed, evidence: weak) }
        let event = try decision.event(.identityConfirmed, evidence: proof)
        #expect(event.extra["identity"] == ["level": "document-verified", "method": "document-check"])
    }

    @Test func theGDPRsClockStandsStillWhileTheIdentityIsProved() throws {
        var request = try Case(rules: rules)
        try request.decide(.identityDoubted, at: "2026-03-10T08:00:00Z", rules: rules)
        #expect(request.record?.isPaused == true)
        // Ten days later, which is also what the deadline moves by: from 5 April to the 15th.
        #expect(try request.decision(at: "2026-03-20T22:00:00Z", rules: rules).clock.due.description == "2026-04-15")
        try request.decide(.identityConfirmed, at: "2026-03-20T22:00:00Z", evidence: proof, rules: rules)
        #expect(request.record?.due.description == "2026-04-15")
        #expect(request.record?.clock.extended.description == "2026-06-15")
        // A second pause adds to the first.
        try request.decide(.identityDoubted, at: "2026-04-01T08:00:00Z", rules: rules)
        try request.decide(.identityConfirmed, at: "2026-04-03T08:00:00Z", evidence: proof, rules: rules)
        #expect(request.record?.due.description == "2026-04-17")
    }

    @Test func aProofOnTheSameDayMovesNothing() throws {
        var request = try Case(rules: rules)
        let before = request.record?.clock
        try request.decide(.identityDoubted, at: "2026-03-10T00:00:00Z", rules: rules)
        try request.decide(.identityConfirmed, at: "2026-03-10T23:59:59Z", evidence: proof, rules: rules)
        #expect(request.record?.clock == before)
    }

    @Test func theCCPAsClockRunsOnHoweverLongTheProofTakes() throws {
        var request = try Case(.ccpa, rules: rules)
        let before = request.record?.clock
        #expect(before?.due.description == "2026-04-19")
        try request.decide(.identityDoubted, at: "2026-03-10T08:00:00Z", rules: rules)
        #expect(request.record?.isPaused == false)
        try request.decide(.identityConfirmed, at: "2026-03-30T08:00:00Z", evidence: proof, rules: rules)
        #expect(request.record?.clock == before)
        #expect(throws: DecisionError.self) {
            try request.decision(at: "2026-04-20T00:00:00Z", rules: rules).event(.extended(.complexity))
        }
        try request.decide(.extended(.complexity), at: "2026-04-19T00:00:00Z", rules: rules)
        #expect(request.record?.due.description == "2026-06-03")
    }

    @Test func aPauseThatIsOpenMovesTheDayByWhichAnExtensionIsTold() throws {
        var request = try Case(rules: rules)
        try request.decide(.identityDoubted, at: "2026-03-06T08:00:00Z", rules: rules)
        // The month would be over on 6 April; thirty-five days of it stood still.
        try request.decide(.extended(.complexity), at: "2026-04-10T08:00:00Z", rules: rules)
        try request.decide(.identityConfirmed, at: "2026-04-10T09:00:00Z", evidence: proof, rules: rules)
        #expect(request.record?.due.description == "2026-07-10")
    }

    @Test func nobodysRequestExpiresBeforeItsProofCouldHaveCome() throws {
        var request = try Case(rules: rules)
        try request.decide(.identityDoubted, at: "2026-03-31T08:00:00Z", rules: rules)
        let first = try CivilDate("2026-04-30")
        #expect(
            throws: DecisionError.proofMayCome(
                makeRequestID(1), expiresFrom: first, today: try CivilDate("2026-04-29"))
        ) {
            try request.decision(at: "2026-04-29T23:59:59Z", rules: rules).event(.expired)
        }
        try request.decide(.expired, at: "2026-04-30T00:00:00Z", rules: rules)
        #expect(request.record?.state == .expired)
        // The CCPA's clock runs on: the request must be answered by 19 April.
        var other = try Case(.ccpa, rules: rules)
        try other.decide(.identityDoubted, at: "2026-04-10T08:00:00Z", rules: rules)
        #expect(throws: DecisionError.self) {
            try other.decision(at: "2026-04-18T23:59:59Z", rules: rules).event(.expired)
        }
        try other.decide(.expired, at: "2026-04-19T00:00:00Z", rules: rules)
        #expect(other.record?.state == .expired)
    }

    @Test func movedDeadlinesNameTheHolidaysTheyWereReckonedWith() throws {
        let calendar = try HolidayCalendar(parsing: Array("2026-04-15\n".utf8))
        let rules = PolicyInForce(try fixturePolicy(), calendar: calendar)
        var request = try Case(rules: rules)
        try request.decide(.identityDoubted, at: "2026-03-10T08:00:00Z", rules: rules)
        let sameDay = try request.decision(at: "2026-03-10T09:00:00Z", rules: rules)
        #expect(try sameDay.event(.identityConfirmed, evidence: proof).extra["holidays"] == nil)
        let later = try request.decision(at: "2026-03-20T08:00:00Z", rules: rules)
        let event = try later.event(.identityConfirmed, evidence: proof)
        #expect(event.extra["holidays"] == .string(calendar.digest.hex))
        try request.take(event)
        #expect(request.record?.due.description == "2026-04-16")
    }

    @Test func theReceiptNamesAnotherFormatAndTheHolidaysItWasReckonedWith() throws {
        let calendar = try HolidayCalendar(parsing: Array("2026-04-06 Easter Monday\n".utf8))
        let request = try CheckedRequest(
            request: .fixture(), rawBytes: [1], signer: nil, format: .opendsr)
        let key = try #require(SubjectKey(bytes: Array(repeating: 5, count: 32)))
        let rules = PolicyInForce(try fixturePolicy(), calendar: calendar)
        let event = try RequestEvent(receiving: request, at: time(Self.received), under: key, policy: rules)
        #expect(event.extra == ["format": "opendsr-2.0", "holidays": .string(calendar.digest.hex)])
        let signed = try LedgerEvent.request(event).statement()
        #expect(try LedgerEvent(signed) == .request(event))
        guard case .received(let receipt) = event.kind else { return }
        #expect(receipt.clock.due.description == "2026-04-07")
    }

    // MARK: Alerts

    @Test func anOpenRequestIsNeverGreenOnceItsDayIsNear() throws {
        var request = try Case(rules: rules)
        try request.decide(.identityConfirmed, at: Self.received, evidence: proof, rules: rules)
        let record = try #require(request.record)  // due on 2026-04-06
        func alert(_ day: String) throws -> DeadlineAlert { record.alert(on: try CivilDate(day), marginDays: 7) }
        #expect(try alert("2026-03-29") == .ahead)
        #expect(try alert("2026-03-30") == .urgent)
        #expect(try alert("2026-04-06") == .urgent)
        #expect(try alert("2026-04-07") == .overdue)
        #expect(try record.daysLeft(on: CivilDate("2026-04-08")) == -2)
        try request.decide(.withdrawn, at: "2026-04-08T00:00:00Z", rules: rules)
        #expect(try request.record?.alert(on: CivilDate("2027-01-01"), marginDays: 7) == .closed)
        #expect(Set(DeadlineAlert.allCases.map(\.colour)).count == DeadlineAlert.allCases.count)
    }

    @Test func aQuestionAfterTheLastDayHidesNoMissedDeadline() throws {
        func alert(askedAt question: String) throws -> DeadlineAlert? {
            var request = try Case(rules: rules)  // due on 2026-04-06
            try request.decide(.identityConfirmed, at: Self.received, evidence: proof, rules: rules)
            try request.decide(.identityDoubted, at: question, rules: rules)
            return try request.record?.alert(on: CivilDate("2026-04-20"), marginDays: 7)
        }
        #expect(try alert(askedAt: "2026-04-06T23:59:59Z") == .paused)
        #expect(try alert(askedAt: "2026-04-07T00:00:00Z") == .overdue)
    }

    @Test func aDayEndsWhereItIsCounted() throws {
        let day = try CivilDate("2026-04-06")
        #expect("\(day.end())" == "2026-04-06T23:59:59Z")
        #expect("\(day.end(utcOffsetMinutes: 120))" == "2026-04-06T21:59:59Z")
        #expect("\(day.end(utcOffsetMinutes: -480))" == "2026-04-07T07:59:59Z")
        for offset in [-720, 0, 840] {
            #expect(day.end(utcOffsetMinutes: offset).date(utcOffsetMinutes: offset) == day)
        }
        #expect("\(try CivilDate("9999-12-31").end(utcOffsetMinutes: -60))" == "9999-12-31T23:59:59Z")
    }

    @Test func theCCPAWantsTheReceiptConfirmedFirst() throws {
        var request = try Case(.ccpa, rules: rules)
        #expect(request.record?.nextDeadline?.description == "2026-03-19")
        try request.decide(.identityConfirmed, at: Self.received, evidence: proof, rules: rules)
        #expect(request.record?.nextDeadline?.description == "2026-04-19")
    }

    // MARK: Holidays and times

    @Test func aFileOfHolidaysIsReadWithItsComments() throws {
        let text = "# Berlin\r\n2026-12-25\tChristmas\n\n2026-01-01 New Year # fixed\n"
        let calendar = try HolidayCalendar(parsing: Array(text.utf8))
        #expect(calendar.days == [try CivilDate("2026-01-01"), try CivilDate("2026-12-25")])
        let same = try HolidayCalendar(parsing: Array("2026-01-01\n2026-12-25".utf8))
        #expect(same.digest == calendar.digest)
        #expect(try HolidayCalendar(parsing: Array("2026-01-01".utf8)).digest != calendar.digest)
    }

    @Test(arguments: [
        ("2026-01-01\n2026-02-30\n", "line 2"), ("1.1.2026", "line 1"), ("2026-01-01\n\n2026-01-01", "line 3"),
        ("New Year 2026-01-01", "line 1"),
    ])
    func aWrongLineOfHolidaysIsNamed(text: String, place: String) {
        let error = #expect(throws: HolidayCalendarError.self) { try HolidayCalendar(parsing: Array(text.utf8)) }
        #expect(error.map { "\($0)".contains(place) } == true)
    }

    @Test func hostileHolidaysAreRefused() {
        for bytes in [[0xFF, 0x0A], [UInt8](repeating: 0x20, count: 65_537)] {
            #expect(throws: HolidayCalendarError.self) { try HolidayCalendar(parsing: bytes) }
        }
    }

    @Test(
        arguments: [
            ("2026-03-01T09:58:00Z", "2026-03-01T09:58:00Z"), ("2026-03-01t09:58:00z", "2026-03-01T09:58:00Z"),
            ("2026-03-01T00:30:00+01:30", "2026-02-28T23:00:00Z"),
            ("2026-03-01T09:58:00.999999-00:01", "2026-03-01T09:59:00Z"),
            ("2026-03-01 09:58:00Z", nil), ("2026-03-01T09:58:00", nil), ("2026-03-01T09:58Z", nil),
            ("2026-03-01T09:58:60Z", nil), ("2026-03-01T09:58:00.Z", nil), ("2026-03-01T09:58:00+1:00", nil),
            ("2026-03-01T09:58:00+24:00", nil), ("2026-02-30T09:58:00Z", nil), ("0001-01-01T00:00:00+00:01", nil),
            ("2026-03-01T09:58:00.1234", nil), ("", nil), ("2026-03-01T09:58:00+01:00 ", nil),
            ("２026-03-01T09:58:00Z", nil),
        ] as [(String, String?)])
    func timesOfOtherSystemsAreReadWithTheirOffset(text: String, expected: String?) {
        #expect(Timestamp(rfc3339: text).map { "\($0)" } == expected)
    }
}
