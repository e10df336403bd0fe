import LetheBytes

/// An Ed25519 public key that may be trusted: never a point of low order.
public struct VerifyingKey: Sendable {
    /// The 32 bytes of RFC 8032.
    public let rawBytes: [UInt8]
    /// SHA-256 of the DER form: `openssl pkey -pubin -outform DER | sha256sum`.
    public let keyID: String

    let handle: KeyHandle

    /// DER of `SubjectPublicKeyInfo { id-Ed25519, BIT STRING … }` up to the key bytes (RFC 8410).
    private static let derPrefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

    /// Registers 32 raw bytes as a key.
    ///
    /// - Throws: `.wrongLength`, or `.lowOrder` for the 14 encodings under which a signature proves nothing.
    public init(rawBytes: [UInt8]) throws(KeyError) {
        guard rawBytes.count == Ed25519.keyByteCount, let handle = KeyHandle(rawPublicKey: rawBytes) else {
            throw .wrongLength(what: "Ed25519 public key", expected: Ed25519.keyByteCount, found: rawBytes.count)
        }
        guard !Ed25519.isLowOrder(rawPublicKey: rawBytes) else {
            throw .lowOrder(rawPublicKey: Hex.encode(rawBytes))
        }
        self.rawBytes = rawBytes
        keyID = Digest(sha256: Self.derPrefix + rawBytes).hex
        self.handle = handle
    }

    /// Reads DER of a SubjectPublicKeyInfo (`openssl pkey -pubout -outform DER`).
    public init(der: [UInt8]) throws(KeyError) {
        try self.init(rawBytes: KeyHandle(subjectPublicKeyInfo: der).rawPublicKey)
        guard self.der == der else { throw .notDER(what: "public key (SubjectPublicKeyInfo)") }
    }

    /// Reads one `PUBLIC KEY` block (`openssl pkey -pubout`).
    public init(pem: String) throws(KeyError) {
        try self.init(der: PEM.decode(pem, label: PEM.publicKeyLabel))
    }

    init(handle: KeyHandle) throws(KeyError) {
        try self.init(rawBytes: handle.rawPublicKey)
    }

    /// The key as DER of a SubjectPublicKeyInfo.
    public var der: [UInt8] { Self.derPrefix + rawBytes }

    /// The key as a `PUBLIC KEY` block, byte for byte what `openssl pkey -pubout` writes.
    public var pem: String { PEM.encode(der, label: PEM.publicKeyLabel) }

    /// OpenSSL's verdict on `signature` over `message`.
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        handle.verify(signature: signature, message: message)
    }
}

extension VerifyingKey: Hashable {
    /// Two keys are equal when their raw bytes are.
    public static func == (left: VerifyingKey, right: VerifyingKey) -> Bool { left.rawBytes == right.rawBytes }

    /// Feeds the raw bytes to `hasher`.
    public func hash(into hasher: inout Hasher) { hasher.combine(rawBytes) }
}
