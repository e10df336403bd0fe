public import LetheCrypto
public import LetheLog

/// What a verified certificate establishes, and what nobody has checked. Only `CertificateVerifier` makes one.
public struct VerifiedCertificate: Sendable, Equatable {
    /// What this verification did not look at; to be printed with every result.
    public enum Unchecked: Sendable, Equatable, CustomStringConvertible {
        /// No witness in the trust file cosigned the checkpoint.
        case witnesses
        /// Witnesses cosigned, but the trust file does not say how many must.
        case quorum
        /// No timestamp authority vouches for the time.
        case timestamp
        /// Nobody repeated the run.
        case reexecution
        /// The model's files were not compared.
        case modelFiles
        /// The request's own entry was not looked at.
        case requestEntry
        /// The link to the certificate before was not followed.
        case previousCertificate(index: UInt64)
        /// Whether a key was revoked since the trust file was made.
        case keyRevocation
        /// One key is trusted for every role.
        case separationOfDuties

        /// One line for people, with what to do about it.
        public var description: String {
            switch self {
            case .witnesses:
                "witnesses: no known witness cosigned the checkpoint, so the log could show others another history"
            case .quorum: "witnesses: the trust file demands no quorum of them (its lines group and quorum do)"
            case .timestamp: "time: the dates are the issuer's own; no timestamp authority vouches for them"
            case .reexecution: "run: nobody repeated it here (lethe replay RUN does)"
            case .modelFiles: "model: the files in use were not compared (lethe model check DIR does)"
            case .requestEntry: "request: its own log entry was not looked at (lethe log audit does)"
            case .previousCertificate(let index):
                "chain: the certificate before, at log index \(index), was not given"
            case .keyRevocation:
                "keys: one revoked since the trust file was made is not known to be (a newer trust file; lethe log audit)"
            case .separationOfDuties: "roles: one key is trusted for all, so nobody independent vouches for the test"
            }
        }
    }

    /// The certificate.
    public let certificate: UnlearningCertificate
    /// SHA-256 of its envelope, by which the next certificate names it.
    public let envelopeDigest: Digest
    /// The key that signed it.
    public let controller: VerifyingKey
    /// The key that signed the test result.
    public let verifier: VerifyingKey
    /// SHA-256 of the test result's envelope.
    public let testResultDigest: Digest
    /// Where it stands in the log.
    public let inclusion: VerifiedInclusion
    /// Whether the trust file told the roles apart.
    public let rolesAreApart: Bool
    /// The cosignatures that the trust file demanded and that were found, in words; nil where it demanded none.
    public let quorum: String?
    /// Whether the certificate before was given and is the one that this one names.
    public internal(set) var isLinkVerified = false

    init(
        certificate: UnlearningCertificate, envelopeDigest: Digest, controller: VerifyingKey, verifier: VerifyingKey,
        testResultDigest: Digest, inclusion: VerifiedInclusion, rolesAreApart: Bool, quorum: String?
    ) {
        self.certificate = certificate
        self.envelopeDigest = envelopeDigest
        self.controller = controller
        self.verifier = verifier
        self.testResultDigest = testResultDigest
        self.inclusion = inclusion
        self.rolesAreApart = rolesAreApart
        self.quorum = quorum
    }

    /// The position of the certificate in the log.
    public var index: UInt64 { inclusion.index }

    /// The log that it is in.
    public var origin: String { inclusion.checkpoint.origin }

    /// What was checked, one line each.
    public var checked: [String] {
        var lines = [
            "certificate \(certificate.certificateID) signed by the controller, key \(controller.keyID)",
            "test result signed by the verifier, key \(verifier.keyID), with the same measurements",
            "entry \(index) of the log \(origin), under the signed checkpoint of size \(inclusion.checkpoint.size)",
            "model digest follows from its \(certificate.model.resources.count) files",
        ]
        for cosignature in inclusion.cosignatures {
            lines.append("checkpoint cosigned by \(cosignature.verifier.name)")
        }
        if let quorum { lines.append("witness quorum of the trust file: \(quorum)") }
        if isLinkVerified, let previous = certificate.previous {
            lines.append("certificate before it at log index \(previous.index)")
        }
        return lines
    }

    /// What was not.
    public var notChecked: [Unchecked] {
        var list: [Unchecked] = []
        if !inclusion.cosignatures.contains(where: { $0.verifier.kind == .cosignatureV1 }) {
            list.append(.witnesses)
        } else if quorum == nil {
            list.append(.quorum)
        }
        list += [.timestamp, .reexecution, .modelFiles, .requestEntry]
        if let previous = certificate.previous, !isLinkVerified {
            list.append(.previousCertificate(index: previous.index))
        }
        list.append(.keyRevocation)
        if !rolesAreApart { list.append(.separationOfDuties) }
        return list
    }
}
