import Glibc
import HTTPTypes
public import Hummingbird
import LetheBytes
import LetheCrypto
import LetheService
import Logging
import NIOCore
import NIOHTTP1

/// Answers calls: finds the route in the table, then asks in this order who calls how often, what is in the path and query, who may,
/// and what is in the body; a handler sees only what passed.
public struct Responder: HTTPResponder {
    /// What a call knows of its connection.
    public typealias Context = ServerContext

    private let table: RouteTable
    private let services: Services
    private let securityHeaders: [(name: String, value: String)]

    init(_ table: RouteTable, _ services: Services) {
        self.table = table
        self.services = services
        securityHeaders = SecurityHeaders.fields(isSecure: services.configuration.isSecure)
    }

    /// Answers one call. Never throws but where the connection itself broke.
    public func respond(to request: Request, context: Context) async throws -> Response {
        let start = services.environment.seconds()
        let id = Hex.encode(secureRandomBytes(8))
        var operation = "none"
        var reply: Reply
        var caller = Caller.nobody
        do {
            (reply, operation, caller) = try await answer(request, context, id)
        } catch let failure as Failure {
            if failure.cause is HTTPParserError { throw failure.cause }
            operation = failure.route?.operation ?? "none"
            let door = table.errorStyle(at: Self.rawPath(request))
            let style = failure.route?.errors ?? (door == .problem && Self.wantsPage(request) ? .page : door)
            let problem = Problem(failure.cause).told(style)
            if problem.status >= 500 { note(failure.cause, operation, id) }
            reply =
                style == .page
                ? problem.page(services, (try? self.caller(request)) ?? .nobody, id: id) : problem.reply(style, id: id)
            // What is left of a body that was not read whole is not waited for.
            reply.closes =
                !failure.hasReadBody
                && (request.headers[.transferEncoding] != nil || (request.headers[.contentLength] ?? "0") != "0")
            if let allowed = failure.allowed { reply.headers.append(("Allow", allowed)) }
            if let route = failure.route, !route.statuses.contains(reply.status) { undocumented(route, reply.status) }
        }
        let seconds = services.environment.seconds() - start
        services.metrics.count(operation, status: reply.status, seconds: seconds)
        services.logger.info(
            "call",
            metadata: [
                "request": "\(id)", "operation": "\(operation)", "method": "\(request.method.rawValue.prefix(16))",
                "status": "\(reply.status)", "milliseconds": "\(Int(seconds * 1_000))",
                "token": "\(caller.token?.id ?? "none")",
            ])
        if reply.closes { closeSoon(context.channel) }
        return response(reply, id: id, isHead: request.method == .head)
    }

    /// An error with the route that it happened at, if any.
    private struct Failure: Error {
        let cause: any Error
        var route: Route?
        var allowed: String?
        var hasReadBody = false
    }

    private func answer(
        _ request: Request, _ context: Context, _ id: String
    ) async throws -> (Reply, String, Caller) {
        let match = table.match(request.method, Self.rawPath(request))
        let known: Route? = if case .route(let number, _) = match { table.routes[number] } else { nil }
        do {
            try limit(Self.address(of: context.channel), services.configuration.limits.perMinuteAndAddress)
        } catch { throw Failure(cause: error, route: known) }
        let route: Route
        var parameters: [String: String]
        switch match {
        case .route(let number, let found): (route, parameters) = (table.routes[number], found)
        case .otherMethods(let methods):
            throw Failure(
                cause: Problem(405, "method-not-allowed", "this path has other methods"),
                allowed: methods.map(\.rawValue).joined(separator: ", "))
        case .nothing: throw Failure(cause: Problem(404, "not-found", "nothing is at this path"))
        }
        var hasReadBody = false
        do {
            let caller = try self.caller(request)
            if let token = caller.token {
                try limit("token \(token.id)", services.configuration.limits.perMinuteAndToken)
            }
            try requireAccess(route, caller)
            try check(&parameters, of: route, query: request.uri.query)
            let body = try await readBody(of: request, for: route)
            hasReadBody = true
            try requireOwnForm(route, caller, request, body)
            let call = Call(
                id: id, route: route, head: request.head, parameters: parameters, body: body, caller: caller,
                services: services)
            let reply = try await route.handle(call)
            if !route.statuses.contains(reply.status) { undocumented(route, reply.status) }
            return (reply, route.operation, caller)
        } catch { throw Failure(cause: error, route: route, hasReadBody: hasReadBody) }
    }

    /// The path as it came: nothing is decoded.
    private static func rawPath(_ request: Request) -> String {
        let target = request.head.path ?? ""
        return String(target.prefix { $0 != "?" })
    }

    /// Whether a browser asks, for somebody who reads.
    private static func wantsPage(_ request: Request) -> Bool {
        request.headers[.accept]?.contains("text/html") ?? false
    }

    // MARK: Who and how often

    private func limit(_ caller: String, _ perMinute: Int) throws {
        guard let seconds = services.limiter.take(caller, perMinute: perMinute) else { return }
        services.metrics.countLimited()
        throw Problem(
            429, "too-many-calls", "at most \(perMinute) calls a minute; try again later", retryAfter: seconds)
    }

    /// The address that calls are counted by: of IPv6, the network of one customer (/64).
    private static func address(of channel: any Channel) -> String {
        guard let address = channel.remoteAddress else { return "unknown" }
        guard let text = address.ipAddress else { return "local" }
        guard text.contains(":") else { return text }
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, text, &bytes) == 1 ? "v6 " + Hex.encode(bytes.prefix(8)) : text
    }

    /// Who calls: the holder of a bearer token, or a browser with a session.
    private func caller(_ request: Request) throws -> Caller {
        let now = services.now
        if let header = request.headers[.authorization] {
            let words = header.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, words[0].lowercased() == "bearer",
                let token = try services.tokens.find(String(words[1]), now: now)
            else { throw Problem(401, "bad-token", "expected a bearer token of this server that counts now") }
            return .token(token)
        }
        if let cookies = request.headers[.cookie],
            let session = services.sessions.session(cookies: cookies, now: now),
            let token = try services.tokens.token(id: session.tokenID, now: now)
        {
            return .session(token, id: session.id)
        }
        return .nobody
    }

    private func requireAccess(_ route: Route, _ caller: Caller) throws {
        let roles: Set<AccessRole>
        switch route.access {
        case .everybody: return
        case .metrics:
            guard services.configuration.metricsNeedToken else { return }
            roles = AccessRole.people
        case .roles(let some): roles = some
        }
        guard let token = caller.token else { throw Problem(401, "no-token", "expected a bearer token") }
        guard roles.contains(token.role) else {
            throw Problem(
                403, "wrong-role",
                "expected a token of role \(roles.map(\.rawValue).sorted().joined(separator: " or ")), found "
                    + token.role.rawValue)
        }
    }

    /// A browser sends its cookie whoever made it call: what changes something must also carry the form token that only a page of
    /// this server was given.
    private func requireOwnForm(_ route: Route, _ caller: Caller, _ request: Request, _ body: [UInt8]) throws {
        guard route.isUnsafe, case .session(_, let id) = caller else { return }
        if let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!], !["same-origin", "none"].contains(site) {
            throw Problem(403, "other-site", "the call was made by another site")
        }
        let given =
            request.headers[HTTPField.Name("X-CSRF-Token")!]
            ?? Form.fields(of: body, contentType: request.headers[.contentType])?["csrf"] ?? ""
        guard services.sessions.isFormToken(given, of: id) else {
            throw Problem(403, "no-form-token", "expected the form token of this session")
        }
    }

    // MARK: What

    private func check(_ parameters: inout [String: String], of route: Route, query: String?) throws {
        for parameter in route.parameters where parameter.place == .path {
            guard let text = parameters[parameter.name], parameter.accepts(text) else {
                throw Problem(404, "not-found", "\(parameter.name): expected \(parameter.expectation)")
            }
        }
        let wanted = route.parameters.filter { $0.place == .query }
        guard let given = Form.fields(Array((query ?? "").utf8), limit: 32) else {
            throw Problem(400, "bad-query", "expected each name once, percent-encoded UTF-8")
        }
        for (name, text) in given {
            guard let parameter = wanted.first(where: { $0.name == name }) else {
                throw Problem(400, "bad-query", "expected no other parameters than \(wanted.map(\.name))")
            }
            guard parameter.accepts(text) else {
                throw Problem(400, "bad-query", "\(parameter.name): expected \(parameter.expectation)")
            }
            parameters[name] = text
        }
        for parameter in wanted where parameter.isRequired && parameters[parameter.name] == nil {
            throw Problem(400, "bad-query", "\(parameter.name): expected \(parameter.expectation), found nothing")
        }
    }

    private func readBody(of request: Request, for route: Route) async throws -> [UInt8] {
        let limits = services.configuration.limits
        guard let rule = route.body else {
            guard request.headers[.transferEncoding] == nil, (request.headers[.contentLength] ?? "0") == "0" else {
                throw Problem(400, "unexpected-body", "expected no body")
            }
            return []
        }
        let body = try await BodyReader.read(
            request, limit: min(rule.limit, limits.bodyBytes), seconds: limits.bodySeconds)
        if body.isEmpty, rule.isOptional { return [] }
        let type = request.headers[.contentType] ?? ""
        let essence = type.prefix { $0 != ";" }.lowercased().trimmingSpaces
        guard rule.mediaTypes.contains(essence) else {
            throw Problem(
                415, "wrong-media-type", "Content-Type: expected \(rule.mediaTypes.joined(separator: " or "))")
        }
        return body
    }

    // MARK: The answer

    private func response(_ reply: Reply, id: String, isHead: Bool) -> Response {
        var fields = HTTPFields()
        func set(_ name: String, _ value: String) {
            guard let name = HTTPField.Name(name) else { return }
            fields[name] = value
        }
        for (name, value) in securityHeaders { set(name, value) }
        set("X-Request-Id", id)
        if let type = reply.contentType { set("Content-Type", type) }
        for (name, value) in reply.headers { set(name, value) }
        if reply.closes { set("Connection", "close") }
        let status = HTTPResponse.Status(code: reply.status)
        switch reply.body {
        case .bytes(let bytes):
            if isHead {
                set("Content-Length", "\(bytes.count)")
                return Response(status: status, headers: fields)
            }
            return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let write):
            if isHead { return Response(status: status, headers: fields) }
            return Response(
                status: status, headers: fields,
                body: ResponseBody { writer in
                    try await write(&writer)
                    try await writer.finish(nil)
                })
        }
    }

    /// Closes a connection once its peer had time to read the answer: whatever it still sends is not worth waiting for.
    private func closeSoon(_ channel: any Channel) {
        channel.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.close(promise: nil) }
    }

    // MARK: Faults

    private func undocumented(_ route: Route, _ status: Int) {
        services.metrics.countUndocumented()
        services.logger.error("undocumented", metadata: ["operation": "\(route.operation)", "status": "\(status)"])
    }

    /// Logs what the caller is not told.
    private func note(_ error: any Error, _ operation: String, _ id: String) {
        let words = Problem.logged(error)
        services.logger.error(
            "failed", metadata: ["request": "\(id)", "operation": "\(operation)", "error": "\(words)"])
    }
}

extension String {
    /// Without spaces at both ends.
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
