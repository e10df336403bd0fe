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
        ).sign(with: [ledger.root, old])
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
