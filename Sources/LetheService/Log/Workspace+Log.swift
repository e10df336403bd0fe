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
        let note = try checkpoint()
        let added = try TiledFolder(path: folder).update(to: note, of: store, log: logVerifier())
        return LogExport(size: try Checkpoint(parsing: note.text).size, added: added)
    }

    /// The log's own key, by name.
    func logVerifier() throws -> NoteVerifier {
        guard let key = try trust().logs.first else {
            throw ServiceError.workspaceDamaged(file: paths.trust, problem: "names no log key")
        }
        return try NoteVerifier(name: origin, key: key)
    }
}
