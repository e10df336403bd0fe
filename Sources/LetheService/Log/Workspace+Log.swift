import LetheBytes
import LetheCertificates
import LetheLog
import LetheStore

extension Workspace {
    /// What an export did.
    public struct LogExport: Sendable, Equatable {
        /// How many entries the folder holds now.
        public let size: UInt64
        /// How many tiles and entry bundles were added.
        public let added: Int
    }

    /// Writes the log as a static tlog-tiles folder, or brings one up to date: only what is new is written.
    ///
    /// - Throws: `ServiceError.exportRefused` for a folder that is not a prefix of this log.
    public func exportLog(to folder: String) throws -> LogExport {
        let note = try publishedCheckpoint()
        let target = TiledFolder(path: folder)
        let added = try target.update(to: note, of: store, logs: logVerifiers())
        let size = try Checkpoint(parsing: note.text).size
        try target.add(store.timestamps(size: size), of: size)
        return LogExport(size: size, added: added)
    }

    /// The log's own keys, by name: more than one where they were changed.
    func logVerifiers() throws -> [NoteVerifier] { try trust().logs.map { try NoteVerifier(name: origin, key: $0) } }
}
