public import LetheStatements

/// Why a request was not accepted. Closed, and no text contains anything that the sender wrote: refusals end up in logs.
public enum RequestRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// More bytes than a request may have.
    case tooLarge(limit: Int, found: Int)
    /// Not one canonical DSSE envelope with one signature over an in-toto payload.
    case malformedEnvelope
    /// Signed by nobody that this log accepts requests from.
    case unknownKey
    /// Names a known key, but the signature is not that key's: forged or altered.
    case badSignature
    /// The signed bytes are not an in-toto Statement v1.
    case malformedStatement
    /// The statement is something else than a deletion request.
    case wrongPredicateType
    /// A field is missing or has another form.
    case field(RequestField)
    /// Meant for another log.
    case wrongAudience
    /// `expiresAt` is not after `issuedAt`.
    case windowReversed
    /// Valid for longer than the policy allows.
    case windowTooLong(limitSeconds: Int64, foundSeconds: Int64)
    /// Signed in the future, beyond what clocks may differ by.
    case notYetValid(now: Timestamp, issuedAt: Timestamp)
    /// No longer valid.
    case expired(now: Timestamp, expiresAt: Timestamp)
    /// The id was used before with other bytes.
    case requestIDConflict
    /// The nonce was used before with other bytes.
    case nonceConflict

    /// The refusal's name on the wire.
    public var code: String {
        switch self {
        case .tooLarge: "too-large"
        case .malformedEnvelope: "malformed-envelope"
        case .unknownKey: "unknown-key"
        case .badSignature: "bad-signature"
        case .malformedStatement: "malformed-statement"
        case .wrongPredicateType: "wrong-predicate-type"
        case .field: "invalid-field"
        case .wrongAudience: "wrong-audience"
        case .windowReversed: "window-reversed"
        case .windowTooLong: "window-too-long"
        case .notYetValid: "not-yet-valid"
        case .expired: "expired"
        case .requestIDConflict: "request-id-conflict"
        case .nonceConflict: "nonce-conflict"
        }
    }

    /// One line that says what was expected; nothing that the sender wrote but its times.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found): "request: expected at most \(limit) bytes, found \(found)"
        case .malformedEnvelope:
            "request: expected one canonical DSSE envelope with one signature over an in-toto statement"
        case .unknownKey: "request: expected a signature by a registered requester key, found none"
        case .badSignature: "request: the signature does not belong to these bytes (forged or altered)"
        case .malformedStatement: "request: expected an in-toto Statement v1 in strict JSON"
        case .wrongPredicateType: "request: expected predicate type \(DeletionRequest.predicateType)"
        case .field(let field): "request \(field.expectation)"
        case .wrongAudience: "request audience: meant for another log than this one"
        case .windowReversed: "request window: expected expiresAt after issuedAt"
        case .windowTooLong(let limit, let found):
            "request window: expected at most \(limit) seconds from issuedAt to expiresAt, found \(found)"
        case .notYetValid(let now, let issuedAt): "request: issued at \(issuedAt), which is in the future at \(now)"
        case .expired(let now, let expiresAt): "request: expired at \(expiresAt), and it is \(now)"
        case .requestIDConflict: "request: its id was used before by a different request"
        case .nonceConflict: "request: its nonce was used before by a different request"
        }
    }
}
