import LetheCrypto
public import LetheLog

extension LedgerStore {
    /// A checkpoint as it is kept: every commit leaves one, and none is ever changed or removed.
    public struct KeptCheckpoint: Sendable, Equatable {
        /// What the log signed, with every cosignature that came later.
        public let note: SignedNote
        /// What it says.
        public let checkpoint: Checkpoint
        /// The size of the checkpoint on top of which it was signed; nil for the first.
        public let previous: UInt64?
        /// The timestamps that authorities gave of it, in the order of their digests.
        public let timestamps: [StoredTimestamp]
    }

    /// The kept checkpoints out of one state of the database, the largest first.
    ///
    /// - Parameters:
    ///   - size: where given, only those over fewer entries.
    ///   - limit: at most so many; none where it is below 1.
    /// - Throws: `.corrupt`, `.badCheckpoint` for a row that is none.
    public func checkpoints(below size: UInt64? = nil, limit: Int) throws(StoreError) -> [KeptCheckpoint] {
        guard limit > 0 else { return [] }
        return try read { tables in
            try Cells.fetch(
                tables.db, "SELECT size, previous FROM checkpoints WHERE size < ? ORDER BY size DESC LIMIT ?",
                [.position(size ?? .max), .integer(Int64(limit))]
            ).map { row in
                guard let size = row[0].unsigned, row[1] == .null || row[1].unsigned != nil else {
                    throw StoreError.corrupt(detail: "checkpoints: row \(row[0].excerpt) has no valid values")
                }
                return try tables.kept(size, previous: row[1].unsigned)
            }
        }
    }

    /// The kept checkpoint over `size` entries; nil where there is none.
    /// - Throws: as `checkpoints(below:limit:)` does.
    public func keptCheckpoint(size: UInt64) throws(StoreError) -> KeptCheckpoint? {
        // One less than what comes after it: sizes are below 2^63, as SQLite's integers are.
        guard size < UInt64(Int64.max) else { return nil }
        return try checkpoints(below: size + 1, limit: 1).first { $0.checkpoint.size == size }
    }
}

extension LedgerTables {
    fileprivate func kept(_ size: UInt64, previous: UInt64?) throws -> LedgerStore.KeptCheckpoint {
        guard let stored = try checkpoint(size: size) else { throw StoreError.noSuchCheckpoint(size: size) }
        guard stored.checkpoint.size == size else {
            throw StoreError.badCheckpoint(size: size, detail: "it says \(stored.checkpoint.size) entries")
        }
        return LedgerStore.KeptCheckpoint(
            note: try cosigned(stored), checkpoint: stored.checkpoint, previous: previous,
            timestamps: try timestamps(size: size))
    }
}
