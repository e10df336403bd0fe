import GRDB
import Glibc
import LetheCrypto
public import LetheLog

/// What a witness remembers: the last checkpoint that it cosigned of every log, in one SQLite file.
///
/// Invariants: 1. the look at the last head and its replacement are one transaction under the write lock, so two requests, threads or
/// processes cannot both extend one head; 2. a head is durable (WAL, synchronous=FULL) before its cosignature is returned; 3. sizes
/// and times of a log never go back: a trigger refuses it, whoever asks; 4. the file belongs to one key for ever, so that no key
/// ever starts again from nothing by mistake.
public final class WitnessStore: Sendable {
    private let queue: DatabaseQueue

    private static let applicationID: Int32 = 0x4C57_4954  // "LWIT"

    private static let schema = [
        "CREATE TABLE witness (vkey TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID",
        """
        CREATE TABLE heads (
            origin TEXT NOT NULL PRIMARY KEY,
            size INTEGER NOT NULL CHECK (size >= 0),
            root BLOB NOT NULL CHECK (length(root) = 32),
            seconds INTEGER NOT NULL CHECK (seconds >= 0),
            note TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TRIGGER heads_never_go_back BEFORE UPDATE ON heads
        WHEN new.origin <> old.origin OR new.size < old.size OR new.seconds < old.seconds
            OR (new.size = old.size AND new.root <> old.root)
        BEGIN SELECT RAISE(ABORT, 'a witness never goes back'); END
        """,
        "CREATE TRIGGER heads_no_delete BEFORE DELETE ON heads BEGIN SELECT RAISE(ABORT, 'a witness never forgets'); END",
        "CREATE TRIGGER witness_no_update BEFORE UPDATE ON witness BEGIN SELECT RAISE(ABORT, 'one key for ever'); END",
        "CREATE TRIGGER witness_no_delete BEFORE DELETE ON witness BEGIN SELECT RAISE(ABORT, 'one key for ever'); END",
    ]

    private init(queue: DatabaseQueue) { self.queue = queue }

    /// Makes the memory of a new witness in a new file.
    /// - Throws: `.alreadyExists`; the machine's failures.
    public static func create(_ path: String, for witness: NoteVerifier) throws(StoreError) {
        try createExclusively(path, [])
        do {
            let queue = try LedgerStore.connect(path, busySeconds: LedgerStore.defaultBusySeconds)
            try queue.write { db in
                for statement in schema { try db.execute(sql: statement) }
                try db.execute(sql: "INSERT INTO witness (vkey) VALUES (?)", arguments: [witness.vkey])
                try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            }
            try queue.close()
        } catch {
            for suffix in ["", "-wal", "-shm"] { _ = unlink(path + suffix) }
            throw StoreError(error)
        }
    }

    /// Opens the memory of `witness`.
    /// - Throws: `.notFound`, `.notALedger`; `.wrongSigner` for that of another key; `.corrupt`, `.locked`.
    public static func open(_ path: String, for witness: NoteVerifier) throws(StoreError) -> WitnessStore {
        guard access(path, F_OK) == 0 else { throw .notFound(path: path) }
        do {
            let queue = try LedgerStore.connect(path, busySeconds: LedgerStore.defaultBusySeconds)
            try queue.read { db in
                guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
                    throw StoreError.notALedger(path: path)
                }
                let check = try Cells.fetch(db, "PRAGMA integrity_check(1)").first?.first?.string
                guard check == "ok" else { throw StoreError.corrupt(detail: "\(path): \(check ?? "no answer")") }
                let vkey = try Cells.fetch(db, "SELECT CAST(vkey AS BLOB) FROM witness").first?.first
                guard vkey == .text(witness.vkey) else {
                    throw StoreError.wrongSigner(expected: vkey?.text ?? "none", found: witness.vkey)
                }
            }
            return WitnessStore(queue: queue)
        } catch { throw StoreError(error) }
    }

    /// The last cosigned head of the log `origin`; `WitnessedHead.none` where it never cosigned one.
    public func head(of origin: String) throws(StoreError) -> WitnessedHead {
        do { return try queue.read { db in try Self.head(of: origin, db) } } catch { throw StoreError(error) }
    }

    /// Replaces the head of a log by what `advance` makes of it, in one transaction.
    ///
    /// - Parameters:
    ///   - note: the checkpoint that is cosigned, to be kept.
    ///   - advance: decides; what it throws leaves everything as it was and is returned as failure.
    /// - Returns: the new head, durable; or why `advance` refused.
    public func replaceHead(
        of origin: String, note: SignedNote, _ advance: (WitnessedHead) throws(WitnessRefusal) -> WitnessedHead
    ) throws(StoreError) -> Result<WitnessedHead, WitnessRefusal> {
        do {
            return try queue.write { db in
                let old = try Self.head(of: origin, db)
                let new: WitnessedHead
                do throws(WitnessRefusal) { new = try advance(old) } catch { return .failure(error) }
                try db.execute(
                    sql: """
                        INSERT INTO heads (origin, size, root, seconds, note)
                        VALUES (CAST(? AS TEXT), ?, ?, ?, CAST(? AS TEXT))
                        ON CONFLICT (origin) DO UPDATE SET
                            size = excluded.size, root = excluded.root, seconds = excluded.seconds, note = excluded.note
                        """,
                    arguments: [
                        Cell.text(origin).databaseValue, try Self.signed(new.size),
                        Cell.bytes(new.rootHash.bytes).databaseValue, try Self.signed(new.seconds),
                        Cell.bytes(note.bytes).databaseValue,
                    ])
                return .success(new)
            }
        } catch { throw StoreError(error) }
    }

    private static func head(of origin: String, _ db: Database) throws -> WitnessedHead {
        let rows = try Cells.fetch(
            db, "SELECT size, root, seconds FROM heads WHERE origin = CAST(? AS TEXT)",
            [Cell.text(origin).databaseValue])
        guard let row = rows.first else { return .none }
        guard let size = row[0].unsigned, let root = row[1].blob.flatMap({ try? Digest(bytes: $0) }),
            let seconds = row[2].unsigned
        else { throw StoreError.corrupt(detail: "witness: the head of a log has no valid values") }
        return WitnessedHead(size: size, rootHash: root, seconds: seconds)
    }

    /// SQLite's integers end at 2^63 - 1; a log that claims more entries is not one.
    private static func signed(_ value: UInt64) throws -> Int64 {
        guard let value = Int64(exactly: value) else {
            throw StoreError.corrupt(detail: "witness: a size above 2^63 - 1")
        }
        return value
    }
}
