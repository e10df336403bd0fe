import COpenSSL

/// A timestamp query (RFC 3161, section 2.4.1): asks an authority to sign a SHA-256 digest with the time.
public struct TimestampQuery: Sendable, Equatable {
    /// The digest that is stamped.
    public let imprint: Digest
    /// Random bytes that the answer must repeat, so that an old answer does not do; at least one, the first below 0x80 and not
    /// zero (an ASN.1 integer).
    public let nonce: [UInt8]

    /// Queries above this size are refused unread.
    public static let maximumByteCount = 4096
    /// The media type of a query over HTTP.
    public static let contentType = "application/timestamp-query"

    /// Asks for `imprint` with a nonce of 64 random bits.
    public init(imprint: Digest) {
        var nonce = secureRandomBytes(8)
        nonce[0] = nonce[0] & 0x3F | 0x40
        self.imprint = imprint
        self.nonce = nonce
    }

    /// Reads a query, to go on with one that was written to a file.
    /// - Throws: `.malformedQuery` for anything but one SHA-256 query with a nonce.
    public init(der: [UInt8]) throws(TimestampError) {
        guard der.count <= Self.maximumByteCount, let request = Self.decode(der) else { throw .malformedQuery }
        defer { TS_REQ_free(request) }
        guard let message = TS_REQ_get_msg_imprint(request), let number = TS_REQ_get_nonce(request),
            let digest = Self.sha256(of: message), let bytes = Self.bytes(of: number)
        else { throw .malformedQuery }
        imprint = digest
        nonce = bytes
    }

    /// The query as DER; it asks for the authority's certificate.
    public var der: [UInt8] {
        guard let request = Self.request(imprint: imprint, nonce: nonce) else {
            CryptographyLibrary.stop("no timestamp query")
        }
        defer { TS_REQ_free(request) }
        var bytes = [UInt8](repeating: 0, count: Int(max(0, i2d_TS_REQ(request, nil))))
        bytes.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            _ = i2d_TS_REQ(request, &cursor)
        }
        return bytes
    }

    /// A query as OpenSSL's object, without a nonce where none is given; the caller frees it.
    static func request(imprint: Digest, nonce: [UInt8]?) -> OpaquePointer? {
        guard let request = TS_REQ_new(), let message = TS_MSG_IMPRINT_new(), let algorithm = X509_ALGOR_new() else {
            return nil
        }
        defer {
            TS_MSG_IMPRINT_free(message)
            X509_ALGOR_free(algorithm)
        }
        var digest = imprint.bytes
        // With explicit NULL parameters, as `openssl ts -query` writes them and every authority takes them.
        guard X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nil) == 1,
            TS_MSG_IMPRINT_set_algo(message, algorithm) == 1,
            TS_MSG_IMPRINT_set_msg(message, &digest, Int32(digest.count)) == 1, TS_REQ_set_version(request, 1) == 1,
            TS_REQ_set_msg_imprint(request, message) == 1, TS_REQ_set_cert_req(request, 1) == 1,
            nonce.map({ set($0, on: request) }) ?? true
        else {
            TS_REQ_free(request)
            return nil
        }
        return request
    }

    private static func set(_ nonce: [UInt8], on request: OpaquePointer) -> Bool {
        guard let number = BN_bin2bn(nonce, Int32(nonce.count), nil) else { return false }
        defer { BN_free(number) }
        guard let integer = BN_to_ASN1_INTEGER(number, nil) else { return false }
        defer { ASN1_INTEGER_free(integer) }
        return TS_REQ_set_nonce(request, integer) == 1
    }

    private static func decode(_ der: [UInt8]) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            guard let request = d2i_TS_REQ(nil, &cursor, buffer.count) else { return nil }
            guard cursor == buffer.baseAddress.map({ $0 + buffer.count }) else {
                TS_REQ_free(request)
                return nil
            }
            return request
        }
    }

    private static func sha256(of message: OpaquePointer) -> Digest? {
        guard let octets = TS_MSG_IMPRINT_get_msg(message), let data = ASN1_STRING_get0_data(octets) else { return nil }
        let bytes = Array(UnsafeBufferPointer(start: data, count: Int(ASN1_STRING_length(octets))))
        return try? Digest(bytes: bytes)
    }

    private static func bytes(of number: UnsafePointer<ASN1_INTEGER>) -> [UInt8]? {
        guard let value = ASN1_INTEGER_to_BN(number, nil) else { return nil }
        defer { BN_free(value) }
        let count = Int((BN_num_bits(value) + 7) / 8)
        guard (1...32).contains(count), BN_is_negative(value) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        _ = BN_bn2bin(value, &bytes)
        return bytes
    }
}
