import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests

/// The private keys of a workspace, each in a file of its own that only its owner may read, and read when it is first needed: an
/// auditor needs none, and the root key may be on a shelf until keys change.
///
/// For one thread, like the workspace that holds it.
final class WorkspaceKeys {
    /// The file names of the keys and their roles, in the order in which they enter the log.
    static let roles: [(name: String, role: KeyRole)] = [
        ("root", .root), ("log", .log), ("controller", .controller), ("verifier", .verifier), ("portal", .requester),
    ]

    private let paths: WorkspacePaths
    /// Asked once, and only where a key file is encrypted.
    private let passphrase: Lazy<Passphrase>
    private var loaded: [String: SigningKey]

    private init(paths: WorkspacePaths, loaded: [String: SigningKey], passphrase: @escaping () throws -> Passphrase) {
        self.paths = paths
        self.loaded = loaded
        self.passphrase = Lazy(passphrase)
    }

    /// New keys, in memory.
    static func generate(for paths: WorkspacePaths) -> WorkspaceKeys {
        WorkspaceKeys(
            paths: paths, loaded: Dictionary(uniqueKeysWithValues: roles.map { ($0.name, SigningKey.generate()) })
        ) { throw PassphraseError.unavailable }
    }

    /// The keys of a workspace that exists.
    static func read(
        from paths: WorkspacePaths,
        passphrase: @escaping @Sendable () throws -> Passphrase = { throw PassphraseError.unavailable }
    ) throws -> WorkspaceKeys {
        WorkspaceKeys(paths: paths, loaded: [:], passphrase: passphrase)
    }

    /// Signs key events; belongs on a shelf, not on the server.
    var root: SigningKey { get throws { try key("root") } }
    /// Signs checkpoints.
    var log: SigningKey { get throws { try key("log") } }
    /// Signs every other entry, certificates included.
    var controller: SigningKey { get throws { try key("controller") } }
    /// Signs the forgetting test: never the controller's key.
    var verifier: SigningKey { get throws { try key("verifier") } }
    /// Signs the requests that come in through the controller's own privacy portal.
    var portal: SigningKey { get throws { try key("portal") } }

    /// The key in the file `name`.
    func key(_ name: String) throws -> SigningKey {
        if let key = loaded[name] { return key }
        let path = paths.key(name)
        do {
            let given = try PrivateKeyFile.isEncrypted(path) ? passphrase.value : nil
            let key = try PrivateKeyFile.read(path, passphrase: given)
            try requirePublished(key.publicKey, name, path)
            loaded[name] = key
            return key
        } catch let error as KeyError {
            switch error {
            case .file(let error): throw error
            default: throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
            }
        }
    }

    /// What signs entries must be a key that verifiers are told to trust now; another one would sign what no audit accepts.
    private func requirePublished(_ key: VerifyingKey, _ name: String, _ path: String) throws {
        guard let bytes = try? Files.read(paths.trust, limit: 1 << 20),
            let trust = try? TrustFile(parsing: String(decoding: bytes, as: UTF8.self)),
            let published = ["log": trust.logs, "controller": trust.controllers, "verifier": trust.verifiers][name],
            !published.contains(where: { $0 == key && trust.validity(of: $0).until == nil })
        else { return }
        throw ServiceError.workspaceDamaged(
            file: path, problem: "expected a \(name) key that \(paths.trust) says counts now, found \(key.keyID)")
    }

    /// The name of the file for a role; nil where a workspace has no key of that role.
    static func name(of role: KeyRole) -> String? { roles.first { $0.role == role }?.name }

    /// Writes each key to its file, mode 0600, under `passphrase` where there is one.
    func write(under passphrase: Passphrase?) throws {
        try Files.createFolder(paths.keys, permissions: 0o700)
        for (name, _) in Self.roles {
            try PrivateKeyFile.write(key(name), to: paths.key(name), under: passphrase)
        }
        try Files.write(Array(try root.publicKey.pem.utf8), to: paths.rootKey)
    }

    /// Forgets what was read, so that the files are looked at again.
    func reload() { loaded = [:] }

    /// The signer of checkpoints of the log `origin`.
    func noteSigner(origin: String) throws -> NoteSigner {
        try NoteSigner(name: origin, key: log)
    }

    /// The public keys that a verifier starts from.
    func trustFile(origin: String) throws -> TrustFile {
        try TrustFile(
            origin: origin, controllers: [controller.publicKey], verifiers: [verifier.publicKey], logs: [log.publicKey])
    }

    // MARK: A key on its way into the log

    /// Where a new key waits until its event is in the log: its name says which key it is and which one it replaces, so that this can
    /// be told without a passphrase.
    struct Pending: Equatable {
        let name: String
        let keyID: String
        let replaces: String

        init(name: String, keyID: String, replaces: String) {
            self.name = name
            self.keyID = keyID
            self.replaces = replaces
        }

        init?(fileName: String) {
            let parts = fileName.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, parts[3] == "pem", WorkspaceKeys.roles.contains(where: { $0.name == parts[0] }),
                (try? Digest(hex: parts[1])) != nil, (try? Digest(hex: parts[2])) != nil
            else { return nil }
            self.init(name: parts[0], keyID: parts[1], replaces: parts[2])
        }

        var fileName: String { "\(name).\(keyID).\(replaces).pem" }
    }

    /// Keys that wait, or were left waiting by a process that ended.
    static func pending(_ paths: WorkspacePaths) throws -> [Pending] {
        guard Files.exists(paths.pendingKeys) else { return [] }
        return try Files.names(in: paths.pendingKeys).compactMap { Pending(fileName: $0) }
    }

    /// Keeps a new key, durably and as encrypted as the one it is to replace, before the log hears of it.
    func prepare(_ key: SigningKey, as name: String, replacing old: String) throws -> Pending {
        let pending = Pending(name: name, keyID: key.publicKey.keyID, replaces: old)
        if !Files.exists(paths.pendingKeys) { try Files.createFolder(paths.pendingKeys, permissions: 0o700) }
        let isEncrypted = try Files.exists(paths.key(name)) && PrivateKeyFile.isEncrypted(paths.key(name))
        try PrivateKeyFile.write(
            key, to: Files.join(paths.pendingKeys, pending.fileName), under: isEncrypted ? passphrase.value : nil)
        return pending
    }

    /// Takes a key back that the log has not heard of.
    func discard(_ pending: Pending) throws { try Files.remove(Files.join(paths.pendingKeys, pending.fileName)) }

    /// Puts a key in its place after its event is in the log; the old one goes to the archive. Can be repeated at any point.
    static func install(_ pending: Pending, in paths: WorkspacePaths) throws {
        if !Files.exists(paths.archivedKeys) { try Files.createFolder(paths.archivedKeys, permissions: 0o700) }
        let current = paths.key(pending.name)
        do throws(FileError) {
            try Files.link(current, to: Files.join(paths.archivedKeys, "\(pending.name).\(pending.replaces).pem"))
        } catch {
            switch error {
            // Another process, or this one before it was cut off, has done it; or the old key is on a shelf.
            case .alreadyExists, .notFound: break
            default: throw error
            }
        }
        do throws(FileError) {
            try Files.rename(Files.join(paths.pendingKeys, pending.fileName), to: current)
        } catch {
            guard case .notFound = error else { throw error }
        }
        try Files.synchronizeFolder(paths.keys)
    }
}
