import Foundation
import LetheBytes
public import LetheCrypto

/// The erasable random key of one request's commitments and personal data, k_s of LEDGER 2.6.
///
/// Invariants: 1. the log carries only values computed under this key, never the key; 2. every use has its own context string,
/// so that no value computed for one purpose passes for another; 3. destroying the key is what "shredded" means.
public struct SubjectKey: Sendable, Equatable, Redacted {
    /// The length of a key in bytes.
    public static let byteCount = 32

    /// The key itself: for the vault that wraps it, and for revealing it to an auditor.
    public let bytes: [UInt8]

    /// Takes 32 bytes; nil for another number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == SubjectKey.byteCount else { return nil }
        self.bytes = bytes
    }

    private init(drawn: [UInt8]) { bytes = drawn }

    /// Draws a key from the random generator for private values.
    public static func generate() -> SubjectKey { SubjectKey(drawn: secureRandomBytes(byteCount)) }

    /// The context of `commitment(toSubject:)` as it is named in the log.
    public static let subjectContext = "unlearn-ledger/subject/v1"
    /// The context of `commitment(toRequest:)`.
    public static let requestContext = "unlearn-ledger/request/v1"

    /// What the log says of a person: HMAC-SHA-256(k_s, "unlearn-ledger/subject/v1" || 0x00 || type:value, NFC, lowercase).
    public func commitment(toSubject identity: SubjectIdentity) -> Digest {
        mac(SubjectKey.subjectContext, Array(identity.normalized.utf8))
    }

    /// What the log says of a request: the same over the bytes that were received.
    public func commitment(toRequest rawBytes: [UInt8]) -> Digest {
        mac(SubjectKey.requestContext, rawBytes)
    }

    /// The key under which the vault seals the request's personal data.
    public var sealingKey: [UInt8] { mac("unlearn-ledger/vault/v1", []).bytes }

    private func mac(_ context: String, _ message: [UInt8]) -> Digest {
        hmacSHA256(key: bytes, message: Array(context.utf8) + [0x00] + message)
    }
}

/// Who a request is about: a kind of identifier and its value. Personal data: never logged, never in an error text.
public struct SubjectIdentity: Sendable, Hashable, Redacted {
    /// The kind of identifier: 1 to 32 of `a-z`, `0-9`, `-`; for example `email` or `user-id`.
    public let type: String
    /// The identifier: 1 to 256 bytes of UTF-8 without control characters.
    public let value: String

    /// Takes an identity; nil where type or value has another form.
    public init?(type: String, value: String) {
        guard (1...32).contains(type.utf8.count),
            type.utf8.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) }),
            (1...256).contains(value.utf8.count),
            value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        else { return nil }
        self.type = type
        self.value = value
    }

    /// `type:value` in the one spelling that commitments are computed over: NFC, lowercase, NFC again where lowercasing
    /// decomposed a letter.
    public var normalized: String {
        // What is ASCII is in NFC already.
        if value.utf8.allSatisfy({ $0 < 0x80 }) { return "\(type):\(value)".lowercased() }
        return
            "\(type):\(value)".precomposedStringWithCanonicalMapping.lowercased().precomposedStringWithCanonicalMapping
    }
}

/// How and how well the requester's identity was proved.
public struct IdentityProof: Sendable, Hashable {
    /// How well.
    public let level: IdentityLevel
    /// How.
    public let method: IdentityMethod

    /// A level and the method it was reached by.
    public init(level: IdentityLevel, method: IdentityMethod) {
        self.level = level
        self.method = method
    }

    /// The proof as the log and native requests write it.
    var json: JSONValue { ["level": .string(level.rawValue), "method": .string(method.rawValue)] }
}

/// How a requester's identity was proved.
public enum IdentityMethod: String, Sendable, Hashable, CaseIterable {
    /// The requester said so.
    case selfDeclared = "self-declared"
    /// An authorised agent vouches for it.
    case agentAttested = "agent-attested"
    /// A link sent to the address on file was opened.
    case emailLink = "email-link"
    /// The requester was signed in.
    case accountSession = "account-session"
    /// A document was checked.
    case documentCheck = "document-check"
}
