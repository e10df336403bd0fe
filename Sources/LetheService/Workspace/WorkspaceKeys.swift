import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests

/// The private keys of a workspace, each in a file of its own that only its owner may read.
struct WorkspaceKeys: Sendable {
    /// Signs key events; belongs on a shelf, not on the server.
    let root: SigningKey
    /// Signs checkpoints.
    let log: SigningKey
    /// Signs every other entry, certificates included.
    let controller: SigningKey
    /// Signs the forgetting test: never the controller's key.
    let verifier: SigningKey
    /// Signs the requests that come in through the controller's own privacy portal.
    let portal: SigningKey

    /// The roles in the order in which they enter the log.
    static let roles: [(name: String, role: KeyRole, key: @Sendable (WorkspaceKeys) -> SigningKey)] = [
        ("root", .root, { $0.root }), ("log", .log, { $0.log }), ("controller", .controller, { $0.controller }),
        ("verifier", .verifier, { $0.verifier }), ("portal", .requester, { $0.portal }),
    ]

    /// New keys.
    static func generate() -> WorkspaceKeys {
        WorkspaceKeys(
            root: .generate(), log: .generate(), controller: .generate(), verifier: .generate(), portal: .generate())
    }

    /// Writes each key to its file, mode 0600.
    func write(to paths: WorkspacePaths) throws {
        try Files.createFolder(paths.keys, permissions: 0o700)
        for (name, _, key) in Self.roles {
            try Files.write(Array(key(self).pem.utf8), to: paths.key(name), permissions: 0o600)
        }
        try Files.write(Array(root.publicKey.pem.utf8), to: paths.rootKey)
    }

    /// Reads the keys.
    static func read(from paths: WorkspacePaths) throws -> WorkspaceKeys {
        func key(_ name: String) throws -> SigningKey {
            let path = paths.key(name)
            do {
                return try SigningKey(pem: String(decoding: try Files.read(path, limit: 4096), as: UTF8.self))
            } catch let error as KeyError {
                throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
            }
        }
        return WorkspaceKeys(
            root: try key("root"), log: try key("log"), controller: try key("controller"),
            verifier: try key("verifier"), portal: try key("portal"))
    }

    /// The signer of checkpoints of the log `origin`.
    func noteSigner(origin: String) throws -> NoteSigner {
        try NoteSigner(name: origin, key: log)
    }

    /// The public keys that a verifier starts from.
    func trustFile(origin: String) throws -> TrustFile {
        try TrustFile(
            origin: origin, controllers: [controller.publicKey], verifiers: [verifier.publicKey], logs: [log.publicKey])
    }
}
