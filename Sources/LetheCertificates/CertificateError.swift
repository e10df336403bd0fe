public import LetheBytes
public import LetheCrypto
public import LetheLog
public import LetheStatements

/// Why a certificate does not hold. Each case is one check; its description is one line with expected and found.
public enum CertificateError: Error, Equatable {
    /// Larger than any certificate.
    case tooLarge(limit: Int, found: Int)
    /// Not strict JSON.
    case notJSON(JSONError)
    /// A member of the file is missing, surplus or mistyped, or `mediaType` is of another format or version.
    case field(FieldError)
    /// One of the two envelopes.
    case envelope(EnvelopeError)
    /// The text of the proof.
    case proofFormat(ProofFormatError)
    /// The same content in another spelling: the first byte that differs from the canonical form.
    case notCanonical(offset: Int)
    /// No trusted controller signed the certificate.
    case controllerSignature(SignatureError)
    /// The certificate's statement is incomplete or contradicts itself.
    case certificate(StatementError)
    /// No trusted verifier signed the test result.
    case verifierSignature(SignatureError)
    /// The test result's statement is incomplete or contradicts itself.
    case testResult(StatementError)
    /// The test result is not the one that the certificate names.
    case wrongTestResult(expected: Digest, found: Digest)
    /// The two statements do not say the same.
    case testResultDisagrees(field: String, certificate: String, testResult: String)
    /// Controller and verifier are the same key, although the trust file tells the roles apart.
    case sameSigner(keyID: String)
    /// The trust file says that the key counts for other entries (a log's key: checkpoints) than this one.
    case keyNotValid(role: String, keyID: String, validity: KeyValidity, at: UInt64)
    /// The key was in other hands from an index on, and no witness vouches that this was signed before.
    case compromisedKey(role: String, keyID: String, from: UInt64, checkpointSize: UInt64)
    /// The proof carries unauthenticated bytes.
    case proofHasExtra
    /// A signature line of the checkpoint is by nobody in the trust file, so its bytes are not covered by any check.
    case unknownCheckpointSignature(name: String)
    /// Too few of the witnesses that the trust file demands have cosigned the checkpoint.
    case quorumMissed(demanded: String, found: [String])
    /// The certificate is not shown to be in the trusted log.
    case proof(ProofError)
    /// The checkpoint's origin is not a name that a log can have.
    case logKey(NoteKeyError)
    /// The certificate is another tenant's than the log that it is in.
    case wrongTenant(expected: String, found: String)
    /// Something that must lie before the certificate in the log does not.
    case notBefore(field: String, index: UInt64, certificateIndex: UInt64)
    /// Two of the given files hold the same log index with different certificates.
    case conflictingIndex(index: UInt64)
    /// Two checkpoints of one size have different roots: the log showed different histories.
    case splitView(size: UInt64, first: Digest, second: Digest)
    /// A certificate names another predecessor than the one given.
    case brokenLink(index: UInt64, previousIndex: UInt64, expected: Digest, found: Digest)
    /// A certificate's link leaps over one that was given.
    case skippedCertificate(index: UInt64, previousIndex: UInt64?, skipped: UInt64)
    /// No file was given.
    case noCertificates
}

extension CertificateError: CustomStringConvertible {
    /// One line that names what failed, expected and found.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found): "certificate file: expected at most \(limit) bytes, found \(found)"
        case .notJSON(let error): "certificate file: \(error)"
        case .field(let error): "certificate file: \(error)"
        case .envelope(let error): "certificate file: \(error)"
        case .proofFormat(let error): "certificate file: \(error)"
        case .notCanonical(let offset):
            "certificate file: not in canonical form, first difference at byte \(offset)"
        case .controllerSignature(let error): "certificate: \(error)"
        case .certificate(let error): "certificate: \(error)"
        case .verifierSignature(let error): "test result: \(error)"
        case .testResult(let error): "test result: \(error)"
        case .wrongTestResult(let expected, let found):
            "test result: expected the envelope with SHA-256 \(expected) that the certificate names, found \(found)"
        case .testResultDisagrees(let field, let certificate, let testResult):
            "test result: \(field): expected \(Printable.quoted(certificate)) as in the certificate, "
                + "found \(Printable.quoted(testResult))"
        case .sameSigner(let keyID):
            "test result: expected another signer than the certificate's, found the same key \(keyID)"
        case .keyNotValid(let role, let keyID, let validity, let index):
            "\(role) key \(keyID): expected one that counts for \(role == "log" ? "checkpoint size" : "entry") \(index), "
                + "found one for \(validity)"
        case .compromisedKey(let role, let keyID, let from, let size):
            "\(role) key \(keyID): compromised from entry \(from): expected a checkpoint of at most this size, cosigned by a "
                + "trusted witness, found size \(size) without one that fits"
        case .proofHasExtra: "proof: expected no line \"extra\", found one (its bytes are not authenticated)"
        case .quorumMissed(let demanded, let found):
            "checkpoint: expected cosignatures of \(Printable.quoted(demanded)), "
                + "found \(found.isEmpty ? "none" : found.map { Printable.quoted($0) }.joined(separator: ", "))"
        case .unknownCheckpointSignature(let name):
            "checkpoint: expected each signature once, by a key of the trust file, found one by \(Printable.quoted(name))"
        case .proof(let error): "\(error)"
        case .logKey(let error): "checkpoint: \(error)"
        case .wrongTenant(let expected, let found):
            "certificate: tenant: expected \(Printable.quoted(expected)), whose log it is in, found \(Printable.quoted(found))"
        case .notBefore(let field, let index, let certificateIndex):
            "certificate: \(field): expected an entry before its own index \(certificateIndex), found \(index)"
        case .conflictingIndex(let index): "chain: two different certificates at log index \(index)"
        case .splitView(let size, let first, let second):
            "chain: two roots for tree size \(size): \(first) and \(second); the log showed different histories"
        case .brokenLink(let index, let previousIndex, let expected, let found):
            "chain: certificate at index \(index) names SHA-256 \(expected) at index \(previousIndex), found \(found)"
        case .skippedCertificate(let index, let previousIndex, let skipped):
            "chain: certificate at index \(index) names \(previousIndex.map { "index \($0)" } ?? "none") as previous, "
                + "but there is one at index \(skipped)"
        case .noCertificates: "chain: no certificate given"
        }
    }

    /// Whether the file is not a certificate file at all, rather than one that does not hold.
    public var isMalformed: Bool {
        switch self {
        case .tooLarge, .notJSON, .field, .envelope, .proofFormat, .noCertificates: true
        default: false
        }
    }
}
