import COpenSSL

/// Checks many signatures by one key, one after the other: OpenSSL prepares for the key once and not for each.
///
/// Not for several threads: every thread makes its own.
public final class SignatureCheck {
    /// Whose signatures are checked.
    public let key: VerifyingKey
    private let context: OpaquePointer?

    /// Prepares for signatures by `key`.
    public init(key: VerifyingKey) {
        self.key = key
        context = key.handle.verificationContext()
    }

    deinit { EVP_MD_CTX_free(context) }

    /// OpenSSL's verdict on `signature` over `message`, the same as `VerifyingKey.isValid`.
    ///
    /// What a context that was used before refuses is asked again of a new one: no version of OpenSSL that wants one context for each
    /// signature can make a valid signature look invalid.
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        if let context, EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1 {
            return true
        }
        ERR_clear_error()
        return key.isValid(signature: signature, for: message)
    }
}
