public import HTTPTypes
import LetheBytes

/// What a handler sees of a call: checked parameters, a body within its limit, and who calls.
public struct Call: Sendable {
    /// The request's id, which the answer names too.
    public let id: String
    /// The route that is called.
    public let route: Route
    /// The head as it came.
    public let head: HTTPRequest
    /// The values of path and query; each has the form that the route asks for.
    public let parameters: [String: String]
    /// The body; empty where the route takes none.
    public let body: [UInt8]
    /// Who calls.
    public let caller: Caller
    /// What handlers work with.
    public let services: Services

    /// A value that the path has.
    public subscript(_ name: String) -> String { parameters[name] ?? "" }

    /// A number of path or query.
    public func number(_ name: String) -> UInt64? { parameters[name].flatMap(Parameter.number) }

    /// The body as strict JSON.
    /// - Throws: `Problem`, status 400.
    func json(maximumDepth: Int = 16) throws -> JSONValue {
        do { return try StrictJSON.parse(body, maximumDepth: maximumDepth) } catch {
            throw Problem(400, "not-json", "expected one JSON document without duplicate names: \(error)")
        }
    }
}

/// Who calls.
public enum Caller: Sendable, Equatable {
    /// Somebody without a token.
    case nobody
    /// The holder of a token.
    case token(AccessToken)
    /// A browser with a signed session of this token, and the session's id.
    case session(AccessToken, id: String)

    /// The token behind the call.
    public var token: AccessToken? {
        switch self {
        case .nobody: nil
        case .token(let token), .session(let token, _): token
        }
    }
}
