import LetheBytes
import LetheLog

/// The newest checkpoint that a ledger has published, in a file of its own beside the database.
///
/// A database that is put back from an old copy looks whole: nothing in it says that there was more. Appending to it would sign
/// a second history under the same name, the one thing a log must never do. This file is written, and is on the disk, before
/// anything that its checkpoint covers is acknowledged, so that an older database beside it is noticed. It guards against
/// mistakes; whoever puts back the whole folder is found by witnesses and by everybody who keeps a checkpoint.
struct CheckpointGuard {
    /// Where it is.
    let path: String

    /// The guard of the ledger at `database`.
    init(database: String) { path = database + ".checkpoint" }

    /// The newest published checkpoint; nil where none was recorded.
    /// - Throws: `StoreError.badCheckpoint` where the file is none.
    func newest() throws -> LedgerTables.StoredCheckpoint? {
        let bytes: [UInt8]
        do { bytes = try Files.read(path, limit: 1 << 20) } catch .notFound { return nil } catch {
            throw StoreError.system(code: -1, detail: "\(error)")
        }
        do {
            let note = try SignedNote(parsing: bytes)
            let checkpoint = try Checkpoint(parsing: note.text)
            return LedgerTables.StoredCheckpoint(size: checkpoint.size, note: note, checkpoint: checkpoint)
        } catch {
            throw StoreError.corrupt(detail: "\(path): \(error)")
        }
    }

    /// Refuses a database that does not contain everything that was published.
    /// - Throws: `StoreError.rolledBack`.
    func requireNotNewer(than tables: LedgerTables) throws {
        guard let published = try newest() else { return }
        let size = try tables.size()
        let root = published.size <= size ? try tables.frontier(at: published.size).rootHash : nil
        guard published.checkpoint.origin == tables.origin, root == published.checkpoint.rootHash else {
            throw StoreError.rolledBack(guardPath: path, published: published.size, found: size)
        }
    }

    /// What an audit says where the database does not contain everything that was published.
    func findings(about tables: LedgerTables) throws -> [AuditFinding] {
        do {
            try requireNotNewer(than: tables)
            return []
        } catch let error as StoreError {
            guard case .rolledBack(_, let published, let found) = error else {
                return [
                    AuditFinding(
                        .schema("newest checkpoint"), field: "file", expected: "a signed checkpoint", found: "\(error)")
                ]
            }
            return [
                AuditFinding(
                    .checkpoint("\(published)"), entry: found < published ? found : nil, field: "published",
                    expected: "the root that was published over \(published) entries (\(path))",
                    found: found < published ? "\(found) entries" : "another root")
            ]
        }
    }

    /// Records a checkpoint that is in the database for good.
    /// - Throws: `StoreError.guardNotWritten`.
    func advance(to newest: LedgerTables.StoredCheckpoint) throws {
        if let recorded = try self.newest(), recorded.size >= newest.size { return }
        do { try Files.write(newest.note.bytes, to: path, permissions: 0o600) } catch {
            throw StoreError.guardNotWritten(path: path, detail: "\(error)")
        }
    }
}
