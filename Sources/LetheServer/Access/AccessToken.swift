import LetheBytes
public import LetheCrypto
public import LetheStatements

/// A token as the server keeps it: never the token itself.
///
/// The token has 256 random bits, so its plain SHA-256 is enough: there is no dictionary to try, and nothing to slow down.
public struct AccessToken: Sendable, Equatable {
    /// Its public name: the first 16 hexadecimal digits of a hash of its hash, fit for logs.
    public let id: String
    /// Who holds it, as the administrator wrote it.
    public let name: String
    /// What it is for.
    public let role: AccessRole
    /// SHA-256 of the token's text.
    public let hash: Digest
    /// When it was made.
    public let createdAt: Timestamp
    /// From when on it is refused.
    public let expiresAt: Timestamp
    /// When it was revoked; nil where it was not.
    public var revokedAt: Timestamp?
    /// The file of the private key that its holder's decisions are signed with, where the policy has roles.
    public let keyFile: String?

    /// Whether it counts at `now`.
    public func isValid(at now: Timestamp) -> Bool { revokedAt == nil && now < expiresAt }

    /// The key that its holder's decisions are signed with; nil where the administrator gave none.
    func signingKey() throws -> SigningKey? {
        try keyFile.map { try PrivateKeyFile.read($0, passphrase: nil) }
    }

    static let prefix = "lethe_"
    /// The length of a token's text.
    static let textLength = prefix.utf8.count + 64

    /// A new token, and its text: the only time that anybody sees it.
    static func make(
        name: String, role: AccessRole, now: Timestamp, expiresAt: Timestamp, keyFile: String?
    ) -> (token: AccessToken, text: String) {
        let text = prefix + Hex.encode(secureRandomBytes(32))
        let hash = Digest(sha256: Array(text.utf8))
        return (
            AccessToken(
                id: identifier(of: hash), name: name, role: role, hash: hash, createdAt: now, expiresAt: expiresAt,
                revokedAt: nil, keyFile: keyFile), text
        )
    }

    private static func identifier(of hash: Digest) -> String {
        String(Digest(sha256: Array("lethe/token-id/v1".utf8) + hash.bytes).hex.prefix(16))
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "name": .string(name), "role": .string(role.rawValue), "sha256": .string(hash.hex),
            "createdAt": .string("\(createdAt)"), "expiresAt": .string("\(expiresAt)"),
        ]
        members["revokedAt"] = revokedAt.map { .string("\($0)") }
        members["keyFile"] = keyFile.map { .string($0) }
        return .object(members)
    }

    init?(json: JSONValue) {
        guard let name = json["name"]?.stringValue, let role = json["role"]?.stringValue.flatMap(AccessRole.init),
            let hash = json["sha256"]?.stringValue.flatMap({ try? Digest(hex: $0) }),
            let created = json["createdAt"]?.stringValue.flatMap({ try? Timestamp($0) }),
            let expires = json["expiresAt"]?.stringValue.flatMap({ try? Timestamp($0) })
        else { return nil }
        var revoked: Timestamp?
        if let value = json["revokedAt"] {
            guard let time = value.stringValue.flatMap({ try? Timestamp($0) }) else { return nil }
            revoked = time
        }
        self.init(
            id: Self.identifier(of: hash), name: name, role: role, hash: hash, createdAt: created, expiresAt: expires,
            revokedAt: revoked, keyFile: json["keyFile"]?.stringValue)
    }

    private init(
        id: String, name: String, role: AccessRole, hash: Digest, createdAt: Timestamp, expiresAt: Timestamp,
        revokedAt: Timestamp?, keyFile: String?
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.keyFile = keyFile
    }
}
