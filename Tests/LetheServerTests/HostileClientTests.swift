import Glibc
import Hummingbird
import HummingbirdTesting
import LetheBytes
import Testing

@testable import LetheServer

/// Clients that mean no good, over real sockets.
struct HostileClientTests {
    private func desk(idleSeconds: Int = 3) throws -> ServerDesk {
        try ServerDesk {
            $0.limits.idleSeconds = idleSeconds
            $0.limits.bodySeconds = 1
            $0.limits.writeSeconds = 1
        }
    }

    /// What the server answers to these bytes before it closes; nil where it does not close.
    private func answer(_ port: Int, _ parts: [String]) async throws -> String? {
        try await RawConnection.blocking {
            let connection = try RawConnection(port: port)
            for part in parts { connection.send(part) }
            return connection.readToEnd()
        }
    }

    private func status(_ answer: String?) -> Int? {
        guard let answer, answer.hasPrefix("HTTP/1.1 ") else { return nil }
        return Int(answer.dropFirst(9).prefix(3))
    }

    /// Whether the server answers others.
    private func isWell(_ port: Int) async throws -> Bool {
        try await status(answer(port, ["GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"])) == 200
    }

    private static let post = "POST /api/v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    @Test func slowClientsAreLetGo() async throws {
        let desk = try desk()
        try await desk.run(.live) { client in
            let port = try #require(client.port)
            // Nothing at all; half a head; a head for a body that never comes, and one of which a byte comes.
            #expect(try await answer(port, []) != nil)
            #expect(try await answer(port, ["GET /health HTTP/1.1\r\nHost:"]) != nil)
            #expect(try await status(answer(port, [Self.post + "Content-Length: 10\r\n\r\n"])) == 408)
            #expect(try await status(answer(port, [Self.post + "Content-Length: 10\r\n\r\n", "a"])) == 408)
            #expect(try await status(answer(port, [Self.post + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"])) == 408)
            // The server is as well as before.
            #expect(try await isWell(port))
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func aClientThatDripsHasNoMoreTimeThanOthers() async throws {
        let desk = try desk()
        try await desk.run(.live) { client in
            let port = try #require(client.port)
            let closed = try await RawConnection.blocking { () -> Bool in
                let connection = try RawConnection(port: port)
                connection.send(Self.post + "Content-Length: 100000\r\n\r\n")
                for _ in 0..<40 {
                    guard connection.send("a") else { return true }
                    usleep(100_000)
                }
                return false
            }
            #expect(closed)
        }
    }

    @Test func malformedHTTPIsRefused() async throws {
        let desk = try desk()
        let flood = (0..<500).map { "X-\($0): y\r\n" }.joined()
        let cases = [
            "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET /health HTTP/9.9\r\n\r\n",
            "GET /health HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "GET /health HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "GET /health HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /health HTTP/1.1\r\n" + flood + "\r\n",
            "GET /health HTTP/1.1\r\nX: " + String(repeating: "y", count: 100_000) + "\r\n\r\n",
            "GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\n\r\n",
            "GET /health HTTP/1.1\r\nBad Name: x\r\n\r\n",
            Self.post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ]
        try await desk.run(.live) { client in
            let port = try #require(client.port)
            for bytes in cases {
                let found = try await answer(port, [bytes])
                let code = status(found)
                #expect(
                    found != nil && (code == nil || (400..<500).contains(code ?? 0)),
                    "\(bytes.prefix(60)): \(found ?? "open")")
            }
            #expect(try await isWell(port))
        }
    }

    @Test func aBodyThatIsTooLargeIsNotRead() async throws {
        let desk = try desk()
        try await desk.run(.live) { client in
            let port = try #require(client.port)
            #expect(try await status(answer(port, [Self.post + "Content-Length: 99999999999\r\n\r\n"])) == 413)
            #expect(
                try await status(answer(port, [Self.post + "Content-Length: 99999999999999999999999\r\n\r\n"])) == 400)
            let chunk = "4000\r\n" + String(repeating: "a", count: 0x4000) + "\r\n"
            let chunked = try await answer(
                port, [Self.post + "Transfer-Encoding: chunked\r\n\r\n"] + Array(repeating: chunk, count: 3))
            #expect(chunked != nil && [413, nil].contains(status(chunked)))
            #expect(try await status(answer(port, ["GET /health HTTP/1.1\r\nContent-Length: 99999\r\n\r\n"])) == 400)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func whatACallerSaysIsNotLogged() async throws {
        let desk = try desk(idleSeconds: 60)
        let secret = "ana.unmistakable"
        let token = try desk.token(.auditor, name: secret)
        let body = try desk.sign()
        try await desk.run(.live) { client in
            _ = try await client.get("/api/v1/requests?\(secret)=\(secret)", token: token)
            _ = try await client.get("/\(secret)?x=\(secret)", token: "lethe_\(secret)")
            _ = try await client.post("/api/v1/requests", Array("{\"\(secret)\":1}".utf8))
            _ = try await client.post("/api/v1/requests", body)
            _ = try await client.post("/api/v1/requests", body)
            let port = try #require(client.port)
            _ = try await answer(port, ["\(secret) \(secret)\r\n\(secret)\r\n\r\n"])
            let metrics = try await client.get("/metrics").text
            #expect(metrics.contains("lethe_http_requests_total{operation=\"submitRequest\",status=\"201\"} 1"))
            for found in [desk.log.text, metrics] {
                #expect(!found.contains(secret) && !found.contains(token) && !found.contains("127.0.0.1"))
            }
        }
        #expect(desk.log.text.contains("\"operation\":\"submitRequest\""))
        for line in desk.log.text.split(separator: "\n") { _ = try StrictJSON.parse(Array(line.utf8)) }
    }
}
