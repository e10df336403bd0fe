import LetheBytes
public import LetheCrypto

// Invariants of this file (C2SP signed-note, tlog-cosignature):
// 1. Key ID = SHA-256(name || 0x0A || type || 32 key bytes)[:4]; type 0x01 signs the note text, type 0x04 is a witness' cosignature/v1.
// 2. A verifier key is `name+hex8+base64(type || key)`; its ID is recomputed, never believed. Type 0x06 (ML-DSA-44) is reserved.

/// What a note's key signs.
public enum NoteKeyKind: UInt8, Sendable, CaseIterable {
    /// The text of the note: a log's own key.
    case ed25519 = 0x01
    /// `cosignature/v1 LF time <t> LF <text>`: a witness.
    case cosignatureV1 = 0x04
}

enum NoteKeyName {
    /// Non-empty, without Unicode spaces, '+' and control characters.
    static func isValid(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0 != "+" && $0.value >= 0x20 && $0.value != 0x7f
            }
    }
}

/// The public key of a log or witness, with its name: what `vkey` text says.
public struct NoteVerifier: Sendable, Hashable {
    /// The name in signature lines; for a log, its origin.
    public let name: String
    /// The first four bytes of the hash of name, kind and key, big-endian.
    public let keyID: UInt32
    /// Log or witness.
    public let kind: NoteKeyKind
    /// The key itself.
    public let key: VerifyingKey

    /// Names a key.
    ///
    /// - Throws: `.invalidName` for an empty name or one with spaces, '+' or control characters.
    public init(name: String, key: VerifyingKey, kind: NoteKeyKind = .ed25519) throws(NoteKeyError) {
        guard NoteKeyName.isValid(name) else { throw .invalidName(found: name) }
        self.name = name
        self.key = key
        self.kind = kind
        keyID = Self.keyID(name: name, kind: kind, rawKey: key.rawBytes)
    }

    /// Reads `name+hex8+base64`.
    ///
    /// - Throws: `.malformed`, `.invalidName`, `.unknownKind`, `.wrongKeyID`, `.key`.
    public init(vkey: String) throws(NoteKeyError) {
        let parts = vkey.utf8.split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 3, parts[1].utf8.count == 8, let idBytes = try? Hex.decode(parts[1]),
            let bytes = try? Base64.decode(parts[2]), let type = bytes.first
        else { throw .malformed(found: vkey) }
        guard let kind = NoteKeyKind(rawValue: type) else { throw .unknownKind(found: type) }
        let key: VerifyingKey
        do {
            key = try VerifyingKey(rawBytes: Array(bytes.dropFirst()))
        } catch {
            throw .key(error)
        }
        try self.init(name: parts[0], key: key, kind: kind)
        let claimed = idBytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard claimed == keyID else { throw .wrongKeyID(expected: Self.hex(keyID), found: parts[1]) }
    }

    /// The key as text for a trust file.
    public var vkey: String { "\(name)+\(Self.hex(keyID))+\(Base64.encode([kind.rawValue] + key.rawBytes))" }

    static func hex(_ keyID: UInt32) -> String { Hex.encode(bigEndianBytes(of: keyID)) }

    private static func keyID(name: String, kind: NoteKeyKind, rawKey: [UInt8]) -> UInt32 {
        Digest(sha256: Array(name.utf8) + [0x0a, kind.rawValue] + rawKey).bytes.prefix(4)
            .reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// The private key of a log or witness, with its name.
public struct NoteSigner: Sendable {
    /// The public half, to be published.
    public let verifier: NoteVerifier

    private let key: SigningKey
    private var others: [NoteSigner] = []

    /// Names a key.
    ///
    /// - Throws: `.invalidName`.
    public init(name: String, key: SigningKey, kind: NoteKeyKind = .ed25519) throws(NoteKeyError) {
        verifier = try NoteVerifier(name: name, key: key.publicKey, kind: kind)
        self.key = key
    }

    /// The signer that signs with this key and with `successor` too: where a log changes its key, one checkpoint carries both.
    public func jointly(with successor: NoteSigner) -> NoteSigner {
        var both = self
        both.others.append(successor)
        return both
    }

    /// The signature lines over `text`, one a key.
    func signatures(over text: String, seconds: UInt64) -> [NoteSignature] {
        [signature(over: text, seconds: seconds)] + others.flatMap { $0.signatures(over: text, seconds: seconds) }
    }

    /// The signature line's content over `text`.
    ///
    /// - Parameter seconds: the time that a witness' cosignature states, seconds since 1970; ignored for a log's key.
    func signature(over text: String, seconds: UInt64) -> NoteSignature {
        let bytes =
            switch verifier.kind {
            case .ed25519: key.sign(Array(text.utf8))
            case .cosignatureV1:
                bigEndianBytes(of: seconds) + key.sign(NoteSignature.cosignedMessage(text, seconds: seconds))
            }
        return NoteSignature(name: verifier.name, keyID: verifier.keyID, bytes: bytes)
    }
}

func bigEndianBytes<Integer: FixedWidthInteger & UnsignedInteger>(of value: Integer) -> [UInt8] {
    stride(from: Integer.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> Integer($0)) }
}

/// Why text or a name is not a note's key.
public enum NoteKeyError: Error, Equatable, CustomStringConvertible {
    /// Not `name+hex8+base64`.
    case malformed(found: String)
    /// Empty, or with spaces, '+' or control characters.
    case invalidName(found: String)
    /// A signature type that this version does not know (0x06 is ML-DSA-44).
    case unknownKind(found: UInt8)
    /// The ID is not the hash of this name and key: one of them was altered.
    case wrongKeyID(expected: String, found: String)
    /// The key bytes.
    case key(KeyError)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .malformed(let found): "verifier key: expected name+hex8+base64, found \(Printable.quoted(found))"
        case .invalidName(let found):
            "note key name: expected one without spaces, '+' and control characters, found \(Printable.quoted(found))"
        case .unknownKind(let found): "verifier key: signature type \(found) is not known to this version"
        case .wrongKeyID(let expected, let found):
            "verifier key: expected ID \(expected) for this name and key, found \(Printable.quoted(found))"
        case .key(let error): "verifier key: \(error)"
        }
    }
}
