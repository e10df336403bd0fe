import Foundation
import GRDB
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

struct GroupTests {
    /// A unit as a reception makes it: the receipt, its acceptance, the personal data.
    private func unit(_ ledger: TestLedger, _ number: Int, value: String? = nil, vault: Bool = true) throws
        -> LedgerUnit
    {
        let (checked, key) = try ledger.request(number, value: value)
        let receipt = RequestEvent(receiving: checked, at: ledger.now, under: key, policy: PolicyInForce(ledger.policy))
        let acceptance = RequestEvent(
            requestID: receipt.requestID, at: ledger.now, requestCommitment: receipt.requestCommitment,
            kind: .changed(.identityConfirmed, clock: nil))
        return LedgerUnit(
            entries: try [.request(receipt), .request(acceptance)].map {
                try LedgerEntry(signing: $0, with: [ledger.controller])
            }, vault: vault ? [try VaultItem(checked, key: key).sealed(under: ledger.masterKey)] : [])
    }

    @Test func aBadUnitHarmsNoOther() throws {
        let ledger = try TestLedger()
        try ledger.start()
        let units = try [
            unit(ledger, 1), unit(ledger, 1), unit(ledger, 2, vault: false), unit(ledger, 3),
            unit(ledger, 1, value: "bo@example.org"), unit(ledger, 4),
        ]
        let (outcomes, checkpoint) = try ledger.store.append(units, signer: ledger.signer)
        let indexes = outcomes.map { outcome in
            if case .appended(let indexes, _) = outcome { Array(indexes) } else { [UInt64]() }
        }
        #expect(indexes == [[4, 5], [], [], [6, 7], [], [8, 9]])
        guard case .refused(.entryRefused(0, .replay(.requestExists(makeRequestID(1))))) = outcomes[1],
            case .refused(.vaultMismatch(makeRequestID(2))) = outcomes[2], case .refused = outcomes[4]
        else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(try Checkpoint(parsing: #require(checkpoint).text).size == 10)
        #expect(try ledger.store.requests().map(\.requestID) == [1, 3, 4].map { makeRequestID($0) })
        #expect(try ledger.audit() == [])
    }

    @Test func aGroupOfRefusalsWritesNothing() throws {
        let ledger = try TestLedger()
        try ledger.start()
        let before = try ledger.store.lastCheckpoint()
        let (outcomes, checkpoint) = try ledger.store.append(
            [unit(ledger, 1, vault: false), unit(ledger, 2, vault: false)], signer: ledger.signer)
        #expect(outcomes.allSatisfy { !$0.isAppended } && checkpoint == nil)
        #expect(try ledger.store.lastCheckpoint() == before)
    }

    /// A unit whose second event cannot follow leaves nothing of its first behind, in the log or in what later units see.
    @Test func aUnitStandsOrFallsAsAWhole() throws {
        let ledger = try TestLedger()
        try ledger.start()
        let good = try unit(ledger, 1)
        let broken = LedgerUnit(entries: [good.entries[0], good.entries[1], good.entries[1]], vault: good.vault)
        let (outcomes, _) = try ledger.store.append([broken, good], signer: ledger.signer)
        #expect(!outcomes[0].isAppended && outcomes[1].isAppended)
        #expect(try ledger.store.size() == 6)
        #expect(try ledger.audit() == [])
    }

    @Test func whatIsSignedIsWhatWouldBeRead() throws {
        let ledger = try TestLedger.full()
        for index in 0..<(try ledger.store.size()) {
            let bytes = try ledger.store.entry(index)
            let read = try LedgerEntry(bytes)
            guard let event = read.event, case .request = event else { continue }
            let signed = try LedgerEntry(signing: event, with: [ledger.controller])
            #expect(signed.bytes == bytes && signed.leafHash == read.leafHash)
        }
    }
}

struct CheckpointGuardTests {
    private func policy(_ ledger: TestLedger) -> LedgerEvent {
        .policy(PolicyEvent(adopting: ledger.policy, at: ledger.now))
    }

    @Test func anOlderDatabaseThatIsPutBackIsNotWrittenTo() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.store.truncateLog()
        let old = try Files.read(ledger.path, limit: 1 << 24)
        try ledger.append(policy(ledger))
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/ledger.sqlite"
        try Files.write(old, to: path, permissions: 0o600)
        try FileManager.default.copyItem(atPath: ledger.path + ".checkpoint", toPath: path + ".checkpoint")
        let expected = StoreError.rolledBack(guardPath: path + ".checkpoint", published: 5, found: 4)
        #expect(expected.isMachineFailure && expected.description.contains("restore"))
        #expect(throws: expected) { try LedgerStore.open(path) }
        let forAudit = try LedgerStore.openForAudit(path)
        #expect(throws: expected) { try forAudit.checkpoint(signer: ledger.signer) }
        #expect(throws: expected) {
            try forAudit.append(entries: [policy(ledger).sign(with: [ledger.controller])], signer: ledger.signer)
        }
        let findings = try LedgerAudit.run(forAudit, trust: ledger.trust, masterKey: ledger.masterKey)
        #expect(findings.map(\.field) == ["published"] && findings.first?.entryIndex == 4)
    }

    @Test func anotherHistoryOfTheSameLengthIsNotWrittenTo() throws {
        let (ledger, other) = (try TestLedger(), try TestLedger())
        for made in [ledger, other] { try made.start() }
        try ledger.receive(1)
        try other.receive(2)
        try Files.write(
            Files.read(other.path + ".checkpoint", limit: 4_096), to: ledger.path + ".checkpoint", permissions: 0o600)
        #expect(throws: StoreError.self) { try LedgerStore.open(ledger.path) }
        #expect(throws: StoreError.self) { try ledger.receive(3) }
    }

    @Test func theRecordFollowsEveryCheckpointAndADamagedOneIsSaid() throws {
        let ledger = try TestLedger()
        #expect(!Files.exists(ledger.path + ".checkpoint"))
        try ledger.start()
        let note = try #require(try ledger.store.lastCheckpoint())
        #expect(try Files.read(ledger.path + ".checkpoint", limit: 4_096) == note.bytes)
        try Files.write([1, 2, 3], to: ledger.path + ".checkpoint")
        #expect(throws: StoreError.self) { try LedgerStore.open(ledger.path) }
        #expect(try ledger.audit().map(\.field) == ["file"])
    }

    @Test func aCommitWhoseRecordCannotBeWrittenIsNotAcknowledged() throws {
        let ledger = try TestLedger()
        try ledger.start()
        // A folder of this name stands in the way of the file.
        try Files.remove(ledger.path + ".checkpoint")
        try Files.createFolder(ledger.path + ".checkpoint")
        let error = #expect(throws: StoreError.self) { try ledger.append(policy(ledger)) }
        #expect(error?.isMachineFailure == true)
        try Files.remove(ledger.path + ".checkpoint")
        try ledger.append(policy(ledger))
        #expect(try ledger.audit() == [])
    }
}

struct ClockTests {
    @Test func entriesDoNotGoBackInTime() throws {
        let ledger = try TestLedger()
        try ledger.start()
        func policy(_ seconds: Int64) -> LedgerEvent {
            .policy(PolicyEvent(adopting: ledger.policy, at: ledger.now.adding(seconds: seconds)))
        }
        try ledger.append(policy(-LedgerClock.toleranceSeconds))
        try ledger.append(policy(3_600))
        let error = #expect(throws: StoreError.self) { try ledger.append(policy(0)) }
        #expect(
            error
                == .entryRefused(
                    position: 0, .clockWentBack(newest: ledger.now.adding(seconds: 3_600), found: ledger.now)))
        #expect(error?.description.contains("clock") == true)
        #expect(try ledger.audit() == [])
        // The root key sets the time back, and everybody can see that it did.
        try ledger.append(
            .key(
                KeyEvent(
                    .add(validFrom: 100), key: SigningKey(seed: Array(repeating: 42, count: 32)).publicKey,
                    role: .requester, origin: TestLedger.origin, at: ledger.now)))
        try ledger.append(policy(1))
        #expect(try ledger.audit() == [])
    }
}

struct BackupTests {
    private func restore(
        _ backup: String, over ledger: TestLedger, known: [LedgerStore.KnownCheckpoint] = []
    ) throws -> String? {
        var known = known
        if let published = try LedgerStore.publishedCheckpoint(of: ledger.path) {
            known.append(.init(published, source: "t"))
        }
        return try LedgerStore.restore(backup, to: ledger.path, known: known) { copy in
            let findings = try LedgerAudit.run(copy, trust: ledger.trust, masterKey: ledger.masterKey)
            guard findings.isEmpty else { throw StoreError.corrupt(detail: "\(findings[0])") }
        }
    }

    @Test func aBackupIsTheLedgerAndAudited() throws {
        let ledger = try TestLedger.full()
        let path = "\(ledger.folder.path)/backup"
        try ledger.store.backUp(to: path) { copy in
            let findings = try LedgerAudit.run(copy, trust: ledger.trust, masterKey: ledger.masterKey)
            #expect(findings == [])
        }
        let copy = try LedgerStore.open(path, logVerifier: ledger.signer.verifier)
        #expect(try copy.size() == ledger.store.size())
        #expect(throws: StoreError.alreadyExists(path: path)) { try ledger.store.backUp(to: path) { _ in } }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(throws: StoreError.locked) {
            try ledger.store.backUp(to: path + "2") { _ in throw StoreError.locked }
        }
        let names = try Files.names(in: ledger.folder.path)
        #expect(!names.contains { $0.hasPrefix("backup2") || $0.contains("incomplete") }, "\(names)")
    }

    @Test func aLostLedgerComesBack() throws {
        let ledger = try TestLedger.full()
        let path = "\(ledger.folder.path)/backup"
        try ledger.store.backUp(to: path) { _ in }
        try ledger.store.queue.close()
        for suffix in ["", "-wal", "-shm"] { try Files.remove(ledger.path + suffix) }
        #expect(try restore(path, over: ledger) == nil)
        let restored = try LedgerStore.open(ledger.path, logVerifier: ledger.signer.verifier)
        #expect(try LedgerAudit.run(restored, trust: ledger.trust, masterKey: ledger.masterKey) == [])
        try restored.append(
            entries: [
                LedgerEvent.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now)).sign(with: [ledger.controller])
            ], signer: ledger.signer)
    }

    /// What was shredded after the backup must not come back: the shred event is under a published checkpoint.
    @Test func aBackupFromBeforeAShreddingIsRefused() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.receive(1)
        try ledger.append(ledger.change(1, .withdrawn))
        let path = "\(ledger.folder.path)/backup"
        try ledger.store.backUp(to: path) { _ in }
        try ledger.shred(1)
        try ledger.store.queue.close()
        for suffix in ["", "-wal", "-shm"] { try Files.remove(ledger.path + suffix) }
        let error = #expect(throws: StoreError.self) { try restore(path, over: ledger) }
        guard case .backupOlder(_, 6, _, 7)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!Files.exists(ledger.path))
        #expect(try !Files.names(in: ledger.folder.path).contains { $0.contains("restoring") })
    }

    @Test func anotherHistoryOrADamagedBackupIsRefusedAndTheOldOneIsKept() throws {
        let (ledger, other) = (try TestLedger.full(), try TestLedger.full())
        let (own, foreign) = ("\(ledger.folder.path)/own", "\(ledger.folder.path)/foreign")
        try ledger.store.backUp(to: own) { _ in }
        try other.store.backUp(to: foreign) { _ in }
        let error = #expect(throws: StoreError.self) { try restore(foreign, over: ledger) }
        if case .backupForks? = error {} else { Issue.record("\(String(describing: error))") }
        var bytes = try Files.read(own, limit: 1 << 24)
        bytes[bytes.count / 2] ^= 0x10
        try Files.write(bytes, to: "\(ledger.folder.path)/bent")
        #expect(throws: StoreError.self) { try restore("\(ledger.folder.path)/bent", over: ledger) }
        #expect(try ledger.audit() == [])
        try ledger.store.queue.close()
        let old = try #require(try restore(own, over: ledger))
        #expect(Files.exists(old) && Files.exists(ledger.path))
    }
}

struct InterleavingTests {
    /// Any order of appends, groups, refusals, checkpoints and reopening keeps indexes contiguous, sizes growing, and every pair of
    /// checkpoints consistent.
    @Test(arguments: 0..<24 as Range<UInt64>)
    func everyPairOfCheckpointsIsConsistent(seed: UInt64) throws {
        var generator = SplitMixForTests(state: seed)
        let ledger = try TestLedger()
        try ledger.start()
        var store = ledger.store
        var size = try store.size()
        var number = 0
        for _ in 0..<30 {
            switch generator.next() % 5 {
            case 0: store = try LedgerStore.open(ledger.path, logVerifier: ledger.signer.verifier)
            case 1: try store.checkpoint(signer: ledger.signer)
            case 2:
                // Cut off in the middle: the batch is refused as a whole.
                let entry = try LedgerEvent.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now)).sign(with: [
                    ledger.controller
                ])
                #expect(throws: StoreError.self) { try store.append(entries: [entry, [0]], signer: ledger.signer) }
            case 3:
                let entry = try LedgerEvent.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now)).sign(with: [
                    ledger.controller
                ])
                let count = 1 + Int(generator.next() % 9)
                // Without a checkpoint of its own, where the dice say so.
                let signer = generator.next() % 2 == 0 ? ledger.signer : nil
                let receipt = try store.append(entries: Array(repeating: entry, count: count), signer: signer)
                #expect(receipt.indexes == size..<(size + UInt64(count)))
                size = receipt.indexes.upperBound
            default:
                number += 1
                let (checked, key) = try ledger.request(number)
                let event = LedgerEvent.request(
                    RequestEvent(receiving: checked, at: ledger.now, under: key, policy: PolicyInForce(ledger.policy)))
                let unit = LedgerUnit(
                    entries: [try LedgerEntry(signing: event, with: [ledger.controller])],
                    vault: [try VaultItem(checked, key: key).sealed(under: ledger.masterKey)])
                let outcomes = try store.append([unit, unit], signer: ledger.signer).outcomes
                #expect(outcomes.map(\.isAppended) == [true, false])
                size += 1
            }
            #expect(try store.size() == size)
        }
        try store.checkpoint(signer: ledger.signer)
        let notes = try store.read { tables in
            try Cells.fetch(tables.db, "SELECT size FROM checkpoints ORDER BY size").compactMap(\.[0].unsigned)
        }.map { try #require(try store.checkpoint(size: $0)) }
        let heads = try notes.map { try Checkpoint(parsing: $0.text) }
        for (earlier, later) in heads.indices.flatMap({ first in heads.indices.dropFirst(first).map { (first, $0) } }) {
            let (old, new) = (heads[earlier], heads[later])
            try MerkleTree.verifyConsistency(
                from: old.size, oldRoot: old.rootHash, to: new.size, newRoot: new.rootHash,
                proof: store.consistencyProof(from: old.size, to: new.size))
        }
        #expect(try LedgerAudit.run(store, trust: ledger.trust, masterKey: ledger.masterKey) == [])
    }
}

/// A small generator whose seed names a failing case.
struct SplitMixForTests {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
