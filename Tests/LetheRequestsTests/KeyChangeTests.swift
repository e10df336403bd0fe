import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements
import Testing

/// One key, one role; and keys that somebody else had.
struct KeyChangeTests {
    private let root: SigningKey
    private let controller: SigningKey
    private let verifier: SigningKey
    private let at: Timestamp
    private var registry: KeyRegistry

    init() throws {
        root = try signingKey(1)
        controller = try signingKey(2)
        verifier = try signingKey(3)
        at = try time("2026-03-01T10:05:00Z")
        registry = KeyRegistry(origin: "lethe.example/test", trustedRoots: [root.publicKey])
        try registry.apply(event(.add(validFrom: 1), controller), at: 1, signers: [root.publicKey])
        try registry.apply(event(.add(validFrom: 2), verifier, .verifier), at: 2, signers: [root.publicKey])
    }

    private func event(_ change: KeyEvent.Change, _ key: SigningKey, _ role: KeyRole = .controller) -> KeyEvent {
        KeyEvent(change, key: key.publicKey, role: role, origin: "lethe.example/test", at: at)
    }

    @Test mutating func noKeyHasTwoRoles() throws {
        let before = registry
        let refused: [(KeyEvent, KeyEventError)] = [
            (event(.add(validFrom: 5), controller, .verifier), .keyHasRole(.controller)),
            (event(.add(validFrom: 5), verifier, .controller), .keyHasRole(.verifier)),
            (event(.add(validFrom: 5), verifier, .requester), .keyHasRole(.verifier)),
            (event(.add(validFrom: 5), root, .controller), .keyHasRole(.root)),
            (
                event(.rotate(replaces: verifier.publicKey.keyID, validFrom: 5), controller, .verifier),
                .keyHasRole(.controller)
            ),
        ]
        for (event, error) in refused {
            #expect(throws: error) {
                try registry.apply(event, at: 5, signers: [root, controller, verifier].map(\.publicKey))
            }
            #expect(registry == before)
        }
        // Not after its end either.
        try registry.apply(event(.revoke(validUntil: 6), controller), at: 5, signers: [root.publicKey])
        #expect(throws: KeyEventError.keyHasRole(.controller)) {
            try registry.apply(event(.add(validFrom: 7), controller, .verifier), at: 7, signers: [root.publicKey])
        }
        #expect(throws: KeyEventError.keyExists) {
            try registry.apply(event(.add(validFrom: 7), controller), at: 7, signers: [root.publicKey])
        }
    }

    @Test mutating func aCompromiseReachesBack() throws {
        try registry.apply(event(.compromise(from: 4), controller), at: 9, signers: [root.publicKey])
        let known = try #require(registry.registrations[controller.publicKey.keyID])
        #expect(known.compromisedFrom == 4 && known.validUntil == 4)
        #expect(known.isValid(at: 3) && !known.isValid(at: 4) && !known.isValid(at: 9))
        // The moment can only move back.
        for from: UInt64 in [4, 5, 10] {
            #expect(throws: KeyEventError.keyExists) {
                try registry.apply(event(.compromise(from: from), controller), at: 10, signers: [root.publicKey])
            }
        }
        try registry.apply(event(.compromise(from: 2), controller), at: 10, signers: [root.publicKey])
        #expect(registry.registrations[controller.publicKey.keyID]?.compromisedFrom == 2)
    }

    @Test mutating func aKeyThatWasReplacedCanTurnOutToBeCompromised() throws {
        let next = try signingKey(7)
        try registry.apply(
            event(.rotate(replaces: controller.publicKey.keyID, validFrom: 6), next), at: 5,
            signers: [root.publicKey, controller.publicKey, next.publicKey])
        try registry.apply(event(.compromise(from: 8), controller), at: 9, signers: [root.publicKey])
        // It had ended at 6 already.
        #expect(registry.registrations[controller.publicKey.keyID]?.validUntil == 6)
        #expect(registry.registrations[controller.publicKey.keyID]?.compromisedFrom == 8)
        #expect(registry.keys(.controller, at: 9) == [next.publicKey])
    }

    @Test mutating func aCompromiseNeedsTheRootAndThePast() throws {
        let before = registry
        let refused: [(KeyEvent, [SigningKey], KeyEventError)] = [
            (event(.compromise(from: 4), controller), [controller], .notSignedByRoot),
            (event(.compromise(from: 10), controller), [root], .notYet(expected: 9, found: 10)),
            (event(.compromise(from: 4), controller, .verifier), [root], .unknownKey),
            (event(.compromise(from: 4), try signingKey(8)), [root], .unknownKey),
        ]
        for (event, signers, error) in refused {
            #expect(throws: error) { try registry.apply(event, at: 9, signers: signers.map(\.publicKey)) }
            #expect(registry == before)
        }
    }

    @Test mutating func theNewKeySignsTooWhereTheLogSaysSoOrHasBegunTo() throws {
        let (next, last) = (try signingKey(7), try signingKey(8))
        func rotation(_ old: SigningKey, _ new: SigningKey) -> KeyEvent {
            event(
                .rotate(replaces: old.publicKey.keyID, validFrom: 9), new)
        }
        // The new key's signature is looked for on its own rotation alone, and never twice.
        let replaced = rotation(controller, next)
        #expect(registry.keys(at: 8, signing: replaced) == registry.keys(at: 8) + [next.publicKey])
        #expect(registry.keys(at: 8, signing: rotation(controller, verifier)) == registry.keys(at: 8))
        #expect(registry.keys(at: 8, signing: event(.add(validFrom: 9), next)) == registry.keys(at: 8))

        var old = registry
        try old.apply(replaced, at: 8, signers: [root, controller].map(\.publicKey))
        #expect(!old.requiresPossession && old.registrations[next.publicKey.keyID] != nil)

        try registry.apply(
            KeyEvent(
                .add(validFrom: 8), key: root.publicKey, role: .root, origin: registry.origin, at: at,
                requiresPossession: true), at: 8, signers: [root.publicKey])
        let before = registry
        for signers in [[root, controller], [root, controller, last], [root, controller, verifier]] {
            #expect(throws: KeyEventError.notSignedByNewKey) {
                try registry.apply(replaced, at: 8, signers: signers.map(\.publicKey))
            }
            #expect(registry == before)
        }
        #expect(throws: KeyEventError.notSignedByOldKey) {
            try registry.apply(replaced, at: 8, signers: [root, next].map(\.publicKey))
        }
        #expect(throws: KeyEventError.notSignedByRoot) {
            try registry.apply(replaced, at: 8, signers: [controller, next].map(\.publicKey))
        }
        try registry.apply(replaced, at: 8, signers: [root, controller, next].map(\.publicKey))
        #expect(registry.keys(.controller, at: 9) == [next.publicKey])
        // Saying it again without the demand takes nothing back.
        try registry.apply(event(.add(validFrom: 9), root, .root), at: 9, signers: [root.publicKey])
        #expect(throws: KeyEventError.notSignedByNewKey) {
            try registry.apply(
                event(.rotate(replaces: next.publicKey.keyID, validFrom: 10), last), at: 9,
                signers: [root, next].map(\.publicKey))
        }
    }

    @Test func onlyTheRootsOwnEventDemandsPossession() throws {
        let demand = KeyEvent(
            .add(validFrom: 0), key: root.publicKey, role: .root, origin: "lethe.example/test", at: at,
            requiresPossession: true)
        let statement = try LedgerEvent.key(demand).statement()
        #expect(statement.predicate["possession"]?.stringValue == "required")
        #expect(try LedgerEvent(statement) == .key(demand))
        guard case .object(var members) = statement.predicate else { throw CancellationError() }
        for other: JSONValue in ["optional", "Required", "", true, ["required"]] {
            members["possession"] = other
            let changed = try Statement(
                subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(members))
            #expect(throws: EventError.self) { try LedgerEvent(changed) }
        }
        // Of another key it is a member like any unknown one: kept, and without effect.
        members["possession"] = "required"
        members["role"] = "controller"
        let changed = try Statement(
            subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(members))
        guard case .key(let event)? = try LedgerEvent(changed) else { throw CancellationError() }
        #expect(!event.requiresPossession && event.extra == ["possession": "required"])
        #expect(try LedgerEvent.key(event).statement() == changed)
    }

    @Test func everyChangeHasOneSpelling() throws {
        for change: KeyEvent.Change in [
            .add(validFrom: 7), .rotate(replaces: verifier.publicKey.keyID, validFrom: 7), .revoke(validUntil: 7),
            .compromise(from: 7),
        ] {
            let statement = try LedgerEvent.key(event(change, controller)).statement()
            #expect(try LedgerEvent(statement) == .key(event(change, controller)))
        }
    }
}
