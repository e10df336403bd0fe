import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService
public import LetheStatements
import Synchronization

/// The tokens of a server, in one file of its state folder that only its owner may read.
///
/// The file is looked at again whenever it was replaced, so that a token that another process made or revoked counts at once.
public final class TokenStore: Sendable {
    private let folder: String
    private var path: String { Files.join(folder, "tokens.json") }
    private let known = Mutex<(stamp: FileStamp?, tokens: [AccessToken])>((nil, []))

    static let maximumFileSize = 1 << 22
    /// The longest that a token may count.
    public static let maximumDays = 3650

    /// The tokens in the state folder `folder`, which is made where it is missing.
    public init(folder: String) throws {
        self.folder = folder
        if !Files.exists(folder) { try Files.createFolders(folder, permissions: 0o700) }
    }

    /// All tokens, in the order in which they were made.
    /// - Throws: `ServiceError.workspaceDamaged`, `FileError`.
    public func tokens() throws -> [AccessToken] {
        let stamp = FileStamp(path)
        return try known.withLock { known in
            if let stamp, known.stamp == stamp { return known.tokens }
            known = (stamp, try read())
            return known.tokens
        }
    }

    /// Makes a token and returns it with its text, which is kept nowhere.
    public func create(
        name: String, role: AccessRole, days: Int, now: Timestamp, keyFile: String? = nil
    ) throws -> (token: AccessToken, text: String) {
        try change { tokens in
            let made = AccessToken.make(
                name: name, role: role, now: now, expiresAt: now.adding(seconds: Int64(days) * 86_400),
                keyFile: keyFile)
            tokens.append(made.token)
            return made
        }
    }

    /// As `create`, for an agent: the tokens that it had before end.
    func createForAgent(_ agent: String, days: Int, now: Timestamp) throws -> String {
        try change { tokens in
            for place in tokens.indices where tokens[place].role == .agent && tokens[place].name == agent {
                tokens[place].revokedAt = tokens[place].revokedAt ?? now
            }
            // What can be of no use any more is forgotten, so that setups cannot make the file grow.
            tokens.removeAll { $0.role == .agent && !$0.isValid(at: now) }
            let made = AccessToken.make(
                name: agent, role: .agent, now: now, expiresAt: now.adding(seconds: Int64(days) * 86_400), keyFile: nil)
            tokens.append(made.token)
            return made.text
        }
    }

    /// Ends a token.
    /// - Returns: the token; nil where there is none of this id.
    public func revoke(_ id: String, now: Timestamp) throws -> AccessToken? {
        try change { tokens in
            guard let place = tokens.firstIndex(where: { $0.id == id }) else { return nil }
            tokens[place].revokedAt = tokens[place].revokedAt ?? now
            return tokens[place]
        }
    }

    /// The token whose text this is; nil where there is none, and where it has ended.
    ///
    /// Every token is compared, each in constant time: how long it takes says nothing of how much fits.
    public func find(_ text: String, now: Timestamp) throws -> AccessToken? {
        let bytes = Array(text.utf8)
        guard bytes.count == AccessToken.textLength else { return nil }
        let hash = Digest(sha256: bytes).bytes
        var found: AccessToken?
        for token in try tokens() where constantTimeEquals(token.hash.bytes, hash) { found = token }
        guard let found, found.isValid(at: now) else { return nil }
        return found
    }

    /// The valid token with this id.
    func token(id: String, now: Timestamp) throws -> AccessToken? {
        try tokens().first { $0.id == id && $0.isValid(at: now) }
    }

    private func change<Value>(_ body: (inout [AccessToken]) throws -> Value) throws -> Value {
        let lock = try FolderLock(folder, waits: true)
        return try withExtendedLifetime(lock) {
            var tokens = try read()
            let value = try body(&tokens)
            let json: JSONValue = ["version": 1, "tokens": .array(tokens.map(\.json))]
            try Files.write(try json.canonicalBytes() + [0x0A], to: path, permissions: 0o600)
            return value
        }
    }

    private func read() throws -> [AccessToken] {
        guard Files.exists(path) else { return [] }
        let damaged = ServiceError.workspaceDamaged(file: path, problem: "expected the tokens of this server")
        let bytes = try Files.readPrivate(path, limit: Self.maximumFileSize)
        guard let json = try? StrictJSON.parse(bytes, maximumDepth: 4), json["version"]?.intValue == 1,
            let entries = json["tokens"]?.arrayValue
        else { throw damaged }
        return try entries.map {
            guard let token = AccessToken(json: $0) else { throw damaged }
            return token
        }
    }
}
