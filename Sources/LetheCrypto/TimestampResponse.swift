import COpenSSL
import Glibc

/// A timestamp response that was read and not yet verified (RFC 3161, section 2.4.2).
public final class TimestampResponse {
    /// The time that its token states, in seconds since 1970. Nobody has vouched for it yet.
    public let seconds: Int64
    /// The digest that its token states.
    public let imprint: Digest
    /// The certificate of its signer, where it carries it: verifying with that alone tells whether the response is whole, not
    /// whether anybody should believe it.
    public let signer: TimestampAuthority?

    let handle: OpaquePointer

    /// Reads DER.
    /// - Throws: `.malformedResponse`; `.notGranted` for a refusal by the authority.
    public init(der: [UInt8]) throws(TimestampError) {
        defer { ERR_clear_error() }
        guard der.count <= TimestampAuthority.maximumResponseByteCount else { throw .malformedResponse }
        var consumed = 0
        let handle = der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            let handle = d2i_TS_RESP(nil, &cursor, buffer.count)
            if let start = buffer.baseAddress, let end = cursor { consumed = end - start }
            return handle
        }
        guard let handle else { throw .malformedResponse }
        guard consumed == der.count else {
            TS_RESP_free(handle)
            throw .malformedResponse
        }
        if let problem = Self.refusal(handle) {
            TS_RESP_free(handle)
            throw problem
        }
        guard let token = TS_RESP_get_token(handle), let info = TS_RESP_get_tst_info(handle),
            let time = Self.time(info), let message = TS_TST_INFO_get_msg_imprint(info),
            let octets = TS_MSG_IMPRINT_get_msg(message), let data = ASN1_STRING_get0_data(octets),
            let imprint = try? Digest(
                bytes: Array(UnsafeBufferPointer(start: data, count: Int(ASN1_STRING_length(octets)))))
        else {
            TS_RESP_free(handle)
            throw .malformedResponse
        }
        self.handle = handle
        self.imprint = imprint
        seconds = time
        signer = lethe_pkcs7_signer(token, nil).map { TimestampAuthority(certificate: $0) }
    }

    deinit { TS_RESP_free(handle) }

    private static func refusal(_ handle: OpaquePointer) -> TimestampError? {
        guard let info = TS_RESP_get_status_info(handle), let status = TS_STATUS_INFO_get0_status(info) else {
            return .malformedResponse
        }
        let number = ASN1_INTEGER_get(status)
        // granted and grantedWithMods
        return number == 0 || number == 1 ? nil : .notGranted("status \(number)")
    }

    private static func time(_ info: OpaquePointer) -> Int64? {
        guard let time = TS_TST_INFO_get_time(info) else { return nil }
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Int64(timegm(&parts))
    }
}
