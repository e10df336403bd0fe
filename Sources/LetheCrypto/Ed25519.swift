import COpenSSL

// Invariants of this file:
// 1. The verdict on a signature is OpenSSL's (`EVP_DigestVerify`), nothing is accepted or refused beside it; so Lethe and
//    `openssl pkeyutl -verify` can never disagree.
// 2. No OpenSSL pointer leaves this module, and each one is freed by the object or the `defer` that stands beside its creation.
// 3. Every failure leaves OpenSSL's error queue empty.

/// Pure Ed25519 (RFC 8032) as OpenSSL 3 does it.
public enum Ed25519 {
    /// The length of a raw public key and of a seed in bytes.
    public static let keyByteCount = 32
    /// The length of a signature in bytes.
    public static let signatureByteCount = 64

    /// OpenSSL's verdict on `signature` over `message` under 32 raw key bytes, whatever point they encode.
    ///
    /// For judging foreign vectors; code that decides about trust holds a `VerifyingKey`, which no low-order point can become.
    public static func isValid(signature: [UInt8], message: [UInt8], rawPublicKey: [UInt8]) -> Bool {
        guard let handle = KeyHandle(rawPublicKey: rawPublicKey) else { return false }
        return handle.verify(signature: signature, message: message)
    }

    /// Whether `rawPublicKey` is one of the 14 encodings of the eight points of low order.
    ///
    /// Under such a key one signature can be valid for many messages. The list is that of the y-coordinates 0, 1, p-1, the two
    /// of order 8, and the non-canonical p and p+1, each with both signs of x.
    public static func isLowOrder(rawPublicKey: [UInt8]) -> Bool {
        guard rawPublicKey.count == keyByteCount else { return false }
        var y = rawPublicKey
        y[keyByteCount - 1] &= 0x7f
        return lowOrderCoordinates.contains(y)
    }

    private static let lowOrderCoordinates: [[UInt8]] = {
        let zeros = [UInt8](repeating: 0x00, count: 31)
        let ones = [UInt8](repeating: 0xff, count: 30)
        return [
            [0] + zeros,
            [1] + zeros,
            [
                0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
                0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
            ],
            [
                0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
                0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
            ],
            [0xec] + ones + [0x7f],
            [0xed] + ones + [0x7f],
            [0xee] + ones + [0x7f],
        ]
    }()
}

/// One OpenSSL key, freed with the last reference to this object.
///
/// `@unchecked Sendable`: the pointer never changes and the key is never written after `init`; OpenSSL guards its reference
/// count and its provider caches with its own locks.
final class KeyHandle: @unchecked Sendable {
    private let key: OpaquePointer

    /// Takes ownership of `key`.
    private init(owning key: OpaquePointer) {
        self.key = key
    }

    deinit {
        EVP_PKEY_free(key)
    }

    convenience init?(rawPublicKey: [UInt8]) {
        guard
            rawPublicKey.count == Ed25519.keyByteCount,
            let key = EVP_PKEY_new_raw_public_key(lethe_key_type_ed25519(), nil, rawPublicKey, rawPublicKey.count)
        else {
            ERR_clear_error()
            return nil
        }
        self.init(owning: key)
    }

    convenience init?(seed: [UInt8]) {
        guard
            seed.count == Ed25519.keyByteCount,
            let key = EVP_PKEY_new_raw_private_key(lethe_key_type_ed25519(), nil, seed, seed.count)
        else {
            ERR_clear_error()
            return nil
        }
        self.init(owning: key)
    }

    /// Parses a PKCS#8 private key of any algorithm and refuses all but Ed25519.
    convenience init(pkcs8: [UInt8]) throws(KeyError) {
        let parsed = pkcs8.withUnsafeBufferPointer { buffer -> (key: OpaquePointer?, used: Int) in
            var cursor = buffer.baseAddress
            let key = d2i_AutoPrivateKey(nil, &cursor, buffer.count)
            guard let start = buffer.baseAddress, let cursor else { return (key, 0) }
            return (key, cursor - start)
        }
        try self.init(checking: parsed, length: pkcs8.count, what: "PKCS#8 private key")
    }

    /// Parses a SubjectPublicKeyInfo of any algorithm and refuses all but Ed25519.
    convenience init(subjectPublicKeyInfo: [UInt8]) throws(KeyError) {
        let parsed = subjectPublicKeyInfo.withUnsafeBufferPointer { buffer -> (key: OpaquePointer?, used: Int) in
            var cursor = buffer.baseAddress
            let key = d2i_PUBKEY(nil, &cursor, buffer.count)
            guard let start = buffer.baseAddress, let cursor else { return (key, 0) }
            return (key, cursor - start)
        }
        try self.init(checking: parsed, length: subjectPublicKeyInfo.count, what: "public key (SubjectPublicKeyInfo)")
    }

    private convenience init(
        checking parsed: (key: OpaquePointer?, used: Int), length: Int, what: String
    ) throws(KeyError) {
        ERR_clear_error()
        guard let key = parsed.key else { throw .notDER(what: what) }
        let isEd25519 = EVP_PKEY_get_id(key) == lethe_key_type_ed25519()
        guard isEd25519, parsed.used == length else {
            let name = EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "unknown"
            EVP_PKEY_free(key)
            throw isEd25519 ? .trailingBytes(what: what, count: length - parsed.used) : .wrongAlgorithm(found: name)
        }
        self.init(owning: key)
    }

    /// The 32 raw bytes of the public key.
    var rawPublicKey: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Ed25519.keyByteCount)
        var length = bytes.count
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == Ed25519.keyByteCount else {
            CryptographyLibrary.stop("an Ed25519 key without its public half")
        }
        return bytes
    }

    /// The 32 bytes of the private seed; the caller wipes them after use. `nil` for a public key.
    var seed: [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Ed25519.keyByteCount)
        var length = bytes.count
        guard EVP_PKEY_get_raw_private_key(key, &bytes, &length) == 1, length == Ed25519.keyByteCount else {
            ERR_clear_error()
            return nil
        }
        return bytes
    }

    /// - Precondition: the handle holds a private key.
    func sign(_ message: [UInt8]) -> [UInt8] {
        guard let signature = signature(of: message) else { CryptographyLibrary.stop("Ed25519 signature") }
        return signature
    }

    /// As `sign`, but nil when OpenSSL fails.
    func signature(of message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureByteCount)
        var length = signature.count
        guard
            EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1,
            length == Ed25519.signatureByteCount
        else { return nil }
        return signature
    }

    func verify(signature: [UInt8], message: [UInt8]) -> Bool {
        guard let context = verificationContext() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// What OpenSSL checks a signature in, to be freed by the caller; nil where it does not take the key.
    func verificationContext() -> OpaquePointer? {
        guard let context = EVP_MD_CTX_new() else { CryptographyLibrary.stop("out of memory") }
        if EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 { return context }
        EVP_MD_CTX_free(context)
        ERR_clear_error()
        return nil
    }
}

/// Overwrites `bytes`; the compiler cannot remove it.
func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
}
