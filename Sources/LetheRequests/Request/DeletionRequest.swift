import LetheBytes
public import LetheCrypto
public import LetheStatements

/// Lethe's own signed deletion request: a DSSE envelope over an in-toto Statement with predicate type
/// `urn:lethe:deletion-request:v1`, whose subject is named `request:<id>` with the SHA-256 of the canonical predicate.
///
/// Holds personal data. Its bytes go to the vault; the log sees commitments only.
public struct DeletionRequest: Sendable, Equatable, Redacted {
    /// The predicate type of native requests.
    public static let predicateType = "urn:lethe:deletion-request:v1"
    /// The most bytes that a request may have.
    public static let maximumByteCount = DSSEEnvelope.defaultMaximumByteCount
    /// The length of a nonce in bytes.
    public static let nonceByteCount = 16

    /// The random name of the request.
    public let requestID: RequestID
    /// The law it is made under.
    public let regulation: Regulation
    /// Who is to be forgotten.
    public let subject: SubjectIdentity
    /// The origin of the log that the request is meant for: a request to one controller is none to another.
    public let audience: String
    /// Sixteen random bytes that make every request its own.
    public let nonce: [UInt8]
    /// When the request was signed.
    public let issuedAt: Timestamp
    /// When it is no longer accepted, if it has not been received before.
    public let expiresAt: Timestamp
    /// Who sends it: 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_`, `-`.
    public let agent: String
    /// How the agent proved the subject's identity.
    public let identity: IdentityProof

    /// A request.
    /// - Throws: `.field` for an audience, nonce, agent or window that no checker would accept.
    public init(
        requestID: RequestID, regulation: Regulation, subject: SubjectIdentity, audience: String, nonce: [UInt8],
        issuedAt: Timestamp, expiresAt: Timestamp, agent: String, identity: IdentityProof
    ) throws(RequestRefusal) {
        guard DeletionRequest.isOrigin(audience) else { throw .field(.audience) }
        guard nonce.count == DeletionRequest.nonceByteCount else { throw .field(.nonce) }
        guard DeletionRequest.isAgent(agent) else { throw .field(.agent) }
        guard issuedAt < expiresAt else { throw .windowReversed }
        self.requestID = requestID
        self.regulation = regulation
        self.subject = subject
        self.audience = audience
        self.nonce = nonce
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.agent = agent
        self.identity = identity
    }

    /// A request with a new id and nonce, drawn from `generator`, that stays valid for `validSeconds` from `issuedAt`.
    public init(
        regulation: Regulation, subject: SubjectIdentity, audience: String, issuedAt: Timestamp,
        validSeconds: Int64 = 600, agent: String, identity: IdentityProof,
        using generator: inout some RandomNumberGenerator
    ) throws(RequestRefusal) {
        try self.init(
            requestID: .random(using: &generator), regulation: regulation, subject: subject, audience: audience,
            nonce: (0..<DeletionRequest.nonceByteCount).map { _ in .random(in: .min ... .max, using: &generator) },
            issuedAt: issuedAt, expiresAt: issuedAt.adding(seconds: validSeconds), agent: agent, identity: identity)
    }

    /// The request as the bytes to send, signed by `key`.
    /// - Throws: `.malformedStatement` or `.malformedEnvelope` where a value has no JSON form.
    public func sign(with key: SigningKey) throws(RequestRefusal) -> [UInt8] {
        let payload: [UInt8]
        do {
            let digest = Digest(sha256: try predicate.canonicalBytes())
            payload = try Statement(
                subjects: [.init(name: "request:\(requestID)", sha256: digest)],
                predicateType: DeletionRequest.predicateType, predicate: predicate
            ).canonicalBytes()
        } catch { throw .malformedStatement }
        do {
            return try DSSEEnvelope(
                signing: payload, with: [key], maximumByteCount: DeletionRequest.maximumByteCount
            ).canonicalBytes
        } catch { throw .malformedEnvelope }
    }

    var predicate: JSONValue {
        [
            "requestId": .string(requestID.text),
            "regulation": .string(regulation.rawValue),
            "type": "erasure",
            "subject": ["type": .string(subject.type), "value": .string(subject.value)],
            "audience": .string(audience),
            "nonce": .string(Hex.encode(nonce)),
            "issuedAt": .string(issuedAt.description),
            "expiresAt": .string(expiresAt.description),
            "agent": .string(agent),
            "identity": identity.json,
        ]
    }

    /// Reads a verified statement.
    package init(_ statement: Statement) throws(RequestRefusal) {
        do { try statement.require(predicateType: DeletionRequest.predicateType) } catch { throw .wrongPredicateType }
        let fields = statement.fields
        func require<Value>(_ field: RequestField, _ read: () throws(FieldError) -> Value?) throws(RequestRefusal)
            -> Value
        {
            guard let value = try? read() else { throw .field(field) }
            return value
        }
        let names = Set(RequestField.allCases.compactMap(\.member))
        guard (try? fields.requireExactly(names)) != nil else {
            let found = Set(fields.value.objectValue.map { Array($0.keys) } ?? [])
            let missing = RequestField.allCases.first { $0.member.map { !found.contains($0) } ?? false }
            throw .field(missing ?? .unknownMember)
        }
        let requestID = try require(.requestID) { () throws(FieldError) in
            RequestID(try fields.member("requestId").string())
        }
        let regulation = try require(.regulation) { () throws(FieldError) in
            try fields.member("regulation").oneOf(Regulation.self)
        }
        _ = try require(.type) { () throws(FieldError) in try fields.member("type").require("erasure") }
        let subject = try require(.subject) { () throws(FieldError) in
            let subject = try fields.member("subject")
            try subject.requireExactly(["type", "value"])
            return SubjectIdentity(
                type: try subject.member("type").string(), value: try subject.member("value").string())
        }
        let audience = try require(.audience) { () throws(FieldError) in try fields.member("audience").string() }
        let nonce = try require(.nonce) { () throws(FieldError) in
            let text = try fields.member("nonce").string()
            let bytes = try? Hex.decode(text)
            return bytes.flatMap { Hex.encode($0) == text ? $0 : nil }
        }
        let issuedAt = try require(.issuedAt) { () throws(FieldError) in try fields.member("issuedAt").timestamp() }
        let expiresAt = try require(.expiresAt) { () throws(FieldError) in try fields.member("expiresAt").timestamp() }
        let agent = try require(.agent) { () throws(FieldError) in try fields.member("agent").string() }
        let identity = try require(.identity) { () throws(FieldError) in
            let identity = try fields.member("identity")
            try identity.requireExactly(["level", "method"])
            return IdentityProof(
                level: try identity.member("level").oneOf(IdentityLevel.self),
                method: try identity.member("method").oneOf(IdentityMethod.self))
        }
        try self.init(
            requestID: requestID, regulation: regulation, subject: subject, audience: audience, nonce: nonce,
            issuedAt: issuedAt, expiresAt: expiresAt, agent: agent, identity: identity)
        guard let bytes = try? statement.predicate.canonicalBytes(),
            statement.subjects == [.init(name: "request:\(requestID)", sha256: Digest(sha256: bytes))]
        else { throw .field(.statementSubject) }
    }

    /// `<host>/<path>` without spaces, controls or `+`, as checkpoints name their log.
    private static func isOrigin(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "+") }
    }

    static func isAgent(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8.contains($0)
            }
    }
}

/// The parts of a request that a refusal can name, without quoting what stands there.
public enum RequestField: String, Sendable, Hashable, CaseIterable {
    /// `requestId`
    case requestID = "requestId"
    /// `regulation`
    case regulation
    /// `type`
    case type
    /// `subject`
    case subject
    /// `audience`
    case audience
    /// `nonce`
    case nonce
    /// `issuedAt`
    case issuedAt
    /// `expiresAt`
    case expiresAt
    /// `agent`
    case agent
    /// `identity`
    case identity
    /// A member that this format does not have.
    case unknownMember
    /// The statement's own subject, which must name the request and digest of the predicate.
    case statementSubject

    var member: String? {
        switch self {
        case .unknownMember, .statementSubject: nil
        case .requestID, .regulation, .type, .subject, .audience, .nonce, .issuedAt, .expiresAt, .agent, .identity:
            rawValue
        }
    }

    /// What the field must be.
    var expectation: String {
        switch self {
        case .requestID: "requestId: expected a lowercase version 4 UUID"
        case .regulation: "regulation: expected gdpr or ccpa"
        case .type: "type: expected erasure"
        case .subject: "subject: expected exactly a type (a-z, 0-9, -) and a value of 1 to 256 bytes"
        case .audience: "audience: expected the origin of a log"
        case .nonce: "nonce: expected 32 lowercase hexadecimal digits"
        case .issuedAt: "issuedAt: expected a time like 2026-03-02T09:00:00Z"
        case .expiresAt: "expiresAt: expected a time like 2026-03-02T09:00:00Z"
        case .agent: "agent: expected 1 to 64 characters A-Z, a-z, 0-9, '.', '_' or '-'"
        case .identity: "identity: expected exactly a known level and a known method"
        case .unknownMember: "predicate: has a member that requests of this version do not have"
        case .statementSubject:
            "statement subject: expected request:<requestId> with the SHA-256 of the canonical predicate"
        }
    }
}
