import CCurl
public import LetheService

/// Posts to witnesses and timestamp authorities over https, or http on a network of one's own; and where others have chosen the URL, to the
/// public internet alone (`WebRequest.Reach`).
///
/// Nothing that comes back is trusted: what matters in an answer is signed. So it is enough to bound it: redirections are not
/// followed, no cookie or cache is kept, and an answer above its limit or after its time is no answer.
public enum WebClient {
    /// Posts a request and waits for its answer.
    /// - Throws: `InputError` for a URL or header field that is none; `ServiceError.unreachable`.
    @Sendable public static func post(_ request: WebRequest) throws -> WebAnswer {
        let schemes = request.reach == .publicInternet ? ["https"] : ["http", "https"]
        guard isWeb(request.url, schemes) else {
            throw InputError("\(request.url): expected an \(schemes.joined(separator: " or ")) URL")
        }
        let headers = try lines(request.headers)
        var answer = lethe_curl_answer()
        request.url.withCString { url in
            request.contentType.withCString { contentType in
                headers.withCString { headers in
                    request.body.withUnsafeBufferPointer { body in
                        var posted = lethe_curl_request()
                        (posted.url, posted.content_type, posted.headers) = (url, contentType, headers)
                        (posted.body, posted.count) = (body.baseAddress, body.count)
                        (posted.limit, posted.seconds) = (request.answerLimit, request.seconds)
                        if request.reach == .publicInternet { posted.may_reach = mayReach }
                        lethe_curl_post(&posted, &answer)
                    }
                }
            }
        }
        defer { lethe_curl_answer_free(&answer) }
        let failure = text(&answer.failure)
        guard failure.isEmpty else {
            throw ServiceError.unreachable(url: request.url, problem: failure.filter { !$0.isNewline })
        }
        return WebAnswer(
            status: answer.status, contentType: text(&answer.content_type),
            body: Array(UnsafeBufferPointer(start: answer.body, count: answer.count)))
    }

    /// Whether an address may be connected to where others have chosen the name.
    private static let mayReach: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32 = { address, count in
        PublicAddress.contains(Array(UnsafeBufferPointer(start: address, count: count))) ? 1 : 0
    }

    /// The header fields as lines.
    /// - Throws: `InputError` where one is none: it would be another field, or a body.
    private static func lines(_ headers: [String: String]) throws -> String {
        try headers.sorted { $0.key < $1.key }.map { name, value in
            let isField =
                !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
                && !value.isEmpty && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            guard isField else { throw InputError("a header field: expected a name and a value of printable ASCII") }
            return "\(name): \(value)\n"
        }.joined()
    }

    /// Whether this is a URL of one of the schemes to some host; the rest is libcurl's to judge.
    private static func isWeb(_ url: String, _ schemes: [String]) -> Bool {
        let parts = url.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, schemes.contains(parts[0].lowercased()), parts[1].hasPrefix("//") else {
            return false
        }
        let host = parts[1].dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return !host.isEmpty && url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// The text in a field of fixed size that ends with NUL.
    private static func text<Field>(_ field: inout Field) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
