import GRDB
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements

/// The tables of one ledger inside one transaction.
struct LedgerTables {
    let db: Database
    let origin: String

    // MARK: Log

    /// The number of entries: one more than the highest index.
    func size() throws -> UInt64 {
        guard let highest = try Cells.first(db, "SELECT max(idx) FROM entries")?.first else { return 0 }
        if highest == .null { return 0 }
        guard let index = highest.unsigned else {
            throw StoreError.corrupt(detail: "entries: the highest index is \(highest.text)")
        }
        return index + 1
    }

    func entry(_ index: UInt64) throws -> [UInt8] {
        let row = try Cells.first(db, "SELECT bytes FROM entries WHERE idx = ?", [.position(index)])
        guard let bytes = row?.first?.blob else { throw StoreError.noSuchEntry(index: index, size: try size()) }
        return bytes
    }

    func insert(_ entry: LedgerEntry, at index: UInt64, into range: inout CompactRange) throws {
        try Cells.run(
            db, "INSERT INTO entries (idx, bytes) VALUES (?, ?)", [.position(index), .bytes(entry.bytes)])
        try insertNode(level: 0, position: index, entry.leafHash)
        if let type = entry.event?.registration {
            try Cells.run(
                db, "INSERT INTO registrations (type, idx) VALUES (CAST(? AS TEXT), ?)",
                [.text(type), .position(index)])
        }
        for node in range.append(entry.leafHash) {
            try insertNode(level: node.level, position: node.position, node.hash)
        }
    }

    /// The entries from `first` on whose statements register something for all that follow, with their indexes.
    func registrations(_ type: String, from first: UInt64) throws -> [(index: UInt64, bytes: [UInt8])] {
        try Cells.fetch(
            db, "SELECT idx FROM registrations WHERE type = CAST(? AS TEXT) AND idx >= ? ORDER BY idx",
            [.text(type), .position(first)]
        ).map { row in
            guard let index = row[0].unsigned else {
                throw StoreError.corrupt(detail: "registrations: index \(row[0].text)")
            }
            return (index, try entry(index))
        }
    }

    /// The last entry that registers something of this type.
    func lastRegistration(_ type: String) throws -> UInt64? {
        try Cells.first(db, "SELECT max(idx) FROM registrations WHERE type = CAST(? AS TEXT)", [.text(type)])?.first?
            .unsigned
    }

    private func insertNode(level: Int, position: UInt64, _ hash: Digest) throws {
        try Cells.run(
            db, "INSERT INTO nodes (level, position, hash) VALUES (?, ?, ?)",
            [.integer(Int64(level)), .position(position), .bytes(hash.bytes)])
    }

    /// The stored root of the complete subtree over leaves `position << level ..< (position + 1) << level`.
    func node(level: Int, position: UInt64) throws -> Digest {
        let row = try Cells.first(
            db, "SELECT hash FROM nodes WHERE level = ? AND position = ?",
            [.integer(Int64(level)), .position(position)])
        guard let hash = row?.first?.digest else {
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
        try stored("SELECT size, CAST(note AS BLOB) FROM checkpoints WHERE size = ?", [.position(size)])
    }

    private func stored(_ sql: String, _ arguments: [Cell]) throws -> StoredCheckpoint? {
        guard let row = try Cells.first(db, sql, arguments) else { return nil }
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
        let previous = last.map { Cell.position($0.size) } ?? .null
        try Cells.run(
            db,
            """
            INSERT INTO checkpoints (size, previous, note)
            SELECT ?, ?, CAST(? AS TEXT) WHERE (SELECT max(size) FROM checkpoints) IS ?
            """, [.position(range.size), previous, .bytes(note.bytes), previous])
        guard db.changesCount == 1 else {
            throw StoreError.sizeChanged(expected: last?.size ?? 0, found: try lastCheckpoint()?.size ?? 0)
        }
        return note
    }
}

extension LedgerEvent {
    /// The predicate type under which table `registrations` lists the event; nil for what happens to requests and runs.
    var registration: String? {
        switch self {
        case .key: PredicateType.keyEvent
        case .policy: PredicateType.policyEvent
        case .model: PredicateType.modelEvent
        case .request, .run, .shred, .notification: nil
        }
    }
}
