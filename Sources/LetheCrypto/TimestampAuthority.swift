import COpenSSL
import Glibc

// Invariants of this file:
// 1. A response is accepted only when OpenSSL's own verification of it succeeds: status, version, imprint, nonce where given,
//    signature, and a certificate chain to a trusted certificate with the purpose of time stamping.
// 2. The chain is judged at the time that the response states, not at the present: a verdict does not change with the years.
// 3. No OpenSSL pointer leaves this module, and each one is freed by the `defer` that stands beside its creation.

/// The certificates that are trusted to say what time it was.
public struct TimestampAuthority: Sendable, Equatable {
    /// DER of the certificates: of a certification authority, or of the timestamp authority itself.
    private let certificates: [[UInt8]]

    /// Certificate files above this size are refused.
    public static let maximumByteCount = 64 * 1024
    /// Responses above this size are refused unread.
    public static let maximumResponseByteCount = 64 * 1024
    /// The media type of a response over HTTP.
    public static let responseContentType = "application/timestamp-reply"

    /// Trusts the `CERTIFICATE` blocks of `pem`; text around them is ignored.
    /// - Throws: `.noCertificate`, `.malformedCertificate`.
    public init(pem: [UInt8]) throws(TimestampingError) {
        guard pem.count <= Self.maximumByteCount else { throw .noCertificate }
        defer { ERR_clear_error() }
        var certificates: [[UInt8]] = []
        // The BIO reads where the bytes lie, so it lives no longer than they are lent.
        pem.withUnsafeBytes { bytes in
            guard let input = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return }
            defer { BIO_free(input) }
            while let certificate = PEM_read_bio_X509(input, nil, nil, nil) {
                defer { X509_free(certificate) }
                certificates.append(Self.der(of: certificate))
            }
        }
        // The last error of a good file is that there is no further block.
        guard pem.isEmpty || ERR_peek_last_error() & 0xFFF == UInt(PEM_R_NO_START_LINE) else {
            throw .malformedCertificate
        }
        guard !certificates.isEmpty else { throw .noCertificate }
        self.certificates = certificates
    }

    init(certificate: OpaquePointer) { certificates = [Self.der(of: certificate)] }

    private init(certificate: [UInt8]) { certificates = [certificate] }

    /// Each certificate as an authority of its own. What the whole verifies, one of them verifies alone, since each one ends a chain.
    public var certificatesAlone: [TimestampAuthority] { certificates.map { TimestampAuthority(certificate: $0) } }

    /// The certificates in PEM, as OpenSSL writes them.
    public var pem: [UInt8] { certificates.flatMap { PEM.encodedBytes($0, label: "CERTIFICATE") } }

    /// Verifies a response.
    ///
    /// - Parameters:
    ///   - response: DER of a TimeStampResp.
    ///   - imprint: the SHA-256 digest that must have been stamped.
    ///   - nonce: that of the query, where it is known; a response from an archive is verified without.
    /// - Returns: the time and the certificate that signed.
    /// - Throws: `.malformedResponse`, `.refused` with OpenSSL's reason.
    public func verify(
        _ response: [UInt8], imprint: Digest, nonce: [UInt8]? = nil
    ) throws(TimestampingError) -> VerifiedTimestamp {
        let parsed = try TimestampResponse(der: response)
        defer { ERR_clear_error() }
        guard let request = TimestampQuery.request(imprint: imprint, nonce: nonce) else {
            CryptographyLibrary.stop("no timestamp query")
        }
        defer { TS_REQ_free(request) }
        guard let context = TS_REQ_to_TS_VERIFY_CTX(request, nil) else {
            CryptographyLibrary.stop("no timestamp verification")
        }
        // The context owns what is set on it.
        defer { TS_VERIFY_CTX_free(context) }
        guard let store = store(at: parsed.seconds), let untrusted = lethe_certificates_new() else {
            CryptographyLibrary.stop("no certificate store")
        }
        TS_VERIFY_CTX_set_store(context, store)
        TS_VERIFY_CTX_set_certs(context, untrusted)
        try withCertificates { (certificate) throws(TimestampingError) in
            guard lethe_certificates_add(untrusted, certificate) == 1 else { throw .malformedCertificate }
        }
        _ = lethe_ts_verify_signature_too(context)
        guard TS_RESP_verify_response(context, parsed.handle) == 1 else { throw .refused(Self.reason()) }
        guard let signer = lethe_pkcs7_signer(TS_RESP_get_token(parsed.handle), untrusted) else {
            throw .refused("not exactly one signer")
        }
        return VerifiedTimestamp(
            seconds: parsed.seconds, authority: Digest(sha256: Self.der(of: signer)), imprint: imprint)
    }

    /// A store of the trusted certificates, each of which ends a chain, as of `seconds`.
    private func store(at seconds: Int64) -> OpaquePointer? {
        guard let store = X509_STORE_new() else { return nil }
        try? withCertificates { (certificate) throws(TimestampingError) in _ = X509_STORE_add_cert(store, certificate) }
        _ = X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), time_t(seconds))
        return store
    }

    private func withCertificates(_ body: (OpaquePointer) throws(TimestampingError) -> Void) throws(TimestampingError) {
        for der in certificates {
            let certificate = der.withUnsafeBufferPointer { buffer in
                var cursor = buffer.baseAddress
                return d2i_X509(nil, &cursor, buffer.count)
            }
            guard let certificate else { throw .malformedCertificate }
            defer { X509_free(certificate) }
            try body(certificate)
        }
    }

    static func der(of certificate: OpaquePointer) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(max(0, i2d_X509(certificate, nil))))
        bytes.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            _ = i2d_X509(certificate, &cursor)
        }
        return bytes
    }

    /// The first thing that OpenSSL's error queue says.
    private static func reason() -> String {
        let code = ERR_get_error()
        guard let text = ERR_reason_error_string(code) else { return "OpenSSL gives no reason" }
        return String(cString: text)
    }
}

/// A timestamp that a trusted authority gave.
public struct VerifiedTimestamp: Sendable, Equatable {
    /// The time, in seconds since 1970.
    public let seconds: Int64
    /// SHA-256 of the certificate (DER) that signed: `openssl x509 -outform DER | sha256sum`.
    public let authority: Digest
    /// What was stamped.
    public let imprint: Digest
}

/// Why there is no trusted timestamp.
public enum TimestampingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not DER of a query for SHA-256 with a nonce.
    case malformedQuery
    /// Not DER of a response with a token that states a time.
    case malformedResponse
    /// The authority refused, with its own words.
    case notGranted(String)
    /// A certificate file without a certificate.
    case noCertificate
    /// A certificate that cannot be read.
    case malformedCertificate
    /// OpenSSL's verification failed.
    case refused(String)

    /// One line.
    public var description: String {
        switch self {
        case .malformedQuery: "timestamp query: expected DER of one TimeStampReq for SHA-256 with a nonce"
        case .malformedResponse: "timestamp response: expected DER of one TimeStampResp with a token"
        case .notGranted(let why): "timestamp response: the authority did not grant it: \(Printable.quoted(why))"
        case .noCertificate: "timestamp authority: no certificate in PEM"
        case .malformedCertificate: "timestamp authority: a certificate cannot be read"
        case .refused(let reason): "timestamp response: does not verify: \(reason)"
        }
    }
}
