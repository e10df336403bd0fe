import COpenSSL

/// Computes HMAC-SHA-256 (RFC 2104) of `message` under `key`, which may have any length.
public func hmacSHA256(key: [UInt8], message: [UInt8]) -> Digest {
    guard let code = authenticationCode(key: key, message: message) else { CryptographyLibrary.stop("HMAC-SHA-256") }
    return code
}

/// As `hmacSHA256`, but nil when OpenSSL fails.
func authenticationCode(key: [UInt8], message: [UInt8]) -> Digest? {
    guard let template = HMACAlgorithm.shared.template, let context = EVP_MAC_CTX_dup(template) else { return nil }
    defer {
        EVP_MAC_CTX_free(context)
        ERR_clear_error()
    }
    var output = [UInt8](repeating: 0, count: Digest.byteCount)
    var length = 0
    // OpenSSL reads a null key as "the key of the context before"; an empty Swift array may be null, one unused byte is not.
    let keyBytes = key.isEmpty ? [0] : key
    guard EVP_MAC_init(context, keyBytes, key.count, nil) == 1,
        EVP_MAC_update(context, message, message.count) == 1,
        EVP_MAC_final(context, &output, &length, output.count) == 1, length == Digest.byteCount
    else { return nil }
    return output.withUnsafeBytes { Digest(exactly: $0) }
}

/// HMAC with SHA-256 as OpenSSL offers it, fetched once: doing that for every message would cost more than the message.
///
/// `@unchecked Sendable`: the context is never given a key or a message, only copied; copying reads it.
private final class HMACAlgorithm: @unchecked Sendable {
    static let shared = HMACAlgorithm()
    let template: OpaquePointer?

    private init() {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else {
            template = nil
            return
        }
        defer { EVP_MAC_free(algorithm) }
        template = EVP_MAC_CTX_new(algorithm)
        let isSet = Array("SHA256\0".utf8CString).withUnsafeBufferPointer { name in
            let parameters = [
                OSSL_PARAM_construct_utf8_string(
                    "digest", UnsafeMutablePointer(mutating: name.baseAddress), 0),
                OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_CTX_set_params(template, parameters) == 1
        }
        if !isSet { ERR_clear_error() }
    }
}

/// Compares two byte strings in a time that depends on their lengths only.
public func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}

/// Draws `count` bytes from OpenSSL's random generator for private values.
///
/// Stops the process when the system has no entropy: no caller can continue safely without it.
public func secureRandomBytes(_ count: Int) -> [UInt8] {
    precondition(count >= 0 && count <= Int(Int32.max), "secureRandomBytes: count \(count) is out of range")
    var bytes = [UInt8](repeating: 0, count: count)
    guard count == 0 || RAND_priv_bytes(&bytes, Int32(count)) == 1 else {
        CryptographyLibrary.stop("the random generator has no entropy")
    }
    return bytes
}
