import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LetheBytes
import Testing

@testable import LetheServer

/// The table itself, and what must hold of every route in it, so that a new one cannot be forgotten.
struct RouteTableTests {
    static let table: RouteTable = {
        var configuration = ServerConfiguration()
        configuration.opendsrDomain = "desk.example"
        configuration.drpBusiness = "BIZ_B"
        configuration.drpAgents = "agents.json"
        return API.table(configuration)
    }()

    /// A path of a route, with values that have their forms.
    static func path(_ route: Route) -> String {
        var path = route.path.replacing("...}", with: "}")
        for parameter in route.parameters where parameter.place == .path {
            path = path.replacing("{\(parameter.name)}", with: sample(parameter.form))
        }
        let query = route.parameters.filter { $0.place == .query && $0.isRequired }.map {
            "\($0.name)=\(sample($0.form))"
        }
        return path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    private static func sample(_ form: Parameter.Form) -> String {
        switch form {
        case .uuid: "a7551968-d5d6-44b2-9831-815ac9017798"
        case .number(let range): "\(range.lowerBound)"
        case .oneOf(let texts): texts[0]
        case .day: "2026-03-02"
        case .name: "name"
        case .path: "0/000.p/1"
        }
    }

    @Test func everyOperationHasOneNameAndOnePlace() {
        let routes = Self.table.routes
        #expect(Set(routes.map(\.operation)).count == routes.count)
        for route in routes {
            #expect(route.operation.allSatisfy { $0.isLetter }, "\(route.operation)")
            #expect(!route.summary.isEmpty && !route.answers.isEmpty)
            let named = route.segments.filter { $0.hasPrefix("{") }.map {
                String($0.dropFirst().dropLast()).replacing("...", with: "")
            }
            #expect(named == route.parameters.filter { $0.place == .path }.map(\.name), "\(route.path)")
        }
    }

    @Test func everyRouteIsFoundAtItsPathAlone() {
        for (number, route) in Self.table.routes.enumerated() {
            let path = String(Self.path(route).prefix { $0 != "?" })
            guard case .route(let found, _) = Self.table.match(route.method, path) else {
                Issue.record("\(route.operation) is not found")
                continue
            }
            #expect(found == number)
            for trick in [
                "/" + path, path + "//", path.replacing("/", with: "//"), path + "/.", path + "/..", "/." + path,
                path + "%00", path + "%2F", "/%2e%2e" + path, path.replacing("e", with: "%65"), path + "\u{0}",
                path + ";x", path + "\\", path.uppercased() + "É", "", "*", String(repeating: "/a", count: 2_000),
            ] where trick != path {
                if case .route(let other, _) = Self.table.match(route.method, trick) {
                    Issue.record("\(route.operation) is found at \(trick), as \(Self.table.routes[other].operation)")
                }
            }
        }
    }

    @Test func withoutATokenOnlyWhatIsPublicAnswers() async throws {
        let desk = try ServerDesk()
        let expired = try desk.token(.administrator, made: "2026-02-01T12:00:00Z")
        let revoked = try desk.token(.administrator)
        let tokens = desk.server.services.tokens
        _ = try tokens.revoke(#require(tokens.tokens().last).id, now: desk.server.services.now)
        let foreign = "lethe_" + String(repeating: "0", count: 64)
        let table = desk.server.table
        try await desk.run { client in
            for route in table.routes {
                guard case .roles(let roles) = route.access else { continue }
                let path = Self.path(route)
                let without = try await client.call(route.method, path)
                #expect(without.status == 401, "\(route.operation)")
                for bad in [expired, revoked, foreign, "", "x", String(repeating: "a", count: 5_000)] {
                    let answer = try await client.call(route.method, path, token: bad)
                    #expect(answer.status == 401, "\(route.operation)")
                    #expect(!answer.text.contains(bad) || bad.count < 2)
                }
                for role in AccessRole.allCases where !roles.contains(role) {
                    let token = try desk.token(role)
                    #expect(try await client.call(route.method, path, token: token).status == 403, "\(route.operation)")
                }
            }
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func everyAnswerHasTheSecurityHeaders() async throws {
        let desk = try ServerDesk()
        try await desk.run { client in
            for path in ["/health", "/nowhere", "/log/checkpoint", "/api/v1/requests"] {
                let headers = try await client.get(path).headers
                for (name, value) in SecurityHeaders.fields(isSecure: false) where name != "Cache-Control" {
                    #expect(headers[HTTPField.Name(name)!] == value, "\(path): \(name)")
                }
                #expect(headers[HTTPField.Name("X-Request-Id")!]?.count == 16)
            }
        }
    }

    @Test func anotherMethodIsNamedAsSuch() async throws {
        let desk = try ServerDesk()
        try await desk.run { client in
            let answer = try await client.call(.delete, "/health")
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == "GET, HEAD")
            let head = try await client.call(.head, "/health")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers[.contentLength] == "18")
        }
    }
}
