import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

@testable import LetheRequests

struct LedgerEventTests {
    /// One event of every kind.
    static func events() throws -> [LedgerEvent] {
        let at = try time("2026-03-01T10:05:00Z")
        let commitment = digest("request")
        func request(_ kind: RequestEvent.Kind) -> LedgerEvent {
            .request(RequestEvent(requestID: makeRequestID(1), at: at, requestCommitment: commitment, kind: kind))
        }
        func run(_ step: RunEvent.Step) -> LedgerEvent { .run(RunEvent(runID: makeRunID(1), at: at, step: step)) }
        let clock = LoggedClock(
            confirmBy: try CivilDate("2026-03-13"), due: try CivilDate("2026-04-15"),
            extended: try CivilDate("2026-05-30"))
        let key = try signingKey(3).publicKey
        let changes: [LifecycleEvent] = LifecycleTests.events
        let outcomes: [NotificationEvent.Outcome] = [
            .delivered(status: 204, attempts: 1), .failed(status: 503, attempts: 9), .failed(status: nil, attempts: 3),
            .disproportionateEffort, .impossible,
        ]
        let notifications = outcomes.map { outcome in
            LedgerEvent.notification(
                NotificationEvent(
                    runID: makeRunID(1), recipient: "crm-eu", noticeID: digest("notice"), at: at, outcome: outcome))
        }
        return try [
            request(
                .received(
                    .init(
                        regulation: .ccpa, clock: clock, subjectCommitment: digest("subject"),
                        identity: .init(level: .documentVerified, method: .documentCheck), nonceTag: digest("nonce"),
                        replayTag: digest("replay"), policyDigest: digest("policy")))),
            request(.changed(.identityConfirmed, clock: clock)),
        ] + changes.map { request(.changed($0, clock: nil)) } + [
            .key(KeyEvent(.add(validFrom: 3), key: key, role: .controller, origin: "lethe.example/test", at: at)),
            .key(
                KeyEvent(
                    .rotate(replaces: digest("old").hex, validFrom: 3), key: key, role: .log,
                    origin: "lethe.example/test",
                    at: at)),
            .key(KeyEvent(.revoke(validUntil: 9), key: key, role: .verifier, origin: "lethe.example/test", at: at)),
            .policy(PolicyEvent(adopting: fixturePolicy(), at: at)),
            .model(ModelEvent(.read, role: .original, digest: digest("o"), runID: makeRunID(1), at: at)),
            .model(ModelEvent(.registered, role: .base, digest: digest("b"), at: at)),
            run(
                .inputsCommitted(
                    RunInputs(
                        datasetBefore: digest("before"), datasetAfter: digest("after"), recordsRemoved: 17,
                        recordsCommitment: digest("records"), baseModel: digest("base"),
                        originalModel: digest("original"),
                        method: "urn:lethe:method:e2urec:v1", parameters: digest("parameters"), policy: digest("policy")
                    ))),
            run(.seedsDrawn(SeedSource(checkpointSize: 5, rootHash: digest("root")))),
            run(.candidateCommitted(model: digest("candidate"))),
            run(.referenceSeedsDrawn(SeedSource(checkpointSize: 7, rootHash: digest("root 2")))),
            run(
                .referencesCommitted([
                    ReferenceModel(model: digest("r1"), seed: .max), ReferenceModel(model: digest("r2"), seed: 0),
                ])),
            run(.verified(RunJudgement(verdict: .passStatistical, measurements: digest("m"), testResultEntry: 8))),
            run(.residue(Residue(artifact: digest("a"), kind: .augmentedModel, fate: .destroyed))),
            run(.abandoned),
            .shred(ShredEvent(requestID: makeRequestID(1), requestCommitment: commitment, at: at)),
        ] + notifications
    }

    @Test func everyEventIsReadAsItWasWritten() throws {
        let key = try signingKey(4)
        let events = try Self.events()
        #expect(events.count == 35)
        for event in events {
            let entry = try event.sign(with: [key])
            #expect(entry.count <= DSSEEnvelope.defaultMaximumByteCount)
            let verified = try DSSEEnvelope(parsing: entry).verify(trusting: [key.publicKey])
            let statement = try Statement(verified: verified)
            #expect(try LedgerEvent(statement) == event)
            #expect(statement.predicateType.hasPrefix("urn:lethe:"))
            #expect(KeyRegistry.role(for: statement.predicateType) != nil)
        }
        let names = try Set(events.map { try $0.statement().predicate["event"]?.stringValue ?? "adopted" })
        #expect(names.count >= 28)
    }

    @Test func additionalMembersAreKeptAndHeldToTheSameRules() throws {
        for event in try Self.events() {
            let statement = try event.statement()
            var members = try #require(statement.predicate.objectValue)
            members["later"] = ["seconds": "1.5", "ok": true]
            let richer = try Statement(
                subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(members))
            let read = try #require(try LedgerEvent(richer))
            #expect(read != event)
            #expect(try read.statement() == richer)
            for bad: JSONValue in [
                "Ana Example", "ana@example.org", "é", "", 1, .null, ["x": "two words"], ["two words": "x"],
            ] {
                members["later"] = bad
                let refused = try Statement(
                    subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(members))
                #expect(throws: EventError.self) { try LedgerEvent(refused) }
            }
        }
    }

    @Test func everyDefinedMemberIsNeededOrChangesTheEvent() throws {
        for event in try Self.events() {
            let statement = try event.statement()
            let members = try #require(statement.predicate.objectValue)
            for (name, value) in members {
                for replacement: JSONValue? in [nil, .null, 7, "no such value", ["x": value]] {
                    var altered = members
                    altered[name] = replacement
                    let read = try? LedgerEvent(
                        Statement(
                            subjects: statement.subjects, predicateType: statement.predicateType,
                            predicate: .object(altered)))
                    #expect(read != event, "\(statement.predicateType) \(name)")
                }
            }
        }
    }

    @Test func theSubjectIsPartOfTheEvent() throws {
        for event in try Self.events() {
            let statement = try event.statement()
            let wrong = [
                Statement.Subject(name: "request:other", digest: statement.subjects[0].digest),
                Statement.Subject(
                    name: statement.subjects[0].name,
                    digest: ["sha256": digest("x").hex, "hmacSha256": digest("x").hex]),
            ]
            for subject in wrong {
                let altered = try Statement(
                    subjects: [subject], predicateType: statement.predicateType, predicate: statement.predicate)
                #expect(throws: EventError.self) { try LedgerEvent(altered) }
            }
        }
    }

    @Test func extraMembersCannotShadowDefinedOnes() throws {
        let at = try time("2026-03-01T10:05:00Z")
        let event = ShredEvent(requestID: makeRequestID(1), requestCommitment: digest("r"), at: at, extra: ["at": "x"])
        #expect(throws: EventError.field(.unexpected(path: "predicate.at"))) {
            try LedgerEvent.shred(event).statement()
        }
    }

    @Test func otherStatementsAreNoEvents() throws {
        let statement = try Statement(
            subjects: [.init(name: nil, sha256: digest("x"))], predicateType: PredicateType.unlearningCertificate,
            predicate: [:])
        #expect(try LedgerEvent(statement) == nil)
        #expect(KeyRegistry.role(for: "urn:lethe:gossip:v1") == nil)
    }

    @Test func aReceiptHoldsNothingOfThePerson() throws {
        let key = try signingKey(1)
        let request = try DeletionRequest.fixture()
        let now = try time("2026-03-01T10:05:00Z")
        let checked = try RequestChecker(audience: request.audience, requesterKeys: [key.publicKey])
            .check(request.sign(with: key), now: now)
        let subjectKey = SubjectKey.generate()
        let event = RequestEvent(
            receiving: checked, at: now, under: subjectKey, policy: try PolicyInForce(fixturePolicy()))
        let text = String(decoding: try LedgerEvent.request(event).statement().canonicalBytes(), as: UTF8.self)
            .lowercased()
        for secret in [
            "ana", "example.org", "agent_a", Hex.encode(request.nonce), Digest(sha256: checked.rawBytes).hex,
        ] {
            #expect(!text.contains(secret), "\(secret)")
        }
        guard case .received(let receipt) = event.kind else {
            Issue.record("not a receipt")
            return
        }
        #expect(receipt.clock.due.description == "2026-04-01")
        #expect(receipt.subjectCommitment == subjectKey.commitment(toSubject: request.subject))
        #expect(event.requestCommitment == subjectKey.commitment(toRequest: checked.rawBytes))
    }

    @Test func seedsDependOnRootRunAndPurpose() {
        let source = SeedSource(checkpointSize: 4, rootHash: digest("root"))
        let seeds: Set<UInt64> = [
            source.seed(for: "dropout", runID: makeRunID(1)), source.seed(for: "order", runID: makeRunID(1)),
            source.seed(for: "dropout", runID: makeRunID(2)),
            SeedSource(checkpointSize: 4, rootHash: digest("other")).seed(for: "dropout", runID: makeRunID(1)),
        ]
        #expect(seeds.count == 4)
        let expected = hmacSHA256(key: digest("root").bytes, message: Array((makeRunID(1).text + "dropout").utf8))
        #expect(source.seedBytes(for: "dropout", runID: makeRunID(1)) == expected)
    }
}

struct LedgerStateTests {
    let at: Timestamp
    let commitment = digest("request")

    init() throws { at = try time("2026-03-01T10:05:00Z") }

    func receipt(_ number: Int, nonce: String = "n") throws -> LedgerEvent {
        let clock = LoggedClock(confirmBy: nil, due: try CivilDate("2026-04-01"), extended: try CivilDate("2026-06-01"))
        return .request(
            RequestEvent(
                requestID: makeRequestID(number), at: at, requestCommitment: commitment,
                kind: .received(
                    .init(
                        regulation: .gdpr, clock: clock, subjectCommitment: digest("s"),
                        identity: .init(level: .emailVerified, method: .emailLink), nonceTag: digest(nonce),
                        replayTag: digest("r\(number)"), policyDigest: digest("p")))))
    }

    func change(_ event: LifecycleEvent, clock: LoggedClock? = nil, commitment other: Digest? = nil) -> LedgerEvent {
        .request(
            RequestEvent(
                requestID: makeRequestID(1), at: at, requestCommitment: other ?? commitment,
                kind: .changed(event, clock: clock)))
    }

    func step(_ step: RunEvent.Step) -> LedgerEvent { .run(RunEvent(runID: makeRunID(1), at: at, step: step)) }

    var inputs: RunEvent.Step {
        .inputsCommitted(
            RunInputs(
                datasetBefore: digest("b"), datasetAfter: digest("a"), recordsRemoved: 1,
                recordsCommitment: digest("c"),
                baseModel: digest("base"), originalModel: digest("o"), method: "m", parameters: digest("p"),
                policy: digest("p")))
    }

    /// The whole way of one request; entry indexes count from 0.
    func wholeWay() throws -> [LedgerEvent] {
        try [
            receipt(1), change(.identityConfirmed), step(inputs),
            step(.seedsDrawn(SeedSource(checkpointSize: 3, rootHash: digest("root")))),
            step(.candidateCommitted(model: digest("candidate"))), change(.unlearned(run: makeRunID(1))),
            step(.referenceSeedsDrawn(SeedSource(checkpointSize: 6, rootHash: digest("root")))),
            step(.referencesCommitted([ReferenceModel(model: digest("r1"), seed: 1)])),
            step(.verified(RunJudgement(verdict: .passStatistical, measurements: digest("m"), testResultEntry: 0))),
            change(.fulfilled(certificateEntry: 8)),
            .shred(ShredEvent(requestID: makeRequestID(1), requestCommitment: commitment, at: at)),
        ]
    }

    func state(_ events: [LedgerEvent]) throws -> LedgerState {
        var state = LedgerState()
        for (index, event) in events.enumerated() { try state.apply(event, at: UInt64(index)) }
        return state
    }

    @Test func aRequestGoesTheWholeWay() throws {
        let state = try state(wholeWay())
        let request = try #require(state.requests[makeRequestID(1)])
        #expect(request.state == .fulfilled)
        #expect(request.receivedIndex == 0 && request.lastIndex == 10)
        #expect(request.certificateIndex == 8 && request.shreddedIndex == 10 && request.runID == makeRunID(1))
        let run = try #require(state.runs[makeRunID(1)])
        #expect(run.stage == .verified && run.hasPassed && run.candidate == digest("candidate"))
        #expect(run.indexes.count == 6)
    }

    @Test func leavingOutAnyNeededEventStopsTheWay() throws {
        let events = try wholeWay()
        for left in events.indices.dropLast() {
            var fewer = events
            fewer.remove(at: left)
            #expect(throws: ReplayError.self, "without event \(left)") { try state(fewer) }
        }
    }

    @Test func repeatingAnyEventIsRefused() throws {
        let events = try wholeWay()
        for repeated in events.indices {
            var more = events
            more.insert(events[repeated], at: repeated + 1)
            #expect(throws: ReplayError.self, "event \(repeated) twice") { try state(more) }
        }
    }

    @Test func aRefusedEventChangesNothing() throws {
        let before = try state(Array(wholeWay().prefix(5)))
        for event in try [
            receipt(1), receipt(2), change(.fulfilled(certificateEntry: 1)), change(.unlearned(run: makeRunID(2))),
            change(.withdrawn, commitment: digest("other")), step(inputs), step(.referencesCommitted([])),
            .shred(ShredEvent(requestID: makeRequestID(1), requestCommitment: commitment, at: at)),
            .shred(ShredEvent(requestID: makeRequestID(3), requestCommitment: commitment, at: at)),
        ] {
            var state = before
            #expect(throws: ReplayError.self) { try state.apply(event, at: 5) }
            #expect(state == before)
        }
    }

    @Test func aNonceBelongsToOneRequest() throws {
        #expect(throws: ReplayError.nonceReplayed(makeRequestID(2), owner: makeRequestID(1))) {
            try state([receipt(1), receipt(2)])
        }
        #expect(try state([receipt(1), receipt(2, nonce: "m")]).requests.count == 2)
        var partial = LedgerState(knownNonces: [digest("n"): makeRequestID(9)])
        #expect(throws: ReplayError.nonceReplayed(makeRequestID(1), owner: makeRequestID(9))) {
            try partial.apply(receipt(1), at: 0)
        }
    }

    @Test func seedsMustComeFromACheckpointThatCoversTheCommitment() throws {
        let early = step(.seedsDrawn(SeedSource(checkpointSize: 2, rootHash: digest("root"))))
        #expect(throws: ReplayError.self) { try state(Array(wholeWay().prefix(3)) + [early]) }
        let future = step(.seedsDrawn(SeedSource(checkpointSize: 4, rootHash: digest("root"))))
        #expect(throws: ReplayError.self) { try state(Array(wholeWay().prefix(3)) + [future]) }
    }

    @Test func aRequestIsNotFulfilledByARunThatDidNotPass() throws {
        for verdict in RunVerdict.allCases {
            var events = try wholeWay()
            events[8] = step(.verified(RunJudgement(verdict: verdict, measurements: digest("m"), testResultEntry: 0)))
            let passes = verdict == .passExact || verdict == .passStatistical
            #expect(((try? state(events)) != nil) == passes, "\(verdict)")
        }
    }

    @Test func deadlinesMoveOnlyAfterAPause() throws {
        let later = LoggedClock(confirmBy: nil, due: try CivilDate("2026-04-20"), extended: try CivilDate("2026-06-20"))
        let paused = try state([receipt(1), change(.identityDoubted), change(.identityConfirmed, clock: later)])
        #expect(paused.requests[makeRequestID(1)]?.due == later.due)
        #expect(throws: ReplayError.clockNotMovable(makeRequestID(1))) {
            try state([receipt(1), change(.identityConfirmed, clock: later)])
        }
        let extended = try state([receipt(1), change(.extended(.complexity))])
        #expect(extended.requests[makeRequestID(1)]?.due.description == "2026-06-01")
    }
}

struct KeyRegistryTests {
    let root: SigningKey
    let at: Timestamp
    var registry: KeyRegistry

    init() throws {
        root = try signingKey(1)
        at = try time("2026-03-01T10:05:00Z")
        registry = KeyRegistry(origin: "lethe.example/test", trustedRoots: [root.publicKey])
    }

    func event(
        _ change: KeyEvent.Change, _ key: SigningKey, _ role: KeyRole = .controller,
        origin: String = "lethe.example/test"
    ) -> KeyEvent {
        KeyEvent(change, key: key.publicKey, role: role, origin: origin, at: at)
    }

    @Test mutating func keysAreValidFromTheirIndexToTheirIndex() throws {
        let (first, second) = (try signingKey(2), try signingKey(3))
        try registry.apply(event(.add(validFrom: 0), root, .root), at: 0, signers: [root.publicKey])
        try registry.apply(event(.add(validFrom: 2), first), at: 1, signers: [root.publicKey])
        #expect(registry.keys(.controller, at: 1) == [])
        #expect(registry.keys(.controller, at: 2) == [first.publicKey])
        try registry.apply(
            event(.rotate(replaces: first.publicKey.keyID, validFrom: 6), second), at: 5,
            signers: [root.publicKey, first.publicKey])
        #expect(registry.keys(.controller, at: 5) == [first.publicKey])
        #expect(registry.keys(.controller, at: 6) == [second.publicKey])
        try registry.apply(event(.revoke(validUntil: 8), second), at: 7, signers: [root.publicKey])
        #expect(registry.keys(.controller, at: 7) == [second.publicKey])
        #expect(registry.keys(.controller, at: 8) == [])
        #expect(registry.keys(at: 8) == [root.publicKey])
    }

    @Test mutating func eventsWithoutTheRightToThemAreRefused() throws {
        let (first, second) = (try signingKey(2), try signingKey(3))
        try registry.apply(event(.add(validFrom: 1), first), at: 1, signers: [root.publicKey])
        let before = registry
        let refused: [(KeyEvent, UInt64, [SigningKey], KeyEventError)] = [
            (event(.add(validFrom: 2), second), 2, [], .notSignedByRoot),
            (event(.add(validFrom: 2), second), 2, [first], .notSignedByRoot),
            (event(.add(validFrom: 1), second), 2, [root], .backdated(expected: 2, found: 1)),
            (event(.add(validFrom: 2), first), 2, [root], .keyExists),
            (event(.add(validFrom: 2), root), 2, [root], .keyHasRole(.root)),
            (event(.add(validFrom: 2), second, origin: "x"), 2, [root], .wrongOrigin(expected: "lethe.example/test")),
            (event(.rotate(replaces: first.publicKey.keyID, validFrom: 2), second), 2, [root], .notSignedByOldKey),
            (
                event(.rotate(replaces: first.publicKey.keyID, validFrom: 2), second, .log), 2, [root, first],
                .unknownKey
            ),
            (event(.rotate(replaces: second.publicKey.keyID, validFrom: 2), second), 2, [root, first], .unknownKey),
            (event(.rotate(replaces: first.publicKey.keyID, validFrom: 2), first), 2, [root, first], .keyExists),
            (
                event(.rotate(replaces: first.publicKey.keyID, validFrom: 1), second), 2, [root, first],
                .backdated(expected: 2, found: 1)
            ),
            (event(.revoke(validUntil: 2), second), 2, [root], .unknownKey),
            (event(.revoke(validUntil: 1), first), 2, [root], .backdated(expected: 2, found: 1)),
        ]
        for (event, index, signers, error) in refused {
            #expect(throws: error) { try registry.apply(event, at: index, signers: signers.map(\.publicKey)) }
            #expect(registry == before)
        }
    }
}
