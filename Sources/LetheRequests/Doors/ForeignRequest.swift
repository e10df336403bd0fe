import LetheBytes
public import LetheCrypto
public import LetheStatements

/// A deletion request in another system's format, checked by that format's rules: what `DRPChecker` and `OpenDSRChecker` make.
///
/// Whom it is about is a claim until the controller knows which of its own data subjects that is; then `checked(as:…)` makes the one
/// internal request of it. Holds personal data.
public struct ForeignRequest: Sendable, Equatable, Redacted {
    /// The format.
    public let format: RequestFormat
    /// The request's id, where its sender chose one that Lethe can take.
    public let requestID: RequestID?
    /// What its sender calls it; free text that may hold personal data.
    public let reference: String
    /// Who sent it: the agent's id, or the format's name where nobody signs.
    public let agent: String
    /// The law it names, if any.
    public let regulation: Regulation?
    /// Whom it is about, in the order of the request.
    public let claims: [IdentityClaim]
    /// When it was issued.
    public let issuedAt: Timestamp
    /// When it is no longer accepted.
    public let expiresAt: Timestamp
    /// Where its sender wants to hear of changes; `https` only.
    public let callbacks: [String]
    /// The bytes as received.
    public let rawBytes: [UInt8]
    /// Who signed; nil where the format has no signature.
    public let signer: VerifyingKey?

    /// The internal request.
    ///
    /// - Parameters:
    ///   - subject: the data subject that the claims were found to mean.
    ///   - proof: how well it is proved that the requester is that subject.
    ///   - audience: the origin of the log.
    ///   - law: the law where the request names none.
    ///   - drawn: the request's id where its sender gave none.
    ///   - secret: a key that is not in the log. The sender's reference becomes the request's nonce under it, so that the same
    ///     reference with other bytes is a conflict and a reference made of personal data cannot be guessed from the log.
    /// - Throws: `RequestRefusal.field`.
    public func checked(
        as subject: SubjectIdentity, proof: IdentityProof, audience: String, law: Regulation, drawn: RequestID,
        secret: [UInt8]
    ) throws(RequestRefusal) -> CheckedRequest {
        let name = ["unlearn-ledger/reference/v1", format.rawValue, agent, reference].joined(separator: "\u{0}")
        let request = try DeletionRequest(
            requestID: requestID ?? drawn, regulation: regulation ?? law, subject: subject, audience: audience,
            nonce: Array(
                hmacSHA256(key: secret, message: Array(name.utf8)).bytes.prefix(DeletionRequest.nonceByteCount)),
            issuedAt: issuedAt, expiresAt: expiresAt, agent: agent, identity: proof)
        return CheckedRequest(request: request, rawBytes: rawBytes, signer: signer, format: format)
    }
}

/// An identity that a request names, and what its sender has shown of it.
public struct IdentityClaim: Sendable, Hashable, Redacted {
    /// The identity.
    public let identity: SubjectIdentity
    /// How well the sender says to have proved it.
    public let proof: IdentityProof
}

/// Why a request in another format was not accepted. No text contains anything that the sender wrote but its times.
public enum ForeignRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// More bytes than a request may have.
    case tooLarge(limit: Int, found: Int)
    /// The body is not base64.
    case notBase64
    /// Fewer bytes than a signature has.
    case tooShort(expected: Int, found: Int)
    /// The signature is not that of the agent who presents the request.
    case badSignature
    /// The content is not one JSON object.
    case notJSON
    /// A member is missing or has another form.
    case field(ForeignField)
    /// Issued by another agent than the one who presents it.
    case wrongAgent
    /// Meant for another business.
    case wrongBusiness
    /// Issued in the future.
    case notYetValid(now: Timestamp, issuedAt: Timestamp)
    /// No longer valid.
    case expired(now: Timestamp, expiresAt: Timestamp)
    /// `expires-at` is not after `issued-at`.
    case windowReversed
    /// Valid for longer than the policy allows.
    case windowTooLong(limitSeconds: Int64, foundSeconds: Int64)
    /// A right that the format knows and a deletion desk does not answer.
    case otherRight

    /// The refusal's name: that of `RequestRefusal`, where it is the same.
    public var code: String {
        switch self {
        case .tooLarge: "too-large"
        case .notBase64: "not-base64"
        case .tooShort: "too-short"
        case .badSignature: "bad-signature"
        case .notJSON: "not-json"
        case .field: "invalid-field"
        case .wrongAgent: "wrong-agent"
        case .wrongBusiness: "wrong-audience"
        case .notYetValid: "not-yet-valid"
        case .expired: "expired"
        case .windowReversed: "window-reversed"
        case .windowTooLong: "window-too-long"
        case .otherRight: "other-right"
        }
    }

    /// One line that says what was expected.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found): "request: expected at most \(limit) bytes, found \(found)"
        case .notBase64: "request: expected base64 of a signature and JSON"
        case .tooShort(let expected, let found):
            "request: expected a signature of \(expected) bytes and JSON, found \(found) bytes"
        case .badSignature: "request: the signature is not the presenting agent's over these bytes (forged or altered)"
        case .notJSON: "request: expected one JSON object without duplicate names"
        case .field(let field): "request \(field.expectation)"
        case .wrongAgent: "request agent-id: expected the agent who presents the request, found another"
        case .wrongBusiness: "request business-id: meant for another business than this one"
        case .notYetValid(let now, let issuedAt): "request: issued at \(issuedAt), which is in the future at \(now)"
        case .expired(let now, let expiresAt): "request: expired at \(expiresAt), and it is \(now)"
        case .windowReversed: "request window: expected expires-at after issued-at"
        case .windowTooLong(let limit, let found):
            "request window: expected at most \(limit) seconds from issued-at to expires-at, found \(found)"
        case .otherRight: "request: asks for another right than deletion, which this desk does not answer"
        }
    }
}

/// The members of foreign requests that a refusal can name.
public enum ForeignField: String, Sendable, Hashable, CaseIterable {
    /// `agent-id`
    case agentID = "agent-id"
    /// `business-id`
    case businessID = "business-id"
    /// `issued-at`
    case issuedAt = "issued-at"
    /// `expires-at`
    case expiresAt = "expires-at"
    /// `agent-request-id`
    case agentRequestID = "agent-request-id"
    /// `drp.version`
    case drpVersion = "drp.version"
    /// `exercise`
    case exercise
    /// `regime`
    case regime
    /// `relationships`
    case relationships
    /// `status_callback`
    case statusCallback = "status_callback"
    /// The claims of a DRP request about a person.
    case claims
    /// `regulation`
    case regulation
    /// `subject_request_id`
    case subjectRequestID = "subject_request_id"
    /// `subject_request_type`
    case subjectRequestType = "subject_request_type"
    /// `submitted_time`
    case submittedTime = "submitted_time"
    /// `subject_identities`
    case subjectIdentities = "subject_identities"
    /// `api_version`
    case apiVersion = "api_version"
    /// `status_callback_urls`
    case statusCallbackURLs = "status_callback_urls"
    /// `extensions`
    case extensions

    /// What the member must be.
    var expectation: String {
        switch self {
        case .agentID: "agent-id: expected 1 to 64 characters A-Z, a-z, 0-9, '.', '_' or '-'"
        case .businessID: "business-id: expected a string"
        case .issuedAt, .expiresAt, .submittedTime: "\(rawValue): expected a time of RFC 3339 with its offset"
        case .agentRequestID: "agent-request-id: expected a string of 1 to 256 bytes"
        case .drpVersion: "drp.version: expected 1.0"
        case .exercise: "exercise: expected a right of DRP 1.0"
        case .regime: "regime: expected ccpa or gdpr, or none"
        case .relationships: "relationships: expected an array of strings"
        case .statusCallback: "status_callback: expected an https URL of at most 2048 bytes"
        case .claims: "claims: expected email, phone_number or identifier as text, and email_verified as true or false"
        case .regulation: "regulation: expected gdpr or ccpa"
        case .subjectRequestID: "subject_request_id: expected a lowercase version 4 UUID"
        case .subjectRequestType: "subject_request_type: expected access, portability or erasure"
        case .subjectIdentities:
            "subject_identities: expected 1 to 64 objects of identity_type, identity_value and identity_format"
        case .apiVersion: "api_version: expected 2.0"
        case .statusCallbackURLs: "status_callback_urls: expected at most 16 https URLs of at most 2048 bytes"
        case .extensions: "extensions: expected an object"
        }
    }
}

extension JSONFields {
    /// What `read` makes of the members, with `field` named where it cannot.
    func foreign<Value>(
        _ field: ForeignField, _ read: (JSONFields) throws(FieldError) -> Value?
    ) throws(ForeignRefusal) -> Value {
        guard let value = try? read(self) else { throw .field(field) }
        return value
    }

    /// Runs `check` on the members, with `field` named where it fails.
    func foreignCheck(
        _ field: ForeignField, _ check: (JSONFields) throws(FieldError) -> Void
    ) throws(ForeignRefusal) {
        do { try check(self) } catch { throw .field(field) }
    }

    /// A time of RFC 3339 as the member `field`.
    func foreignTime(_ field: ForeignField) throws(ForeignRefusal) -> Timestamp {
        try foreign(field) { (fields) throws(FieldError) in
            Timestamp(rfc3339: try fields.member(field.rawValue).string())
        }
    }

    /// The one JSON object that `bytes` are; what is deep, has a name twice or is no Unicode is none.
    static func foreignObject(_ bytes: [UInt8]) throws(ForeignRefusal) -> JSONFields {
        guard let value = try? StrictJSON.parse(bytes, maximumDepth: 16), value.objectValue != nil else {
            throw .notJSON
        }
        return JSONFields(value)
    }
}

/// Whether `text` is a URL that a status may be sent to: `https`, a host, no user, no spaces and controls.
func isCallback(_ text: String) -> Bool {
    let scheme = "https://"
    guard text.utf8.count <= 2_048, text.hasPrefix(scheme), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return false }
    let host = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    return !host.isEmpty && !host.contains("@")
}
