import LetheBytes

/// Why a call was not answered as it hoped: RFC 9457. Nothing in it is personal data, a secret, or a path of this machine.
public struct Problem: Error, Equatable, Sendable {
    /// The HTTP status.
    public let status: Int
    /// What went wrong, as a word that programs may rely on.
    public let code: String
    /// One line for people.
    public let detail: String
    /// Seconds after which another try makes sense.
    public var retryAfter: Int?

    /// A problem.
    public init(_ status: Int, _ code: String, _ detail: String, retryAfter: Int? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The same as a route's protocol tells it: OpenDSR knows one status for all that is wrong with a request (7.5).
    func told(_ style: Route.ErrorStyle) -> Problem {
        style == .opendsr && [409, 413, 415, 422].contains(status) ? Problem(400, code, detail) : self
    }

    /// The answer in the words of a route's protocol.
    func reply(_ style: Route.ErrorStyle, id: String) -> Reply {
        let body: JSONValue
        var contentType = "application/json"
        switch style {
        case .problem, .page:
            contentType = "application/problem+json"
            body = [
                "type": .string("urn:lethe:problem:\(code)"), "title": .string(Self.title(status)),
                "status": .number("\(status)"), "detail": .string(detail), "code": .string(code),
                "requestId": .string(id),
            ]
        case .drp:
            body = ["code": .string("\(status)"), "message": .string(detail)]
        case .opendsr:
            body = [
                "error": [
                    "code": .number("\(status)"), "message": .string(detail),
                    "errors": [["domain": "lethe", "reason": .string(code), "message": .string(detail)]],
                ]
            ]
        }
        var reply = Reply(
            status, contentType: contentType, body: .bytes((try? body.canonicalBytes()) ?? []),
            headers: [("Cache-Control", "no-store")])
        if let retryAfter { reply.headers.append(("Retry-After", "\(retryAfter)")) }
        if status == 401 { reply.headers.append(("WWW-Authenticate", "Bearer realm=\"lethe\"")) }
        return reply
    }

    /// The JSON schema of a problem.
    static let schema: JSONValue = [
        "type": "object", "required": ["type", "title", "status", "detail", "code", "requestId"],
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
            "detail": ["type": "string"], "code": ["type": "string"], "requestId": ["type": "string"],
        ],
    ]

    static func title(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: "Internal Server Error"
        }
    }
}
