public import LetheBytes
public import LetheCrypto

// Invariants of this file:
// 1. Signatures are over PAE(payloadType, payload bytes) of DSSE v1.0.2, never over parsed values.
// 2. An envelope in Lethe's own form is one exact byte string: JCS of {payload, payloadType, signatures[{keyid, sig}]}, standard base64
//    with padding, no newline. `init(parsing:)` refuses every other spelling, so one envelope has one leaf hash.
// 3. `keyid` is a hint and decides nothing: every trusted key is tried on every signature.
// 4. Thresholds count distinct keys. Zero signatures never verify.
// 5. Only `verify` makes a `VerifiedPayload`; code that parses a payload asks for one, so nothing is parsed before it is verified.

/// A DSSE envelope (secure-systems-lab/dsse v1.0.2) with Ed25519 signatures.
public struct DSSEEnvelope: Sendable, Equatable {
    /// One signature with its unauthenticated hint at the key.
    public struct Signature: Sendable, Equatable {
        /// Lowercase hex SHA-256 of the signer's DER public key in envelopes of our own; any text, or empty, in others.
        public let keyID: String
        /// 64 bytes in envelopes of our own.
        public let bytes: [UInt8]

        /// Pairs a hint with signature bytes.
        public init(keyID: String, bytes: [UInt8]) {
            self.keyID = keyID
            self.bytes = bytes
        }
    }

    /// The payload type of in-toto statements.
    public static let inTotoPayloadType = "application/vnd.in-toto+json"
    /// Our cap on a log entry; larger evidence stays off the log and is named by its digest.
    public static let defaultMaximumByteCount = 16 * 1024
    /// More signatures than any of our events has signers.
    static let maximumSignatureCount = 16

    /// What kind of bytes the payload is; authenticated.
    public let payloadType: String
    /// The signed bytes.
    public let payload: [UInt8]
    /// At least one.
    public let signatures: [Signature]
    /// The envelope as the one byte string that is logged.
    public let canonicalBytes: [UInt8]

    /// Signs `payload` with each of `keys`, in this order.
    ///
    /// - Throws: `.noSignatures`, `.tooManySignatures`, `.tooLarge`.
    public init(
        signing payload: [UInt8], type: String = DSSEEnvelope.inTotoPayloadType, with keys: [SigningKey],
        maximumByteCount: Int = DSSEEnvelope.defaultMaximumByteCount
    ) throws(EnvelopeError) {
        let message = Self.preAuthenticationEncoding(type: type, payload: payload)
        let signatures = keys.map { Signature(keyID: $0.publicKey.keyID, bytes: $0.sign(message)) }
        try self.init(
            payloadType: type, payload: payload, signatures: signatures, maximumByteCount: maximumByteCount)
    }

    /// Assembles an envelope from parts, for example to add a second signer's signature.
    public init(
        payloadType: String, payload: [UInt8], signatures: [Signature],
        maximumByteCount: Int = DSSEEnvelope.defaultMaximumByteCount
    ) throws(EnvelopeError) {
        guard !signatures.isEmpty else { throw .noSignatures }
        guard signatures.count <= Self.maximumSignatureCount else {
            throw .tooManySignatures(limit: Self.maximumSignatureCount, found: signatures.count)
        }
        if let plain = CanonicalEnvelope.write(payloadType, payload, signatures) {
            canonicalBytes = plain
        } else {
            do { canonicalBytes = try Self.json(payloadType, payload, signatures).canonicalBytes() } catch {
                throw .notJSON(error)
            }
        }
        guard canonicalBytes.count <= maximumByteCount else {
            throw .tooLarge(limit: maximumByteCount, found: canonicalBytes.count)
        }
        self.payloadType = payloadType
        self.payload = payload
        self.signatures = signatures
    }

    /// - Precondition: `canonicalBytes` is the canonical form of the other parts.
    init(
        payloadType: String, payload: [UInt8], signatures: [Signature], canonicalBytes: [UInt8]
    ) {
        self.payloadType = payloadType
        self.payload = payload
        self.signatures = signatures
        self.canonicalBytes = canonicalBytes
    }

    /// The envelope as an object, to stand inside a larger document.
    public var json: JSONValue { Self.json(payloadType, payload, signatures) }

    private static func json(_ type: String, _ payload: [UInt8], _ signatures: [Signature]) -> JSONValue {
        [
            "payload": .string(Base64.encode(payload)),
            "payloadType": .string(type),
            "signatures": .array(
                signatures.map { ["keyid": .string($0.keyID), "sig": .string(Base64.encode($0.bytes))] }),
        ]
    }

    /// The envelope with one more signature by `key`.
    public func adding(
        signatureOf key: SigningKey, maximumByteCount: Int = DSSEEnvelope.defaultMaximumByteCount
    ) throws(EnvelopeError) -> DSSEEnvelope {
        let signature = Signature(
            keyID: key.publicKey.keyID,
            bytes: key.sign(Self.preAuthenticationEncoding(type: payloadType, payload: payload)))
        return try DSSEEnvelope(
            payloadType: payloadType, payload: payload, signatures: signatures + [signature],
            maximumByteCount: maximumByteCount)
    }

    /// The bytes that are signed: `"DSSEv1" SP len(type) SP type SP len(payload) SP payload`, lengths in bytes and decimal.
    public static func preAuthenticationEncoding(type: String, payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + type.utf8.count + 32)
        bytes += "DSSEv1 ".utf8
        bytes += String(type.utf8.count).utf8
        bytes += " ".utf8
        bytes += type.utf8
        bytes += " ".utf8
        bytes += String(payload.count).utf8
        bytes += " ".utf8
        bytes += payload
        return bytes
    }

    /// The digest of `canonicalBytes`, by which certificates and statements name this envelope.
    public var digest: Digest { Digest(sha256: canonicalBytes) }

    /// Verifies the envelope and hands on exactly the bytes that were verified.
    ///
    /// - Parameter keys: the keys that may sign; duplicates count once.
    /// - Parameter threshold: how many different keys must have signed.
    /// - Throws: `.wrongPayloadType`, `.invalidThreshold`, `.tooFewSigners(required:found:)`.
    public func verify(
        trusting keys: [VerifyingKey], threshold: Int = 1, payloadType expected: String = DSSEEnvelope.inTotoPayloadType
    ) throws(SignatureError) -> VerifiedPayload {
        guard threshold >= 1 else { throw .invalidThreshold(found: threshold) }
        guard Array(payloadType.utf8) == Array(expected.utf8) else {
            throw .wrongPayloadType(expected: expected, found: payloadType)
        }
        let message = Self.preAuthenticationEncoding(type: payloadType, payload: payload)
        var signers: [VerifyingKey] = []
        for key in keys where !signers.contains(key) {
            if signatures.contains(where: { key.isValid(signature: $0.bytes, for: message) }) {
                signers.append(key)
            }
        }
        guard signers.count >= threshold else {
            throw .tooFewSigners(required: threshold, found: signers.count, trusted: Set(keys).count)
        }
        return VerifiedPayload(bytes: payload, type: payloadType, signers: signers)
    }
}

/// Bytes whose signatures were verified. Only `DSSEEnvelope.verify` makes one.
public struct VerifiedPayload: Sendable, Equatable {
    /// The payload, byte for byte as signed.
    public let bytes: [UInt8]
    /// The authenticated payload type.
    public let type: String
    /// The trusted keys that signed, in the order in which the caller listed them.
    public let signers: [VerifyingKey]

    fileprivate init(bytes: [UInt8], type: String, signers: [VerifyingKey]) {
        self.bytes = bytes
        self.type = type
        self.signers = signers
    }
}

/// Why an envelope's signatures do not establish trust.
public enum SignatureError: Error, Equatable, CustomStringConvertible {
    /// The payload is of another kind than this verifier handles.
    case wrongPayloadType(expected: String, found: String)
    /// A threshold below one would accept unsigned bytes.
    case invalidThreshold(found: Int)
    /// Fewer trusted keys than required have a valid signature.
    case tooFewSigners(required: Int, found: Int, trusted: Int)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .wrongPayloadType(let expected, let found):
            "payloadType: expected \(Printable.quoted(expected)), found \(Printable.quoted(found))"
        case .invalidThreshold(let found): "signature threshold: expected at least 1, found \(found)"
        case .tooFewSigners(let required, let found, let trusted):
            "signatures: expected \(required) valid by trusted keys, found \(found) (trusted keys tried: \(trusted))"
        }
    }
}
