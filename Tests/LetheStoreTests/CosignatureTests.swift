import GRDB
import LetheCrypto
import LetheLog
import LetheRequests
import Testing

@testable import LetheStore

struct CosignatureTests {
    private let ledger: TestLedger

    init() throws {
        ledger = try TestLedger()
        try ledger.start()
    }

    private func line(_ signer: NoteSigner, over text: String? = nil, at seconds: UInt64 = 5) throws -> NoteSignature {
        let text = try text ?? #require(try ledger.store.lastCheckpoint()).text
        return try #require(try SignedNote(text: text, signers: [signer], seconds: seconds).signatures.first)
    }

    private func witness(_ number: UInt8, name: String) throws -> NoteSigner {
        try NoteSigner(name: name, key: SigningKey(seed: Array(repeating: number, count: 32)), kind: .cosignatureV1)
    }

    @Test func aStoredCosignatureIsHandedOutWithItsCheckpoint() throws {
        let cosigned = try ledger.cosign(4)
        let trusted = [ledger.signer.verifier, ledger.witness.verifier]
        #expect(try cosigned.verify(with: trusted).map(\.cosignedAt) == [nil, 1_767_225_600])
        #expect(try ledger.store.lastCheckpoint() == cosigned)
        #expect(try ledger.store.checkpoint(size: 4) == cosigned)
        #expect(try ledger.store.checkpoint(signer: ledger.signer) == cosigned)
        #expect(try ledger.store.checkpoint(size: 2)?.signatures.count == 1)
        let reopened = try LedgerStore.open(ledger.path, logVerifier: ledger.signer.verifier)
        #expect(try reopened.lastCheckpoint() == cosigned)
        #expect(try ledger.audit() == [])
    }

    @Test func storingAgainKeepsTheFirst() throws {
        let first = try ledger.cosign(4)
        #expect(try ledger.cosign(4, at: 1_767_225_999) == first)
    }

    @Test func severalWitnessesAreKeptInTheOrderOfTheirNames() throws {
        let second = try witness(8, name: "a.example/w")
        let note = try ledger.store.addCosignatures(
            [line(ledger.witness), line(second)], size: 4, witnesses: [ledger.witness.verifier, second.verifier])
        #expect(note.signatures.map(\.name) == [TestLedger.origin, "a.example/w", "witness.example/w1"])
    }

    @Test func whatDoesNotVerifyIsRefusedAndNothingIsStored() throws {
        let stranger = try witness(9, name: "witness.example/w1")
        let known = ledger.witness.verifier
        let old = try #require(try ledger.store.checkpoint(size: 2)).text
        let good = try line(ledger.witness)
        for bad in [
            try line(stranger), try line(ledger.witness, over: old), try line(ledger.signer),
            try #require(NoteSignature(line: Array(good.line.utf8.dropLast(6)) + Array("AAA==".utf8))),
        ] {
            let error = #expect(throws: StoreError.self) {
                try ledger.store.addCosignatures([good, bad], size: 4, witnesses: [known])
            }
            guard case .cosignatureRefused(4, _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error?.isMachineFailure == false)
        }
        #expect(try ledger.store.lastCheckpoint()?.signatures.count == 1)
        #expect(throws: StoreError.noSuchCheckpoint(size: 3)) {
            try ledger.store.addCosignatures([good], size: 3, witnesses: [known])
        }
    }

    /// The log's own key must not pass for a witness, even where a caller lists it as one.
    @Test func theLogsKeyIsNoWitness() throws {
        #expect(throws: StoreError.self) {
            try ledger.store.addCosignatures([line(ledger.signer)], size: 4, witnesses: [ledger.signer.verifier])
        }
    }

    @Test func aDamagedRowIsNotHandedOut() throws {
        for change in ["line = replace(line, 'w1', 'w2')", "line = 'x'", "key_id = 7", "key_name = 'other'"] {
            let ledger = try TestLedger()
            try ledger.start()
            try ledger.cosign(4)
            try ledger.tamper { db in try db.execute(sql: "UPDATE cosignatures SET \(change)") }
            #expect(throws: StoreError.self, "\(change)") { try ledger.store.lastCheckpoint() }
            #expect(try !ledger.audit().isEmpty)
        }
    }

    @Test func cosignaturesAreAppendOnly() throws {
        try ledger.cosign(4)
        let queue = try DatabaseQueue(path: ledger.path)
        for sql in ["UPDATE cosignatures SET line = 'x'", "DELETE FROM cosignatures"] {
            #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: sql) } }
        }
        try queue.close()
    }

    @Test func unknownWitnessesAreCountedNotFailed() throws {
        let stranger = try witness(9, name: "stranger.example/w")
        try ledger.store.addCosignatures([line(stranger)], size: 4, witnesses: [stranger.verifier])
        try ledger.cosign(2)
        let pass = try audited()
        #expect(pass.findings == [] && pass.witnessed.unknownCount == 1)
        #expect(pass.witnessed.good == [2: ["witness.example/w1"]])
    }

    @Test func theLastGoodWitnessedCheckpointLiesBeforeTheDamage() throws {
        for _ in 0..<3 { try ledger.append(.policy(.init(adopting: ledger.policy, at: ledger.now))) }
        for size in [4, 5, 7] as [UInt64] { try ledger.cosign(size) }
        #expect(try audited().witnessed.last(within: .max)?.size == 7)
        try ledger.tamper { db in
            try db.execute(
                sql: "UPDATE entries SET bytes = (SELECT bytes FROM entries WHERE idx = 0) WHERE idx = 5")
        }
        let pass = try audited()
        #expect(pass.findings.first?.entryIndex == 5)
        #expect(pass.witnessed.good.keys.sorted() == [4, 5])
        #expect(pass.witnessed.last(within: 5)?.size == 5)
        #expect(pass.witnessed.last(within: 4)?.size == 4)
        #expect(pass.witnessed.last(within: 3) == nil)
    }

    /// An audit up to and including the cosignatures.
    private func audited() throws -> AuditPass {
        try ledger.store.read { tables in
            var pass = try AuditPass(tables: tables, trust: ledger.trust)
            try pass.replayEntries()
            try pass.checkCosignatures()
            return pass
        }
    }
}
