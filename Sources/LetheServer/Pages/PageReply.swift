import HTTPTypes
import LetheBytes
import LethePages
import LetheService

/// Pages as answers of this server.
extension Route {
    /// A page to look at.
    static func page(
        _ path: String, operation: String, _ summary: String, access: Access = .everybody, parameters: [Parameter] = [],
        others: [Answer] = [], handle: @escaping Handler
    ) -> Route {
        page(.get, path, operation, summary, access, parameters, nil, others, handle)
    }

    /// What a form of a page does.
    static func form(
        _ path: String, operation: String, _ summary: String, access: Access = .everybody, parameters: [Parameter] = [],
        body: BodyRule, others: [Answer] = [], handle: @escaping Handler
    ) -> Route {
        page(.post, path, operation, summary, access, parameters, body, others, handle)
    }

    /// Where something is wrong it answers with a page too.
    private static func page(
        _ method: HTTPRequest.Method, _ path: String, _ operation: String, _ summary: String, _ access: Access,
        _ parameters: [Parameter], _ body: BodyRule?, _ others: [Answer], _ handle: @escaping Handler
    ) -> Route {
        Route(
            method, path, operation: operation, tag: .pages, summary, access: access, errors: .page,
            parameters: parameters, body: body, answers: [Answer(200, "The page.", Reply.html)] + others, handle: handle
        )
    }

    /// What a form sends.
    static func fields(_ description: String, limit: Int = 65_536) -> BodyRule {
        BodyRule(
            ["application/x-www-form-urlencoded", "multipart/form-data"], limit: limit, schema: ["type": "object"],
            description: description, isOptional: true)
    }

    /// That the browser is sent to another page.
    static let goesOn = Answer.bare(303, "Done; the browser is sent on.")
}

extension Reply {
    static let html = "text/html; charset=utf-8"

    /// Sends the browser to a path of this server.
    static func redirect(_ path: String, headers: [(name: String, value: String)] = []) -> Reply {
        Reply(303, headers: [("Location", path)] + headers)
    }
}

extension Call {
    /// What surrounds a page for this caller.
    func frame(_ notice: Frame.Notice? = nil) -> Frame { Frame(services, caller, notice) }

    /// The page as an answer.
    func page(_ page: some Page, status: Int = 200, notice: Frame.Notice? = nil) -> Reply {
        Reply(
            status, contentType: Reply.html, body: .bytes(Array(services.pages.html(page, in: frame(notice)).utf8)),
            headers: [("Content-Security-Policy", Asset.contentPolicy)])
    }

    /// The fields of the form that was sent.
    /// - Throws: `Problem`, status 400.
    func fields() throws -> [String: String] {
        guard let fields = Form.fields(of: body, contentType: head.headerFields[.contentType]) else {
            throw Problem(400, "bad-form", "expected the fields of a form, each once, as text")
        }
        return fields
    }
}

extension Frame {
    init(_ services: Services, _ caller: Caller, _ notice: Frame.Notice? = nil) {
        var sessionID = "nobody"
        if case .session(_, let id) = caller { sessionID = id }
        self.init(
            origin: (try? Workspace.origin(of: services.configuration.workspace)) ?? "",
            formToken: services.sessions.formToken(sessionID: sessionID),
            reader: caller.token.map { Reader(name: $0.name, role: $0.role.rawValue) }, notice: notice)
    }
}

extension Problem {
    /// The problem as a page.
    func page(_ services: Services, _ caller: Caller, id: String) -> Reply {
        let frame = Frame(services, caller)
        // Who has no session is asked to sign in, at the address where that was missing.
        let html =
            status == 401
            ? services.pages.html(LoginPage(), in: frame)
            : services.pages.html(
                ErrorPage(status: status, detail: status == 404 ? nil : detail, callID: id), in: frame)
        var reply = Reply(
            status, contentType: Reply.html, body: .bytes(Array(html.utf8)),
            headers: [("Content-Security-Policy", Asset.contentPolicy), ("Cache-Control", "no-store")])
        if let retryAfter { reply.headers.append(("Retry-After", "\(retryAfter)")) }
        return reply
    }
}
