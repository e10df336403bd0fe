import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheRequests
import LetheService
import Testing

@testable import LetheServer

/// The pages of a server: who sees what, how forms are read, and what they change.
struct PageRouteTests {
    private func form(_ fields: [(String, String)]) -> [UInt8] {
        func encoded(_ text: String) -> String { text.utf8.map { "%" + Hex.encode([$0]) }.joined() }
        return Array(fields.map { "\($0)=\(encoded($1))" }.joined(separator: "&").utf8)
    }

    private func multipart(_ fields: [(String, String)], boundary: String = "xyz") -> [UInt8] {
        let parts = fields.map { name, value in
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"f\"\r\nContent-Type: text/plain\r\n\r\n\(value)\r\n"
        }
        return Array((parts.joined() + "--\(boundary)--\r\n").utf8)
    }

    @Test func everybodySeesThePublicPages() async throws {
        let desk = try ServerDesk()
        try await desk.run { client in
            for path in [
                "/", "/request", "/follow", "/check", "/explorer", "/explorer/0", "/certificates", "/statistics",
                "/login",
            ] {
                let answer = try await client.get(path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
                #expect(answer.text.contains("<h1"))
                #expect(
                    answer.headers[HTTPField.Name("Content-Security-Policy")!]?.contains("script-src 'self'") == true)
            }
            #expect(
                try await client.get("/assets/verify.mjs").headers[.contentType] == "text/javascript; charset=utf-8")
            #expect(try await client.get("/assets/lethe.css").text.contains(":root"))
            #expect(try await client.get("/assets/passwd").status == 404)
            #expect(try await client.get("/explorer?entry=1").headers[.location] == "/explorer/1")
            #expect(try await client.get("/explorer/999").status == 404)
            let nowhere = try await client.call(.get, "/nowhere", headers: [.accept: "text/html"])
            #expect(nowhere.status == 404 && nowhere.text.contains("Nothing is here"))
            #expect(try await client.get("/nowhere").code == "not-found")
            let locked = try await client.get("/desk")
            #expect(locked.status == 401 && locked.text.contains("name=\"token\""))
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func aRequestIsFiledThroughTheForm() async throws {
        let desk = try ServerDesk()
        let signed = String(decoding: try desk.sign(), as: UTF8.self)
        let body = multipart([("csrf", "x"), ("request", signed)])
        try await desk.run { client in
            let type = "multipart/form-data; boundary=xyz"
            let first = try await client.post("/request", body, type: type)
            #expect(first.status == 200 && first.text.contains("Your request is in the log"))
            let again = try await client.post(
                "/request", form([("signed", signed)]), type: "application/x-www-form-urlencoded")
            #expect(again.status == 200 && again.text.contains("received before"))
            let altered = try await client.post(
                "/request", multipart([("request", signed.replacing("e", with: "f", maxReplacements: 1))]), type: type)
            #expect((400..<500).contains(altered.status) && altered.text.contains("Your request was not taken"))
            #expect(try await client.post("/request", Array("hello".utf8), type: type).status == 400)
            #expect(try await client.post("/request", body, type: "text/plain").status == 415)
            let record = try #require(try desk.workspace().requests().first)
            #expect(try desk.workspace().requests().count == 1)
            let status = try await client.get("/follow/\(record.requestID.text)")
            #expect(status.status == 200 && status.text.contains("Its place in the log"))
            #expect(
                try await client.get("/follow?id=\(record.requestID.text)").headers[.location]
                    == "/follow/\(record.requestID.text)")
            #expect(try await client.get("/follow/a7551968-d5d6-44b2-9831-815ac9017798").status == 404)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func anOfficerSignsInAndDecides() async throws {
        let desk = try ServerDesk()
        _ = try desk.workspace().submit(desk.sign())
        let id = try #require(try desk.workspace().requests().first).requestID.text
        let (token, auditor) = (try desk.token(.officer, name: "<b>Olga"), try desk.token(.auditor))
        try await desk.run { client in
            let type = "application/x-www-form-urlencoded"
            func signIn(_ token: String) async throws -> HTTPFields {
                let answer = try await client.post("/login", form([("token", token)]), type: type)
                #expect(answer.status == 303 && answer.headers[.location] == "/desk")
                return [.cookie: String(try #require(answer.headers[.setCookie]).prefix { $0 != ";" })]
            }
            #expect(
                try await client.post("/login", form([("token", "wrong")]), type: type).text.contains("No such token"))
            let session = try await signIn(token)
            let page = try await client.call(.get, "/desk", headers: session)
            #expect(page.status == 200 && page.text.contains("&lt;b&gt;Olga") && page.text.contains(id))
            let request = try await client.call(.get, "/desk/\(id)", headers: session)
            #expect(request.text.contains("/desk/\(id)/refuse"))
            let act = try await client.call(.get, "/desk/\(id)/withdraw", headers: session)
            let csrf = String(try #require(act.text.firstMatch(of: /name="csrf" value="([0-9a-f]+)"/)).1)

            func post(_ fields: [(String, String)], _ act: String = "withdraw", as session: HTTPFields) async throws
                -> Int
            {
                try await client.call(.post, "/desk/\(id)/\(act)", body: form(fields), type: type, headers: session)
                    .status
            }
            #expect(try await post([("sure", "yes")], as: session) == 403)
            #expect(try await post([("csrf", csrf)], as: session) == 422)
            #expect(try await post([("csrf", csrf), ("sure", "yes")], "refuse", as: session) == 422)
            #expect(try await post([("csrf", csrf), ("sure", "yes")], as: [:]) == 401)
            let reader = try await signIn(auditor)
            #expect(try await post([("csrf", csrf), ("sure", "yes")], as: reader) == 403)
            #expect(try desk.workspace().request(id).state != .withdrawn)
            #expect(try await post([("csrf", csrf), ("sure", "yes")], as: session) == 303)
            #expect(try desk.workspace().request(id).state == .withdrawn)
            #expect(try await post([("csrf", csrf), ("sure", "yes")], as: session) == 409)
            for path in ["/runs", "/reports", "/desk?show=closed"] {
                #expect(try await client.call(.get, path, headers: session).status == 200, "\(path)")
            }
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func multipartIsReadStrictly() {
        let good = multipart([("a", "1"), ("b", "two\r\nlines\n--xy")])
        #expect(Multipart.fields(good, boundary: "xyz") == ["a": "1", "b": "two\r\nlines\n--xy"])
        #expect(Multipart.boundary("multipart/form-data; charset=x; boundary=\"x y\"") == "x y")
        #expect(Multipart.boundary("text/plain; boundary=x") == nil)
        #expect(Multipart.fields(multipart([("a", "1"), ("a", "2")]), boundary: "xyz") == nil)
        #expect(Multipart.fields(good, boundary: "other") == nil)
        #expect(Multipart.fields(good, boundary: "") == nil)
        #expect(Multipart.fields(Array("--xyz\r\n\r\n\r\n--xyz--".utf8), boundary: "xyz") == nil)
        // Cut or changed anywhere it is refused or read as something else, and never traps.
        for index in good.indices {
            if index < good.count - 4 { #expect(Multipart.fields(Array(good[..<index]), boundary: "xyz") == nil) }
            var other = good
            other[index] ^= 0x80
            _ = Multipart.fields(other, boundary: "xyz")
        }
    }

    @Test func anArchiveIsOneThatTarReads() throws {
        let folder = try TestFolder()
        let files: [(name: String, bytes: [UInt8])] = [
            ("a.txt", Array("hello\n".utf8)), ("verify.sh", [UInt8](repeating: 7, count: 1_025)), ("empty", []),
        ]
        try Files.write(Archive.tar(files, in: "bundle"), to: folder.path("x.tar"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["tar", "-xf", folder.path("x.tar"), "-C", folder.path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        for (name, bytes) in files { #expect(try Files.read(folder.path("bundle/\(name)"), limit: 4_096) == bytes) }
        #expect(try Files.permissions(folder.path("bundle/verify.sh")) & 0o111 != 0)
    }
}
