import Foundation
import GRDB
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

/// Entries that should not be there, in a ledger whose tree, rows and checkpoints fit them: what only their meaning gives away.
@Suite(.serialized)
struct EntryAuditTests {
    @Test func aForgedEntryWithAPerfectTreeIsNamed() throws {
        let ledger = try TestLedger.full()
        // An insider replaces entry 8 by one of his own key, rebuilds the tree and lets the log's key sign every checkpoint.
        let outsider = try SigningKey(seed: Array(repeating: 99, count: 32))
        let record = try #require(try ledger.store.request(makeRequestID(1)))
        let forged = try LedgerEvent.request(
            RequestEvent(
                requestID: record.requestID, at: ledger.now, requestCommitment: record.requestCommitment,
                kind: .changed(.identityConfirmed, clock: nil))
        ).sign(with: [outsider])
        try ledger.rebuild(replacing: 8, with: forged)
        let findings = try ledger.audit()
        // The entry itself, the two whose seeds were drawn from roots that no longer are, and what the witness had cosigned.
        #expect(findings.map(\.entryIndex) == [8, 13, 18, 27, nil])
        #expect(findings.map(\.field) == ["signature", "checkpoint", "checkpoint", "line", "published"])
    }

    @Test func aRetroactiveChangeOfTheWholeDatabaseContradictsACheckpointKeptElsewhere() throws {
        let ledger = try TestLedger.full()
        let kept = try #require(try ledger.store.checkpoint(size: 12))
        try ledger.rebuild(replacing: 8, with: ledger.change(1, .withdrawn).sign(with: [ledger.controller]))
        let checkpoint = try Checkpoint(parsing: kept.text)
        #expect(try ledger.store.rootHash(size: 12) != checkpoint.rootHash)
    }

    @Test func entriesOfTheWrongRoleAreNamed() throws {
        let ledger = try TestLedger()
        try ledger.start()
        let adopted = LedgerEvent.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now))
        try ledger.store.append(entries: [adopted.sign(with: [ledger.verifier])], signer: ledger.signer)
        try ledger.store.append(entries: [adopted.sign(with: [ledger.requester])], signer: ledger.signer)
        try ledger.store.append(
            entries: [adopted.sign(with: [ledger.controller, ledger.requester])], signer: ledger.signer)
        let findings = try ledger.audit()
        #expect(findings.map(\.entryIndex) == [4, 5, 6])
        #expect(findings.map(\.field) == ["signature", "signature", "signatures"])
    }

    @Test func keysStopCountingWhenTheyAreRevoked() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.append(
            .key(
                KeyEvent(
                    .revoke(validUntil: 5), key: ledger.controller.publicKey, role: .controller,
                    origin: TestLedger.origin,
                    at: ledger.now)))
        try ledger.append(.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now)))
        #expect(try ledger.audit().map(\.entryIndex) == [5])
    }

    @Test func strangersAreNotTrusted() throws {
        let ledger = try TestLedger.full()
        let stranger = try SigningKey(seed: Array(repeating: 77, count: 32))
        let roots = AuditTrust(roots: [stranger.publicKey], noteVerifiers: [ledger.signer.verifier])
        let size = try ledger.store.size()
        #expect(Set(try LedgerAudit.run(ledger.store, trust: roots).compactMap(\.entryIndex)).count == Int(size))
        let log = AuditTrust(
            roots: [ledger.root.publicKey],
            noteVerifiers: [try NoteVerifier(name: TestLedger.origin, key: stranger.publicKey)])
        let findings = try LedgerAudit.run(ledger.store, trust: log)
        #expect(!findings.isEmpty && findings.allSatisfy { if case .checkpoint = $0.place { true } else { false } })
        #expect(try !LedgerAudit.run(ledger.store, trust: ledger.trust, masterKey: .generate()).isEmpty)
    }

    @Test func aBrokenCertificateChainIsNamed() throws {
        for fault in 0..<5 {
            let ledger = try TestLedger.full()
            let size = try ledger.store.size()
            let last = try ledger.store.entry(size - 4)
            let bytes: [UInt8]
            switch fault {
            case 0: bytes = try ledger.certificate(2, after: nil)
            case 1: bytes = try ledger.certificate(2, after: (last, size - 5))
            case 2: bytes = try ledger.certificate(2, after: ([1, 2, 3], size - 4))
            case 3: bytes = try ledger.certificate(2, after: (ledger.store.entry(size - 5), size - 5))
            default: bytes = try ledger.certificate(2, after: (last, size - 4))
            }
            try ledger.store.append(entries: [bytes], signer: ledger.signer)
            let findings = try ledger.audit()
            #expect(findings.map(\.field) == (fault == 4 ? [] : ["previousCertificate"]), "fault \(fault)")
            #expect(findings.allSatisfy { $0.entryIndex == size })
        }
    }

    @Test func aCertificateThatContradictsItsRunIsNamed() throws {
        let ledger = try TestLedger.full()
        let start = try ledger.store.size()
        var last = (bytes: try ledger.store.entry(start - 4), index: start - 4)
        func issue(_ bytes: [UInt8]) throws {
            let receipt = try ledger.store.append(entries: [bytes], signer: ledger.signer)
            last = (bytes, receipt.indexes.lowerBound)
        }
        try issue(ledger.certificate(2, after: last, model: "another"))
        try issue(ledger.certificate(2, after: last, modelBefore: "another"))
        try issue(ledger.certificate(2, after: last, dataset: "another"))
        try issue(ledger.certificate(2, after: last, verdict: "PASS-EXACT"))
        try issue(ledger.certificate(2, after: last))
        let findings = try ledger.audit()
        #expect(
            findings.map(\.field) == ["subject", "unlearning.modelBefore", "dataset.after", "verification.verdict"])
        #expect(findings.map(\.entryIndex) == [start, start + 1, start + 2, start + 3])
    }

    /// A certificate repeats the seeds, references and test of its run: all of them, and no others.
    @Test func aCertificateWithOtherSeedsOrAChoiceOfReferencesIsNamed() throws {
        let ledger = try TestLedger.full()
        let run = try #require(try ledger.store.run(makeRunID(1)))
        func source(_ step: String) throws -> SeedSource {
            let bytes = try ledger.store.entry(try #require(run.indexes[step]))
            guard case .run(let event)? = try EntryContent(bytes).event else { throw StoreError.corrupt(detail: step) }
            switch event.step {
            case .seedsDrawn(let source), .referenceSeedsDrawn(let source): return source
            default: throw StoreError.corrupt(detail: step)
            }
        }
        func json(_ source: SeedSource) -> JSONValue {
            ["size": .string("\(source.checkpointSize)"), "rootHash": .string(source.rootHash.hex)]
        }
        func reference(_ model: String, _ seed: UInt64) -> JSONValue {
            ["model": ["sha256": .string(digest(model).hex)], "seed": .string("\(seed)")]
        }
        let (drawn, drawnLater) = (try source("seeds-drawn"), try source("reference-seeds-drawn"))
        let seed = drawn.unlearningSeed(runID: makeRunID(1))
        let test = Digest(sha256: try ledger.store.entry(try #require(run.indexes["verified"]) - 1))
        let seeds: [String: JSONValue] = ["seed": .string("\(seed)"), "seedCheckpoint": json(drawn)]
        let evidence: [String: JSONValue] = [
            "references": [reference("r1", drawnLater.referenceSeed(1, runID: makeRunID(1)))],
            "seedCheckpoint": json(drawnLater),
            "attestations": [
                ["predicateType": .string(PredicateType.testResult), "sha256": .string(test.hex)]
            ],
        ]
        let start = try ledger.store.size()
        var last = (bytes: try ledger.store.entry(start - 4), index: start - 4)
        func issue(_ seedChanges: [String: JSONValue] = [:], _ changes: [String: JSONValue] = [:]) throws {
            let bytes = try ledger.certificate(
                2, after: last, seeds: seeds.merging(seedChanges) { $1 }, evidence: evidence.merging(changes) { $1 })
            last = (bytes, try ledger.store.append(entries: [bytes], signer: ledger.signer).indexes.lowerBound)
        }
        try issue()
        #expect(try ledger.audit() == [])
        try issue(["seed": .string("\(seed &+ 1)")])
        try issue(["seedCheckpoint": json(drawnLater)])
        try issue([:], ["references": []])
        try issue([:], ["references": [reference("r1", 1)]])
        try issue([:], ["seedCheckpoint": json(drawn)])
        try issue(
            [:],
            [
                "attestations": [
                    ["predicateType": .string(PredicateType.testResult), "sha256": .string(digest("kinder").hex)]
                ]
            ])
        let findings = try ledger.audit()
        #expect(
            findings.map(\.field) == [
                "unlearning.seed", "unlearning.seedCheckpoint", "verification.references", "verification.references",
                "verification.seedCheckpoint", "verification.attestations",
            ])
        #expect(findings.map(\.entryIndex) == (1...6).map { start + $0 })
    }

    /// A seed that was searched for comes from no checkpoint.
    @Test func referencesWithOtherSeedsThanTheirCheckpointGivesAreNamed() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.append(
            ledger.step(
                .inputsCommitted(
                    RunInputs(
                        datasetBefore: digest("before"), datasetAfter: digest("after"), recordsRemoved: 1,
                        recordsCommitment: digest("records"), baseModel: digest("base"),
                        originalModel: digest("original"), method: "urn:lethe:method:e2urec:v1",
                        parameters: digest("parameters"), policy: ledger.policy.digest))))
        try ledger.append(ledger.step(.seedsDrawn(ledger.seeds)))
        try ledger.append(ledger.step(.candidateCommitted(model: digest("candidate"))))
        let source = try ledger.seeds
        try ledger.append(ledger.step(.referenceSeedsDrawn(source)))
        #expect(try ledger.audit() == [])
        let seeds = (1...3).map { source.referenceSeed($0, runID: makeRunID(1)) }
        try ledger.append(
            ledger.step(
                .referencesCommitted([
                    ReferenceModel(model: digest("r1"), seed: seeds[0]),
                    ReferenceModel(model: digest("r2"), seed: seeds[2]),
                    ReferenceModel(model: digest("r3"), seed: seeds[2]),
                ])))
        let findings = try ledger.audit()
        #expect(findings.map(\.field) == ["references.seed"])
        #expect(findings.first?.entryIndex == (try ledger.store.size()) - 1)
        #expect(findings.first?.found == "\(seeds[2])")
        #expect(findings.first?.expected.hasPrefix("\(seeds[1]) for reference 2, ") == true)
    }

    @Test func aCertificateThatHidesWhoWasNotToldIsNamed() throws {
        let ledger = try TestLedger.full()
        let size = try ledger.store.size()
        func note(_ recipient: String, _ outcome: NotificationEvent.Outcome) throws {
            try ledger.append(
                .notification(
                    NotificationEvent(
                        runID: makeRunID(1), recipient: recipient, noticeID: digest("notice"), at: ledger.now,
                        outcome: outcome)))
        }
        try note("crm", .failed(status: 503, attempts: 3))
        try note("ads", .delivered(status: 200, attempts: 1))
        #expect(throws: StoreError.self) { try note("crm", .delivered(status: 200, attempts: 4)) }
        #expect(try ledger.audit().isEmpty, "certificates before the outcomes say nothing of them")
        #expect(try ledger.store.run(makeRunID(1))?.notifications.map(\.recipient) == ["crm", "ads"])

        func said(_ crm: String?, _ ads: String?) -> JSONValue {
            .array(
                [("crm", crm), ("ads", ads)].compactMap { name, outcome in
                    outcome.map { ["recipient": .string(name), "outcome": .string($0)] }
                })
        }
        var last = (bytes: try ledger.store.entry(size - 4), index: size - 4)
        for notifications in [said("failed", "sent"), said(nil, "sent"), said("sent", "sent"), said("failed", nil)] {
            let bytes = try ledger.certificate(2, after: last, notifications: notifications)
            last = (bytes, try ledger.store.append(entries: [bytes], signer: ledger.signer).indexes.lowerBound)
        }
        let findings = try ledger.audit()
        #expect(findings.map(\.field) == ["notifications", "notifications", "notifications"])
        #expect(findings.map(\.entryIndex) == [last.index - 2, last.index - 1, last.index])
        #expect(findings.first?.expected == "crm: failed" && findings.last?.expected == "ads: sent")
    }

    @Test func aFulfilmentNeedsACertificateOfTheSameRequest() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.receive(1)
        try ledger.append(ledger.change(1, .identityConfirmed))
        // A store refuses the jump; the audit must find it where a store was bypassed.
        #expect(throws: StoreError.self) { try ledger.append(ledger.change(1, .fulfilled(certificateEntry: 0))) }
    }

    @Test(arguments: [(-61, true), (-60, false), (0, false)])
    func anEntryFromBeforeItsPredecessorIsNamed(seconds: Int64, isFound: Bool) throws {
        let ledger = try TestLedger.full()
        // The controller itself sets an entry back, rebuilds the tree and signs anew: everything but the order of times holds.
        let envelope = try DSSEEnvelope(parsing: ledger.store.entry(8))
        guard case .request(let event) = try LedgerEvent(Statement(parsingUnverified: envelope.payload)) else {
            Issue.record("entry 8 is no event of a request")
            return
        }
        var newest = Timestamp.epoch
        for index in 0..<8 as Range<UInt64> {
            let before = try Statement(
                parsingUnverified: DSSEEnvelope(parsing: ledger.store.entry(index)).payload)
            if let event = try LedgerEvent(before) { newest = max(newest, event.at) }
        }
        let at = newest.adding(seconds: seconds)
        let moved = try LedgerEvent.request(
            RequestEvent(
                requestID: event.requestID, at: at, requestCommitment: event.requestCommitment, kind: event.kind)
        ).sign(with: [ledger.controller])
        try ledger.rebuild(replacing: 8, with: moved)
        let finding = try ledger.audit().first { $0.field == "at" && $0.entryIndex == 8 }
        #expect((finding != nil) == isFound)
        if let finding {
            #expect("\(finding)".contains("\(newest)") && "\(finding)".contains("\(at)"), "\(finding)")
        }
    }
}

extension TestLedger {
    /// Replaces an entry and rebuilds tree and checkpoints as somebody would who has the database and the log's key.
    func rebuild(replacing index: UInt64, with bytes: [UInt8]) throws {
        try tamper { db in
            try db.execute(sql: "UPDATE entries SET bytes = ? WHERE idx = ?", arguments: [Data(bytes), Int64(index)])
            try db.execute(sql: "DELETE FROM nodes")
            var range = CompactRange()
            var roots: [UInt64: Digest] = [:]
            for entry in try Data.fetchAll(db, sql: "SELECT bytes FROM entries ORDER BY idx") {
                let leafHash = MerkleTree.leafHash(Array(entry))
                try db.execute(
                    sql: "INSERT INTO nodes VALUES (0, ?, ?)", arguments: [Int64(range.size), Data(leafHash.bytes)])
                for node in range.append(leafHash) {
                    try db.execute(
                        sql: "INSERT INTO nodes VALUES (?, ?, ?)",
                        arguments: [node.level, Int64(node.position), Data(node.hash.bytes)])
                }
                roots[range.size] = range.rootHash
            }
            for size in try Int64.fetchAll(db, sql: "SELECT size FROM checkpoints") {
                let root = try #require(roots[UInt64(size)])
                let checkpoint = try Checkpoint(origin: TestLedger.origin, size: UInt64(size), rootHash: root)
                let note = try SignedNote(text: checkpoint.text, signers: [signer])
                try db.execute(
                    sql: "UPDATE checkpoints SET note = ? WHERE size = ?",
                    arguments: [String(decoding: note.bytes, as: UTF8.self), size])
            }
        }
    }
}
