import Foundation
import GRDB
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

struct LedgerStoreTests {
    @Test func aLedgerIsCreatedOnceAndOpenedOnlyWhereItIs() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/ledger.sqlite"
        #expect(throws: StoreError.notFound(path: path)) { try LedgerStore.open(path) }
        #expect(!FileManager.default.fileExists(atPath: path))
        let store = try LedgerStore.create(path, origin: "lethe.example/test")
        #expect(throws: StoreError.alreadyExists(path: path)) { try LedgerStore.create(path, origin: "x") }
        #expect(try store.size() == 0)
        #expect(try LedgerStore.open(path).origin == "lethe.example/test")
        #expect(throws: StoreError.self) { try LedgerStore.create("\(folder.path)/a", origin: "two words") }
        #expect(throws: StoreError.notFound(path: "\(folder.path)/no/a")) {
            try LedgerStore.create("\(folder.path)/no/a", origin: "x")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0.hasPrefix("ledger") })
    }

    @Test func whoeverOpensALedgerToReadWritesAndMakesNothing() throws {
        let ledger = try TestLedger.full()
        let size = try ledger.store.size()
        let root = try ledger.store.rootHash(size: size)
        // Beside a process that writes, with its write-ahead log.
        let beside = try LedgerStore.openToRead(ledger.path, logVerifier: ledger.signer.verifier)
        #expect(try beside.rootHash(size: size) == root)
        #expect(throws: StoreError.readOnly) { try beside.checkpoint(signer: ledger.signer) }

        // Alone, in a folder that nobody can write to, under a name that a URI would read otherwise.
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/a ledger? 100%#1.sqlite"
        try ledger.store.backUp(to: path) { _ in }
        let before = try Digest(sha256OfFile: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path) }
        let copy = try LedgerStore.openToRead(path, logVerifier: ledger.signer.verifier)
        #expect(try copy.size() == size && copy.rootHash(size: size) == root)
        #expect(try copy.entry(0) == ledger.store.entry(0))
        #expect(throws: StoreError.readOnly) { try copy.checkpoint(signer: ledger.signer) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a ledger? 100%#1.sqlite"])
        #expect(try Digest(sha256OfFile: path) == before)

        #expect(throws: StoreError.notFound(path: path + "x")) { try LedgerStore.openToRead(path + "x") }
        let stranger = try SigningKey(seed: Array(repeating: 99, count: 32))
        #expect(throws: StoreError.self) {
            try LedgerStore.openToRead(
                path, logVerifier: try NoteVerifier(name: TestLedger.origin, key: stranger.publicKey))
        }
    }

    @Test func onlyTheOwnerMayReadTheFiles() throws {
        let ledger = try TestLedger.full()
        let names = try FileManager.default.contentsOfDirectory(atPath: ledger.folder.path)
        #expect(names.count >= 2)
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(ledger.folder.path)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func theDatabaseIsAsDurableAsPromised() throws {
        let ledger = try TestLedger()
        let settings = try ledger.store.read { tables in
            try ["journal_mode", "synchronous", "secure_delete"].map {
                try Cells.fetch(tables.db, "PRAGMA \($0)").first?.first?.text
            }
        }
        #expect(settings == ["wal", "2", "1"])
    }

    @Test func filesThatAreNoLedgerAreRefused() throws {
        let folder = try TemporaryFolder()
        let text = "\(folder.path)/text"
        try Files.write(Array(String(repeating: "This is no database. ", count: 100).utf8), to: text)
        let error = #expect(throws: StoreError.self) { try LedgerStore.open(text) }
        if case .corrupt = error {} else { Issue.record("\(String(describing: error))") }
        let other = "\(folder.path)/other.sqlite"
        let queue = try DatabaseQueue(path: other)
        try queue.write { try $0.execute(sql: "CREATE TABLE a (b)") }
        try queue.close()
        #expect(throws: StoreError.notALedger(path: other)) { try LedgerStore.open(other) }
        let empty = "\(folder.path)/empty"
        try Files.write([], to: empty)
        #expect(throws: StoreError.notALedger(path: empty)) { try LedgerStore.open(empty) }
        #expect(throws: StoreError.self) { try LedgerStore.open(folder.path) }
    }

    @Test func entriesKeepTheirIndexesAndTheTreeIsThatOfTheirBytes() throws {
        let ledger = try TestLedger.full()
        let size = try ledger.store.size()
        #expect(size == 28)
        let leaves = try (0..<size).map { MerkleTree.leafHash(try ledger.store.entry($0)) }
        for smaller in 0...size {
            #expect(try ledger.store.rootHash(size: smaller) == MerkleTree.rootHash(of: leaves.prefix(Int(smaller))))
        }
        for smaller in 1...size {
            for index in 0..<smaller {
                let proof = try ledger.store.inclusionProof(index, size: smaller)
                try MerkleTree.verifyInclusion(
                    of: leaves[Int(index)], at: index, size: smaller, proof: proof,
                    root: ledger.store.rootHash(size: smaller))
            }
            let proof = try ledger.store.consistencyProof(from: smaller, to: size)
            try MerkleTree.verifyConsistency(
                from: smaller, oldRoot: ledger.store.rootHash(size: smaller), to: size,
                newRoot: ledger.store.rootHash(size: size), proof: proof)
        }
        for (index, of) in [(size, size), (0, size + 1), (.max, size), (0, UInt64.max)] {
            #expect(throws: StoreError.self) { try ledger.store.inclusionProof(index, size: of) }
        }
        #expect(throws: StoreError.noSuchEntry(index: size, size: size)) { try ledger.store.entry(size) }
        #expect(throws: StoreError.self) { try ledger.store.consistencyProof(from: 0, to: size) }
        #expect(throws: StoreError.self) { try ledger.store.consistencyProof(from: 3, to: 2) }
    }

    @Test func everyAppendIsCoveredByItsCheckpoint() throws {
        let ledger = try TestLedger.full()
        let note = try #require(try ledger.store.lastCheckpoint())
        let checkpoint = try Checkpoint(parsing: note.text)
        #expect(checkpoint.size == (try ledger.store.size()))
        #expect(checkpoint.rootHash == (try ledger.store.rootHash(size: checkpoint.size)))
        #expect(try note.verify(with: [ledger.signer.verifier]).count == 1)
        #expect(try ledger.store.checkpoint(signer: ledger.signer) == note)
        let stranger = try NoteSigner(name: "other.example/log", key: ledger.root)
        #expect(throws: StoreError.wrongSigner(expected: TestLedger.origin, found: "other.example/log")) {
            try ledger.store.checkpoint(signer: stranger)
        }
    }

    @Test func viewsSayWhatTheEntriesSay() throws {
        let ledger = try TestLedger.full()
        #expect(
            try ledger.store.requests().map(\.state.name) == ["fulfilled", "fulfilled", "refused", "identity_pending"])
        #expect(try ledger.store.requests(in: "fulfilled").map(\.requestID) == [makeRequestID(1), makeRequestID(2)])
        let first = try #require(try ledger.store.request(makeRequestID(1)))
        #expect(first.due.description == "2026-04-01" && first.shreddedIndex == 27 && first.runID == makeRunID(1))
        #expect(try ledger.store.request(makeRequestID(3))?.state == .refused(.legalClaims))
        let run = try #require(try ledger.store.run(makeRunID(1)))
        #expect(run.stage == .verified && run.verdict == .passStatistical && run.candidate == digest("candidate"))
        #expect(run.artifacts["residue"] == [digest("augmented")])
        #expect(try ledger.store.runs() == [run])
        #expect(try ledger.store.request(makeRequestID(9)) == nil)
    }

    @Test func aRefusedBatchLeavesNothingBehind() throws {
        let ledger = try TestLedger()
        try ledger.start()
        let before = try ledger.store.size()
        let (checked, key) = try ledger.request(1)
        let receipt = LedgerEvent.request(
            RequestEvent(receiving: checked, at: ledger.now, under: key, policy: PolicyInForce(ledger.policy)))
        let good = try receipt.sign(with: [ledger.controller])
        let item = VaultItem(checked, key: key)
        let other = VaultItem(checked, key: .generate())
        let gossip = try Statement(
            subjects: [.init(name: "x", sha256: digest("x"))], predicateType: "urn:lethe:gossip:v1", predicate: [:])
        let batches: [([[UInt8]], [VaultItem], MasterKey?)] = try [
            ([good], [], ledger.masterKey), ([good], [item], nil), ([good], [other], ledger.masterKey),
            ([good, good], [item], ledger.masterKey), ([good, [1, 2, 3]], [item], ledger.masterKey),
            ([good + [0x0A]], [item], ledger.masterKey), ([], [item], ledger.masterKey),
            (
                [good, DSSEEnvelope(signing: gossip.canonicalBytes(), with: [ledger.controller]).canonicalBytes],
                [item], ledger.masterKey
            ),
            ([good, DSSEEnvelope(signing: [1], with: [ledger.controller]).canonicalBytes], [item], ledger.masterKey),
            ([Array(repeating: 0x20, count: 20_000)], [], nil),
        ]
        for (entries, vault, masterKey) in batches {
            #expect(throws: StoreError.self) {
                try ledger.store.append(entries: entries, vault: vault, masterKey: masterKey, signer: ledger.signer)
            }
            #expect(try ledger.store.size() == before)
            #expect(try ledger.store.requests() == [])
        }
        #expect(throws: StoreError.sizeChanged(expected: 3, found: 4)) {
            try ledger.store.append(entries: [good], vault: [item], masterKey: ledger.masterKey, expectedSize: 3)
        }
        #expect(try ledger.audit() == [])
        try ledger.store.append(
            entries: [good], vault: [item], masterKey: ledger.masterKey, expectedSize: 4, signer: ledger.signer)
        #expect(try ledger.audit() == [])
    }

    @Test func replaysAreFoundByIdAndByNonceEvenAfterShredding() throws {
        let ledger = try TestLedger()
        try ledger.start()
        let (checked, key) = try ledger.request(1)
        try ledger.append(
            .request(
                RequestEvent(receiving: checked, at: ledger.now, under: key, policy: PolicyInForce(ledger.policy))),
            vault: [VaultItem(checked, key: key)])
        try ledger.append(ledger.change(1, .withdrawn))
        try ledger.shred(1)
        let records = try ledger.store.replayRecords(checked.request.requestID, nonceTag: checked.nonceTag)
        guard case .repetition(let record) = try checked.compare(with: records) else {
            Issue.record("not a repetition")
            return
        }
        #expect(record.receivedIndex == 4)
        let (other, _) = try ledger.request(1, value: "bo@example.org")
        #expect(throws: RequestRefusal.requestIDConflict) {
            try other.compare(with: ledger.store.replayRecords(other.request.requestID, nonceTag: other.nonceTag))
        }
        let (third, _) = try ledger.request(2)
        #expect(try ledger.store.replayRecords(third.request.requestID, nonceTag: third.nonceTag).isEmpty)
    }

    @Test func triggersStopMistakes() throws {
        let ledger = try TestLedger.full()
        let queue = try DatabaseQueue(path: ledger.path)
        for table in ["meta", "entries", "nodes", "checkpoints"] {
            #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: "DELETE FROM \(table)") } }
            let column = ["meta": "value", "entries": "bytes", "nodes": "hash", "checkpoints": "note"][table] ?? ""
            #expect(throws: DatabaseError.self) {
                try queue.write { try $0.execute(sql: "UPDATE \(table) SET \(column) = \(column)") }
            }
        }
        try queue.close()
    }

    @Test func aStoreThatDisagreesWithItsCheckpointDoesNotOpen() throws {
        let ledger = try TestLedger.full()
        try ledger.tamper { db in
            try db.execute(
                sql: "UPDATE nodes SET hash = ? WHERE level = 4 AND position = 0", arguments: [Data(digest("x").bytes)])
        }
        let error = #expect(throws: StoreError.self) { try LedgerStore.open(ledger.path) }
        if case .rootMismatch = error {} else { Issue.record("\(String(describing: error))") }
        #expect(throws: StoreError.self) {
            try ledger.append(.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now)))
        }
        let stranger = try NoteVerifier(name: TestLedger.origin, key: ledger.root.publicKey)
        let honest = try TestLedger.full()
        #expect(throws: StoreError.self) { try LedgerStore.open(honest.path, logVerifier: stranger) }
    }

    @Test func anotherVersionDoesNotOpen() throws {
        let ledger = try TestLedger()
        try ledger.tamper { try $0.execute(sql: "UPDATE meta SET value = '4' WHERE key = 'schema_version'") }
        #expect(throws: StoreError.schemaVersion(expected: Schema.version, found: "4")) {
            try LedgerStore.open(ledger.path)
        }
    }
}

/// A connection that may keep a transaction open, as another process would.
private func openConnection(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
}

struct StoreFailureTests {
    @Test func aLockedDatabaseIsSaidToBeLocked() throws {
        let ledger = try TestLedger()
        let store = try LedgerStore.open(ledger.path, busySeconds: 0.05)
        let queue = try openConnection(ledger.path)
        try queue.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        #expect(throws: StoreError.locked) { try store.checkpoint(signer: ledger.signer) }
        try queue.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try store.checkpoint(signer: ledger.signer)
        try queue.close()
    }

    @Test func sqliteErrorsHaveOneMeaningEach() {
        let meanings: [(ResultCode, StoreError)] = [
            (.SQLITE_BUSY, .locked), (.SQLITE_LOCKED, .locked), (.SQLITE_READONLY, .readOnly),
            (.SQLITE_CANTOPEN, .readOnly),
            (.SQLITE_FULL, .diskFull), (.SQLITE_CORRUPT, .corrupt(detail: "\"m\"")),
            (.SQLITE_NOTADB, .corrupt(detail: "\"m\"")),
            (.SQLITE_IOERR, .system(code: 10, detail: "\"m\"")),
        ]
        for (code, meaning) in meanings {
            let error = StoreError(DatabaseError(resultCode: code, message: "m"))
            #expect(error == meaning && error.isMachineFailure)
        }
        #expect(!StoreError.notFound(path: "x").isMachineFailure)
    }

    @Test(.enabled(if: getuid() != 0, "root may write everywhere"))
    func aReadOnlyFolderIsSaidToBeReadOnly() throws {
        let ledger = try TestLedger.full()
        try ledger.store.truncateLog()
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/ledger.sqlite"
        try FileManager.default.copyItem(atPath: ledger.path, toPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
        #expect(throws: StoreError.readOnly) { try LedgerStore.open(path) }
        #expect(throws: StoreError.readOnly) { try LedgerStore.create("\(folder.path)/other", origin: "x") }
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    }

    @Test func aFullDiskAtAnyPointLeavesTheLedgerWhole() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.store.truncateLog()
        let pages = try #require(try ledger.store.read { try Int.fetchOne($0.db, sql: "PRAGMA page_count") })
        var failures = 0
        // One page more each time, until the append goes through.
        for limit in pages... {
            let store = try LedgerStore.open(ledger.path)
            try store.read { _ = try Int.fetchOne($0.db, sql: "PRAGMA max_page_count = \(limit)") }
            let size = try store.size()
            let (checked, key) = try ledger.request(1, value: String(repeating: "a", count: 200))
            let receipt = RequestEvent(
                receiving: checked, at: ledger.now, under: key, policy: PolicyInForce(ledger.policy))
            let policy = LedgerEvent.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now))
            let entries =
                try [LedgerEvent.request(receipt)].map { try $0.sign(with: [ledger.controller]) }
                + Array(repeating: policy.sign(with: [ledger.controller]), count: 12)
            do {
                try store.append(
                    entries: entries, vault: [VaultItem(checked, key: key)], masterKey: ledger.masterKey,
                    signer: ledger.signer)
                #expect(try store.size() == size + 13)
                break
            } catch {
                #expect(error == .diskFull)
                failures += 1
                let reopened = try LedgerStore.open(ledger.path)
                #expect(try reopened.size() == size)
                #expect(try LedgerAudit.run(reopened, trust: ledger.trust, masterKey: ledger.masterKey) == [])
            }
        }
        #expect(failures >= 2)
        #expect(try ledger.audit() == [])
    }

    @Test func twoWritersKeepTheIndexesContiguous() async throws {
        let ledger = try TestLedger()
        try ledger.start()
        let entry = try LedgerEvent.policy(PolicyEvent(adopting: ledger.policy, at: ledger.now)).sign(with: [
            ledger.controller
        ])
        let (path, signer) = (ledger.path, ledger.signer)
        let indexes = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<3 {
                group.addTask {
                    let store = try LedgerStore.open(path)
                    return try (0..<8).flatMap { _ in
                        Array(try store.append(entries: [entry, entry], signer: signer).indexes)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(indexes.sorted() == Array(4..<52))
        #expect(try ledger.audit() == [])
    }

    @Test func everyErrorIsOneLine() throws {
        let errors: [StoreError] = [
            .alreadyExists(path: "p"), .notFound(path: "p"), .notALedger(path: "p"),
            .schemaVersion(expected: "1", found: "2\n"),
            .locked, .readOnly, .diskFull, .corrupt(detail: "d"), .system(code: 1, detail: "d"),
            .masterKey(detail: "d"),
            .rootMismatch(size: 1, expected: digest("a"), computed: digest("b")), .badCheckpoint(size: 1, detail: "d"),
            .sizeChanged(expected: 1, found: 2), .wrongSigner(expected: "a", found: "b\nc"),
            .entryRefused(position: 1, .unknownType("x\ny")), .vaultMismatch(makeRequestID(1)),
            .vaultMissing(makeRequestID(1)), .vaultUnreadable(makeRequestID(1)), .shredPending,
            .noSuchEntry(index: 1, size: 1), .noSuchRequest(makeRequestID(1)),
        ]
        for error in errors { #expect(!error.description.contains("\n") && error.description.count > 10) }
    }
}

struct VaultTests {
    @Test func whatIsStoredIsReadBackWithTheMasterKeyOnly() throws {
        let ledger = try TestLedger.full()
        let item = try ledger.store.openVault(makeRequestID(2), masterKey: ledger.masterKey)
        #expect(item.identity.value == "ana.2@example.org")
        let record = try #require(try ledger.store.request(makeRequestID(2)))
        #expect(item.matches(record))
        #expect(throws: StoreError.vaultUnreadable(makeRequestID(2))) {
            try ledger.store.openVault(makeRequestID(2), masterKey: .generate())
        }
        #expect(throws: StoreError.vaultMissing(makeRequestID(9))) {
            try ledger.store.openVault(makeRequestID(9), masterKey: ledger.masterKey)
        }
    }

    @Test func nothingOfThePersonIsReadableInAnyFile() throws {
        let ledger = try TestLedger.full()
        for secret in ["ana.1@example", "ana.2@example", "AGENT_A", "ana."] {
            #expect(try !contains(Array(secret.utf8), ledger), "\(secret)")
        }
        let raw = try ledger.store.openVault(makeRequestID(2), masterKey: ledger.masterKey).rawRequest
        #expect(try !contains(Array(Base64.encode(raw).utf8.prefix(40)), ledger))
        #expect(try !contains(Array(raw.dropFirst(raw.count / 2).prefix(40)), ledger))
    }

    @Test func shreddingLeavesNoTraceOfKeyAndCiphertextInAnyFile() throws {
        let ledger = try TestLedger()
        try ledger.start()
        for number in 1...12 { try ledger.receive(number) }
        for number in [3, 7, 12] {
            let rows: [[Cell]] = try ledger.store.read { tables in
                try Cells.fetch(
                    tables.db, "SELECT wrapped_key, sealed FROM vault WHERE request_id = CAST(? AS TEXT)",
                    [.text(makeRequestID(number).text)])
            }
            let wrapped = try #require(rows.first?[0].blob)
            let sealed = try #require(rows.first?[1].blob)
            let pieces =
                [wrapped] + stride(from: 0, to: sealed.count - 24, by: 97).map { Array(sealed[$0..<($0 + 24)]) }
            #expect(try pieces.allSatisfy { try contains($0, ledger) })
            try ledger.append(ledger.change(number, .withdrawn))
            try ledger.shred(number)
            #expect(try pieces.allSatisfy { try !contains($0, ledger) })
            #expect(throws: StoreError.vaultMissing(makeRequestID(number))) {
                try ledger.store.openVault(makeRequestID(number), masterKey: ledger.masterKey)
            }
        }
        #expect(try ledger.audit() == [])
        #expect(
            try ledger.store.openVault(makeRequestID(4), masterKey: ledger.masterKey).identity.value
                == "ana.4@example.org")
    }

    @Test func aKeyIsNotDestroyedTwiceOrTooEarly() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.receive(1)
        #expect(throws: StoreError.self) { try ledger.shred(1) }
        try ledger.append(ledger.change(1, .withdrawn))
        try ledger.shred(1)
        #expect(throws: StoreError.self) { try ledger.shred(1) }
        #expect(try ledger.audit() == [])
    }

    @Test func aReaderThatHoldsOldPagesDelaysTheEndOfShreddingVisibly() throws {
        let ledger = try TestLedger()
        try ledger.start()
        try ledger.receive(1)
        try ledger.append(ledger.change(1, .withdrawn))
        let reader = try openConnection(ledger.path)
        try reader.inDatabase { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM vault")
        }
        let store = try LedgerStore.open(ledger.path, busySeconds: 0.05)
        let record = try #require(try store.request(makeRequestID(1)))
        let event = LedgerEvent.shred(
            ShredEvent(requestID: record.requestID, requestCommitment: record.requestCommitment, at: ledger.now))
        #expect(throws: StoreError.shredPending) {
            try store.append(entries: [event.sign(with: [ledger.controller])], signer: ledger.signer)
        }
        #expect(try store.request(makeRequestID(1))?.shreddedIndex != nil)
        try reader.inDatabase { try $0.execute(sql: "COMMIT") }
        try store.truncateLog()
        try reader.close()
        #expect(try ledger.audit() == [])
    }

    @Test func theMasterKeyIsAFileOfItsOwn() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/vault.key"
        let item = try TestLedger().request(1)
        let vaultItem = VaultItem(item.0, key: item.1)
        let wrapped = try MasterKey.create(path).wrap(item.1, for: vaultItem.requestID)
        #expect(try MasterKey.load(path).unwrap(wrapped, for: vaultItem.requestID) == item.1)
        #expect(try MasterKey.load(path).unwrap(wrapped, for: makeRequestID(2)) == nil)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(throws: StoreError.alreadyExists(path: path)) { try MasterKey.create(path) }
        #expect(throws: StoreError.self) { try MasterKey.load("\(folder.path)/none") }
        for content in ["", "abc\n", String(repeating: "0", count: 64), String(repeating: "g", count: 64) + "\n"] {
            try Files.write(Array(content.utf8), to: "\(folder.path)/bad.key")
            let error = #expect(throws: StoreError.self) { try MasterKey.load("\(folder.path)/bad.key") }
            #expect(error.map { !$0.description.contains("000") } ?? false)
        }
    }

    /// Whether any file of the ledger holds these bytes.
    private func contains(_ bytes: [UInt8], _ ledger: TestLedger) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: ledger.folder.path).contains { name in
            let data = try #require(FileManager.default.contents(atPath: "\(ledger.folder.path)/\(name)"))
            return data.range(of: Data(bytes)) != nil
        }
    }
}
