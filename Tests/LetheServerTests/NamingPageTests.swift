import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements
import Testing

@testable import LetheServer
@testable import LetheService

/// The pages on which an officer says whom a request means that names its person by an address.
struct NamingPageTests {
    private static let type = "application/x-www-form-urlencoded"
    private static let address = "ana.unmistakable@example.org"
    private let agent = SigningKey.generate()

    private func desk() throws -> ServerDesk {
        let desk = try ServerDesk { configuration in
            try Doors.open(
                &configuration, in: Files.folder(of: configuration.workspace), agents: ["AGENT_A": agent.publicKey])
        }
        try desk.workspace().registerKey(agent.publicKey, as: .requester)
        return desk
    }

    /// Files a request that knows its person's address and nothing else.
    private func file(_ client: any TestClientProtocol, _ desk: ServerDesk) async throws -> String {
        let token = try desk.server.services.tokens.createForAgent("AGENT_A", days: 1, now: desk.server.services.now)
        let request = try Doors.signed(
            Doors.message([
                "agent-request-id": "r-1", "exercise": "deletion", "regime": "gdpr", "email": .string(Self.address),
                "email_verified": true,
            ]), by: agent)
        let asked = try await client.post("/drp/v1/data-rights-request", request, token: token, type: "text/plain")
        #expect(try asked.json["reason"]?.stringValue == "need_user_verification", "\(asked.text)")
        return try #require(try asked.json["request_id"]?.stringValue)
    }

    /// A person in front of a browser.
    private struct Reader {
        let client: any TestClientProtocol
        let session: HTTPFields

        init(_ token: String, _ client: any TestClientProtocol) async throws {
            let answer = try await client.post("/login", Array("token=\(token)".utf8), type: NamingPageTests.type)
            self.client = client
            session = [.cookie: String(try #require(answer.headers[.setCookie]).prefix { $0 != ";" })]
        }

        func open(_ path: String) async throws -> Answer { try await client.call(.get, path, headers: session) }

        /// Fills in the form at a path, which is where it is sent to as well.
        func send(_ path: String, _ fields: [String: String]) async throws -> Answer {
            let page = try await open(path)
            let csrf = String(try #require(page.text.firstMatch(of: /name="csrf" value="([0-9a-f]+)"/)).1)
            func encoded(_ text: String) -> String { text.utf8.map { "%" + Hex.encode([$0]) }.joined() }
            let body = fields.merging(["csrf": csrf]) { $1 }.map { "\($0)=\(encoded($1))" }.joined(separator: "&")
            return try await client.call(
                .post, path, body: Array(body.utf8), type: NamingPageTests.type, headers: session)
        }
    }

    private static let proof = ["identity": "email-verified email-link"]
    private static func naming(_ subject: String) -> [String: String] {
        proof.merging(["subject": subject]) { $1 }
    }

    @Test func anOfficerSaysOnThePageWhomAnAddressMeans() async throws {
        let desk = try desk()
        let user = try #require(try desk.users().first)
        let (officer, auditor, partner) = (
            try desk.token(.officer), try desk.token(.auditor), try desk.token(.partner)
        )
        let number = "a7551968-d5d6-44b2-9831-815ac9017798"
        try await desk.run { client in
            let id = try await file(client, desk)
            let olga = try await Reader(officer, client)
            let (page, command) = ("/desk/\(id)", "lethe request show \(id) --identity")
            let shown = try await olga.open(page)
            #expect(shown.text.contains("Nobody has said whom it means") && shown.text.contains(command))
            #expect(try await !Reader(auditor, client).open(page).text.contains(command))
            let form = try await olga.open(page + "/confirm")
            #expect(form.text.contains("<label for=\"subject\">") && form.text.contains(command))
            #expect(form.text.contains("aria-describedby=\"subject-hint\"") && !form.text.contains("aria-invalid"))
            #expect(try await !olga.open(page + "/withdraw").text.contains("name=\"subject\""))
            #expect(!shown.text.contains("unmistakable") && !form.text.contains("unmistakable"))

            // What is wrong is said beside the field, and what was sent is still there.
            for (fields, words) in [
                (Self.proof, "Say which user"), (Self.naming(""), "Expected the user&#39;s number"),
                (Self.naming("987654321"), "No user of this number"),
                (Self.naming("\"><b>x"), "No user of this number"),
            ] {
                let answer = try await olga.send(page + "/confirm", fields)
                #expect(answer.status == 422 && answer.headers[.contentType]?.hasPrefix("text/html") == true)
                let failure = try #require(
                    answer.text.firstMatch(of: /id="subject-failure">([^<]*)</), "\(words): \(answer.text)"
                ).1
                #expect(failure.hasPrefix(words), "\(failure)")
                #expect(answer.text.contains("aria-invalid=\"true\""))
                #expect(answer.text.contains("<option value=\"email-verified email-link\" selected>"))
                #expect(!answer.text.contains("\"><b>x"))
            }
            #expect(
                try await olga.send(page + "/confirm", Self.naming("987654321")).text.contains("value=\"987654321\""))
            #expect(try desk.workspace().request(id).state == .identityPending)

            let confirmed = try await olga.send(page + "/confirm", Self.naming("\(user)"))
            #expect(confirmed.status == 303 && confirmed.headers[.location] == page)
            #expect(try desk.workspace().request(id).state == .inProgress)
            #expect(try desk.workspace().identities(of: id).subject?.value == "\(user)")
            #expect(try await !olga.open(page).text.contains("Nobody has said whom it means"))

            // A request that names its user has no such field, and takes none.
            let own = try Doors.openDSR(user: desk.users()[1], id: number)
            #expect(try await client.post("/opendsr/v2/requests", own, token: partner).status == 201)
            let other = try await olga.open("/desk/\(number)")
            #expect(other.status == 200 && !other.text.contains("Nobody has said whom it means"))
            #expect(try await !olga.open("/desk/\(number)/confirm").text.contains("name=\"subject\""))
            #expect(try await olga.send("/desk/\(number)/confirm", Self.naming("\(user)")).status == 422)
            #expect(try await olga.send("/desk/\(number)/confirm", Self.proof).status == 303)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
        #expect(!desk.log.text.contains("unmistakable") && !desk.log.text.contains("987654321"))
        #expect(try desk.workspace().audit().isEmpty)
    }

    @Test func whoAskedBeforeIsAnsweredForBoth() async throws {
        let desk = try desk()
        let users = try desk.users()
        let officer = try desk.token(.officer)
        let own = try desk.sign(user: users[0])
        try await desk.run { client in
            let first = try #require(try await client.post("/api/v1/requests", own).json["requestId"]?.stringValue)
            let id = try await file(client, desk)
            let olga = try await Reader(officer, client)
            let page = "/desk/\(id)"
            #expect(try await olga.open(page).text.contains("End as a duplicate"))
            #expect(try await olga.send(page + "/confirm", Self.naming("\(users[0])")).status == 409)
            func end(_ of: String, _ subject: Int) async throws -> Answer {
                try await olga.send(page + "/duplicate", ["sure": "yes", "of": of, "subject": "\(subject)"])
            }
            for (of, subject, status, words) in [
                ("x", users[0], 422, "Expected the number of a request"),
                ("a7551968-d5d6-44b2-9831-815ac9017798", users[0], 404, "No request of this number"),
                (first, users[1], 409, "The two requests are about different people"),
            ] {
                let answer = try await end(of, subject)
                #expect(answer.status == status && answer.text.contains("id=\"of-failure\">\(words)"), "\(words)")
                #expect(answer.text.contains("value=\"\(of)\""))
            }
            #expect(
                try await olga.send(page + "/duplicate", ["of": first, "subject": "\(users[0])"]).status == 422,
                "without the tick")
            #expect(try await end(first, users[0]).status == 303)
            #expect(try desk.workspace().request(id).state.name == "duplicate")
        }
        #expect(desk.server.services.metrics.undocumented == 0)
        #expect(try desk.workspace().audit().isEmpty)
    }

    @Test func theSecondPersonSeesThatSomebodyIsNamedAndNotWhom() async throws {
        let desk = try desk()
        // A number that no date, entry or drawing of a page has.
        let user = try #require(try desk.users().last)
        let tokens = desk.server.services.tokens
        var persons: [String] = []
        do {
            let workspace = try desk.workspace()
            for name in ["ana", "ben"] {
                let key = SigningKey.generate()
                let path = desk.folder.path("\(name).pem")
                try PrivateKeyFile.write(key, to: path, under: nil)
                try workspace.registerKey(key.publicKey, as: .officer)
                persons.append(
                    try tokens.create(
                        name: name, role: .officer, days: 1, now: Timestamp(ServerDesk.noon), keyFile: path
                    ).text)
            }
            _ = try workspace.adopt(
                BuiltInPolicy.demo + Array("roles:\n  confirm: [officer]\n  twoPersons: [confirm]\n".utf8))
        }
        let (first, second) = (persons[0], persons[1])
        try await desk.run { client in
            let id = try await file(client, desk)
            let (page, words) = ("/desk/\(id)", "It also says which user the request means")
            let (ana, ben) = (try await Reader(first, client), try await Reader(second, client))
            #expect(try await ana.send(page + "/confirm", Self.naming("\(user)")).status == 303)
            #expect(try desk.workspace().request(id).state == .identityPending)
            for path in [page, page + "/approve"] {
                let text = try await ben.open(path).text
                #expect(text.contains(words) && text.contains("lethe request show \(id) --identity"), "\(path)")
                #expect(
                    !text.replacing(id, with: "").split { !$0.isLetter && !$0.isNumber }.contains("\(user)"), "\(path)")
                #expect(!text.contains("unmistakable") && !text.contains("Nobody has said whom it means"))
            }
            #expect(try await ben.send(page + "/approve", ["sure": "yes"]).status == 303)
            #expect(try desk.workspace().request(id).state == .inProgress)
            #expect(try desk.workspace().identities(of: id).subject?.value == "\(user)")
            #expect(try await !ben.open(page).text.contains(words))
        }
        #expect(desk.server.services.metrics.undocumented == 0)
        #expect(!desk.log.text.contains("unmistakable"))
        #expect(try desk.workspace().audit().isEmpty)
    }
}
