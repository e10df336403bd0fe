import GRDB
import Glibc
import LetheBytes
import LetheCrypto
public import LetheLog

extension LedgerStore {
    /// Copies the ledger as it is at one moment to a new file, for its owner only; others may go on writing meanwhile.
    ///
    /// The file appears under its name only after `verify` has returned, and is on the disk then. No private key is in it; the
    /// vault's rows are, sealed as they are, and open only with the master key.
    ///
    /// - Parameter verify: looks at the copy, opened for an audit; what it throws ends the backup and leaves nothing behind.
    /// - Throws: `StoreError.alreadyExists`; the machine's failures; what `verify` throws.
    public func backUp(to output: String, verify: (LedgerStore) throws -> Void) throws {
        guard !Files.exists(output) else { throw StoreError.alreadyExists(path: output) }
        let draft = output + ".incomplete"
        try Self.removeDatabase(draft)
        defer { try? Self.removeDatabase(draft) }
        try createExclusively(draft, [])
        do {
            let copy = try DatabaseQueue(path: draft)
            try queue.backup(to: copy)
            try copy.close()
        } catch { throw StoreError(error) }
        try Self.closing(try LedgerStore.openForAudit(draft), after: verify)
        try Self.place(draft, as: output)
    }

    /// Opens a copy for `body`, and leaves one self-contained file.
    static func closing(_ store: LedgerStore, after body: (LedgerStore) throws -> Void) throws {
        do {
            try body(store)
            try store.truncateLog()
            try store.queue.close()
        } catch {
            try? store.queue.close()
            throw error
        }
    }

    /// Gives a complete database its name, which nothing may have yet.
    static func place(_ draft: String, as path: String) throws {
        try synchronize(draft)
        // A link, not a renaming: it fails where somebody was faster, instead of replacing what he wrote.
        do { try Files.link(draft, to: path) } catch FileError.alreadyExists {
            throw StoreError.alreadyExists(path: path)
        }
        try Files.synchronizeFolder(Files.folder(of: path))
    }

    /// Removes a database and the files that SQLite keeps beside it.
    static func removeDatabase(_ path: String) throws {
        for suffix in ["", "-wal", "-shm", ".checkpoint"] { try Files.remove(path + suffix) }
    }

    private static func synchronize(_ path: String) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(code: errno, detail: path) }
        defer { _ = Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(code: errno, detail: "\(path): not on the disk") }
    }
}

extension LedgerStore {
    /// What a restore must know of the log's past: a checkpoint that was published.
    public struct KnownCheckpoint: Sendable {
        /// The checkpoint.
        public let checkpoint: Checkpoint
        /// Who knows it.
        public let source: String

        /// A checkpoint and where it was found.
        public init(_ checkpoint: Checkpoint, source: String) {
            self.checkpoint = checkpoint
            self.source = source
        }
    }

    /// The newest checkpoint that the ledger at `path` is known to have published; nil where nothing is recorded.
    /// - Throws: `StoreError.corrupt` where the record is damaged.
    public static func publishedCheckpoint(of path: String) throws(StoreError) -> Checkpoint? {
        do { return try CheckpointGuard(database: path).newest()?.checkpoint } catch { throw StoreError(error) }
    }

    /// Puts a backup in the place of the ledger at `path`. What was there is kept under another name.
    ///
    /// - Parameters:
    ///   - known: checkpoints that the log is known to have published, whoever knows them. The backup must contain them all: a
    ///     log that goes on from an older state would sign a second history, and would bring back keys that were destroyed since.
    ///   - verify: audits the backup, before anything is changed.
    /// - Returns: the name that the old database has now; nil where there was none.
    /// - Throws: `StoreError.backupOlder`, `.backupForks`, what `verify` throws, the machine's failures. Nothing was changed then.
    public static func restore(
        _ backup: String, to path: String, known: [KnownCheckpoint], verify: (LedgerStore) throws -> Void
    ) throws -> String? {
        let draft = path + ".restoring"
        try removeDatabase(draft)
        try removeUnfinished(draft)
        defer { try? removeDatabase(draft) }
        let writer = try AtomicFileWriter(path: draft, permissions: 0o600)
        var failure: (any Error)?
        try Files.forEachChunk(of: backup) { chunk in
            do { if failure == nil { try writer.write(Array(chunk)) } } catch { failure = error }
        }
        if let failure { throw failure }
        try writer.commit()
        try closing(try openForAudit(draft)) { copy in
            let size = try copy.size()
            for known in known {
                guard known.checkpoint.origin == copy.origin else {
                    throw StoreError.backupForks(
                        backup: backup, source: known.source, size: known.checkpoint.size,
                        detail:
                            "it is the log \(Printable.quoted(known.checkpoint.origin)), the backup is \(copy.origin)")
                }
                guard known.checkpoint.size <= size else {
                    throw StoreError.backupOlder(
                        backup: backup, size: size, source: known.source, known: known.checkpoint.size)
                }
                let root = try copy.rootHash(size: known.checkpoint.size)
                guard root == known.checkpoint.rootHash else {
                    throw StoreError.backupForks(
                        backup: backup, source: known.source, size: known.checkpoint.size,
                        detail: "its root is \(known.checkpoint.rootHash), the backup's \(root)")
                }
            }
            try verify(copy)
        }
        let old = try keep(path)
        if old == nil { try place(draft, as: path) } else { try replace(path, by: draft) }
        let restored = try open(path)
        try restored.publish()
        return old
    }

    /// Removes what a copy to `draft` left that was killed while it wrote: it holds rows of the vault.
    private static func removeUnfinished(_ draft: String) throws {
        let folder = Files.folder(of: draft)
        for name in try Files.names(in: folder)
        where name.hasPrefix(".\(Files.name(of: draft)).") && name.hasSuffix(".tmp") {
            try Files.remove(Files.join(folder, name))
        }
    }

    /// Gives the database at `path`, and the write-ahead log that belongs to it, a second name that is free. Nothing is taken away yet:
    /// whatever happens from here on, the whole of it is on the disk under that name.
    private static func keep(_ path: String) throws -> String? {
        guard Files.exists(path) else { return nil }
        var number = 1
        while ["", "-wal"].contains(where: { Files.exists("\(path).replaced-\(number)" + $0) }) { number += 1 }
        let old = "\(path).replaced-\(number)"
        for suffix in ["-wal", ""] where Files.exists(path + suffix) {
            try Files.link(path + suffix, to: old + suffix)
        }
        try Files.synchronizeFolder(Files.folder(of: path))
        return old
    }

    /// Puts a complete database in the place of the one at `path`, in one step. The old write-ahead log goes first: SQLite would apply it
    /// to the new database. A process that ends in between leaves the old database without its last transactions, which the newest
    /// checkpoint beside it gives away, and restoring again goes on from there.
    private static func replace(_ path: String, by draft: String) throws {
        try synchronize(draft)
        for suffix in ["-wal", "-shm"] { try Files.remove(path + suffix) }
        try Files.synchronizeFolder(Files.folder(of: path))
        try Files.rename(draft, to: path)
        try Files.synchronizeFolder(Files.folder(of: path))
    }
}
