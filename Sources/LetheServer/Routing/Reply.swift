import HTTPTypes
public import Hummingbird
public import LetheBytes

/// What a handler answers.
public struct Reply: Sendable {
    /// What is sent.
    public enum Body: Sendable {
        /// These bytes.
        case bytes([UInt8])
        /// What a closure writes as time goes by.
        case stream(@Sendable (inout any ResponseBodyWriter) async throws -> Void)
    }

    /// The status.
    public var status: Int
    /// The media type; nil where there is no body.
    public var contentType: String?
    /// The body.
    public var body: Body
    /// Further header fields; they win over the server's own.
    public var headers: [(name: String, value: String)]
    /// Whether the connection is closed afterwards.
    public var closes = false

    /// An answer.
    public init(
        _ status: Int, contentType: String? = nil, body: Body = .bytes([]),
        headers: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }

    /// A JSON document, in canonical form.
    public static func json(
        _ value: JSONValue, status: Int = 200, contentType: String = "application/json",
        headers: [(name: String, value: String)] = []
    ) throws -> Reply {
        Reply(status, contentType: contentType, body: .bytes(try value.canonicalBytes()), headers: headers)
    }

    /// Text.
    public static func text(_ text: String, status: Int = 200, contentType: String = "text/plain; charset=utf-8")
        -> Reply
    {
        Reply(status, contentType: contentType, body: .bytes(Array(text.utf8)))
    }
}
