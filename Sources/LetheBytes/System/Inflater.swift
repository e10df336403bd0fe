import CZlib

/// A stream of gzip members. The state of zlib lives behind one address that never moves.
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether everything given so far ends exactly at the end of a member.
    private(set) var isComplete = false

    init() throws(GzipError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard lethe_inflate_begin(stream) == Z_OK else { throw .corrupt(reason: "no memory") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// At most `limit` bytes that come out of `input` from `position` on, which moves past what was used.
    ///
    /// Nothing comes out, and all input is used, only when more input is needed or the data is complete.
    func inflate(_ input: [UInt8], from position: inout Int, atMost limit: Int) throws(GzipError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: limit)
        var produced = 0
        var status = Z_OK
        while produced < limit, status != Z_BUF_ERROR, position < input.count || status == Z_OK {
            if isComplete {
                guard position < input.count else { break }
                guard inflateReset(stream) == Z_OK else { throw .corrupt(reason: "no memory") }
                isComplete = false
            }
            let available = min(input.count - position, Int(Int32.max))
            let capacity = min(limit - produced, Int(Int32.max))
            status = input.withUnsafeBufferPointer { source in
                output.withUnsafeMutableBufferPointer { target in
                    stream.pointee.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + position) }
                    stream.pointee.avail_in = UInt32(available)
                    stream.pointee.next_out = target.baseAddress.map { $0 + produced }
                    stream.pointee.avail_out = UInt32(capacity)
                    return CZlib.inflate(stream, Z_NO_FLUSH)
                }
            }
            position += available - Int(stream.pointee.avail_in)
            produced += capacity - Int(stream.pointee.avail_out)
            switch status {
            case Z_STREAM_END: isComplete = true
            case Z_OK, Z_BUF_ERROR: break
            default: throw .corrupt(reason: stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)")
            }
        }
        output.removeLast(limit - produced)
        return output
    }
}
