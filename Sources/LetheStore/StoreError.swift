internal import GRDB
public import LetheCrypto
import LetheLog
public import LetheRequests
public import LetheStatements

/// Why the store did not do what was asked. Nothing was changed, except where a case says otherwise.
public enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is a file at the path already; a ledger is created once.
    case alreadyExists(path: String)
    /// There is no file at the path; opening creates nothing.
    case notFound(path: String)
    /// The file is a database, but not a ledger.
    case notALedger(path: String)
    /// The ledger was written by another version.
    case schemaVersion(expected: String, found: String)
    /// Another process holds the database.
    case locked
    /// The database or its folder cannot be written.
    case readOnly
    /// There is no space left.
    case diskFull
    /// SQLite or the ledger's own rules find the file damaged.
    case corrupt(detail: String)
    /// SQLite failed in another way.
    case system(code: Int32, detail: String)
    /// A key file is missing, or has another form.
    case masterKey(detail: String)

    /// The stored tree and a stored checkpoint disagree: stop, and audit.
    case rootMismatch(size: UInt64, expected: Digest, computed: Digest)
    /// The stored checkpoint is not one of this log.
    case badCheckpoint(size: UInt64, detail: String)
    /// The database is older than a checkpoint that it published, or another log than the one that did.
    case rolledBack(guardPath: String, published: UInt64, found: UInt64)
    /// The commit failed at its very end: the entries may or may not be in the log. Nothing was acknowledged.
    case commitInDoubt(detail: String)
    /// The entries are in the log, but the record of its newest checkpoint beside it could not be written.
    case guardNotWritten(path: String, detail: String)
    /// A backup that does not reach as far as the log is known to have come.
    case backupOlder(backup: String, size: UInt64, source: String, known: UInt64)
    /// A backup of another log, or of another history of this one.
    case backupForks(backup: String, source: String, size: UInt64, detail: String)
    /// The log grew meanwhile; read again, then decide again.
    case sizeChanged(expected: UInt64, found: UInt64)
    /// Another policy was adopted meanwhile; open the workspace again, then decide again.
    case policySuperseded(expected: UInt64, found: UInt64?)
    /// The signer's name is not the log's origin.
    case wrongSigner(expected: String, found: String)

    /// An entry cannot be appended; `position` counts within the batch.
    case entryRefused(position: Int, EntryRefusal)
    /// A receipt comes without the personal data that it commits to, or with other data.
    case vaultMismatch(RequestID)
    /// The vault has no row for the request: it was never received, or was shredded.
    case vaultMissing(RequestID)
    /// The vault's row does not open: another master key, or altered.
    case vaultUnreadable(RequestID)
    /// The key is destroyed in the database, but a reader kept the write-ahead log from being truncated: call `truncateLog()` again.
    case shredPending
    /// No such entry.
    case noSuchEntry(index: UInt64, size: UInt64)
    /// No such request.
    case noSuchRequest(RequestID)
    /// No checkpoint was stored over so many entries.
    case noSuchCheckpoint(size: UInt64)
    /// A cosignature that is not by a known witness, or does not verify.
    case cosignatureRefused(size: UInt64, detail: String)
    /// A timestamp that is not over this checkpoint, or does not verify.
    case timestampRefused(size: UInt64, detail: String)

    /// Whether the machine is to blame, not the input: exit code 3 instead of 2.
    public var isMachineFailure: Bool {
        switch self {
        case .locked, .readOnly, .diskFull, .corrupt, .system, .rootMismatch, .badCheckpoint, .shredPending,
            .rolledBack,
            .commitInDoubt, .guardNotWritten:
            true
        case .backupOlder, .backupForks, .alreadyExists, .notFound, .notALedger, .schemaVersion, .masterKey,
            .sizeChanged, .policySuperseded, .wrongSigner,
            .entryRefused,
            .vaultMismatch, .vaultMissing, .vaultUnreadable, .noSuchEntry, .noSuchRequest, .noSuchCheckpoint,
            .cosignatureRefused, .timestampRefused:
            false
        }
    }

    /// One line that says what and where.
    public var description: String {
        switch self {
        case .alreadyExists(let path): "\(path): exists already; a ledger is created once and never overwritten"
        case .notFound(let path): "\(path): no ledger here"
        case .notALedger(let path): "\(path): is not a ledger database"
        case .schemaVersion(let expected, let found):
            "ledger: expected schema version \(expected), found \(Printable.quoted(found))"
        case .locked: "ledger: locked by another process; try again when it has finished"
        case .readOnly: "ledger: the database or its folder is read-only"
        case .diskFull: "ledger: no space left on the device; nothing was acknowledged"
        case .corrupt(let detail): "ledger: the database is damaged: \(detail)"
        case .system(let code, let detail): "ledger: SQLite error \(code): \(detail)"
        case .masterKey(let detail): "vault master key: \(detail)"
        case .rootMismatch(let size, let expected, let computed):
            "ledger: root at size \(size): the checkpoint says \(expected), the stored tree gives \(computed)"
        case .badCheckpoint(let size, let detail): "ledger: checkpoint at size \(size): \(detail)"
        case .rolledBack(let path, let published, let found):
            "ledger: it has published a checkpoint over \(published) entries (\(path)), but the database holds "
                + (found < published ? "\(found)" : "others")
                + ": an older copy was put back. Put the newest database or backup in its place (lethe log restore); if the "
                + "later entries are lost for good, start a new log under a new origin, never this one again"
        case .backupOlder(let backup, let size, let source, let known):
            "\(backup): holds \(size) entries, but the log has published a checkpoint over \(known) (\(source)): going on from "
                + "here would sign a second history and undo what was shredded since; use a newer backup, or start a new log "
                + "under a new origin"
        case .backupForks(let backup, let source, let size, let detail):
            "\(backup): is not this log as it was published at size \(size) (\(source)): \(detail)"
        case .commitInDoubt(let detail):
            "ledger: the commit failed at its end (\(detail)): the entries may or may not be in the log; nothing was "
                + "acknowledged; look with `lethe log audit` and submit again, a repetition is recognised"
        case .guardNotWritten(let path, let detail):
            "ledger: the entries are in the log, but the record of its newest checkpoint could not be written: "
                + "\(path): \(detail); submit again when the disk works, a repetition is recognised"
        case .sizeChanged(let expected, let found):
            "ledger: expected size \(expected), found \(found): it grew meanwhile"
        case .policySuperseded(let expected, let found):
            "ledger: expected the policy adopted by entry \(expected) in force, found that of entry "
                + "\(found.map(String.init) ?? "none"): another was adopted meanwhile; nothing was written, repeat the command"
        case .wrongSigner(let expected, let found):
            "checkpoint signer: expected the name \(expected), found \(Printable.quoted(found))"
        case .entryRefused(let position, let refusal): "entry \(position) of the batch: \(refusal)"
        case .vaultMismatch(let id):
            "vault: request \(id): its personal data is missing or is not what its receipt commits to"
        case .vaultMissing(let id): "vault: request \(id): no data (never received, or shredded)"
        case .vaultUnreadable(let id): "vault: request \(id): does not open (another master key, or altered)"
        case .shredPending: "vault: the key is destroyed, but a reader still holds the write-ahead log; run again"
        case .noSuchEntry(let index, let size): "entry \(index): the log has \(size) entries"
        case .noSuchRequest(let id): "request \(id): not in this ledger"
        case .noSuchCheckpoint(let size): "checkpoint \(size): none was signed at this size"
        case .cosignatureRefused(let size, let detail): "checkpoint \(size): cosignature refused: \(detail)"
        case .timestampRefused(let size, let detail): "checkpoint \(size): timestamp refused: \(detail)"
        }
    }
}

/// Why the log does not take an entry.
public enum EntryRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not a canonical DSSE envelope of at most 16 KiB.
    case envelope(EnvelopeError)
    /// Not an in-toto Statement.
    case statement(StatementError)
    /// A statement that has no place in the log.
    case unknownType(String)
    /// A statement of ours that is not written as it should be.
    case event(EventError)
    /// An event that contradicts the entries before it.
    case replay(ReplayError)
    /// An event from before the newest entry: the clock went back.
    case clockWentBack(newest: Timestamp, found: Timestamp)

    /// One line.
    public var description: String {
        switch self {
        case .envelope(let error): "\(error)"
        case .statement(let error): "\(error)"
        case .unknownType(let type): "predicate type \(Printable.quoted(type)) has no place in this log"
        case .event(let error): "\(error)"
        case .replay(let error): "\(error)"
        case .clockWentBack(let newest, let found):
            "the clock went back: it says \(found), the newest entry \(newest); set the clock right (if it is that entry's time "
                + "that is wrong, a key event signed by the root key may set it back)"
        }
    }
}

extension StoreError {
    /// The one place where SQLite's errors become ours.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self = StoreError(error)
        default: self = .system(code: -1, detail: Printable.quoted(String(describing: type(of: error))))
        }
    }

    private init(_ error: DatabaseError) {
        let detail = Printable.quoted(error.message ?? "no message")
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH: self = .readOnly
        case .SQLITE_FULL: self = .diskFull
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_FORMAT:
            self = .corrupt(detail: detail)
        // "no such table" and the like: somebody changed the schema.
        case .SQLITE_ERROR, .SQLITE_SCHEMA: self = .corrupt(detail: detail)
        default: self = .system(code: error.resultCode.rawValue, detail: detail)
        }
    }
}
