import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

/// What an audit makes of changed, stolen and doubled keys.
struct KeyAuditTests {
    private func key(_ number: UInt8) throws -> SigningKey { try SigningKey(seed: Array(repeating: number, count: 32)) }

    private func root(_ ledger: TestLedger, requiresPossession: Bool) -> LedgerEvent {
        .key(
            KeyEvent(
                .add(validFrom: 0), key: ledger.root.publicKey, role: .root, origin: TestLedger.origin, at: ledger.now,
                requiresPossession: requiresPossession))
    }

    private func event(_ change: KeyEvent.Change, _ key: SigningKey, _ role: KeyRole, _ ledger: TestLedger)
        -> LedgerEvent
    {
        .key(KeyEvent(change, key: key.publicKey, role: role, origin: TestLedger.origin, at: ledger.now))
    }

    @Test func aLogKeyHandsOverAtACheckpointThatCarriesBoth() throws {
        let ledger = try TestLedger()
        let (old, new) = (try key(5), try key(6))
        try ledger.append(
            event(.add(validFrom: 0), ledger.root, .root, ledger), event(.add(validFrom: 1), old, .log, ledger))
        let size = try ledger.store.size()
        let rotation = try event(
            .rotate(replaces: old.publicKey.keyID, validFrom: size + 1), new, .log, ledger
        ).sign(with: [ledger.root, old, new])
        let successor = try NoteSigner(name: TestLedger.origin, key: new)
        try ledger.store.append(entries: [rotation], signer: ledger.signer.jointly(with: successor))
        #expect(try ledger.store.lastCheckpoint()?.signatures.count == 2)
        try ledger.store.append(
            entries: [event(.add(validFrom: size + 2), key(7), .requester, ledger).sign(with: [ledger.root])],
            signer: successor)
        #expect(try ledger.audit().isEmpty)
        // The old key signs once more.
        try ledger.store.append(
            entries: [event(.add(validFrom: size + 3), key(8), .requester, ledger).sign(with: [ledger.root])],
            signer: ledger.signer)
        let findings = try ledger.audit()
        #expect(findings.map(\.place) == [.checkpoint("\(size + 3)")])
        #expect(findings.first?.expected == "one by a log key that counts at size \(size + 3)")
    }

    /// What the log says of itself, what stands in the third signature's place, and what the audit finds.
    @Test(
        arguments: [
            (true, nil, ["key event"]), (false, nil, []),
            (true, "forged", ["signatures", "key event"]), (false, "forged", ["signatures"]),
            (true, "swapped", ["signatures", "key event"]), (false, "swapped", ["signatures"]),
            (true, "stranger", ["signatures", "key event"]), (false, "stranger", ["signatures"]),
            (true, "new", []), (false, "new", []),
        ] as [(Bool, String?, [String])])
    func aRotationNeedsTheNewKeysSignature(isRequired: Bool, third: String?, fields: [String]) throws {
        let ledger = try TestLedger()
        let (old, new, stranger) = (try key(5), try key(6), try key(7))
        try ledger.append(
            root(ledger, requiresPossession: isRequired), event(.add(validFrom: 1), old, .controller, ledger))
        let rotation = event(.rotate(replaces: old.publicKey.keyID, validFrom: 3), new, .controller, ledger)
        let payload = try DSSEEnvelope(parsing: rotation.sign(with: [ledger.root])).payload
        var signatures = try DSSEEnvelope(signing: payload, with: [ledger.root, old, new, stranger]).signatures
        switch third {
        case "forged":
            var bytes = signatures[2].bytes
            bytes[40] ^= 1
            signatures[2] = .init(keyID: new.publicKey.keyID, bytes: bytes)
        case "swapped": signatures[2] = .init(keyID: new.publicKey.keyID, bytes: signatures[1].bytes)
        case "stranger": signatures[2] = signatures[3]
        case nil: signatures.remove(at: 2)
        default: break
        }
        signatures.removeLast()
        let entry = try DSSEEnvelope(
            payloadType: DSSEEnvelope.inTotoPayloadType, payload: payload, signatures: signatures
        ).canonicalBytes
        try ledger.store.append(entries: [entry], signer: ledger.signer)
        // And whether the new key then counts.
        let policy = LedgerEvent.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now))
        try ledger.store.append(entries: [policy.sign(with: [new])], signer: ledger.signer)
        let findings = try ledger.audit()
        #expect(findings.filter { $0.entryIndex == 2 }.map(\.field) == fields, "\(findings)")
        #expect(findings.contains { $0.entryIndex == 3 } == fields.contains("key event"))
        #expect(findings.allSatisfy { $0.field != "key event" || $0.found.contains("key that takes over") })
    }

    @Test func aLogThatStartedWithoutTheProofDoesNotGoBackToIt() throws {
        let ledger = try TestLedger()
        let (first, second, third) = (try key(5), try key(6), try key(7))
        try ledger.append(root(ledger, requiresPossession: false), event(.add(validFrom: 1), first, .verifier, ledger))
        for (index, signers) in [(2, [first, second]), (3, [second])] as [(UInt64, [SigningKey])] {
            let rotation = event(
                .rotate(replaces: signers[0].publicKey.keyID, validFrom: index + 1), index == 2 ? second : third,
                .verifier, ledger)
            try ledger.store.append(entries: [rotation.sign(with: [ledger.root] + signers)], signer: ledger.signer)
        }
        #expect(try ledger.audit().map(\.entryIndex) == [3])
    }

    @Test func entriesThatRestOnAStolenKeyAreNamed() throws {
        let ledger = try TestLedger()
        try ledger.start()
        for number in 1...3 { try ledger.receive(number) }
        #expect(try ledger.store.size() == 7)
        // The controller's key was stolen at entry 5.
        try ledger.append(event(.compromise(from: 5), ledger.controller, .controller, ledger))
        let findings = try ledger.audit()
        #expect(findings.map(\.place) == [.entry(3), .entry(5)])
        #expect(findings[0].expected.hasPrefix("a witnessed checkpoint over it of at most size 5"))
        #expect(findings[0].found.hasSuffix("here and in 1 more entries up to 4"))
        #expect(findings[1].found.hasSuffix("here and in 1 more entries up to 6"))
    }

    /// Two requests; the checkpoint over entry 3 and 4 (size 5) is witnessed, and the key turns out to be stolen from entry 5 on.
    @Test(arguments: [4, 5, 6] as [UInt64])
    func aWitnessedCheckpointBeforeTheTheftSavesWhatItCovers(from: UInt64) throws {
        let ledger = try TestLedger()
        try ledger.start()
        let (checked, subject) = try ledger.request(1)
        try ledger.store.append(
            entries: [
                LedgerEvent.request(
                    RequestEvent(
                        receiving: checked, at: ledger.now, under: subject, policy: PolicyInForce(ledger.policy))
                ).sign(with: [ledger.controller])
            ], vault: [.init(checked, key: subject)], masterKey: ledger.masterKey,
            signer: ledger.signer)
        #expect(try ledger.store.size() == 5)
        try ledger.cosign(5)
        try ledger.append(event(.compromise(from: min(from, 5)), ledger.controller, .controller, ledger))
        let findings = try ledger.audit()
        if from >= 5 {
            #expect(findings.isEmpty, "\(findings)")
        } else {
            // The checkpoint is larger than the log was at the theft: the thief may have had it cosigned.
            #expect(findings.map(\.place) == [.entry(3), .entry(4)])
        }
    }

    @Test func aKeyWithASecondRoleIsNamed() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.append(event(.add(validFrom: 4), ledger.controller, .verifier, ledger))
        let findings = try ledger.audit()
        #expect(findings.map(\.place) == [.entry(4)])
        #expect(findings.first?.found.contains("registered as controller") == true)
    }
}
