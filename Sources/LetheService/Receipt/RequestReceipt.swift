import LetheBytes
public import LetheCertificates
public import LetheCrypto
public import LetheLog
public import LetheRequests
public import LetheStatements

// Invariants of this file:
// 1. A receipt is one byte string: JCS of {entry, mediaType, proof} and, while the key of the request's commitments exists, {opening}, and one
//    newline. Every other spelling is refused.
// 2. It speaks of one request: the entry that received it, that entry's place in the log, and what opens its two commitments.

/// What a data subject needs to prove that their request is in the log: with the log's public keys, and nothing else.
///
/// Holds personal data as long as it has an opening: it is for the subject alone.
public struct RequestReceipt: Sendable, Equatable, Redacted {
    /// The only accepted `mediaType`.
    public static let mediaType = "application/vnd.lethe.request-receipt.v1+json"
    /// Files above this size are refused unread.
    public static let maximumByteCount = 128 * 1024

    /// The controller's statement that the request was received: the entry of the log.
    public let entry: DSSEEnvelope
    /// The place of the entry in the log, with a signed checkpoint.
    public let proof: TransparencyProof
    /// What opens the entry's commitments; nil once their key was destroyed.
    public let opening: Opening?

    /// A request as its controller keeps it, and the key that its commitments were made under.
    public struct Opening: Sendable, Equatable, Redacted {
        /// The key, which this request has alone.
        public let key: SubjectKey
        /// Whom the request is about.
        public let subject: SubjectIdentity
        /// The request's bytes as they were received.
        public let request: [UInt8]
    }

    init(entry: DSSEEnvelope, proof: TransparencyProof, opening: Opening?) {
        self.entry = entry
        self.proof = proof
        self.opening = opening
    }

    /// The file, byte for byte.
    /// - Throws: `JSONError`, never for parts that were parsed or signed by these modules.
    public func bytes() throws -> [UInt8] {
        var json: [String: JSONValue] = [
            "mediaType": .string(Self.mediaType), "entry": entry.json, "proof": .string(proof.text),
        ]
        json["opening"] = opening.map { opening -> JSONValue in
            [
                "key": .string(Hex.encode(opening.key.bytes)), "request": .string(Base64.encode(opening.request)),
                "subject": ["type": .string(opening.subject.type), "value": .string(opening.subject.value)],
            ]
        }
        return try JSONValue.object(json).canonicalBytes() + [UInt8(ascii: "\n")]
    }

    /// Reads a file; nothing is verified yet.
    /// - Throws: `ReceiptError.form`.
    public init(parsing bytes: [UInt8]) throws(ReceiptError) {
        guard bytes.count <= Self.maximumByteCount else {
            throw .form("expected at most \(Self.maximumByteCount) bytes, found \(bytes.count)")
        }
        guard let json = try? StrictJSON.parse(bytes, maximumDepth: 4) else { throw .form("expected strict JSON") }
        do throws(FieldError) {
            let fields = JSONFields(json)
            try fields.member("mediaType").require(Self.mediaType)
            try fields.requireExactly(["mediaType", "entry", "proof"], optional: ["opening"])
            guard let entry = try? DSSEEnvelope(json: fields.member("entry")) else {
                throw .invalid(path: "entry", expected: "a DSSE envelope", found: "something else")
            }
            guard let proof = try? TransparencyProof(parsing: fields.member("proof").string()) else {
                throw .invalid(path: "proof", expected: "a c2sp.org/tlog-proof", found: "something else")
            }
            self.entry = entry
            self.proof = proof
            opening = try fields.optional("opening").map { (fields) throws(FieldError) in try Opening(fields) }
        } catch { throw .form("\(error)") }
        guard let canonical = try? self.bytes(), canonical == bytes else {
            throw .form("expected the one canonical spelling of its members")
        }
    }

    /// Verifies the receipt with nothing but the keys that the caller trusts: no network, no workspace, no clock.
    ///
    /// In this order: the controller's signature, that the entry received a request, checkpoint and inclusion, that the keys counted there,
    /// and that the opening is of this entry's commitments.
    /// - Throws: the first check that fails.
    public func verify(trusting trust: TrustFile) throws(ReceiptError) -> VerifiedReceipt {
        guard let payload = try? entry.verify(trusting: trust.controllers), let signer = payload.signers.first else {
            throw .signature
        }
        guard let statement = try? Statement(verified: payload),
            case .request(let event)? = try? LedgerEvent(statement), case .received(let receipt) = event.kind
        else { throw .notAReceipt }
        let inclusion: VerifiedInclusion
        do {
            inclusion = try CertificateVerifier.verifyInclusion(
                proof, leafHash: MerkleTree.leafHash(entry.canonicalBytes), trusting: trust)
            try CertificateVerifier.requireValidity("controller", signer, trust, inclusion)
        } catch { throw .log("\(error)") }
        if let opening {
            guard opening.key.commitment(toRequest: opening.request) == event.requestCommitment else {
                throw .opening("request")
            }
            guard opening.key.commitment(toSubject: opening.subject) == receipt.subjectCommitment else {
                throw .opening("subject")
            }
        }
        return VerifiedReceipt(event: event, receipt: receipt, controller: signer, inclusion: inclusion)
    }
}

extension RequestReceipt.Opening {
    fileprivate init(_ fields: JSONFields) throws(FieldError) {
        try fields.requireExactly(["key", "request", "subject"])
        guard let bytes = try? Hex.decode(try fields.member("key").string()), let key = SubjectKey(bytes: bytes) else {
            throw .invalid(path: "opening.key", expected: "64 hexadecimal digits", found: "something else")
        }
        guard let request = try? Base64.decode(try fields.member("request").string()) else {
            throw .invalid(path: "opening.request", expected: "base64", found: "something else")
        }
        let subject = try fields.member("subject")
        try subject.requireExactly(["type", "value"])
        guard
            let identity = SubjectIdentity(
                type: try subject.member("type").string(), value: try subject.member("value").string())
        else { throw .invalid(path: "opening.subject", expected: "a type and a value", found: "something else") }
        self.init(key: key, subject: identity, request: request)
    }
}

/// What a verified receipt establishes.
public struct VerifiedReceipt: Sendable, Equatable {
    /// The entry.
    public let event: RequestEvent
    /// What it says of the request.
    public let receipt: RequestEvent.Receipt
    /// Who signed it.
    public let controller: VerifyingKey
    /// Its place in the log.
    public let inclusion: VerifiedInclusion
}

/// Why a receipt does not hold. No text contains personal data.
public enum ReceiptError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes are no receipt.
    case form(String)
    /// No controller that is trusted has signed the entry.
    case signature
    /// The entry is something else than the reception of a request.
    case notAReceipt
    /// Checkpoint, proof or the validity of a key.
    case log(String)
    /// It opens no commitment: the key was destroyed before it was written.
    case closed
    /// What is said to open a commitment does not.
    case opening(String)

    /// One line: what was expected and found.
    public var description: String {
        switch self {
        case .form(let problem): "receipt: \(problem)"
        case .signature: "receipt: entry: expected the signature of a controller that is trusted, found none"
        case .notAReceipt: "receipt: entry: expected the reception of a request, found another statement"
        case .log(let problem): "receipt: \(problem)"
        case .closed: "receipt: expected the request's bytes, found no opening: their key was destroyed"
        case .opening(let what): "receipt: the \(what) is not what the entry's commitment was made of"
        }
    }
}
