import Testing

@testable import LetheListener

struct HTTPParserTests {
    private func parse(_ text: String, limits: HTTPLimits = HTTPLimits()) throws(HTTPRefusal) -> HTTPParser.Result {
        try HTTPParser.parse(Array(text.utf8), limits: limits)
    }

    private static let post = "POST /add-checkpoint HTTP/1.1\r\nHost: w.example\r\nContent-Length: 5\r\n\r\nhello"

    @Test func aRequestIsReadWithItsBody() throws {
        guard case .request(let request, let count) = try parse(Self.post + "GET /") else {
            Issue.record("no request")
            return
        }
        #expect(request.method == "POST" && request.path == "/add-checkpoint" && request.keepsAlive)
        #expect(request.body == Array("hello".utf8) && count == Self.post.utf8.count)
    }

    @Test func everyPrefixIsIncomplete() throws {
        for count in 0..<Self.post.utf8.count {
            let result = try HTTPParser.parse(Array(Self.post.utf8.prefix(count)), limits: HTTPLimits())
            guard case .incomplete = result else {
                Issue.record("\(count) bytes: \(result)")
                continue
            }
        }
    }

    @Test func theQueryIsNoPartOfThePath() throws {
        guard case .request(let request, _) = try parse("GET /a?b=/c HTTP/1.1\r\nHost: x\r\n\r\n") else { return }
        #expect(request.path == "/a")
    }

    @Test(arguments: [
        ("HTTP/1.1\r\nHost: x", true), ("HTTP/1.1\r\nHost: x\r\nConnection: close", false),
        ("HTTP/1.1\r\nHost: x\r\nconnection: Keep-Alive, CLOSE", false), ("HTTP/1.0", false),
    ])
    func connectionsAreKeptAsAsked(head: String, keeps: Bool) throws {
        guard case .request(let request, _) = try parse("GET / \(head)\r\n\r\n") else {
            Issue.record("no request")
            return
        }
        #expect(request.keepsAlive == keeps)
    }

    @Test func aPeerThatWaitsForAContinueGetsOne() throws {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        #expect(try parse(head) == .incomplete(wantsContinue: true))
        #expect(try parse(head + "a") == .incomplete(wantsContinue: false))
    }

    @Test(arguments: [
        ("GET /\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1 x\r\n\r\n", 400), ("\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505), ("GET / http/1.1\r\nHost: x\r\n\r\n", 505),
        ("G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /\u{e9} HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400), ("GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n: x\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: x\u{0}\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: x\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", 411), ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: identity\r\n\r\na", 501),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: tea\r\n\r\na", 417),
    ])
    func whatIsNotARequestHasAStatus(text: String, status: Int) {
        let error = #expect(throws: HTTPRefusal.self, "\(text)") { try parse(text) }
        #expect(error?.status == status)
    }

    @Test func headsWithoutEndAreCutOff() throws {
        #expect(throws: HTTPRefusal.self) { try parse(String(repeating: "a", count: 8192)) }
        let field = "X: y\r\n"
        let head = "GET / HTTP/1.1\r\nHost: x\r\n"
        #expect(throws: HTTPRefusal(431, "too many header fields")) {
            try parse(head + String(repeating: field, count: 64) + "\r\n")
        }
        guard case .request = try parse(head + String(repeating: field, count: 63) + "\r\n") else {
            Issue.record("refused")
            return
        }
    }

    @Test func noByteTraps() {
        // Every single change of every byte of a request; the values are of no interest, that there is one is.
        let bytes = Array(Self.post.utf8)
        for index in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = value
                _ = try? HTTPParser.parse(changed, limits: HTTPLimits())
                changed.remove(at: index)
                _ = try? HTTPParser.parse(changed, limits: HTTPLimits())
            }
        }
    }

    @Test(arguments: [
        "", ":", "localhost", "localhost:", ":80", "localhost:x", "localhost:65536", "localhost:-1", "::1:80", "a b:80",
        "localhost:+1",
    ])
    func otherAddressesAreRefused(text: String) {
        #expect(throws: ListenerError.self) { try ListenAddress(text) }
    }

    @Test func addressesAreRead() throws {
        #expect(try ListenAddress("127.0.0.1:8080") == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(try ListenAddress("[::1]:0").description == "[::1]:0")
    }
}
