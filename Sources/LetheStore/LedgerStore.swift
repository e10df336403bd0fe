import GRDB
import Glibc
import LetheBytes
public import LetheCrypto
public import LetheLog
public import LetheRequests
public import LetheStatements

/// A ledger in one SQLite file.
///
/// Invariants: 1. entries never change and indexes are contiguous; 2. nothing is acknowledged before it is durable (WAL,
/// synchronous=FULL); 3. entries, tree, derived views, vault rows and the checkpoint of an append are committed together or
/// not at all; 4. a checkpoint is stored only on top of the one it was computed against, and never disagrees with the tree;
/// 5. a key is destroyed in the transaction that logs its destruction; 6. no state is kept in memory between calls, so two
/// processes cannot disagree: every call reads the head again under SQLite's write lock; 7. a database that is older than the
/// newest checkpoint it is known to have published is not written to (`CheckpointGuard`); 8. entries do not go back in time.
public final class LedgerStore: Sendable {
    /// The file.
    public let path: String
    /// The name of the log.
    public let origin: String
    let queue: DatabaseQueue
    private var checkpointGuard: CheckpointGuard { CheckpointGuard(database: path) }

    /// How long to wait for another process before `.locked`.
    public static let defaultBusySeconds = 5.0

    private init(path: String, origin: String, queue: DatabaseQueue) {
        self.path = path
        self.origin = origin
        self.queue = queue
    }

    /// Creates the ledger of the log `origin` in a new file, for its owner only.
    /// - Throws: `.alreadyExists`; `.wrongSigner` for an origin that no checkpoint can name; the machine's failures.
    public static func create(
        _ path: String, origin: String, busySeconds: Double = defaultBusySeconds
    ) throws(StoreError) -> LedgerStore {
        guard (try? Checkpoint(origin: origin, size: 0, rootHash: MerkleTree.emptyRoot)) != nil else {
            throw .wrongSigner(expected: "an origin without spaces, '+' and control characters", found: origin)
        }
        try createExclusively(path, [])
        do {
            let queue = try connect(path, busySeconds: busySeconds)
            try queue.write { db in try Schema.create(db, origin: origin) }
            return LedgerStore(path: path, origin: origin, queue: queue)
        } catch {
            for suffix in ["", "-wal", "-shm"] { _ = unlink(path + suffix) }
            throw StoreError(error)
        }
    }

    /// Opens an existing ledger and fails closed: version, last entry, tree and last checkpoint must agree.
    ///
    /// - Parameter logVerifier: the log's key; where given, the last checkpoint's signature must be its.
    /// - Throws: `.notFound`, `.notALedger`, `.schemaVersion`, `.rootMismatch`, `.badCheckpoint`, `.corrupt`, `.locked`,
    ///   `.rolledBack` where the ledger is known to have published a newer checkpoint.
    public static func open(
        _ path: String, logVerifier: NoteVerifier? = nil, busySeconds: Double = defaultBusySeconds
    ) throws(StoreError) -> LedgerStore {
        try open(path, busySeconds: busySeconds) { tables in
            try tables.requireConsistentHead(logVerifier: logVerifier)
            try CheckpointGuard(database: path).requireNotNewer(than: tables)
        }
    }

    /// Opens an existing ledger as it is, so that an audit can name what is wrong with it. Nothing is appended to a ledger whose
    /// head does not hold: `append` and `checkpoint` look at it again.
    /// - Throws: `.notFound`, `.notALedger`, `.schemaVersion`, `.corrupt`, `.locked`.
    public static func openForAudit(
        _ path: String, busySeconds: Double = defaultBusySeconds
    ) throws(StoreError) -> LedgerStore {
        try open(path, busySeconds: busySeconds) { _ in }
    }

    /// Opens an existing ledger to look at it, and fails closed as `open` does. No file is written or made, so it may lie in a folder
    /// that only others can write to.
    ///
    /// Where no write-ahead log is beside it, nothing is locked either: what another process writes meanwhile is not seen.
    /// - Throws: as `open` does.
    public static func openToRead(
        _ path: String, logVerifier: NoteVerifier? = nil, busySeconds: Double = defaultBusySeconds
    ) throws(StoreError) -> LedgerStore {
        try open(path, busySeconds: busySeconds, connecting: { try connectToRead($0, busySeconds: $1) }) { tables in
            try tables.requireConsistentHead(logVerifier: logVerifier)
            try CheckpointGuard(database: path).requireNotNewer(than: tables)
        }
    }

    private static func open(
        _ path: String, busySeconds: Double,
        connecting connect: (String, Double) throws -> DatabaseQueue = { try LedgerStore.connect($0, busySeconds: $1) },
        requiring holds: (LedgerTables) throws -> Void
    ) throws(StoreError) -> LedgerStore {
        guard access(path, F_OK) == 0 else { throw .notFound(path: path) }
        do {
            let queue = try connect(path, busySeconds)
            let origin = try queue.read { db in
                guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID else {
                    throw StoreError.notALedger(path: path)
                }
                let meta = try Cells.fetch(db, "SELECT CAST(key AS BLOB), CAST(value AS BLOB) FROM meta")
                func value(_ key: String) -> String? { meta.first { $0[0].string == key }?[1].string }
                let version = value("schema_version") ?? "none"
                guard Schema.readableVersions.contains(version) else {
                    throw StoreError.schemaVersion(expected: Schema.version, found: version)
                }
                guard let origin = value("origin") else { throw StoreError.notALedger(path: path) }
                try holds(LedgerTables(db: db, origin: origin))
                return origin
            }
            return LedgerStore(path: path, origin: origin, queue: queue)
        } catch { throw StoreError(error) }
    }

    static func connect(_ path: String, busySeconds: Double) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(busySeconds)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        // After opening: switching to WAL, the library lowers `synchronous` to NORMAL, which would lose acknowledged appends.
        try queue.inDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA secure_delete = ON;
                    \(forReaders)
                    PRAGMA wal_autocheckpoint = 8192;
                    """)
        }
        return queue
    }

    private static func connectToRead(_ path: String, busySeconds: Double) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(busySeconds)
        var status = stat()
        let isQuiet = stat(path + "-wal", &status) != 0 || status.st_size == 0
        // Even a reader makes the files beside a database in WAL mode, unless it is told that nobody writes.
        let name = isQuiet ? immutableName(path) : path
        let queue = try DatabaseQueue(path: name, configuration: configuration)
        try queue.inDatabase { try $0.execute(sql: forReaders) }
        return queue
    }

    /// What every connection is told: the file may be anybody's.
    private static let forReaders =
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384;"

    /// The name under which SQLite opens a file without locks and without a write-ahead log (sqlite.org/uri.html).
    private static func immutableName(_ path: String) -> String {
        let isPlain = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        let name = path.utf8.map { isPlain($0) ? String(UnicodeScalar($0)) : "%" + Hex.encode([$0]) }.joined()
        // Two slashes at the beginning would be read as a host's name.
        return "file:" + (name.hasPrefix("/") ? "//" + name : name) + "?immutable=1"
    }

    // MARK: Writing

    /// What an append did; it is durable when the caller sees this.
    public struct Receipt: Sendable, Equatable {
        /// The indexes of the new entries.
        public let indexes: Range<UInt64>
        /// The signed checkpoint that covers them, where a signer was given.
        public let checkpoint: SignedNote?
    }

    /// Appends entries, with everything that belongs to them, in one transaction: a group of one unit.
    ///
    /// Each entry must be a canonical envelope over a statement of the log, and its event must follow from those before;
    /// signatures are the caller's to make and the audit's to check. A shred event destroys its request's key in the same
    /// transaction; then the write-ahead log is truncated too.
    ///
    /// - Parameters:
    ///   - entries: the bytes, in order.
    ///   - vault: the personal data of every receipt among the entries, wrapped under `masterKey`.
    ///   - expectedSize: where given, the append is refused unless the log has this size: for entries that name indexes.
    ///   - policyEntry: where given, the append is refused unless the last policy was adopted by this entry.
    ///   - signer: where given, the checkpoint over the new size is signed and stored in the same transaction.
    /// - Throws: `StoreError`; nothing was written then, except for the cases that say otherwise.
    @discardableResult
    public func append(
        entries: [[UInt8]], vault: [VaultItem] = [], masterKey: MasterKey? = nil, expectedSize: UInt64? = nil,
        policyEntry: UInt64? = nil, signer: NoteSigner? = nil
    ) throws(StoreError) -> Receipt {
        var ready: [LedgerEntry] = []
        for (position, bytes) in entries.enumerated() {
            do { ready.append(try LedgerEntry(bytes)) } catch { throw .entryRefused(position: position, error) }
        }
        var rows: [SealedVaultItem] = []
        for item in vault {
            guard let masterKey else { throw .vaultMismatch(item.requestID) }
            rows.append(try item.sealed(under: masterKey))
        }
        let unit = LedgerUnit(entries: ready, vault: rows)
        let (outcomes, checkpoint) = try append(
            [unit], expectedSize: expectedSize, policyEntry: policyEntry, signer: signer)
        switch outcomes[0] {
        case .appended(let indexes, _): return Receipt(indexes: indexes, checkpoint: checkpoint)
        case .refused(let error): throw error
        }
    }

    /// Appends units, each accepted or refused for itself, in one transaction and under one checkpoint.
    ///
    /// A unit is judged by the log as it stands before it, units accepted earlier in the group included. Where every unit is
    /// refused, nothing is written and no checkpoint signed.
    /// - Returns: what became of each unit, in their order, and the checkpoint that covers them.
    /// - Throws: `StoreError` where none of them was appended, except for the cases that say otherwise.
    public func append(
        _ units: [LedgerUnit], expectedSize: UInt64? = nil, policyEntry: UInt64? = nil, signer: NoteSigner? = nil
    ) throws(StoreError) -> (outcomes: [UnitOutcome], checkpoint: SignedNote?) {
        let result = try write { tables in
            let size = try tables.size()
            if let expectedSize, expectedSize != size {
                throw StoreError.sizeChanged(expected: expectedSize, found: size)
            }
            if let policyEntry {
                let last = try tables.lastRegistration(PredicateType.policyEvent)
                guard last == policyEntry else {
                    throw StoreError.policySuperseded(expected: policyEntry, found: last)
                }
            }
            try tables.requireConsistentHead()
            try checkpointGuard.requireNotNewer(than: tables)
            let (outcomes, head) = try tables.append(units, at: size)
            let isEmpty = head.size == size && !units.isEmpty
            return (outcomes, isEmpty ? nil : try signer.map { try tables.sign(head, with: $0) })
        }
        if result.1 != nil { try publish() }
        if zip(units, result.0).contains(where: { $0.shreds && $1.isAppended }) { try truncateLog() }
        return result
    }

    /// Signs and stores the checkpoint over all entries; where the last one covers them already, returns that with its cosignatures.
    @discardableResult
    public func checkpoint(signer: NoteSigner) throws(StoreError) -> SignedNote {
        let note = try write { tables in
            try tables.requireConsistentHead()
            try checkpointGuard.requireNotNewer(than: tables)
            let note = try tables.sign(tables.frontier(at: tables.size()), with: signer)
            return try tables.lastCheckpoint().map(tables.cosigned) ?? note
        }
        try publish()
        return note
    }

    /// Writes the newest checkpoint beside the database. Under the write lock, so that two processes cannot put an older one on
    /// top of a newer one.
    func publish() throws(StoreError) {
        try write { tables in
            guard let newest = try tables.lastCheckpoint() else { return }
            try checkpointGuard.advance(to: newest)
        }
    }

    /// Moves everything from the write-ahead log into the database and empties it, so that no old page survives there.
    /// - Throws: `.shredPending` while another reader needs the old pages.
    public func truncateLog() throws(StoreError) {
        do {
            let isBusy = try queue.inDatabase { db in
                try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") != 0
            }
            if isBusy { throw StoreError.shredPending }
        } catch { throw StoreError(error) == .locked ? .shredPending : StoreError(error) }
    }

    // MARK: Reading

    /// The number of entries.
    public func size() throws(StoreError) -> UInt64 { try read { try $0.size() } }

    /// The number of stored checkpoints: one for each commit.
    public func checkpointCount() throws(StoreError) -> Int {
        try read { tables in
            Int(clamping: try Cells.first(tables.db, "SELECT count(*) FROM checkpoints")?.first?.unsigned ?? 0)
        }
    }

    /// The bytes of the entry at `index`.
    public func entry(_ index: UInt64) throws(StoreError) -> [UInt8] { try read { try $0.entry(index) } }

    /// Lends the entries of a range one after the other, out of one state of the database.
    ///
    /// - Throws: `StoreError`, and what `body` throws.
    public func forEachEntry(
        in range: ClosedRange<UInt64>, _ body: (_ index: UInt64, _ bytes: [UInt8]) throws -> Void
    ) throws {
        do {
            try reading { db in
                var rows = try RowStream(
                    db, "SELECT idx, bytes FROM entries WHERE idx BETWEEN ? AND ? ORDER BY idx",
                    [.position(range.lowerBound), .position(range.upperBound)])
                while let row = try rows.next() {
                    guard let index = row[0].unsigned, let bytes = row[1].blob else {
                        throw StoreError.corrupt(detail: "entries: row \(row[0].excerpt) has no valid values")
                    }
                    try body(index, bytes)
                }
            }
        } catch let error as DatabaseError { throw StoreError(error) }
    }

    /// The entries from index `first` on with statements of a type that registers keys, policies or models, in order.
    ///
    /// - Complexity: O(their number), whatever the size of the log.
    public func registrations(
        _ predicateType: String, from first: UInt64 = 0
    ) throws(StoreError) -> [(index: UInt64, bytes: [UInt8])] {
        try read { try $0.registrations(predicateType, from: first) }
    }

    /// The time of the newest entry that states one.
    public func newestTime() throws(StoreError) -> Timestamp? { try read { try $0.newestTime(before: $0.size()) } }

    /// The root hash over the first `size` entries.
    public func rootHash(size: UInt64) throws(StoreError) -> Digest {
        try read { try $0.frontier(at: size).rootHash }
    }

    /// The inclusion proof of the entry at `index` in the tree of `size` entries, sibling of the leaf first.
    public func inclusionProof(_ index: UInt64, size: UInt64) throws(StoreError) -> [Digest] {
        try read { try $0.inclusionProof(index, size: size) }
    }

    /// The consistency proof from the tree of `oldSize` entries to that of `newSize`.
    public func consistencyProof(from oldSize: UInt64, to newSize: UInt64) throws(StoreError) -> [Digest] {
        try read { try $0.consistencyProof(from: oldSize, to: newSize) }
    }

    /// The last stored checkpoint, with its cosignatures.
    public func lastCheckpoint() throws(StoreError) -> SignedNote? {
        try read { try $0.lastCheckpoint().map($0.cosigned) }
    }

    /// The checkpoint of size `size`, with its cosignatures.
    public func checkpoint(size: UInt64) throws(StoreError) -> SignedNote? {
        try read { try $0.checkpoint(size: size).map($0.cosigned) }
    }

    /// The request `id`.
    public func request(_ id: RequestID) throws(StoreError) -> RequestRecord? { try read { try $0.request(id) } }

    /// The requests in the order of their receipt; in the state called `state` only, where given, and at most `limit`.
    public func requests(in state: String? = nil, limit: Int? = nil) throws(StoreError) -> [RequestRecord] {
        try read { try $0.requests(in: state, limit: limit) }
    }

    /// How many requests are in the state called `state`.
    public func count(in state: String) throws(StoreError) -> Int { try read { try $0.count(in: state) } }

    /// The first day by which a request in the state called `state` must be answered; nil where there is none.
    public func earliestDue(in state: String) throws(StoreError) -> CivilDate? {
        try read { try $0.earliestDue(in: state) }
    }

    /// The requests whose id or nonce tag is among these: for `CheckedRequest.compare(with:)`.
    public func replayRecords(_ id: RequestID, nonceTag: Digest) throws(StoreError) -> [ReplayRecord] {
        try read { tables in
            try [tables.request(id), tables.request(nonceTag: nonceTag)].compactMap { $0?.replayRecord }
        }
    }

    /// The run `id`.
    public func run(_ id: RunID) throws(StoreError) -> RunRecord? { try read { try $0.run(id) } }

    /// The runs in the order of their start.
    public func runs() throws(StoreError) -> [RunRecord] { try read { try $0.runs() } }

    /// The personal data of a request.
    /// - Throws: `.vaultMissing`, `.vaultUnreadable`.
    public func openVault(_ id: RequestID, masterKey: MasterKey) throws(StoreError) -> VaultItem {
        try read { try $0.openVault(id, masterKey: masterKey) }
    }

    /// Notes in the vault whom a request means of those that the data know; its own identity and the commitment to it stay. It counts only
    /// where an entry of the log commits to it, so this comes before that entry.
    /// - Throws: `.vaultMissing`, `.vaultUnreadable`; nothing was changed then.
    public func name(_ id: RequestID, as subject: SubjectIdentity, masterKey: MasterKey) throws(StoreError) {
        try write { try $0.name(id, as: subject, masterKey: masterKey) }
    }

    /// For each person the earliest received of their requests in one of `states`, made under `law`; nil where there is none. All are
    /// looked up in one state of the database.
    ///
    /// - Parameter people: `MasterKey.tag(of:)` of each, and the law.
    /// - Complexity: for each person O(log of all requests + the person's own), once `indexSubjects` was called.
    public func requests(
        of people: [(tag: Digest, law: Regulation)], in states: [RequestState]
    ) throws(StoreError) -> [RequestRecord?] {
        try read { tables in
            guard try tables.hasSubjectTags() else {
                throw StoreError.corrupt(detail: "requests are not indexed by person")
            }
            let names = states.map(\.name)
            return try people.map { try tables.request(of: $0.tag, under: $0.law, in: names) }
        }
    }

    /// Makes a ledger of version 2 one whose requests are found by person; does nothing with others.
    /// - Throws: `.vaultUnreadable` where a row does not open; nothing was changed then.
    public func indexSubjects(masterKey: MasterKey) throws(StoreError) {
        guard try read({ try !$0.hasSubjectTags() }) else { return }
        try write { try $0.indexSubjects(masterKey: masterKey) }
    }

    // MARK: Parts

    /// Reads from one consistent state of the database.
    func read<Value>(_ body: (LedgerTables) throws -> Value) throws(StoreError) -> Value {
        do {
            return try reading { db in try body(LedgerTables(db: db, origin: origin)) }
        } catch { throw StoreError(error) }
    }

    /// Runs `body`, which only reads, in a transaction.
    ///
    /// Not GRDB's `read`: that forbids writing by `PRAGMA query_only`, after which SQLite compiles every statement again, a quarter of what a
    /// server's readings cost.
    private func reading<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var value: Value?
        try queue.inDatabase { db in
            try db.inTransaction(.deferred) {
                value = try body(db)
                return .commit
            }
        }
        guard let value else { throw StoreError.corrupt(detail: "a reading that read nothing") }
        return value
    }

    /// Runs `body` in one transaction. Where the transaction's end fails in a way that leaves open whether it took effect, says so.
    func write<Value>(_ body: (LedgerTables) throws -> Value) throws(StoreError) -> Value {
        // Without it, what turns out to change nothing would pass, and go on to the file beside the database.
        guard !queue.configuration.readonly else { throw .readOnly }
        var isComplete = false
        do {
            return try queue.write { db in
                let value = try body(LedgerTables(db: db, origin: origin))
                isComplete = true
                return value
            }
        } catch {
            let error = StoreError(error)
            if isComplete, case .system(_, let detail) = error { throw .commitInDoubt(detail: detail) }
            throw error
        }
    }
}
