import COpenSSL

/// Authenticated encryption with AES-256-GCM (NIST SP 800-38D).
///
/// A sealed box is `nonce (12 bytes) || ciphertext || tag (16 bytes)`. The nonce is random, so seal fewer than 2^32 messages
/// under one key; the vault uses one key a subject and stays far below.
public enum AESGCM {
    /// The length of a key in bytes.
    public static let keyByteCount = 32
    static let nonceByteCount = 12
    static let tagByteCount = 16

    /// Encrypts `plaintext` and authenticates it together with `additionalData`, which is not part of the box.
    public static func seal(
        _ plaintext: [UInt8], key: [UInt8], additionalData: [UInt8] = []
    ) throws(AESGCMError) -> [UInt8] {
        try seal(plaintext, key: key, nonce: secureRandomBytes(nonceByteCount), additionalData: additionalData)
    }

    /// With a nonce from the caller, for published test vectors only: a nonce used twice reveals the key stream.
    static func seal(
        _ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], additionalData: [UInt8]
    ) throws(AESGCMError) -> [UInt8] {
        try checkLengths(key: key, message: plaintext.count, additionalData: additionalData.count)
        let context = try makeContext()
        defer { EVP_CIPHER_CTX_free(context) }

        var written: Int32 = 0
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: tagByteCount)
        guard
            EVP_EncryptInit_ex(context, Algorithm.shared.pointer, nil, key, nonce) == 1,
            additionalData.isEmpty
                || EVP_EncryptUpdate(context, nil, &written, additionalData, Int32(additionalData.count)) == 1,
            plaintext.isEmpty
                || EVP_EncryptUpdate(context, &ciphertext, &written, plaintext, Int32(plaintext.count)) == 1,
            EVP_EncryptFinal_ex(context, nil, &written) == 1,
            lethe_gcm_get_tag(context, Int32(tagByteCount), &tag) == 1
        else { throw failure() }
        return nonce + ciphertext + tag
    }

    /// Decrypts a box that `seal` made with the same key and additional data.
    ///
    /// - Throws: `.notAuthentic` when any bit of box, key or additional data differs; nothing of the plaintext is revealed then.
    public static func open(
        _ box: [UInt8], key: [UInt8], additionalData: [UInt8] = []
    ) throws(AESGCMError) -> [UInt8] {
        try checkLengths(key: key, message: box.count, additionalData: additionalData.count)
        guard box.count >= nonceByteCount + tagByteCount else {
            throw .boxTooShort(minimum: nonceByteCount + tagByteCount, found: box.count)
        }
        let nonce = Array(box.prefix(nonceByteCount))
        let ciphertext = Array(box[nonceByteCount..<(box.count - tagByteCount)])
        var tag = Array(box.suffix(tagByteCount))
        let context = try makeContext()
        defer { EVP_CIPHER_CTX_free(context) }

        var written: Int32 = 0
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
        guard
            EVP_DecryptInit_ex(context, Algorithm.shared.pointer, nil, key, nonce) == 1,
            additionalData.isEmpty
                || EVP_DecryptUpdate(context, nil, &written, additionalData, Int32(additionalData.count)) == 1,
            ciphertext.isEmpty
                || EVP_DecryptUpdate(context, &plaintext, &written, ciphertext, Int32(ciphertext.count)) == 1,
            lethe_gcm_set_tag(context, Int32(tagByteCount), &tag) == 1
        else { throw failure() }
        guard EVP_DecryptFinal_ex(context, nil, &written) == 1 else {
            ERR_clear_error()
            plaintext.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
            throw .notAuthentic
        }
        return plaintext
    }

    /// The fetched cipher, kept until the process ends: an implicit fetch would cost more than sealing a short message.
    ///
    /// `@unchecked Sendable`: the pointer never changes, the cipher is read-only, and OpenSSL counts its references atomically.
    private final class Algorithm: @unchecked Sendable {
        static let shared = Algorithm()
        let pointer = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
    }

    private static func checkLengths(key: [UInt8], message: Int, additionalData: Int) throws(AESGCMError) {
        guard key.count == keyByteCount else { throw .wrongKeyLength(expected: keyByteCount, found: key.count) }
        for length in [message, additionalData] where length > Int(Int32.max) {
            throw .messageTooLong(limit: Int(Int32.max), found: length)
        }
    }

    private static func makeContext() throws(AESGCMError) -> OpaquePointer {
        guard let context = EVP_CIPHER_CTX_new() else { throw failure() }
        return context
    }

    private static func failure() -> AESGCMError {
        ERR_clear_error()
        return .libraryFailed
    }
}

/// Why a box was not sealed or opened.
public enum AESGCMError: Error, Equatable, CustomStringConvertible {
    /// The key has not 32 bytes.
    case wrongKeyLength(expected: Int, found: Int)
    /// Fewer bytes than nonce and tag.
    case boxTooShort(minimum: Int, found: Int)
    /// More bytes than OpenSSL takes in one call.
    case messageTooLong(limit: Int, found: Int)
    /// The box was altered, or the key or the additional data are not those it was sealed with.
    case notAuthentic
    /// OpenSSL ran out of memory or its provider is broken.
    case libraryFailed

    /// One line that says what to look at.
    public var description: String {
        switch self {
        case .wrongKeyLength(let expected, let found): "AES-256-GCM key: expected \(expected) bytes, found \(found)"
        case .boxTooShort(let minimum, let found):
            "sealed box: expected at least \(minimum) bytes, found \(found)"
        case .messageTooLong(let limit, let found): "AES-256-GCM: expected at most \(limit) bytes, found \(found)"
        case .notAuthentic: "sealed box: does not open with this key and context (altered, or sealed under another key)"
        case .libraryFailed: "OpenSSL failed during AES-256-GCM (out of memory or a broken provider)"
        }
    }
}
