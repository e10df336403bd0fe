import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

@testable import LetheRequests

struct RolesPolicyTests {
    private func policy(_ section: String) throws -> Policy { try Policy(yaml: fixturePolicyText() + section) }

    @Test func theSectionIsReadHashedAndExplained() throws {
        let plain = try fixturePolicy()
        #expect(plain.roles == nil && DecisionRules(plain) == nil)
        #expect(!plain.explanation.contains { $0.contains("auditor") })
        let usual = try policy("roles: {}\n")
        let spelled = try policy(
            "roles:\n" + DecisionKind.allCases.map { "  \($0.rawValue): [\(usualRole($0))]\n" }.joined())
        #expect(usual.digest == spelled.digest && usual.digest != plain.digest)
        let one = try policy("roles: {refuse: [officer, administrator], twoPersons: [refuse, shred]}\n")
        let same = try policy("roles: {twoPersons: [shred, refuse], refuse: [administrator, officer]}\n")
        #expect(one.digest == same.digest && one.digest != usual.digest)
        let rules = try #require(DecisionRules(one))
        #expect(rules.permits(.administrator, .refuse) && rules.permits(.officer, .shred))
        #expect(!rules.permits(.administrator, .shred) && !rules.permits(.engineer, .refuse))
        #expect(rules.needsTwo(.refuse) && rules.needsTwo(.shred) && !rules.needsTwo(.extend))
        for role in [KeyRole.auditor, .controller, .root, .log, .verifier, .requester, .witness] {
            #expect(DecisionKind.allCases.allSatisfy { !rules.permits(role, $0) }, "\(role)")
        }
        let words = one.explanation.joined(separator: "\n")
        for phrase in [
            "an auditor's key may take none", "officer: may confirm an identity", "administrator: may refuse a request",
            "engineer: may start a run", "must sign to refuse a request; to destroy personal data",
        ] { #expect(words.contains(phrase), "\(phrase)") }
    }

    private func usualRole(_ kind: DecisionKind) -> String {
        switch kind {
        case .run: "engineer"
        case .adopt: "administrator"
        default: "officer"
        }
    }

    @Test(arguments: [
        ("roles: 1\n", "roles"), ("roles:\n  refuse: [auditor]\n", "roles.refuse"),
        ("roles:\n  refuse: []\n", "roles.refuse"), ("roles:\n  refuse: officer\n", "roles.refuse"),
        ("roles:\n  refuse: [officer, officer]\n", "roles.refuse"), ("roles:\n  deny: [officer]\n", "roles.deny"),
        ("roles:\n  refuse: [controller]\n", "roles.refuse"), ("roles:\n  twoPersons: []\n", "roles.twoPersons"),
        ("roles:\n  twoPersons: [run]\n", "roles.twoPersons"), ("roles:\n  twoPersons: [adopt]\n", "roles.twoPersons"),
    ])
    func whatDoesNotFitIsNamedByItsField(section: String, field: String) throws {
        let error = #expect(throws: PolicyError.self) { try policy(section) }
        #expect(error?.field == field && error?.line != nil, "\(String(describing: error))")
    }

    /// Digests that were in logs before the section existed.
    @Test func policiesWithoutTheSectionKeepTheirDigests() throws {
        let event = PolicyEvent(adopting: try fixturePolicy(), at: try time("2026-03-01T10:05:00Z"))
        #expect(event.rules == nil)
        let predicate = try LedgerEvent.policy(event).statement().fields.members()
        #expect(Set(predicate.keys) == ["event", "name", "policy", "at"])
        let canonical = String(decoding: try fixturePolicy().canonicalBytes, as: UTF8.self)
        #expect(!canonical.contains("roles") && !canonical.contains("twoPersons"))
    }

    @Test func theEventCarriesTheRulesAndNothingElseReadsAsThem() throws {
        let policy = try policy("roles: {twoPersons: [refuse]}\n")
        let event = LedgerEvent.policy(PolicyEvent(adopting: policy, at: try time("2026-03-01T10:05:00Z")))
        let statement = try event.statement()
        #expect(try LedgerEvent(statement) == event)
        var predicate = try statement.fields.members()
        let roles = try #require(predicate["roles"]?.objectValue)
        func read(_ changed: JSONValue?) throws -> LedgerEvent? {
            predicate["roles"] = changed
            return try LedgerEvent(
                Statement(
                    subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(predicate))
            )
        }
        #expect(throws: Never.self) { try read(nil) }
        for (name, value) in [
            ("permitted", .object([:])), ("permitted", .string("all")), ("twoPersons", .array(["refuse", "refuse"])),
            ("twoPersons", .array(["deny"])), ("identityLevel", .string("any")),
            ("shredAfterFulfilment", .string("no")),
        ] as [(String, JSONValue)] {
            var changed = roles
            changed[name] = value
            #expect(throws: EventError.self, "\(name)") { try read(.object(changed)) }
            changed[name] = nil
            #expect(throws: EventError.self, "\(name) left out") { try read(.object(changed)) }
        }
        var more = roles
        more["extra"] = "x"
        #expect(throws: EventError.self) { try read(.object(more)) }
    }
}

struct ProposalTests {
    private func refusal(at: String = "2026-03-01T10:05:00Z", ground: RefusalGround = .legalClaims) throws
        -> LedgerEvent
    {
        .request(
            RequestEvent(
                requestID: makeRequestID(1), at: try time(at), requestCommitment: Digest(sha256: [1]),
                kind: .changed(.refused(ground), clock: nil), extra: ["policy": .string(Digest(sha256: [2]).hex)]))
    }

    @Test func aProposalIsReadBackAndItsEntryCarriesIt() throws {
        let (key, stranger) = (try signingKey(7), try signingKey(8))
        let proposal = try Proposal(refusal(), asOf: 9, signedBy: key)
        #expect(try Proposal(parsing: proposal.envelope.canonicalBytes) == proposal)
        #expect(proposal.kind == .refuse && proposal.asOf == 9 && proposal.requestID == makeRequestID(1))
        #expect(proposal.isSigned(by: key.publicKey) && !proposal.isSigned(by: stranger.publicKey))
        // Its signature is over a type of its own: no entry.
        #expect(throws: (any Error).self) { try proposal.envelope.verify(trusting: [key.publicKey]) }

        let later = try refusal(at: "2026-03-03T08:00:00Z")
        let decided = try #require(proposal.approved(as: later))
        #expect(decided.at == later.at)
        let read = try #require(try LedgerEvent(decided.statement()))
        #expect(try Proposal(carriedBy: read) == proposal)
        #expect(try Proposal(carriedBy: later) == nil)
        #expect(proposal.approved(as: try refusal(ground: .legalObligation)) == nil)
    }

    @Test func whatIsNoProposalIsRefused() throws {
        let key = try signingKey(7)
        let proposal = try Proposal(refusal(), asOf: 9, signedBy: key)
        let payload = proposal.envelope.payload
        let envelopes: [DSSEEnvelope] = [
            try DSSEEnvelope(signing: payload, with: [key]),
            try DSSEEnvelope(signing: payload, type: Proposal.payloadType, with: [key, signingKey(8)]),
            // Without what it is about.
            try DSSEEnvelope(
                signing: refusal().statement().canonicalBytes(), type: Proposal.payloadType, with: [key]),
            try DSSEEnvelope(signing: [0x7B], type: Proposal.payloadType, with: [key]),
        ]
        for envelope in envelopes {
            #expect(throws: EventError.self) { try Proposal(parsing: envelope.canonicalBytes) }
        }
        #expect(throws: EventError.self) { try Proposal(parsing: Array("{}".utf8)) }
        let unlearned = LedgerEvent.request(
            RequestEvent(
                requestID: makeRequestID(1), at: try time("2026-03-01T10:05:00Z"),
                requestCommitment: Digest(sha256: [1]), kind: .changed(.blocked, clock: nil)))
        #expect(throws: EventError.self) { try Proposal(unlearned, asOf: 9, signedBy: key) }
        #expect(throws: EventError.self) {
            try Proposal(
                .policy(PolicyEvent(adopting: fixturePolicy(), at: time("2026-03-01T10:05:00Z"))), asOf: 9,
                signedBy: key)
        }
    }

    /// Every bit of a carried proposal counts.
    @Test func aChangedMemberIsAnotherProposal() throws {
        let key = try signingKey(7)
        let proposal = try Proposal(refusal(), asOf: 9, signedBy: key)
        guard case .request(let event) = try #require(proposal.approved(as: refusal(at: "2026-03-03T08:00:00Z"))),
            let member = event.extra["proposal"]?.objectValue
        else {
            Issue.record("a request's event with a proposal")
            return
        }
        for (name, value) in [
            ("at", "2026-03-01T10:05:01Z"), ("asOf", "8"), ("keyid", Digest(sha256: [9]).hex),
            ("sig", Base64.encode([UInt8](repeating: 1, count: 64))),
        ] {
            var (changed, other) = (event, member)
            other[name] = .string(value)
            changed.extra["proposal"] = .object(other)
            let read = try #require(try Proposal(carriedBy: .request(changed)))
            #expect(name == "keyid" || !read.isSigned(by: key.publicKey), "\(name)")
            other[name] = .string("x y")
            changed.extra["proposal"] = .object(other)
            #expect(throws: EventError.self) { try Proposal(carriedBy: .request(changed)) }
            other[name] = nil
            changed.extra["proposal"] = .object(other)
            #expect(throws: EventError.self) { try Proposal(carriedBy: .request(changed)) }
        }
    }
}
