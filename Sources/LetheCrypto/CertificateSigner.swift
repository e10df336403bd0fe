import COpenSSL

/// A private key with its X.509 certificate, RSA or ECDSA on P-256, that signs documents with SHA-256 (FIPS 186-4): for protocols that ask
/// for one. Nothing of the log is signed with it.
public final class CertificateSigner: Sendable, Redacted {
    /// The certificate's file, PEM, as it is handed out.
    public let certificatePEM: [UInt8]

    /// The key.
    ///
    /// Unchecked: OpenSSL counts references to a key atomically, and nothing changes it after it was read.
    private struct Handle: @unchecked Sendable { let key: OpaquePointer }

    private let handle: Handle

    /// Takes a certificate and its private key, both PEM, the key without a passphrase.
    /// - Throws: `CertificateSignerError`.
    public init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(CertificateSignerError) {
        defer { ERR_clear_error() }
        let certificate = Self.read(certificatePEM) { PEM_read_bio_X509($0, nil, Self.noPassphrase, nil) }
        guard let certificate else { throw .noCertificate }
        defer { X509_free(certificate) }
        guard let key = Self.read(keyPEM, { PEM_read_bio_PrivateKey($0, nil, Self.noPassphrase, nil) }) else {
            throw .noKey
        }
        handle = Handle(key: key)
        self.certificatePEM = certificatePEM
        guard X509_check_private_key(certificate, key) == 1 else { throw .otherKey }
        // RSA of 2048 bits and P-256 are worth 112 and 128 bits of security.
        guard EVP_PKEY_get_security_bits(key) >= 112, EVP_PKEY_get_base_id(key) != lethe_key_type_ed25519() else {
            throw .unsuitableKey
        }
    }

    deinit { EVP_PKEY_free(handle.key) }

    /// The signature over `message`: DER for ECDSA, PKCS #1 v1.5 for RSA.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { CryptographyLibrary.stop("no signature context") }
        defer { EVP_MD_CTX_free(context) }
        var count = Int(max(0, EVP_PKEY_get_size(handle.key)))
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, handle.key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { CryptographyLibrary.stop("a key that was read does not sign") }
        return Array(signature.prefix(count))
    }

    /// Without it OpenSSL would ask at the terminal for the passphrase of an encrypted file.
    private static let noPassphrase:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?)
            -> Int32 = { _, _, _, _ in -1 }

    private static func read(_ pem: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        pem.withUnsafeBytes { buffer in
            guard let bytes = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return nil }
            defer { BIO_free(bytes) }
            return body(bytes)
        }
    }
}

/// Why a certificate and a key do not sign.
public enum CertificateSignerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No certificate in PEM.
    case noCertificate
    /// No private key in PEM without a passphrase.
    case noKey
    /// The key is another one than the certificate's.
    case otherKey
    /// Neither RSA of 2048 bits or more nor ECDSA.
    case unsuitableKey

    /// One line.
    public var description: String {
        switch self {
        case .noCertificate: "expected a certificate in PEM"
        case .noKey: "expected a private key in PEM without a passphrase"
        case .otherKey: "expected the private key of the certificate, found another"
        case .unsuitableKey: "expected an RSA key of at least 2048 bits or an ECDSA key on P-256"
        }
    }
}
