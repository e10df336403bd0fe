import LetheBytes
import LetheCrypto
import LetheLog
import LetheStore

/// A folder that any web server can serve as a tlog-tiles log: `checkpoint`, `tile/…`.
///
/// Invariants: 1. what the folder's checkpoint covers is never written again; 2. the checkpoint is replaced last, after all that
/// it covers is on the disk; 3. nothing is written to a folder that does not hold a prefix of this very log.
struct TiledFolder {
    let path: String

    private var checkpointPath: String { Files.join(path, "checkpoint") }

    /// Brings the folder to the state of `note`, which is the log's own.
    /// - Returns: the number of files that were written, the checkpoint not counted.
    /// - Throws: `ServiceError.exportRefused`; errors of the store and the file system.
    func update(to note: SignedNote, of store: LedgerStore, logs: [NoteVerifier]) throws -> Int {
        let checkpoint = try Checkpoint(parsing: note.text)
        let old = try exportedSize(of: store, logs: logs)
        guard old <= checkpoint.size else {
            throw refused("holds \(old) entries, this log \(checkpoint.size): it is ahead, the log was rolled back")
        }
        try Files.createFolders(path)
        var written = 0
        try LogTile.forEach(from: old, to: checkpoint.size) { tile in
            let file = Files.join(path, tile.path)
            try Files.createFolders(Files.folder(of: file))
            try Files.write(store.bytes(of: tile), to: file, isDurable: false)
            written += 1
        }
        guard try reader(checkpoint.size).rootHash() == checkpoint.rootHash else {
            throw refused("its tiles do not give the checkpoint's root: other files were mixed in")
        }
        Files.synchronizeAll()
        try Files.write(note.bytes, to: checkpointPath)
        return written
    }

    /// Puts timestamps beside the checkpoint that they stamp: `timestamp/<size>/<authority>.tsr`, which is no part of tlog-tiles.
    func add(_ timestamps: [LedgerStore.StoredTimestamp], of size: UInt64) throws {
        for stamp in timestamps {
            let file = Files.join(path, "timestamp/\(size)/\(stamp.authority.hex).tsr")
            guard !Files.exists(file) else { continue }
            try Files.createFolders(Files.folder(of: file))
            try Files.write(stamp.response, to: file)
        }
    }

    /// How many entries the folder holds already; 0 for a new or empty one.
    private func exportedSize(of store: LedgerStore, logs: [NoteVerifier]) throws -> UInt64 {
        guard Files.exists(path) else { return 0 }
        guard Files.kind(path) == .folder else { throw refused("is not a folder") }
        let names = try Files.names(in: path)
        guard names.contains("checkpoint") else {
            // An export that broke off before its first checkpoint leaves tiles only; they are written again.
            guard names.allSatisfy({ $0 == "tile" || $0 == "timestamp" }) else {
                throw refused("holds other files and no checkpoint")
            }
            return 0
        }
        let head: Checkpoint
        do {
            let note = try SignedNote(parsing: Files.read(checkpointPath, limit: 1 << 20))
            head = try Checkpoint(parsing: note.text)
            guard head.origin == store.origin else { throw refused("is the log \(Printable.quoted(head.origin))") }
            _ = try note.verify(with: logs)
        } catch let error as NoteFormatError { throw refused("checkpoint: \(error)") } catch let error
            as CheckpointError
        {
            throw refused("\(error)")
        } catch let error as NoteVerificationError { throw refused("checkpoint: \(error)") }
        let size = try store.size()
        guard head.size <= size else {
            throw refused("holds \(head.size) entries, this log \(size): it is ahead, the log was rolled back")
        }
        let ours = try store.rootHash(size: head.size)
        guard head.rootHash == ours else {
            throw refused("shows another history: root \(head.rootHash) at size \(head.size), this log has \(ours)")
        }
        do {
            let found = try reader(head.size).rootHash()
            guard found == head.rootHash else {
                throw refused("its tiles give root \(found), its checkpoint says \(head.rootHash)")
            }
        } catch let error as LogTileError { throw refused("\(error)") } catch FileError.notFound(let file) {
            throw refused("\(file) is missing")
        }
        return head.size
    }

    /// Reads tiles of the folder, only those at the right edge for a root.
    private func reader(_ size: UInt64) -> LogTileReader {
        LogTileReader(size: size) { tile in
            try Files.read(Files.join(path, tile.path), limit: LogTile.fullWidth * Digest.byteCount)
        }
    }

    private func refused(_ problem: String) -> ServiceError { .exportRefused(path: path, problem: problem) }
}
