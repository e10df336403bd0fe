/// An Ed25519 private key. It is `Redacted` and not `Codable`: it leaves the process as PEM only.
public struct SigningKey: Sendable {
    /// The public half.
    public let publicKey: VerifyingKey

    private let handle: KeyHandle

    /// DER of `OneAsymmetricKey { v1, id-Ed25519, OCTET STRING { OCTET STRING … } }` up to the seed (RFC 8410).
    private static let derPrefix: [UInt8] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]

    /// Makes a new key from OpenSSL's random generator.
    public static func generate() -> SigningKey {
        var seed = secureRandomBytes(Ed25519.keyByteCount)
        defer { wipe(&seed) }
        do {
            return try SigningKey(seed: seed)
        } catch {
            CryptographyLibrary.stop("no key from 32 random bytes: \(error)")
        }
    }

    /// Takes the 32-byte seed of RFC 8032.
    public init(seed: [UInt8]) throws(KeyError) {
        guard let handle = KeyHandle(seed: seed) else {
            throw .wrongLength(what: "Ed25519 seed", expected: Ed25519.keyByteCount, found: seed.count)
        }
        try self.init(handle: handle)
    }

    /// Reads one unencrypted PKCS#8 `PRIVATE KEY` block (`openssl genpkey -algorithm ed25519`).
    ///
    /// - Throws: `.encrypted`, `.wrongAlgorithm` and the other cases of `KeyError`; never any part of the key.
    public init(pem: String) throws(KeyError) {
        try self.init(pem: pem, passphrase: nil)
    }

    /// Reads one PKCS#8 block, encrypted or not; `passphrase` is used for an encrypted one only.
    ///
    /// - Throws: `.encrypted` where a passphrase is needed, `.wrongPassphrase`, and what `init(pem:)` throws; never any part of the
    ///   key or of the passphrase.
    public init(pem: String, passphrase: Passphrase?) throws(KeyError) {
        var bytes = Array(pem.utf8)
        defer { wipe(&bytes) }
        try self.init(pemBytes: bytes, passphrase: passphrase)
    }

    /// As above, of text that is given as bytes, which the caller wipes.
    init(pemBytes: [UInt8], passphrase: Passphrase?) throws(KeyError) {
        var der: [UInt8] = []
        defer { wipe(&der) }
        guard let passphrase, Self.isEncrypted(pemBytes: pemBytes) else {
            der = try PEM.decode(pemBytes, label: PEM.privateKeyLabel)
            try self.init(handle: KeyHandle(pkcs8: der))
            return
        }
        der = try EncryptedKey.open(PEM.decode(pemBytes, label: PEM.encryptedKeyLabel), with: passphrase)
        let handle = try KeyHandle(pkcs8: der)
        // CBC lets whoever may write the file flip chosen bits of the header inside: one form of a key is taken, that which is written.
        guard der.count == Self.derPrefix.count + Ed25519.keyByteCount, der.starts(with: Self.derPrefix) else {
            throw .wrongPassphrase
        }
        try self.init(handle: handle)
    }

    /// Whether the text is a PKCS#8 block under a passphrase.
    public static func isEncrypted(pem: String) -> Bool { isEncrypted(pemBytes: Array(pem.utf8)) }

    static func isEncrypted(pemBytes: [UInt8]) -> Bool {
        pemBytes.drop { $0 == 0x0A || $0 == 0x0D }.starts(with: "-----BEGIN \(PEM.encryptedKeyLabel)-----".utf8)
    }

    private init(handle: KeyHandle) throws(KeyError) {
        self.handle = handle
        publicKey = try VerifyingKey(handle: handle)
    }

    /// The key as an unencrypted PKCS#8 block, byte for byte what `openssl pkey` writes. Store it with permissions 0600.
    public var pem: String {
        String(decoding: pemBytes(under: nil), as: UTF8.self)
    }

    /// The key as a PKCS#8 block under `passphrase` (PBES2: scrypt, AES-256-CBC), which `openssl pkey` reads. Store it with
    /// permissions 0600.
    public func pem(under passphrase: Passphrase) -> String {
        String(decoding: pemBytes(under: passphrase), as: UTF8.self)
    }

    /// The block as bytes, which the caller wipes.
    func pemBytes(under passphrase: Passphrase?) -> [UInt8] {
        withDER { der in
            guard let passphrase else { return PEM.encodedBytes(der, label: PEM.privateKeyLabel) }
            guard let sealed = EncryptedKey.seal(der, under: passphrase) else {
                CryptographyLibrary.stop("encrypting a private key")
            }
            return PEM.encodedBytes(sealed, label: PEM.encryptedKeyLabel)
        }
    }

    /// Lends the PKCS#8 DER to `body` and wipes it.
    private func withDER<Result>(_ body: ([UInt8]) -> Result) -> Result {
        guard var seed = handle.seed else { CryptographyLibrary.stop("a signing key without its private half") }
        var der = Self.derPrefix + seed
        defer {
            wipe(&seed)
            wipe(&der)
        }
        return body(der)
    }

    /// Signs `message`: 64 bytes. Never use a signature as an identifier; other libraries sign with randomness.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        handle.sign(message)
    }
}
