import CCurl
public import LetheService

/// Posts to witnesses and timestamp authorities over https, or http on a network of one's own.
///
/// Nothing that comes back is trusted: what matters in an answer is signed. So it is enough to bound it: redirections are not
/// followed, no cookie or cache is kept, and an answer above its limit or after its time is no answer.
public enum WebClient {
    private static let answerSeconds = 15

    /// Posts a request and waits for its answer.
    /// - Throws: `InputError` for a URL that is none; `ServiceError.unreachable`.
    @Sendable public static func post(_ request: WebRequest) throws -> WebAnswer {
        guard isWeb(request.url) else { throw InputError("\(request.url): expected an http or https URL") }
        var answer = lethe_curl_answer()
        request.body.withUnsafeBufferPointer { body in
            lethe_curl_post(
                request.url, request.contentType, body.baseAddress, body.count, request.answerLimit, answerSeconds,
                &answer)
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

    /// Whether this is http or https to some host; the rest is libcurl's to judge.
    private static func isWeb(_ url: String) -> Bool {
        let parts = url.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()), parts[1].hasPrefix("//") else {
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
