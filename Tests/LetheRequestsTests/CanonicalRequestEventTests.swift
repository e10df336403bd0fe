import LetheBytes
import LetheStatements
import Testing

@testable import LetheRequests

/// The direct writer and reader of request events against the general ones.
struct CanonicalRequestEventTests {
    static func requestEvents() throws -> [RequestEvent] {
        var events = try LedgerEventTests.events().compactMap { event in
            if case .request(let event) = event { event } else { nil }
        }
        let clock = LoggedClock(
            confirmBy: nil, due: try CivilDate("2026-04-15"), extended: try CivilDate("2026-05-30"))
        for event in events {
            if case .changed(let change, _) = event.kind {
                events.append(
                    RequestEvent(
                        requestID: event.requestID, at: event.at, requestCommitment: event.requestCommitment,
                        kind: .changed(change, clock: clock)))
            }
        }
        return events
    }

    @Test func bothWritersGiveTheSameBytes() throws {
        let events = try Self.requestEvents()
        #expect(events.count > 20)
        for event in events {
            #expect(try CanonicalRequestEvent.write(event) == event.statement().canonicalBytes())
        }
    }

    @Test func bothReadersGiveTheSameEvent() throws {
        for event in try Self.requestEvents() {
            let payload = try event.statement().canonicalBytes()
            #expect(CanonicalRequestEvent.read(payload) == event)
        }
    }

    @Test func membersBeyondThisVersionAreLeftToTheGeneralForms() throws {
        var event = try #require(Self.requestEvents().first)
        event.extra = ["zone": "eu"]
        #expect(CanonicalRequestEvent.write(event) == nil)
        let payload = try event.statement().canonicalBytes()
        #expect(CanonicalRequestEvent.read(payload) == nil)
        let read = try LedgerEvent(Statement(parsingUnverified: payload))
        #expect(read == .request(event))
    }

    /// Whatever is changed, removed or put in: what the direct reader takes, the general one takes as the same event, and it
    /// is spelled as it would be written.
    @Test func nothingIsReadThatTheGeneralReaderWouldRefuse() throws {
        let bytes = Array(#""\{}[]:,0aZ-. é"#.utf8) + [0, 0x1f, 0x7f, 0xff]
        for event in try Self.requestEvents() {
            let payload = try event.statement().canonicalBytes()
            for offset in payload.indices {
                var changed = payload
                changed[offset] = bytes[(offset &* 31) % bytes.count]
                try Self.expectAgreement(changed)
                changed[offset] = payload[offset] ^ 1
                try Self.expectAgreement(changed)
                if offset % 3 == 0 {
                    changed = payload
                    changed.insert(bytes[(offset &* 17) % bytes.count], at: offset)
                    try Self.expectAgreement(changed)
                } else if offset % 3 == 1 {
                    changed = payload
                    changed.remove(at: offset)
                    try Self.expectAgreement(changed)
                } else {
                    try Self.expectAgreement(Array(payload[..<offset]))
                }
            }
        }
    }

    /// Members of one change in the statement of another belong to no event of this version.
    @Test func membersOfAnotherChangeAreNotTaken() throws {
        let events = try Self.requestEvents()
        var pairs = 0
        for event in events {
            for other in events where other.kind != event.kind {
                guard case .changed = event.kind, case .changed = other.kind else { continue }
                let (own, foreign) = (try event.statement(), try other.statement())
                guard case .object(var members) = own.predicate, case .object(let more) = foreign.predicate else {
                    continue
                }
                members.merge(more) { own, _ in own }
                let mixed = try Statement(
                    subjects: own.subjects, predicateType: own.predicateType, predicate: .object(members))
                try Self.expectAgreement(mixed.canonicalBytes())
                pairs += 1
            }
        }
        #expect(pairs > 100)
    }

    private static func expectAgreement(_ payload: [UInt8]) throws {
        let general = (try? Statement(parsingUnverified: payload)).flatMap { statement -> LedgerEvent? in
            guard (try? statement.canonicalBytes()) == payload else { return nil }
            return (try? LedgerEvent(statement)).flatMap { $0 }
        }
        if let direct = CanonicalRequestEvent.read(payload) {
            #expect(general == .request(direct), "\(String(decoding: payload, as: UTF8.self))")
        } else if case .request(let event)? = general {
            #expect(!event.extra.isEmpty, "\(String(decoding: payload, as: UTF8.self))")
        }
    }
}
