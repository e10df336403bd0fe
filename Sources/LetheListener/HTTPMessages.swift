/// A request as a handler sees it: complete, within every limit.
public struct HTTPRequest: Sendable, Equatable {
    /// The method, in capitals as sent.
    public let method: String
    /// The path of the target, without query.
    public let path: String
    /// The body; empty where there is none.
    public let body: [UInt8]
    /// Whether the connection may be used again.
    let keepsAlive: Bool
}

/// An answer.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code.
    public let status: Int
    /// The media type of the body.
    public let contentType: String
    /// The body.
    public let body: [UInt8]
    /// The methods that the path takes, for a 405.
    public let allow: String?

    /// An answer with a body.
    public init(_ status: Int, contentType: String = "text/plain; charset=utf-8", body: [UInt8], allow: String? = nil) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.allow = allow
    }

    /// An answer in words.
    public init(_ status: Int, _ text: String, allow: String? = nil) {
        self.init(status, body: Array((text + "\n").utf8), allow: allow)
    }

    /// The answer as it goes over the wire.
    func bytes(closing: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(reason)\r\nContent-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n"
        if let allow { head += "Allow: \(allow)\r\n" }
        head += closing ? "Connection: close\r\n\r\n" : "\r\n"
        return Array(head.utf8) + body
    }

    private var reason: String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Entity"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Answer"
        }
    }
}
