import GRDB
import LetheCrypto
import LetheLog
import LetheRequests

/// The tables of one ledger inside one transaction.
struct LedgerTables {
    let db: Database
    let origin: String

    // MARK: Log

    /// The number of entries: one more than the highest index.
    func size() throws -> UInt64 {
        guard let highest = try Cells.fetch(db, "SELECT max(idx) FROM entries").first?.first else { return 0 }
        if highest == .null { return 0 }
        guard let index = highest.unsigned else {
            throw StoreError.corrupt(detail: "entries: the highest index is \(highest.text)")
        }
        return index + 1
    }

    func entry(_ index: UInt64) throws -> [UInt8] {
        let rows = try Cells.fetch(db, "SELECT bytes FROM entries WHERE idx = ?", [Int64(clamping: index)])
        guard let bytes = rows.first?.first?.blob else { throw StoreError.noSuchEntry(index: index, size: try size()) }
        return bytes
    }

    func insert(_ entry: [UInt8], at index: UInt64, into range: inout CompactRange) throws {
        let leafHash = MerkleTree.leafHash(entry)
        try db.execute(
            sql: "INSERT INTO entries (idx, bytes) VALUES (?, ?)",
            arguments: [Int64(clamping: index), Cell.bytes(entry).databaseValue])
        try insertNode(level: 0, position: index, leafHash)
        for node in range.append(leafHash) { try insertNode(level: node.level, position: node.position, node.hash) }
    }

    private func insertNode(level: Int, position: UInt64, _ hash: Digest) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO nodes (level, position, hash) VALUES (?, ?, ?)")
        try statement.execute(
            arguments: [Int64(level), Int64(clamping: position), Cell.bytes(hash.bytes).databaseValue])
    }

    /// The stored root of the complete subtree over leaves `position << level ..< (position + 1) << level`.
    func node(level: Int, position: UInt64) throws -> Digest {
        let rows = try Cells.fetch(
            db, "SELECT hash FROM nodes WHERE level = ? AND position = ?", [Int64(level), Int64(clamping: position)])
        guard let bytes = rows.first?.first?.blob, let hash = try? Digest(bytes: bytes) else {
            throw StoreError.corrupt(detail: "nodes: no hash at level \(level), position \(position)")
        }
        return hash
    }

    /// The right edge of the tree of `size` entries, out of stored nodes: O(log size) reads.
    func frontier(at size: UInt64) throws -> CompactRange {
        let current = try self.size()
        guard size <= current else { throw StoreError.noSuchEntry(index: size &- 1, size: current) }
        var hashes: [Digest] = []
        var start: UInt64 = 0
        for level in stride(from: 63, through: 0, by: -1) where size >> UInt64(level) & 1 == 1 {
            hashes.append(try node(level: level, position: start >> UInt64(level)))
            start += 1 << UInt64(level)
        }
        return try CompactRange(size: size, hashes: hashes)
    }

    func inclusionProof(_ index: UInt64, size: UInt64) throws -> [Digest] {
        let current = try self.size()
        guard size <= current, index < size else {
            throw StoreError.noSuchEntry(index: index, size: min(size, current))
        }
        return try proof { node in try MerkleTree.inclusionProof(of: index, size: size, node: node) }
    }

    func consistencyProof(from oldSize: UInt64, to newSize: UInt64) throws -> [Digest] {
        let current = try size()
        guard newSize <= current, oldSize <= newSize, oldSize > 0 else {
            throw StoreError.noSuchEntry(index: newSize &- 1, size: current)
        }
        return try proof { node in try MerkleTree.consistencyProof(from: oldSize, to: newSize, node: node) }
    }

    /// Runs a proof over stored nodes; the first node that cannot be read ends it.
    private func proof(_ make: ((Int, UInt64) -> Digest) throws -> [Digest]) throws -> [Digest] {
        var failure: (any Error)?
        let proof = try make { level, position in
            do { return try node(level: level, position: position) } catch {
                failure = failure ?? error
                return MerkleTree.emptyRoot
            }
        }
        if let failure { throw failure }
        return proof
    }

    // MARK: Checkpoints

    struct StoredCheckpoint {
        let size: UInt64
        let note: SignedNote
        let checkpoint: Checkpoint
    }

    func lastCheckpoint() throws -> StoredCheckpoint? {
        try stored("SELECT size, CAST(note AS BLOB) FROM checkpoints ORDER BY size DESC LIMIT 1", [])
    }

    func checkpoint(size: UInt64) throws -> StoredCheckpoint? {
        try stored("SELECT size, CAST(note AS BLOB) FROM checkpoints WHERE size = ?", [Int64(clamping: size)])
    }

    private func stored(_ sql: String, _ arguments: StatementArguments) throws -> StoredCheckpoint? {
        guard let row = try Cells.fetch(db, sql, arguments).first else { return nil }
        guard let size = row[0].unsigned, let bytes = row[1].blob else {
            throw StoreError.corrupt(detail: "checkpoints: row \(row[0].excerpt) has no valid values")
        }
        do {
            let note = try SignedNote(parsing: bytes)
            return StoredCheckpoint(size: size, note: note, checkpoint: try Checkpoint(parsing: note.text))
        } catch { throw StoreError.badCheckpoint(size: size, detail: "\(error)") }
    }

    /// Refuses to go on where the last checkpoint, the stored tree and the last entry disagree.
    func requireConsistentHead(logVerifier: NoteVerifier? = nil) throws {
        let size = try size()
        if size > 0 {
            let last = try node(level: 0, position: size - 1)
            let computed = MerkleTree.leafHash(try entry(size - 1))
            guard last == computed else {
                throw StoreError.corrupt(detail: "entry \(size - 1): expected leaf hash \(last), found \(computed)")
            }
        }
        guard let stored = try lastCheckpoint() else { return }
        guard stored.checkpoint.origin == origin, stored.checkpoint.size == stored.size, stored.size <= size else {
            throw StoreError.badCheckpoint(
                size: stored.size,
                detail:
                    "it names \(Printable.quoted(stored.checkpoint.origin)) and size \(stored.checkpoint.size), the log is "
                    + "\(origin) with \(size) entries")
        }
        let computed = try frontier(at: stored.size).rootHash
        guard computed == stored.checkpoint.rootHash else {
            throw StoreError.rootMismatch(
                size: stored.size, expected: stored.checkpoint.rootHash, computed: computed)
        }
        guard let logVerifier else { return }
        do { _ = try stored.note.verify(with: [logVerifier]) } catch {
            throw StoreError.badCheckpoint(size: stored.size, detail: "\(error)")
        }
    }

    /// Signs the head and stores it on top of the last checkpoint. The write lock is held since the head was read, so what
    /// is compared is what is replaced.
    func sign(_ range: CompactRange, with signer: NoteSigner) throws -> SignedNote {
        guard signer.verifier.name == origin else {
            throw StoreError.wrongSigner(expected: origin, found: signer.verifier.name)
        }
        let last = try lastCheckpoint()
        if let last, last.size == range.size { return last.note }
        let checkpoint = try Checkpoint(origin: origin, size: range.size, rootHash: range.rootHash)
        let note = try SignedNote(text: checkpoint.text, signers: [signer])
        try db.execute(
            sql: """
                INSERT INTO checkpoints (size, previous, note)
                SELECT ?, ?, CAST(? AS TEXT) WHERE (SELECT max(size) FROM checkpoints) IS ?
                """,
            arguments: [
                Int64(clamping: range.size), last.map { Int64(clamping: $0.size) },
                Cell.bytes(note.bytes).databaseValue,
                last.map { Int64(clamping: $0.size) },
            ])
        guard db.changesCount == 1 else {
            throw StoreError.sizeChanged(expected: last?.size ?? 0, found: try lastCheckpoint()?.size ?? 0)
        }
        return note
    }

    // MARK: Derived views

    func request(_ id: RequestID) throws -> RequestRecord? {
        try records(" WHERE request_id = ?", [id.text]).first
    }

    func request(nonceTag: Digest) throws -> RequestRecord? {
        try records(" WHERE nonce_tag = ?", [nonceTag.hex]).first
    }

    func requests(in state: String?) throws -> [RequestRecord] {
        if let state { return try records(" WHERE state = ? ORDER BY received_index", [state]) }
        return try records(" ORDER BY received_index", [])
    }

    private func records(_ condition: String, _ arguments: StatementArguments) throws -> [RequestRecord] {
        try Cells.fetch(db, TableShape.requests.select + condition, arguments).map { try RequestRecord(cells: $0) }
    }

    func run(_ id: RunID) throws -> RunRecord? {
        try Cells.fetch(db, TableShape.runs.select + " WHERE run_id = ?", [id.text]).first.map {
            try RunRecord(cells: $0)
        }
    }

    func runs() throws -> [RunRecord] {
        try Cells.fetch(db, TableShape.runs.select).map { try RunRecord(cells: $0) }
            .sorted { ($0.indexes.values.min() ?? 0) < ($1.indexes.values.min() ?? 0) }
    }

    /// The part of the ledger's state that `events` can touch.
    func state(for events: [LedgerEvent]) throws -> LedgerState {
        var requests: [RequestID: RequestRecord] = [:]
        var runs: [RunID: RunRecord] = [:]
        var nonces: [Digest: RequestID] = [:]
        func load(_ id: RequestID) throws {
            guard requests[id] == nil, let record = try request(id) else { return }
            requests[id] = record
            if let run = record.runID { try load(run) }
        }
        func load(_ id: RunID) throws {
            guard runs[id] == nil, let record = try run(id) else { return }
            runs[id] = record
        }
        for event in events {
            switch event {
            case .request(let event):
                try load(event.requestID)
                switch event.kind {
                case .received(let receipt):
                    if let owner = try request(nonceTag: receipt.nonceTag) {
                        nonces[receipt.nonceTag] = owner.requestID
                    }
                case .changed(.unlearned(let run), _): try load(run)
                case .changed(.foundDuplicate(let original), _): try load(original)
                case .changed: break
                }
            case .shred(let event): try load(event.requestID)
            case .run(let event): try load(event.runID)
            case .key, .policy, .model: break
            }
        }
        return LedgerState(
            requests: Array(requests.values), runs: Array(runs.values),
            knownNonces: nonces.filter { requests[$0.value] == nil })
    }

    /// Writes the records that differ.
    func write(_ state: LedgerState, changedSince before: LedgerState) throws {
        for (id, record) in state.requests where before.requests[id] != record {
            try TableShape.requests.write(record.cells, to: db)
        }
        for (id, record) in state.runs where before.runs[id] != record {
            try TableShape.runs.write(record.cells, to: db)
        }
    }

    // MARK: Vault

    /// Stores the personal data of every receipt, and destroys that of every request whose shredding is logged.
    func store(
        _ items: [VaultItem], for events: [LedgerEvent?], in state: LedgerState, masterKey: MasterKey?
    ) throws {
        var left = Dictionary(items.map { ($0.requestID, $0) }) { first, _ in first }
        for case .request(let event)? in events {
            guard case .received = event.kind else { continue }
            guard let item = left.removeValue(forKey: event.requestID), let masterKey,
                let record = state.requests[event.requestID], item.matches(record)
            else { throw StoreError.vaultMismatch(event.requestID) }
            try db.execute(
                sql: "INSERT INTO vault (request_id, wrapped_key, sealed) VALUES (?, ?, ?)",
                arguments: [
                    item.requestID.text, Cell.bytes(try masterKey.wrap(item.key, for: item.requestID)).databaseValue,
                    Cell.bytes(try item.seal()).databaseValue,
                ])
        }
        if let surplus = left.keys.min() { throw StoreError.vaultMismatch(surplus) }
        for case .shred(let event)? in events {
            // Zeros first: with secure_delete the freed page is zeroed too, and the WAL is truncated after the commit.
            try db.execute(
                sql: """
                    UPDATE vault SET wrapped_key = zeroblob(length(wrapped_key)), sealed = zeroblob(length(sealed))
                    WHERE request_id = ?
                    """, arguments: [event.requestID.text])
            try db.execute(sql: "DELETE FROM vault WHERE request_id = ?", arguments: [event.requestID.text])
            guard db.changesCount == 1 else { throw StoreError.vaultMissing(event.requestID) }
        }
    }

    func openVault(_ id: RequestID, masterKey: MasterKey) throws -> VaultItem {
        let rows = try Cells.fetch(db, "SELECT wrapped_key, sealed FROM vault WHERE request_id = ?", [id.text])
        guard let row = rows.first else { throw StoreError.vaultMissing(id) }
        guard let wrapped = row[0].blob, let sealed = row[1].blob, let key = masterKey.unwrap(wrapped, for: id),
            let item = VaultItem(opening: sealed, key: key, requestID: id)
        else { throw StoreError.vaultUnreadable(id) }
        return item
    }
}
