// The package's own name for a parser that is internal to its room.

/// The first request in a stream of bytes, as the witness' listener reads it: its path, and how many bytes body and request take.
public func parseHTTPRequest(_ bytes: [UInt8]) -> (path: String, bodyCount: Int, byteCount: Int)? {
    guard case .request(let request, let byteCount)? = try? HTTPParser.parse(bytes, limits: HTTPLimits()) else { return nil }
    return (request.path, request.body.count, byteCount)
}
