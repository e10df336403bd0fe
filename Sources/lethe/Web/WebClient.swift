import Foundation
import FoundationNetworking
import LetheService

/// Posts to witnesses and timestamp authorities over https, or http on a network of one's own.
///
/// Nothing that comes back is trusted: what matters in an answer is signed. So it is enough to bound it: redirections are not
/// followed, no cookie or cache is kept, and an answer above its limit or after its time is no answer.
enum WebClient {
    private static let answerSeconds = 15.0

    /// Posts a request and waits for its answer.
    /// - Throws: `InputError` for a URL that is none; `ServiceError.unreachable`.
    @Sendable static func post(_ request: WebRequest) throws -> WebAnswer {
        guard let url = URL(string: request.url), let scheme = url.scheme?.lowercased(), url.host() != nil,
            scheme == "https" || scheme == "http"
        else { throw InputError("\(request.url): expected an http or https URL") }
        var message = URLRequest(url: url, timeoutInterval: answerSeconds)
        message.httpMethod = "POST"
        message.httpBody = Data(request.body)
        message.setValue(request.contentType, forHTTPHeaderField: "Content-Type")
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForResource = answerSeconds
        configuration.httpShouldSetCookies = false
        let exchange = WebExchange(limit: request.answerLimit)
        let session = URLSession(configuration: configuration, delegate: exchange, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        session.dataTask(with: message).resume()
        switch exchange.wait() {
        case .success(let answer): return answer
        case .failure(let problem): throw ServiceError.unreachable(url: request.url, problem: problem.reason)
        }
    }
}

/// Why there is no answer.
private struct WebProblem: Error { let reason: String }

/// One request's answer as it comes in.
///
/// `@unchecked Sendable`: the session calls its delegate on one queue, one call after the other; `wait` reads the result only
/// after the semaphore that the last of these calls signals.
private final class WebExchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let limit: Int
    private let done = DispatchSemaphore(value: 0)
    private var head: HTTPURLResponse?
    private var body: [UInt8] = []
    private var result: Result<WebAnswer, WebProblem> = .failure(WebProblem(reason: "no answer"))

    init(limit: Int) { self.limit = limit }

    func wait() -> Result<WebAnswer, WebProblem> {
        done.wait()
        return result
    }

    func urlSession(
        _: URLSession, task _: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse, newRequest _: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) { completionHandler(nil) }

    func urlSession(
        _: URLSession, dataTask _: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        head = response as? HTTPURLResponse
        completionHandler(response.expectedContentLength > Int64(limit) ? .cancel : .allow)
    }

    func urlSession(_: URLSession, dataTask task: URLSessionDataTask, didReceive data: Data) {
        body += data
        if body.count > limit { task.cancel() }
    }

    func urlSession(_: URLSession, task _: URLSessionTask, didCompleteWithError error: (any Error)?) {
        // A task that was cancelled for its size may end without an error.
        if body.count > limit || (head?.expectedContentLength ?? 0) > Int64(limit) {
            result = .failure(WebProblem(reason: "the answer is above \(limit) bytes"))
        } else if let error {
            result = .failure(WebProblem(reason: error.localizedDescription.filter { $0 != "\n" }))
        } else if let head {
            result = .success(
                WebAnswer(
                    status: head.statusCode, contentType: head.value(forHTTPHeaderField: "Content-Type") ?? "",
                    body: body))
        }
        done.signal()
    }
}
