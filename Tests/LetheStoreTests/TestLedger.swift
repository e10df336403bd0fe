import Foundation
import GRDB
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

func digest(_ text: String) -> Digest { Digest(sha256: Array(text.utf8)) }

func makeRequestID(_ number: Int) -> RequestID {
    RequestID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - String(number).count) + String(number))!
}

func makeRunID(_ number: Int) -> RunID { RunID(makeRequestID(number).text)! }

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("lethe-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A small ledger with everything in it, and the keys that made it.
struct TestLedger {
    static let origin = "lethe.example/test"

    let folder: TemporaryFolder
    let path: String
    let store: LedgerStore
    let root: SigningKey
    let controller: SigningKey
    let verifier: SigningKey
    let requester: SigningKey
    let signer: NoteSigner
    let witness: NoteSigner
    let masterKey: MasterKey
    let policy: Policy
    let now: Timestamp

    var trust: AuditTrust {
        AuditTrust(
            roots: [root.publicKey], noteVerifiers: [signer.verifier, witness.verifier],
            timestampAuthorities: [try? ThrowawayTSA.shared.get().trusted].compactMap(\.self))
    }

    /// An empty ledger.
    init() throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/ledger.sqlite"
        store = try LedgerStore.create(path, origin: Self.origin)
        func key(_ number: UInt8) throws -> SigningKey { try SigningKey(seed: Array(repeating: number, count: 32)) }
        root = try key(1)
        controller = try key(2)
        verifier = try key(3)
        requester = try key(4)
        signer = try NoteSigner(name: Self.origin, key: key(5))
        witness = try NoteSigner(name: "witness.example/w1", key: key(6), kind: .cosignatureV1)
        masterKey = .generate()
        policy = try Policy(yaml: Self.policyText)
        now = try Timestamp("2026-03-01T10:05:00Z")
    }

    func audit() throws -> [AuditFinding] { try LedgerAudit.run(store, trust: trust, masterKey: masterKey) }

    /// Appends one event, signed by whom it should be.
    @discardableResult
    func append(_ events: LedgerEvent..., vault: [VaultItem] = []) throws -> LedgerStore.Receipt {
        try store.append(
            entries: events.map { event in
                if case .key = event { return try event.sign(with: [root]) }
                return try event.sign(with: [controller])
            }, vault: vault, masterKey: masterKey, signer: signer)
    }

    /// Keys and policy: entries 0 to 3.
    func start() throws {
        func add(_ key: VerifyingKey, _ role: KeyRole) -> LedgerEvent {
            .key(KeyEvent(.add(validFrom: 1), key: key, role: role, origin: Self.origin, at: now))
        }
        try append(add(root.publicKey, .root), add(controller.publicKey, .controller))
        try append(
            .key(KeyEvent(.add(validFrom: 2), key: verifier.publicKey, role: .verifier, origin: Self.origin, at: now)),
            .policy(PolicyEvent(adopting: policy, at: now)))
    }

    /// A checked request of one person, and its key.
    func request(_ number: Int, value: String? = nil) throws -> (CheckedRequest, SubjectKey) {
        let request = try DeletionRequest(
            requestID: makeRequestID(number), regulation: .gdpr,
            subject: #require(SubjectIdentity(type: "email", value: value ?? "ana.\(number)@example.org")),
            audience: Self.origin, nonce: Array(repeating: UInt8(number), count: 16), issuedAt: now,
            expiresAt: now.adding(seconds: 600), agent: "AGENT_A",
            identity: IdentityProof(level: .emailVerified, method: .agentAttested))
        let checker = RequestChecker(audience: Self.origin, requesterKeys: [requester.publicKey], policy: policy)
        return (try checker.check(request.sign(with: requester), now: now), SubjectKey.generate())
    }

    /// Receives a request: one entry and its vault row.
    func receive(_ number: Int) throws {
        let (checked, key) = try request(number)
        try append(
            .request(RequestEvent(receiving: checked, at: now, under: key, policy: PolicyInForce(policy))),
            vault: [VaultItem(checked, key: key)])
    }

    func change(_ number: Int, _ event: LifecycleEvent) throws -> LedgerEvent {
        let record = try #require(try store.request(makeRequestID(number)))
        return .request(
            RequestEvent(
                requestID: record.requestID, at: now, requestCommitment: record.requestCommitment,
                kind: .changed(event, clock: nil)))
    }

    func step(_ step: RunEvent.Step) -> LedgerEvent { .run(RunEvent(runID: makeRunID(1), at: now, step: step)) }

    func shred(_ number: Int) throws {
        let record = try #require(try store.request(makeRequestID(number)))
        try append(
            .shred(ShredEvent(requestID: record.requestID, requestCommitment: record.requestCommitment, at: now)))
    }

    /// The members of a certificate that tie it to the log.
    func certificate(
        _ number: Int, after previous: (bytes: [UInt8], index: UInt64)?, model: String = "candidate",
        modelBefore: String = "original", dataset: String = "after", verdict: String = "PASS-STATISTICAL",
        notifications: JSONValue = [], seeds: [String: JSONValue] = [:], evidence: [String: JSONValue] = [:]
    ) throws -> [UInt8] {
        let record = try #require(try store.request(makeRequestID(number)))
        let leafHash = MerkleTree.leafHash(try store.entry(record.receivedIndex))
        let statement = try Statement(
            subjects: [.init(name: "model", sha256: digest(model))],
            predicateType: PredicateType.unlearningCertificate,
            predicate: [
                "certificateId": .string("c-\(number)"),
                "previousCertificate": previous.map {
                    ["sha256": .string(Digest(sha256: $0.bytes).hex), "index": .string("\($0.index)")]
                } ?? .null,
                "request": [
                    "requestId": .string(record.requestID.text),
                    "subjectCommitment": .string(record.subjectCommitment.hex),
                    "receivedEntry": ["index": .string("\(record.receivedIndex)"), "leafHash": .string(leafHash.hex)],
                ],
                "dataset": [
                    "before": ["sha256": .string(digest("before").hex)],
                    "after": ["sha256": .string(digest(dataset).hex)],
                ],
                "unlearning": .object(
                    [
                        "runId": .string(makeRunID(1).text),
                        "modelBefore": ["sha256": .string(digest(modelBefore).hex)],
                    ].merging(seeds) { $1 }),
                "verification": .object(["verdict": .string(verdict)].merging(evidence) { $1 }),
                "notifications": notifications,
            ])
        return try DSSEEnvelope(signing: statement.canonicalBytes(), with: [controller]).canonicalBytes
    }

    var seeds: SeedSource {
        get throws {
            let note = try #require(try store.lastCheckpoint())
            let checkpoint = try Checkpoint(parsing: note.text)
            return SeedSource(checkpointSize: checkpoint.size, rootHash: checkpoint.rootHash)
        }
    }

    /// Four requests: 1 fulfilled and shredded, 2 fulfilled, 3 refused, 4 waiting; one run with everything.
    static func full() throws -> TestLedger {
        let ledger = try TestLedger()
        try ledger.start()
        for number in 1...4 { try ledger.receive(number) }
        try ledger.append(
            ledger.change(1, .identityConfirmed), ledger.change(2, .identityConfirmed),
            ledger.change(3, .refused(.legalClaims)), ledger.change(4, .identityDoubted))
        try ledger.append(
            ledger.step(
                .inputsCommitted(
                    RunInputs(
                        datasetBefore: digest("before"), datasetAfter: digest("after"), recordsRemoved: 17,
                        recordsCommitment: digest("records"), baseModel: digest("base"),
                        originalModel: digest("original"),
                        method: "urn:lethe:method:e2urec:v1", parameters: digest("parameters"),
                        policy: ledger.policy.digest))))
        try ledger.append(ledger.step(.seedsDrawn(ledger.seeds)))
        try ledger.append(
            .model(ModelEvent(.read, role: .original, digest: digest("original"), runID: makeRunID(1), at: ledger.now)),
            ledger.step(.candidateCommitted(model: digest("candidate"))),
            ledger.change(1, .unlearned(run: makeRunID(1))), ledger.change(2, .unlearned(run: makeRunID(1))))
        let drawn = try ledger.seeds
        try ledger.append(ledger.step(.referenceSeedsDrawn(drawn)))
        try ledger.append(
            ledger.step(
                .referencesCommitted([
                    ReferenceModel(model: digest("r1"), seed: drawn.referenceSeed(1, runID: makeRunID(1)))
                ])))
        let result = try Statement(
            subjects: [.init(name: "candidate", sha256: digest("candidate"))], predicateType: PredicateType.testResult,
            predicate: ["result": "PASSED"])
        let resultIndex = try ledger.store.append(
            entries: [DSSEEnvelope(signing: result.canonicalBytes(), with: [ledger.verifier]).canonicalBytes],
            signer: ledger.signer
        ).indexes.lowerBound
        try ledger.append(
            ledger.step(
                .verified(
                    RunJudgement(verdict: .passStatistical, measurements: digest("m"), testResultEntry: resultIndex))),
            ledger.step(.residue(Residue(artifact: digest("augmented"), kind: .augmentedModel, fate: .destroyed))))
        let size = try ledger.store.size()
        let first = try ledger.certificate(1, after: nil)
        let second = try ledger.certificate(2, after: (first, size))
        try ledger.store.append(entries: [first, second], expectedSize: size, signer: ledger.signer)
        try ledger.append(
            ledger.change(1, .fulfilled(certificateEntry: size)),
            ledger.change(2, .fulfilled(certificateEntry: size + 1)))
        try ledger.shred(1)
        for size in [try ledger.store.size(), 4] { try ledger.cosign(size) }
        try ledger.stamp(4)
        return ledger
    }

    /// The throw-away authority stamps the checkpoint of this size, and the ledger stores it.
    @discardableResult
    func stamp(_ size: UInt64) throws -> VerifiedTimestamp {
        let authority = try ThrowawayTSA.shared.get()
        let text = try #require(try store.checkpoint(size: size)).text
        let query = TimestampQuery(imprint: LedgerStore.timestampImprint(ofCheckpoint: text))
        return try store.addTimestamp(
            authority.reply(to: query.der), size: size, nonce: query.nonce, authorities: [authority.trusted])
    }

    /// The witness cosigns the checkpoint of this size, and the ledger stores it.
    @discardableResult
    func cosign(_ size: UInt64, at seconds: UInt64 = 1_767_225_600) throws -> SignedNote {
        let note = try #require(try store.checkpoint(size: size))
        let line = try #require(try note.adding(signatureOf: witness, seconds: seconds).signatures.last)
        return try store.addCosignatures([line], size: size, witnesses: [witness.verifier])
    }

    /// Works on the database behind the store's back, the triggers out of the way and back afterwards.
    func tamper(_ body: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            let triggers = try String.fetchAll(db, sql: "SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
            for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
            try body(db)
            for trigger in triggers { try db.execute(sql: trigger) }
        }
        try queue.close()
    }

    /// Tries changes in a transaction that is rolled back: `body` gets the database, its triggers out of the way and a savepoint
    /// `unharmed`, and a function that audits what stands there.
    func rehearse(_ body: (Database, () throws -> [AuditFinding]) throws -> Void) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.inDatabase { db in
            try db.inTransaction(.immediate) {
                for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
                    try db.execute(sql: "DROP TRIGGER \(name)")
                }
                try db.execute(sql: "SAVEPOINT unharmed")
                try body(db) {
                    let tables = LedgerTables(db: db, origin: Self.origin)
                    return try LedgerAudit.findings(in: tables, trust: trust, masterKey: masterKey).filter { finding in
                        if case .schema(let name) = finding.place { return !name.contains("trigger") }
                        return true
                    }
                }
                return .rollback
            }
        }
        try queue.close()
    }

    static let policyText = """
        version: 1
        name: test
        regulation: gdpr
        requests: {identityLevel: email-verified}
        batching: {maximumRequests: 10, marginDays: 7}
        model: {shape: tiny, promptTemplate: compact, maximumTokens: 64, vocabularySize: 128}
        training:
          {pretrainingEpochs: 0, epochs: 1, batchSize: 8, learningRate: 0.001, weightDecay: 0, dropout: 0,
          earlyStoppingPatience: none, learningRateDecay: none}
        method:
          {name: e2urec, alpha: 1, beta: 0.4, forgetOnlyEpochs: 1, jointSteps: 0, learningRate: 0.001, batchSize: 8, rank: 2,
          loraAlpha: 4, loraDropout: 0, augmented: {learningRate: 0.001, epochs: 1}}
        verification:
          references: 2
          require: [G0, G1]
          thresholds: {rrmMargin: 0.2, jgMargin: 0.25, aucMargin: 0.01, logLossMargin: 0.01, alpha: 0.05, bootstrapReplicates: 100}
        retention: {shredAfterFulfilment: true}
        threads: 1
        """
}
