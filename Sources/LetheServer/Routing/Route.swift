public import HTTPTypes
public import LetheBytes

/// One thing that the server does: the router, the access checks, the OpenAPI document and the tests are all made from values of
/// this type, so that none of them can forget a route.
public struct Route: Sendable {
    /// What a route does with a call.
    public typealias Handler = @Sendable (Call) async throws -> Reply

    /// The method.
    public let method: HTTPRequest.Method
    /// The path, with `{name}` for a segment and `{name...}` for all that is left.
    public let path: String
    /// The operation's name in the OpenAPI document; letters only.
    public let operation: String
    /// The section of the document.
    public let tag: Tag
    /// One line that says what it does.
    public let summary: String
    /// Who may call it.
    public let access: Access
    /// In whose words errors are told.
    public let errors: ErrorStyle
    /// What its path and query must hold.
    public let parameters: [Parameter]
    /// The body that it takes; nil where it takes none.
    public let body: BodyRule?
    /// The answers besides those that `standardStatuses` gives every route.
    public let answers: [Answer]
    /// The calls that this server makes later, because of a call.
    public let callbacks: [Callback]
    /// What it does.
    public let handle: Handler

    /// Sections of the API.
    public enum Tag: String, Sendable, CaseIterable {
        case service, log, certificates, requests, desk, runs, drp, opendsr, pages
    }

    /// Who may call a route.
    public enum Access: Sendable, Equatable {
        /// Anybody; what arrives may still have to be signed.
        case everybody
        /// Anybody, unless the configuration keeps it for those with a token.
        case metrics
        /// Who has a token, or a session, of one of these roles.
        case roles(Set<AccessRole>)
    }

    /// In whose words errors are told.
    public enum ErrorStyle: Sendable, Equatable {
        /// RFC 9457 problem details.
        case problem
        /// The error object of the Data Rights Protocol, section 3.06.
        case drp
        /// The error object of OpenDSR, section 7.6.
        case opendsr
        /// A page for people.
        case page
    }

    /// What a body must be.
    public struct BodyRule: Sendable {
        /// The media types that are taken; the first is the documented one.
        public let mediaTypes: [String]
        /// The most bytes, where the configuration allows no fewer.
        public let limit: Int
        /// Its JSON schema.
        public let schema: JSONValue
        /// What it is, in words.
        public let description: String
        /// Whether it may be absent.
        public let isOptional: Bool

        /// A rule.
        public init(
            _ mediaTypes: [String], limit: Int, schema: JSONValue, description: String, isOptional: Bool = false
        ) {
            self.mediaTypes = mediaTypes
            self.limit = limit
            self.schema = schema
            self.description = description
            self.isOptional = isOptional
        }
    }

    /// A documented answer.
    public struct Answer: Sendable {
        /// The status.
        public let status: Int
        /// What it means.
        public let description: String
        /// The media type of the body; empty where there is none, nil where it is that of the route's errors.
        public let mediaType: String?
        /// The schema of a JSON body; nil for other bodies.
        public let schema: JSONValue?
        /// Other media types that a caller may ask for.
        public let alternatives: [String]

        /// An answer.
        public init(
            _ status: Int, _ description: String, _ mediaType: String? = nil, schema: JSONValue? = nil,
            alternatives: [String] = []
        ) {
            self.status = status
            self.description = description
            self.mediaType = mediaType
            self.schema = schema
            self.alternatives = alternatives
        }

        /// An answer with a JSON document.
        public static func json(_ status: Int, _ description: String, _ schema: JSONValue = ["type": "object"])
            -> Answer
        {
            Answer(status, description, "application/json", schema: schema)
        }

        /// An answer without a body.
        public static func bare(_ status: Int, _ description: String) -> Answer { Answer(status, description, "") }

        /// A refusal in the route's own words for errors.
        public static func refusal(_ status: Int, _ description: String) -> Answer { Answer(status, description) }
    }

    /// A call that this server makes to a URL that a body named: always POST, always JSON.
    public struct Callback: Sendable {
        /// Its name in the OpenAPI document; letters only.
        public let name: String
        /// Where in the body the URL stands, as an OpenAPI runtime expression.
        public let url: String
        /// One line that says what is told.
        public let summary: String
        /// When, to whom, and what an answer does.
        public let description: String
        /// Header fields that it carries, with what they are.
        public let headers: [(name: String, description: String)]
        /// The schema of what is posted.
        public let schema: JSONValue

        /// A call.
        public init(
            _ name: String, url: String, _ summary: String, description: String,
            headers: [(name: String, description: String)] = [], schema: JSONValue
        ) {
            self.name = name
            self.url = url
            self.summary = summary
            self.description = description
            self.headers = headers
            self.schema = schema
        }
    }

    /// A route.
    public init(
        _ method: HTTPRequest.Method, _ path: String, operation: String, tag: Tag, _ summary: String, access: Access,
        errors: ErrorStyle = .problem, parameters: [Parameter] = [], body: BodyRule? = nil, answers: [Answer],
        callbacks: [Callback] = [], handle: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.operation = operation
        self.tag = tag
        self.summary = summary
        self.access = access
        self.errors = errors
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.callbacks = callbacks
        self.handle = handle
    }

    /// Whether a call changes anything.
    public var isUnsafe: Bool { method != .get && method != .head }

    /// Every status that a call of this route may be answered with.
    public var statuses: Set<Int> { Set(answers.map(\.status)).union(standardStatuses) }

    /// What the server itself may answer before the handler is asked, or when something is out of order.
    public var standardStatuses: Set<Int> {
        var statuses: Set<Int> = [400, 429, 500, 503]
        if access != .everybody { statuses.formUnion([401, 403]) }
        if path.contains("{") { statuses.insert(404) }
        if body != nil { statuses.formUnion(errors == .opendsr ? [408] : [408, 413, 415]) }
        return statuses
    }

    /// The path's segments.
    var segments: [Substring] { path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { $0 } }
}
