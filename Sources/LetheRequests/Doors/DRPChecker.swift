import LetheBytes
public import LetheCrypto
public import LetheStatements

/// Decides whether bytes are an acceptable deletion request of the Data Rights Protocol 1.0.
///
/// The body is `base64(signature || JSON)`, as libsodium combines them, with at most one newline behind it. The order of the checks is that
/// of section 3.07 (base64, signature by the presenting agent, agent, business, time), then the longest window, then the rest of the
/// content. Nothing of the content is read before its signature holds.
public struct DRPChecker: Sendable {
    /// This business's id in the service directory.
    public let businessID: String
    /// The agent whose token the request was presented with.
    public let agentID: String
    /// That agent's key in the service directory.
    public let agentKey: VerifyingKey
    /// The longest time from `issued-at` to `expires-at`.
    public let maximumWindowSeconds: Int64

    /// A checker for requests that the agent `agentID` presents to the business `businessID`.
    public init(businessID: String, agentID: String, agentKey: VerifyingKey, maximumWindowSeconds: Int64 = 86_400) {
        self.businessID = businessID
        self.agentID = agentID
        self.agentKey = agentKey
        self.maximumWindowSeconds = maximumWindowSeconds
    }

    /// Checks everything but replay.
    /// - Throws: `ForeignRefusal`.
    public func check(_ bytes: [UInt8], now: Timestamp) throws(ForeignRefusal) -> ForeignRequest {
        let fields = try opened(bytes)
        let (issuedAt, expiresAt) = try requireAddressed(fields, now: now)
        let reference = try Self.text(.agentRequestID, of: fields)
        return try rest(of: fields, reference: reference, issuedAt: issuedAt, expiresAt: expiresAt, bytes)
    }

    /// Checks the message of the pair-wise key setup (section 2.05): the same envelope, without a request in it.
    /// - Throws: `ForeignRefusal`.
    public func checkSetup(_ bytes: [UInt8], now: Timestamp) throws(ForeignRefusal) {
        let fields = try opened(bytes)
        _ = try requireAddressed(fields, now: now)
        try fields.foreignCheck(.drpVersion) { (fields) throws(FieldError) in
            try fields.member(ForeignField.drpVersion.rawValue).require("1.0")
        }
    }

    /// Checks the message by which a request is revoked (section 2.04): signed by the agent, with a reason or none.
    ///
    /// The protocol puts neither request nor time into it; which request is meant, only the URL says. The reason is free text and is not kept.
    /// - Throws: `ForeignRefusal`.
    public func checkRevocation(_ bytes: [UInt8]) throws(ForeignRefusal) {
        let fields = try opened(bytes)
        do throws(FieldError) { _ = try fields.optional("reason")?.string() } catch { throw .notJSON }
    }

    /// The content of a signed message, once its signature holds.
    private func opened(_ bytes: [UInt8]) throws(ForeignRefusal) -> JSONFields {
        guard bytes.count <= DeletionRequest.maximumByteCount else {
            throw .tooLarge(limit: DeletionRequest.maximumByteCount, found: bytes.count)
        }
        let body = bytes.last == UInt8(ascii: "\n") ? Array(bytes.dropLast()) : bytes
        guard let signed = try? Base64.decode(ascii: body) else { throw .notBase64 }
        guard signed.count > Ed25519.signatureByteCount else {
            throw .tooShort(expected: Ed25519.signatureByteCount, found: signed.count)
        }
        let (signature, content) = (
            Array(signed[..<Ed25519.signatureByteCount]), Array(signed[Ed25519.signatureByteCount...])
        )
        guard agentKey.isValid(signature: signature, for: content) else { throw .badSignature }
        return try JSONFields.foreignObject(content)
    }

    private static func text(_ field: ForeignField, of fields: JSONFields) throws(ForeignRefusal) -> String {
        try fields.foreign(field) { (fields) throws(FieldError) in try fields.member(field.rawValue).string() }
    }

    /// By whom, for whom and when, in the order of section 3.07.
    private func requireAddressed(
        _ fields: JSONFields, now: Timestamp
    ) throws(ForeignRefusal) -> (issuedAt: Timestamp, expiresAt: Timestamp) {
        guard Array(try Self.text(.agentID, of: fields).utf8) == Array(agentID.utf8) else { throw .wrongAgent }
        guard DeletionRequest.isAgent(agentID) else { throw .field(.agentID) }
        guard Array(try Self.text(.businessID, of: fields).utf8) == Array(businessID.utf8) else { throw .wrongBusiness }
        let issuedAt = try fields.foreignTime(.issuedAt)
        let expiresAt = try fields.foreignTime(.expiresAt)
        guard issuedAt <= now else { throw .notYetValid(now: now, issuedAt: issuedAt) }
        guard now < expiresAt else { throw .expired(now: now, expiresAt: expiresAt) }
        guard issuedAt < expiresAt else { throw .windowReversed }
        let window = expiresAt.secondsSinceEpoch - issuedAt.secondsSinceEpoch
        guard window <= maximumWindowSeconds else {
            throw .windowTooLong(limitSeconds: maximumWindowSeconds, foundSeconds: window)
        }
        return (issuedAt, expiresAt)
    }

    /// What the checks of section 3.07 leave to be read.
    private func rest(
        of fields: JSONFields, reference: String, issuedAt: Timestamp, expiresAt: Timestamp, _ bytes: [UInt8]
    ) throws(ForeignRefusal) -> ForeignRequest {
        guard (1...256).contains(reference.utf8.count) else { throw .field(.agentRequestID) }
        try fields.foreignCheck(.drpVersion) { (fields) throws(FieldError) in
            try fields.member(ForeignField.drpVersion.rawValue).require("1.0")
        }
        let right = try fields.foreign(.exercise) { (fields) throws(FieldError) in
            Right(rawValue: try fields.member("exercise").string())
        }
        guard right == .deletion else { throw .otherRight }
        // The optional: nil twice over, so that an absent member is told from a wrong one.
        let regulation = try fields.foreign(.regime) { (fields) throws(FieldError) -> Regulation?? in
            guard let regime = try fields.optional("regime") else { return .some(nil) }
            return try regime.oneOf(Regulation.self)
        }
        try fields.foreignCheck(.relationships) { (fields) throws(FieldError) in
            for relationship in try fields.optional("relationships")?.array() ?? [] { _ = try relationship.string() }
        }
        let callback = try fields.foreign(.statusCallback) { (fields) throws(FieldError) -> String?? in
            guard let url = try fields.optional("status_callback")?.string() else { return .some(nil) }
            guard isCallback(url) else { return nil }
            return .some(url)
        }
        let claims = try fields.foreign(.claims) { (fields) throws(FieldError) in try Self.claims(fields) }
        guard !claims.isEmpty else { throw .field(.claims) }
        return ForeignRequest(
            format: .drp, requestID: nil, reference: reference, agent: agentID, regulation: regulation, claims: claims,
            issuedAt: issuedAt, expiresAt: expiresAt, callbacks: callback.map { [$0] } ?? [], rawBytes: bytes,
            signer: agentKey)
    }

    /// The identities among the claims of schema.org/Person. An agent proves an e-mail address; that the number of an account belongs to
    /// the same person it can only say.
    private static func claims(_ fields: JSONFields) throws(FieldError) -> [IdentityClaim]? {
        let isEmailVerified = try fields.optional("email_verified")?.bool() ?? false
        let members: [(name: String, type: String, level: IdentityLevel)] = [
            ("identifier", "user-id", .unverified), ("email", "email", isEmailVerified ? .emailVerified : .unverified),
            ("phone_number", "phone", .unverified),
        ]
        var claims: [IdentityClaim] = []
        for (member, type, level) in members {
            guard let value = try fields.optional(member)?.string() else { continue }
            guard let identity = SubjectIdentity(type: type, value: value) else { return nil }
            claims.append(
                IdentityClaim(identity: identity, proof: IdentityProof(level: level, method: .agentAttested)))
        }
        return claims
    }

    /// The rights of DRP 1.0.
    private enum Right: String {
        case access, deletion
        case saleOptOut = "sale:opt-out"
        case saleOptIn = "sale:opt-in"
        case accessCategories = "access:categories"
        case accessSpecific = "access:specific"
    }
}

/// The agents of a DRP service directory, with their keys.
public struct AgentDirectory: Sendable, Equatable {
    /// The keys by agent id.
    public let keys: [String: VerifyingKey]

    /// Reads a directory: a JSON array of agents' entries, each with `id` and `verify_key`; other members are for people.
    /// - Throws: `AgentDirectoryError`, with the place.
    public init(parsing bytes: [UInt8]) throws(AgentDirectoryError) {
        guard let json = try? StrictJSON.parse(bytes, maximumDepth: 8), let entries = try? JSONFields(json).array()
        else {
            throw .notJSON
        }
        var keys: [String: VerifyingKey] = [:]
        for (position, entry) in entries.enumerated() {
            guard let id = try? entry.member("id").string(), DeletionRequest.isAgent(id) else {
                throw .entry(position: position, expected: "an id of 1 to 64 characters A-Z, a-z, 0-9, '.', '_' or '-'")
            }
            guard let text = try? entry.member("verify_key").string(), let raw = try? Base64.decode(text),
                let key = try? VerifyingKey(rawBytes: raw)
            else {
                throw .entry(position: position, expected: "a verify_key: an Ed25519 public key, 32 bytes as base64")
            }
            guard keys.updateValue(key, forKey: id) == nil else {
                throw .entry(position: position, expected: "an id that no entry before has")
            }
        }
        self.keys = keys
    }
}

/// Why bytes are no directory of agents.
public enum AgentDirectoryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not a JSON array.
    case notJSON
    /// An entry, counted from zero, that does not fit.
    case entry(position: Int, expected: String)

    /// One line with the place.
    public var description: String {
        switch self {
        case .notJSON: "agent directory: expected a JSON array of agents"
        case .entry(let position, let expected): "agent directory: entry \(position): expected \(expected)"
        }
    }
}
