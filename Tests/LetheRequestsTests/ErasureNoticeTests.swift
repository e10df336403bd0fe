import Foundation
import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

@testable import LetheRequests

struct ErasureNoticeTests {
    private func person(_ number: Int) throws -> ErasureNotice.Person {
        ErasureNotice.Person(
            requestID: makeRequestID(number), requestCommitment: digest("commitment \(number)"), regulation: .gdpr,
            identity: try #require(SubjectIdentity(type: "email", value: "Ana.\(number)@example.org")))
    }

    private func notice(_ recipient: String = "crm", _ numbers: [Int] = [1, 2]) throws -> ErasureNotice {
        ErasureNotice(
            runID: makeRunID(1), recipient: recipient, controller: "lethe.example/test",
            erasedAt: try time("2026-03-02T09:00:00Z"), people: try numbers.map(person))
    }

    private func statement(_ body: [UInt8], _ key: SigningKey) throws -> Statement {
        try Statement(verified: DSSEEnvelope(parsing: body).verify(trusting: [key.publicKey]))
    }

    @Test func aRecipientReadsWhatWasSigned() throws {
        let key = try signingKey(2)
        let notice = try notice()
        let body = try notice.sign(with: key)
        #expect(try ErasureNotice(statement(body, key)) == notice)
        #expect(try self.notice().sign(with: key) == body, "the same notice has the same bytes")
        let other = try signingKey(3)
        #expect(throws: SignatureError.self) { try statement(body, other) }
        #expect("\(notice) \(notice.people[0])".contains("Ana") == false)
    }

    @Test func thePagesExamplesAreWhatIsWrittenAndRead() throws {
        func example(_ page: String, _ heading: String) throws -> Statement {
            let text = String(
                decoding: try Files.read("\(Shared.repository)/Documentation/spec/\(page)", limit: 1 << 20),
                as: UTF8.self)
            let part = try #require(text.components(separatedBy: "\n## \(heading)\n").last)
            let block = try #require(part.components(separatedBy: "```json\n").dropFirst().first)
            return try Statement(
                parsingUnverified: Array(try #require(block.components(separatedBy: "```").first).utf8))
        }
        let notice = try ErasureNotice(example("erasure-notice.md", "The notice"))
        #expect(notice.people.map(\.identity.value) == ["117"] && notice.recipient == "crm")
        guard case .notification(let event)? = try LedgerEvent(example("events.md", "notification-event")) else {
            Issue.record("no notification")
            return
        }
        #expect(event.outcome == .failed(status: 503, attempts: 6) && event.noticeID == notice.noticeID)
    }

    @Test func theNameOfANoticeIsThatOfRunRecipientAndRequests() throws {
        let notice = try notice()
        #expect(try notice.noticeID == self.notice("crm", [2, 1]).noticeID)
        #expect(try Set([notice, self.notice("ads"), self.notice("crm", [1])].map(\.noticeID)).count == 3)
    }

    @Test func aNoticeOfManyPeopleIsNotCutAtTheSizeOfAnEntry() throws {
        let key = try signingKey(2)
        let notice = try notice("crm", Array(1...200))
        let body = try notice.sign(with: key)
        #expect(body.count > DSSEEnvelope.defaultMaximumByteCount)
        let envelope = try DSSEEnvelope(parsing: body, maximumByteCount: ErasureNotice.maximumByteCount)
        #expect(try ErasureNotice(Statement(verified: envelope.verify(trusting: [key.publicKey]))) == notice)
    }

    @Test func everyChangedMemberIsRefusedOrAnotherNotice() throws {
        let key = try signingKey(2)
        let notice = try notice()
        let statement = try statement(notice.sign(with: key), key)
        let members = try #require(statement.predicate.objectValue)
        for name in members.keys {
            for replacement: JSONValue? in [nil, .null, 7, "no such value", []] {
                var altered = members
                altered[name] = replacement
                let read = try? ErasureNotice(
                    Statement(
                        subjects: statement.subjects, predicateType: ErasureNotice.predicateType,
                        predicate: .object(altered)))
                #expect(read != notice, "\(name)")
                if name != "controller" { #expect(read == nil, "\(name)") }
            }
        }
        for subjects in [
            [statement.subjects[0]], statement.subjects.reversed(), statement.subjects + [statement.subjects[0]],
        ] {
            let altered = try Statement(
                subjects: Array(subjects), predicateType: ErasureNotice.predicateType, predicate: statement.predicate)
            #expect(throws: FieldError.self) { try ErasureNotice(altered) }
        }
        let foreign = try Statement(
            subjects: statement.subjects, predicateType: PredicateType.runEvent, predicate: statement.predicate)
        #expect(throws: FieldError.self) { try ErasureNotice(foreign) }
    }
}

struct NotificationEventTests {
    private let at: Timestamp
    private let states: LedgerStateTests

    init() throws {
        at = try time("2026-03-01T10:05:00Z")
        states = try LedgerStateTests()
    }

    private func event(_ recipient: String, _ outcome: NotificationEvent.Outcome = .impossible) -> LedgerEvent {
        .notification(
            NotificationEvent(
                runID: makeRunID(1), recipient: recipient, noticeID: digest("notice"), at: at, outcome: outcome))
    }

    @Test func onlyARunThatPassedTellsAndEachRecipientOnce() throws {
        let way = try states.wholeWay()
        for count in 0..<9 {
            let state = try states.state(Array(way.prefix(count)))
            var refused = state
            #expect(throws: ReplayError.self, "after \(count) events") {
                try refused.apply(event("crm"), at: UInt64(count))
            }
            #expect(refused == state)
        }
        var state = try states.state(Array(way.prefix(9)))
        let before = state
        try state.apply(event("crm", .failed(status: nil, attempts: 3)), at: 9)
        try state.apply(event("ads"), at: 10)
        let run = try #require(state.runs[makeRunID(1)])
        #expect(run.notifications.map(\.recipient) == ["crm", "ads"] && run.notifications.map(\.index) == [9, 10])
        #expect(run.stage == .verified && run.lastIndex == 10)
        #expect(throws: ReplayError.alreadyNotified(makeRunID(1), recipient: "crm")) {
            try state.apply(event("crm", .delivered(status: 200, attempts: 4)), at: 11)
        }
        // All or none, also where the second of two is refused.
        var undone = before
        #expect(throws: RefusedEvent.self) { try undone.apply([event("crm"), event("crm")], from: 9) }
        #expect(undone == before)
        var judged = try states.state(Array(way.prefix(8)))
        try judged.apply(
            states.step(.verified(RunJudgement(verdict: .fail, measurements: digest("m"), testResultEntry: 0))), at: 8)
        #expect(throws: ReplayError.self) { try judged.apply(event("crm"), at: 9) }
    }

    @Test func aRequestThatWaitedForARecipientIsFulfilledByTheRunThatPassed() throws {
        var state = try states.state(Array(states.wholeWay().prefix(9)))
        let way: [LifecycleEvent] = [
            .blocked, .resumed, .unlearned(run: makeRunID(1)), .fulfilled(certificateEntry: 8),
        ]
        for (offset, change) in way.enumerated() { try state.apply(states.change(change), at: UInt64(9 + offset)) }
        #expect(state.requests[makeRequestID(1)]?.state == .fulfilled)
    }

    @Test func whatNoOutcomeCanBeIsRefused() throws {
        func altered(_ outcome: NotificationEvent.Outcome, _ changes: [String: JSONValue?]) throws -> LedgerEvent? {
            let statement = try event("crm", outcome).statement()
            var members = try #require(statement.predicate.objectValue)
            for (name, value) in changes { members[name] = value }
            return try LedgerEvent(
                Statement(
                    subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(members)))
        }
        let delivered = NotificationEvent.Outcome.delivered(status: 200, attempts: 1)
        #expect(try altered(delivered, [:]) == event("crm", delivered))
        for changes: [String: JSONValue?] in [
            ["status": "302"], ["status": "500"], ["status": nil], ["attempts": "0"], ["attempts": nil],
            ["recipient": "Crm"], ["recipient": ""], ["recipient": .string(String(repeating: "a", count: 65))],
            ["outcome": "sent"],
        ] { #expect(throws: EventError.self, "\(changes)") { _ = try altered(delivered, changes) } }
        #expect(throws: EventError.self) { _ = try altered(.failed(status: 503, attempts: 1), ["status": "99"]) }
    }
}
