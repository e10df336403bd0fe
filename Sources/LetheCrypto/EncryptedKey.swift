import COpenSSL

// Invariants of this file:
// 1. What is written is PKCS#8 EncryptedPrivateKeyInfo, PBES2 with scrypt and AES-256-CBC: `openssl pkey` reads it, any version from 1.1.
// 2. scrypt costs N = 2^14, r = 8, p = 5: one of OWASP's equivalent settings, and the largest N within the 32 MiB that `openssl pkey`
//    allows by default.
// 3. Every OpenSSL object that holds key bytes is freed by OpenSSL's own cleansing free before the function returns.

/// PKCS#8 private keys under a passphrase.
enum EncryptedKey {
    private static let costN: UInt64 = 1 << 14
    private static let costR: UInt64 = 8
    private static let costP: UInt64 = 5

    /// DER of an EncryptedPrivateKeyInfo around the PKCS#8 DER `pkcs8`; nil when OpenSSL fails.
    static func seal(_ pkcs8: [UInt8], under passphrase: Passphrase) -> [UInt8]? {
        defer { ERR_clear_error() }
        let info = pkcs8.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return d2i_PKCS8_PRIV_KEY_INFO(nil, &cursor, buffer.count)
        }
        guard let info else { return nil }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        var salt = secureRandomBytes(16)
        let scheme = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), &salt, Int32(salt.count), nil, costN, costR, costP)
        guard let scheme else { return nil }
        let sealed = passphrase.withCharacters { characters, count in
            PKCS8_set0_pbe(characters, count, info, scheme)
        }
        // On success the result owns the scheme; on failure it is still ours.
        guard let sealed else {
            X509_ALGOR_free(scheme)
            return nil
        }
        defer { X509_SIG_free(sealed) }
        var der = [UInt8](repeating: 0, count: Int(max(0, i2d_X509_SIG(sealed, nil))))
        let length = der.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return i2d_X509_SIG(sealed, &cursor)
        }
        return length > 0 && Int(length) == der.count ? der : nil
    }

    /// The PKCS#8 DER inside of `der`; the caller wipes it.
    /// - Throws: `.notDER`, `.trailingBytes`, and `.wrongPassphrase` for another passphrase, altered bytes or an unknown cipher.
    static func open(_ der: [UInt8], with passphrase: Passphrase) throws(KeyError) -> [UInt8] {
        defer { ERR_clear_error() }
        let (sealed, used) = der.withUnsafeBufferPointer { buffer -> (OpaquePointer?, Int) in
            var cursor = buffer.baseAddress
            let sealed = d2i_X509_SIG(nil, &cursor, buffer.count)
            guard let start = buffer.baseAddress, let cursor else { return (sealed, 0) }
            return (sealed, cursor - start)
        }
        guard let sealed else { throw .notDER(what: "encrypted PKCS#8 private key") }
        defer { X509_SIG_free(sealed) }
        guard used == der.count else {
            throw .trailingBytes(what: "encrypted PKCS#8 private key", count: der.count - used)
        }
        let info = passphrase.withCharacters { characters, count in PKCS8_decrypt(sealed, characters, count) }
        guard let info else { throw .wrongPassphrase }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        var pkcs8 = [UInt8](repeating: 0, count: Int(max(0, i2d_PKCS8_PRIV_KEY_INFO(info, nil))))
        let length = pkcs8.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return i2d_PKCS8_PRIV_KEY_INFO(info, &cursor)
        }
        guard length > 0, Int(length) == pkcs8.count else { throw .notDER(what: "PKCS#8 private key") }
        return pkcs8
    }
}
