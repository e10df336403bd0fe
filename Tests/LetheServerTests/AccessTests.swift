import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheRequests
import LetheStatements
import Synchronization
import Testing

@testable import LetheServer

/// Tokens, sessions, form tokens and limits.
struct AccessTests {
    private let noon = (try? Timestamp(ServerDesk.noon)) ?? .epoch

    @Test func aTokenIsKeptAsItsHashAlone() throws {
        let folder = try TestFolder()
        let store = try TokenStore(folder: folder.path)
        let (token, text) = try store.create(name: "ana", role: .officer, days: 1, now: noon)
        let file = folder.path("tokens.json")
        #expect(try Files.permissions(file) == 0o600)
        let kept = String(decoding: try Files.read(file, limit: 1 << 16), as: UTF8.self)
        #expect(!kept.contains(text) && !kept.contains(text.dropFirst(6)))
        #expect(try store.find(text, now: noon) == token)
        #expect(try store.find(text, now: noon.adding(seconds: 86_400)) == nil)
        for bad in ["", text.dropLast() + "g", text + "0", text.uppercased()] {
            #expect(try store.find(String(bad), now: noon) == nil)
        }
    }

    @Test func whatAnotherProcessRevokesEndsAtOnce() throws {
        let folder = try TestFolder()
        let (server, administrator) = (try TokenStore(folder: folder.path), try TokenStore(folder: folder.path))
        let (token, text) = try administrator.create(name: "ana", role: .officer, days: 1, now: noon)
        #expect(try server.find(text, now: noon)?.id == token.id)
        #expect(try administrator.revoke(token.id, now: noon) != nil)
        #expect(try server.find(text, now: noon) == nil)
        #expect(try administrator.revoke("none", now: noon) == nil)
    }

    @Test func aFileThatOthersMayReadIsRefused() throws {
        let folder = try TestFolder()
        let store = try TokenStore(folder: folder.path)
        _ = try store.create(name: "ana", role: .officer, days: 1, now: noon)
        let bytes = try Files.read(folder.path("tokens.json"), limit: 1 << 16)
        try Files.write(bytes, to: folder.path("tokens.json"), permissions: 0o644)
        #expect(throws: (any Error).self) { try store.tokens() }
    }

    @Test func aSessionCountsAsSignedAndNoLonger() throws {
        let folder = try TestFolder()
        let sessions = try Sessions(folder: folder.path, seconds: 600, isSecure: true)
        let token = try TokenStore(folder: folder.path).create(name: "ana", role: .officer, days: 1, now: noon).token
        let (session, header) = sessions.open(token, now: noon)
        for part in ["__Host-lethe=", "HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=600"] {
            #expect(header.contains(part))
        }
        let cookie = String(header.prefix { $0 != ";" })
        #expect(sessions.session(cookies: "a=b; \(cookie)", now: noon) == session)
        #expect(sessions.session(cookies: cookie, now: noon.adding(seconds: 600)) == nil)
        for place in cookie.indices where cookie[place] != "=" {
            var forged = cookie
            forged.replaceSubrange(place...place, with: cookie[place] == "0" ? "1" : "0")
            #expect(sessions.session(cookies: forged, now: noon) == nil)
        }
        let elsewhere = try TestFolder()
        let other = try Sessions(folder: elsewhere.path, seconds: 600, isSecure: true)
        #expect(other.session(cookies: cookie, now: noon) == nil)
        #expect(sessions.isFormToken(sessions.formToken(sessionID: session.id), of: session.id))
        #expect(!sessions.isFormToken(sessions.formToken(sessionID: "x"), of: session.id))
    }

    @Test func aBrowserNeedsTheTokenOfItsOwnForm() async throws {
        let desk = try ServerDesk()
        let services = desk.server.services
        _ = try desk.token(.administrator)
        let token = try #require(try services.tokens.tokens().last)
        let (session, header) = services.sessions.open(token, now: services.now)
        let cookie = HTTPFields([HTTPField(name: .cookie, value: String(header.prefix { $0 != ";" }))])
        let form = services.sessions.formToken(sessionID: session.id)
        let path = "/api/v1/requests/a7551968-d5d6-44b2-9831-815ac9017798/decisions"
        let body = Array(#"{"decision":"withdraw"}"#.utf8)
        try await desk.run { client in
            #expect(try await client.call(.get, "/api/v1/requests", headers: cookie).status == 200)
            #expect(try await client.call(.post, path, body: body, headers: cookie).code == "no-form-token")
            var headers = cookie
            headers[HTTPField.Name("X-CSRF-Token")!] = form
            #expect(try await client.call(.post, path, body: body, headers: headers).code == "unknown-request")
            headers[HTTPField.Name("Sec-Fetch-Site")!] = "cross-site"
            #expect(try await client.call(.post, path, body: body, headers: headers).code == "other-site")
            _ = try services.tokens.revoke(token.id, now: services.now)
            #expect(try await client.call(.get, "/api/v1/requests", headers: cookie).status == 401)
        }
    }

    @Test func aBucketFillsAgainWithTime() {
        let clock = Clock()
        let limiter = RateLimiter(capacity: 4) { clock.time }
        #expect((0..<60).allSatisfy { _ in limiter.take("a", perMinute: 60) == nil })
        #expect(limiter.take("a", perMinute: 60) == 1)
        #expect(limiter.take("b", perMinute: 60) == nil)
        clock.advance(by: 2)
        #expect(limiter.take("a", perMinute: 60) == nil)
        #expect(limiter.take("a", perMinute: 60) == nil)
        #expect(limiter.take("a", perMinute: 60) != nil)
        #expect(limiter.take("a", perMinute: 0) == nil)
        for caller in 0..<1_000 { _ = limiter.take("\(caller)", perMinute: 60) }
        #expect(limiter.count <= 4)
    }

    /// A clock that a test moves.
    private final class Clock: Sendable {
        private let seconds = Mutex(0.0)
        var time: Double { seconds.withLock { $0 } }
        func advance(by more: Double) { seconds.withLock { $0 += more } }
    }

    @Test func whoCallsTooOftenIsToldWhenToComeBack() async throws {
        let desk = try ServerDesk { $0.limits.perMinuteAndAddress = 3 }
        try await desk.run { client in
            for _ in 0..<3 { #expect(try await client.get("/health").status == 200) }
            let answer = try await client.get("/health")
            #expect(answer.status == 429 && answer.code == "too-many-calls")
            #expect(answer.headers[.retryAfter] == "20")
        }
    }
}
