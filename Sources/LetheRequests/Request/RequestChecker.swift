public import LetheCrypto
public import LetheStatements

/// Decides whether bytes are an acceptable deletion request.
///
/// The order is fixed, cheap and safe checks first: size, envelope form, known key, signature, statement, audience, time
/// window, replay. Nothing of the payload is read before its signature holds.
public struct RequestChecker: Sendable {
    /// The origin of this log.
    public let audience: String
    /// The keys that requests are accepted from, and whose word counts for how the person was identified.
    public let requesterKeys: [VerifyingKey]
    /// Data subjects' own keys: their requests are accepted too, and prove nobody's identity.
    public let subjectKeys: [VerifyingKey]
    /// The longest time from `issuedAt` to `expiresAt`.
    public let maximumWindowSeconds: Int64
    /// How far the sender's clock may be ahead.
    public let clockSkewSeconds: Int64

    /// A checker for the log `audience`.
    public init(
        audience: String, requesterKeys: [VerifyingKey], subjectKeys: [VerifyingKey] = [],
        maximumWindowSeconds: Int64 = 86_400, clockSkewSeconds: Int64 = 60
    ) {
        self.audience = audience
        self.requesterKeys = requesterKeys
        self.subjectKeys = subjectKeys
        self.maximumWindowSeconds = maximumWindowSeconds
        self.clockSkewSeconds = clockSkewSeconds
    }

    /// A checker with the limits of `policy`.
    public init(
        audience: String, requesterKeys: [VerifyingKey], subjectKeys: [VerifyingKey] = [], policy: Policy
    ) {
        self.init(
            audience: audience, requesterKeys: requesterKeys, subjectKeys: subjectKeys,
            maximumWindowSeconds: Int64(policy.requests.maximumWindowHours) * 3_600,
            clockSkewSeconds: Int64(policy.requests.clockSkewSeconds))
    }

    /// Checks everything but replay. Follow with `CheckedRequest.compare(with:)`.
    public func check(_ bytes: [UInt8], now: Timestamp) throws(RequestRefusal) -> CheckedRequest {
        guard bytes.count <= DeletionRequest.maximumByteCount else {
            throw .tooLarge(limit: DeletionRequest.maximumByteCount, found: bytes.count)
        }
        guard
            let envelope = try? DSSEEnvelope(parsing: bytes, maximumByteCount: DeletionRequest.maximumByteCount),
            envelope.signatures.count == 1, envelope.payloadType == DSSEEnvelope.inTotoPayloadType
        else { throw .malformedEnvelope }
        let keys = requesterKeys + subjectKeys
        guard let verified = try? envelope.verify(trusting: keys) else {
            // Here the hint decides nothing but the wording.
            let isKnown = keys.contains { $0.keyID == envelope.signatures[0].keyID }
            throw isKnown ? .badSignature : .unknownKey
        }
        // A hint that names another key would give one request many spellings, and its sender a conflict with itself.
        guard envelope.signatures[0].keyID == verified.signers[0].keyID else { throw .malformedEnvelope }
        let statement: Statement
        do { statement = try Statement(verified: verified) } catch { throw .malformedStatement }
        let request = try DeletionRequest(statement)
        guard request.audience == audience else { throw .wrongAudience }
        let window = request.expiresAt.secondsSinceEpoch - request.issuedAt.secondsSinceEpoch
        guard window <= maximumWindowSeconds else {
            throw .windowTooLong(limitSeconds: maximumWindowSeconds, foundSeconds: window)
        }
        guard request.issuedAt <= now.adding(seconds: clockSkewSeconds) else {
            throw .notYetValid(now: now, issuedAt: request.issuedAt)
        }
        guard now < request.expiresAt else { throw .expired(now: now, expiresAt: request.expiresAt) }
        let signer = verified.signers[0]
        return CheckedRequest(
            request: request, rawBytes: bytes, signer: signer, isOfSubject: subjectKeys.contains(signer))
    }

    /// Checks everything; `replayLookup` returns the earlier requests with this id or this nonce tag.
    /// - Returns: whether the request is new or a repetition that gets the same answer.
    public func check(
        _ bytes: [UInt8], now: Timestamp, replayLookup: (RequestID, Digest) -> [ReplayRecord]
    ) throws(RequestRefusal) -> RequestNovelty {
        let checked = try check(bytes, now: now)
        return try checked.compare(with: replayLookup(checked.request.requestID, checked.nonceTag))
    }
}

/// A request whose form, signature, audience and time are right, whatever format it came in. Only a format's checker makes one.
public struct CheckedRequest: Sendable, Equatable, Redacted {
    /// What is asked.
    public let request: DeletionRequest
    /// The bytes as received.
    public let rawBytes: [UInt8]
    /// The format of these bytes.
    public let format: RequestFormat
    /// Who signed; nil where the format has no signature.
    public let signer: VerifyingKey?
    /// Whether a data subject's own key signed, whose requests all wait until the controller has found out who sent them.
    public let isOfSubject: Bool

    init(
        request: DeletionRequest, rawBytes: [UInt8], signer: VerifyingKey?, format: RequestFormat = .native,
        isOfSubject: Bool = false
    ) {
        self.request = request
        self.rawBytes = rawBytes
        self.signer = signer
        self.format = format
        self.isOfSubject = isOfSubject
    }

    /// What proves who asks: what the request says, or nothing where the word of its key does not count for that.
    public var proof: IdentityProof {
        isOfSubject ? IdentityProof(level: .unverified, method: .selfDeclared) : request.identity
    }

    /// What the log keeps of the nonce: SHA-256("unlearn-ledger/nonce/v1" || 0x00 || nonce).
    public var nonceTag: Digest { Digest(sha256: Array("unlearn-ledger/nonce/v1".utf8) + [0x00] + request.nonce) }

    /// What the log keeps of the bytes: HMAC-SHA-256(nonce, "unlearn-ledger/replay/v1" || 0x00 || bytes).
    ///
    /// The nonce is the key and is nowhere in the log: only somebody who holds the request can compute the tag, and it still
    /// tells a repetition from a conflict after the subject's key was destroyed.
    public var replayTag: Digest {
        hmacSHA256(key: request.nonce, message: Array("unlearn-ledger/replay/v1".utf8) + [0x00] + rawBytes)
    }

    /// Compares with earlier requests of the same id or nonce: same bytes, same answer; other bytes are refused.
    public func compare(with earlier: [ReplayRecord]) throws(RequestRefusal) -> RequestNovelty {
        for record in earlier where record.replayTag == replayTag { return .repetition(of: record) }
        for record in earlier {
            if record.requestID == request.requestID { throw .requestIDConflict }
            if record.nonceTag == nonceTag { throw .nonceConflict }
        }
        return .new(self)
    }
}

/// Whether a checked request was seen before.
public enum RequestNovelty: Sendable, Equatable {
    /// Never seen.
    case new(CheckedRequest)
    /// The very bytes of an earlier request: answer as before, log nothing.
    case repetition(of: ReplayRecord)
}

/// What the log knows of an earlier request.
public struct ReplayRecord: Sendable, Equatable {
    /// Its id.
    public let requestID: RequestID
    /// The tag of its nonce.
    public let nonceTag: Digest
    /// The tag of its bytes.
    public let replayTag: Digest
    /// Its entry in the log.
    public let receivedIndex: UInt64

    /// An earlier request.
    public init(requestID: RequestID, nonceTag: Digest, replayTag: Digest, receivedIndex: UInt64) {
        self.requestID = requestID
        self.nonceTag = nonceTag
        self.replayTag = replayTag
        self.receivedIndex = receivedIndex
    }
}
