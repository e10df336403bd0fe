// Invariants of this file (RFC 9112, the part that a small server needs):
// 1. Bytes in, values out: no clock, no socket, nothing that can trap. Whatever does not parse has a status to answer with.
// 2. A message has one length: exactly one Content-Length or none; Transfer-Encoding is refused, so nobody can smuggle a second
//    request past a proxy that counts otherwise.
// 3. Lines end with CR LF; a bare CR or LF, a folded line, a space before a colon or a control character is refused.

/// How much a peer may send.
public struct HTTPLimits: Sendable, Equatable {
    /// Request line and header fields together, in bytes.
    public var headBytes = 8 * 1024
    /// Header fields.
    public var fieldCount = 64
    /// The body, in bytes.
    public var bodyBytes = 64 * 1024
    /// How long one request may take to arrive and one answer to leave, in seconds.
    public var exchangeSeconds = 10.0
    /// How long a connection may rest between requests, in seconds.
    public var idleSeconds = 30.0
    /// Connections at once.
    public var connectionCount = 64

    /// The limits for small messages.
    public init() {}
}

/// Why a request is refused before any handler sees it.
struct HTTPRefusal: Error, Equatable {
    let status: Int
    let reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

/// The first request in a stream of bytes.
enum HTTPParser {
    enum Result: Equatable {
        /// More bytes are needed; `wantsContinue` where the peer waits for a 100 before it sends the body.
        case incomplete(wantsContinue: Bool)
        /// A request, and how many bytes it took.
        case request(HTTPRequest, byteCount: Int)
    }

    static func parse(_ bytes: [UInt8], limits: HTTPLimits) throws(HTTPRefusal) -> Result {
        guard let headCount = headEnd(bytes, limit: limits.headBytes) else {
            guard bytes.count < limits.headBytes else { throw HTTPRefusal(431, "the header is too large") }
            return .incomplete(wantsContinue: false)
        }
        let head = try Head(bytes[..<headCount], limits: limits)
        guard head.bodyCount <= limits.bodyBytes else { throw HTTPRefusal(413, "the body is too large") }
        let byteCount = headCount + head.bodyCount
        guard bytes.count >= byteCount else {
            return .incomplete(wantsContinue: head.expectsContinue && bytes.count == headCount)
        }
        return .request(
            HTTPRequest(
                method: head.method, path: head.path, body: Array(bytes[headCount..<byteCount]),
                keepsAlive: head.keepsAlive), byteCount: byteCount)
    }

    /// The number of bytes up to and including the empty line, where it comes within the limit.
    private static func headEnd(_ bytes: [UInt8], limit: Int) -> Int? {
        let end = min(bytes.count, limit)
        var index = 3
        while index < end {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D {
                return index + 1
            }
            index += 1
        }
        return nil
    }
}

/// Request line and header fields.
private struct Head {
    let method: String
    let path: String
    let bodyCount: Int
    let keepsAlive: Bool
    let expectsContinue: Bool

    init(_ bytes: ArraySlice<UInt8>, limits: HTTPLimits) throws(HTTPRefusal) {
        var lines = try Self.lines(bytes)
        let words = (lines.popFirst() ?? []).split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3 else { throw HTTPRefusal(400, "expected METHOD TARGET HTTP/1.1") }
        let version = String(decoding: words[2], as: UTF8.self)
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else { throw HTTPRefusal(505, "expected HTTP/1.1") }
        guard Self.isToken(words[0]), words[0].count <= 16 else { throw HTTPRefusal(400, "the method is no token") }
        guard words[1].first == UInt8(ascii: "/"), words[1].allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HTTPRefusal(400, "expected a path as target")
        }
        method = String(decoding: words[0], as: UTF8.self)
        path = String(decoding: words[1].prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
        guard lines.count <= limits.fieldCount else { throw HTTPRefusal(431, "too many header fields") }

        var fields: [String: [String]] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), Self.isToken(line[..<colon]) else {
                throw HTTPRefusal(400, "a header field is not NAME: VALUE")
            }
            let value = line[(colon + 1)...]
            guard value.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
                throw HTTPRefusal(400, "a control character in a header field")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            fields[name, default: []].append(Self.trimmed(value))
        }
        guard fields["transfer-encoding"] == nil else { throw HTTPRefusal(501, "send Content-Length, no chunks") }
        guard version == "HTTP/1.0" || fields["host"]?.count == 1 else { throw HTTPRefusal(400, "expected one Host") }
        bodyCount = try Self.bodyCount(fields["content-length"], method: method)
        let connection = (fields["connection"] ?? []).joined(separator: ",").lowercased()
        keepsAlive = version == "HTTP/1.1" && !connection.contains("close")
        let expectation = fields["expect"]?.joined(separator: ",").lowercased()
        guard expectation == nil || expectation == "100-continue" else { throw HTTPRefusal(417, "not expected here") }
        expectsContinue = expectation != nil && version == "HTTP/1.1"
    }

    private static func bodyCount(_ values: [String]?, method: String) throws(HTTPRefusal) -> Int {
        guard let values else {
            guard method != "POST", method != "PUT" else { throw HTTPRefusal(411, "expected Content-Length") }
            return 0
        }
        guard values.count == 1, let digits = values.first, (1...10).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(digits)
        else { throw HTTPRefusal(400, "expected one decimal Content-Length") }
        return count
    }

    /// The lines of a head, each ended by CR LF; the empty one at the end is left out.
    private static func lines(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) -> ArraySlice<ArraySlice<UInt8>> {
        var lines: [ArraySlice<UInt8>] = []
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            guard line.last == 0x0D, !line.dropLast().contains(0x0D) else {
                throw HTTPRefusal(400, "expected lines that end with CR LF")
            }
            lines.append(line.dropLast())
        }
        return lines.dropLast()
    }

    private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var rest = value.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }
}
