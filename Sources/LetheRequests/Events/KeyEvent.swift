public import LetheBytes
public import LetheCrypto
public import LetheStatements

/// What a key may sign.
public enum KeyRole: String, Sendable, Hashable, CaseIterable {
    /// Key events.
    case root
    /// Checkpoints.
    case log
    /// Requests', runs', models' and policies' events, shredding, certificates and reports.
    case controller
    /// The forgetting test's results; never the controller's key, so that two parties answer for a certificate.
    case verifier
    /// Deletion requests, with the requester's word for how the person was identified: a portal's or an agent's key.
    case requester
    /// Deletion requests of a data subject, whom nobody has identified yet: what such a key says of that counts for nothing.
    case subject
    /// Cosignatures.
    case witness
    /// Decisions, as a privacy officer.
    case officer
    /// Decisions, as an engineer of the recommender.
    case engineer
    /// Decisions, as who administers the desk.
    case administrator
    /// Nothing: who reads, and whose key is known so that no decision can be in its name.
    case auditor

    /// Whether its keys are persons' who decide or look on, not the system's.
    public var isPerson: Bool {
        switch self {
        case .officer, .engineer, .administrator, .auditor: true
        case .root, .log, .controller, .verifier, .requester, .subject, .witness: false
        }
    }
}

/// A change of the keys that a log trusts: `urn:lethe:key-event:v1`, signed by a root key, and by the old and the new key too when
/// one replaces another. The statement's subject is `key:<keyid>` with the key id as its digest.
public struct KeyEvent: Sendable, Equatable, EventBody {
    static let predicateType = PredicateType.keyEvent

    /// What changes.
    public let change: Change
    /// The key.
    public let key: VerifyingKey
    /// What the key may sign.
    public let role: KeyRole
    /// The origin of the log.
    public let origin: String
    /// When it was decided.
    public let at: Timestamp
    /// Of the root key that starts a log: whether every rotation in it must be signed by the new key.
    public let requiresPossession: Bool
    /// Members beyond this version's.
    public var extra: [String: JSONValue]

    /// A change of one key.
    public enum Change: Sendable, Equatable {
        /// The key may sign entries from index `validFrom` on.
        case add(validFrom: UInt64)
        /// The key takes the place of the key `replaces` from index `validFrom` on.
        case rotate(replaces: String, validFrom: UInt64)
        /// The key may sign no entry from index `validUntil` on.
        case revoke(validUntil: UInt64)
        /// Somebody else had the key from index `from` on, which may lie in the past: nothing it signed from there on counts, and what
        /// it signed before counts only under a checkpoint of at most this size that a witness or a timestamp vouches for.
        case compromise(from: UInt64)
    }

    /// A change of the keys of the log `origin`.
    public init(
        _ change: Change, key: VerifyingKey, role: KeyRole, origin: String, at: Timestamp,
        requiresPossession: Bool = false, extra: [String: JSONValue] = [:]
    ) {
        self.change = change
        self.key = key
        self.role = role
        self.origin = origin
        self.at = at
        self.requiresPossession = requiresPossession
        self.extra = extra
    }

    /// The key that takes another's place and proves with its signature that somebody holds it; nil where nothing is replaced.
    public var successor: VerifyingKey? {
        if case .rotate = change { key } else { nil }
    }

    var subjects: [Statement.Subject] { [.init(name: "key:\(key.keyID)", digest: ["sha256": key.keyID])] }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "keyid": .string(key.keyID), "spki": .string(Base64.encode(key.der)), "role": .code(role),
            "origin": .string(origin), "at": .code(at),
        ]
        if requiresPossession { members["possession"] = "required" }
        switch change {
        case .add(let validFrom):
            members["event"] = "add"
            members["validFrom"] = .code(validFrom)
        case .rotate(let replaces, let validFrom):
            members["event"] = "rotate"
            members["replaces"] = .string(replaces)
            members["validFrom"] = .code(validFrom)
        case .revoke(let validUntil):
            members["event"] = "revoke"
            members["validUntil"] = .code(validUntil)
        case .compromise(let from):
            members["event"] = "compromise"
            members["compromisedFrom"] = .code(from)
        }
        return members
    }

    init(_ statement: Statement) throws(FieldError) {
        let predicate = statement.fields
        let spki = try predicate.member("spki")
        let text = try spki.string()
        guard let der = try? Base64.decode(text), let key = try? VerifyingKey(der: der) else {
            throw .invalid(path: spki.path, expected: "an Ed25519 public key as base64 of its DER form", found: text)
        }
        self.key = key
        role = try predicate.member("role").oneOf(KeyRole.self)
        origin = try predicate.member("origin").nonEmptyString()
        at = try predicate.member("at").timestamp()
        extra = [:]
        let event = try predicate.member("event")
        switch try event.string() {
        case "add": change = .add(validFrom: try predicate.member("validFrom").wholeNumber())
        case "rotate":
            change = .rotate(
                replaces: try predicate.member("replaces").digest().hex,
                validFrom: try predicate.member("validFrom").wholeNumber())
        case "revoke": change = .revoke(validUntil: try predicate.member("validUntil").wholeNumber())
        case "compromise": change = .compromise(from: try predicate.member("compromisedFrom").wholeNumber())
        case let other:
            throw .invalid(path: event.path, expected: "add or rotate or revoke or compromise", found: other)
        }
        // Elsewhere the member says nothing and is kept like any other that this version does not define.
        if case .add = change, role == .root, let possession = try predicate.optional("possession") {
            try possession.require("required")
            requiresPossession = true
        } else {
            requiresPossession = false
        }
    }
}
