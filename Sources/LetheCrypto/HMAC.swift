import COpenSSL

/// Computes HMAC-SHA-256 (RFC 2104) of `message` under `key`, which may have any length.
public func hmacSHA256(key: [UInt8], message: [UInt8]) -> Digest {
    guard let code = authenticationCode(key: key, message: message) else { CryptographyLibrary.stop("HMAC-SHA-256") }
    return code
}

/// As `hmacSHA256`, but nil when OpenSSL fails.
func authenticationCode(key: [UInt8], message: [UInt8]) -> Digest? {
    var output = [UInt8](repeating: 0, count: Digest.byteCount)
    var length: UInt32 = 0
    // OpenSSL reads a null key as "the key of the context before"; an empty Swift array may be null, one unused byte is not.
    let keyBytes = key.isEmpty ? [0] : key
    let result = HMAC(EVP_sha256(), keyBytes, Int32(key.count), message, message.count, &output, &length)
    guard result != nil, length == UInt32(Digest.byteCount) else { return nil }
    return Digest(exactly: output)
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
