import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheRequests
import Testing

@testable import LetheServer
@testable import LetheService

/// Status callbacks: what is told to whom, how often, and what is kept of it.
struct CallbackTests {
    private static let requests = "/opendsr/v2/requests"
    private static let exercise = "/drp/v1/data-rights-request"

    @Test func aPartnerIsToldEachStatusOnceAndTheBytesAreSigned() async throws {
        let here = try CallbackDesk()
        let (desk, id) = (here.desk, CallbackDesk.opendsrID)
        let user = try #require(try desk.users().first)
        let token = try desk.token(.partner, name: "one")
        let url = "https://controller.example:8443/callbacks?for=ana@example.org"
        // The second is not the configuration's: nobody is ever told there.
        let body = try here.openDSR(user, callbacks: [url, "https://elsewhere.example/cb"])
        try await desk.run { client in
            #expect(try await client.post(Self.requests, body, token: token).status == 201)
            #expect(here.network.take().isEmpty, "the door itself calls nobody")
            try await here.sender.turn()
            let sent = here.network.take()
            #expect(sent.map(\.url) == [url])
            let first = try #require(sent.first)
            #expect(first.reach == .publicInternet && first.contentType == "application/json" && first.seconds == 10)
            let told = try StrictJSON.parse(first.body)
            #expect(told["request_status"]?.stringValue == "in_progress")
            #expect(told["subject_request_id"]?.stringValue == id)
            #expect(told["status_callback_url"]?.stringValue == url)
            #expect(told["controller_id"]?.stringValue == ServerDesk.origin)
            #expect(told["expected_completion_time"]?.stringValue != nil)
            #expect(first.headers["X-OpenDSR-Processor-Domain"] == "desk.example")
            try Doors.verify(
                first.body, signature: #require(first.headers["X-OpenDSR-Signature"]),
                certificate: await client.get("/opendsr/v2/certificate").body)

            // Neither time nor a change that the format has no other word for is news.
            here.clock.advance(3_600)
            _ = try desk.workspace().decide(
                .identityConfirmed, about: id, evidence: .init(level: .emailVerified, method: .emailLink))
            #expect(try await client.post(Self.requests, body, token: token).status == 201)
            try await here.sender.turn()
            #expect(here.network.take().isEmpty)

            #expect(try await client.call(.delete, "\(Self.requests)/\(id)", token: token).status == 202)
            try await here.sender.turn()
            let last = try #require(here.network.take().first)
            #expect(try StrictJSON.parse(last.body)["request_status"]?.stringValue == "cancelled")
            try await here.sender.turn()
            #expect(here.network.take().isEmpty)

            let metrics = try await client.get("/metrics").text
            #expect(metrics.contains("lethe_callbacks_total{format=\"opendsr-2.0\",outcome=\"delivered\"} 2\n"))
            #expect(metrics.contains("lethe_callbacks_total{format=\"opendsr-2.0\",outcome=\"not-allowed\"} 1\n"))
            #expect(metrics.contains("lethe_callbacks_watched 0.0\n"))
        }
        // What stays says what came of it, and no word of the URL but its host.
        #expect(!Files.exists(here.file(id)))
        let kept = String(decoding: try Files.read(here.file(id, ended: true), limit: 65_536), as: UTF8.self)
        #expect(kept.contains("\"outcome\":\"delivered\"") && kept.contains("\"about\":\"cancelled\""))
        for text in [kept, desk.log.text] { #expect(!text.contains("ana@") && !text.contains("/callbacks")) }
        #expect(desk.log.text.contains("\"outcome\":\"delivered\""))
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func anAgentIsToldWhatTheAnswerDidNotSay() async throws {
        let here = try CallbackDesk()
        let desk = here.desk
        let user = try #require(try desk.users().first)
        let token = try here.agentToken()
        let body = try here.drp(user, callback: "https://agent.example/update_status")
        try await desk.run { client in
            let answer = try await client.post(Self.exercise, body, token: token, type: "text/plain")
            let id = try #require(try answer.json["request_id"]?.stringValue)
            #expect(try answer.json["reason"]?.stringValue == "need_user_verification")
            // The answer said it: there is nothing to tell.
            try await here.sender.turn()
            #expect(here.network.take().isEmpty)
            _ = try desk.workspace().decide(
                .identityConfirmed, about: id, evidence: .init(level: .emailVerified, method: .emailLink))
            try await here.sender.turn()
            let sent = try #require(here.network.take().first)
            #expect(sent.url == "https://agent.example/update_status" && sent.headers.isEmpty)
            // The status object that the agent would have got had it asked.
            let asked = try await client.get("\(Self.exercise)/\(id)", token: token)
            #expect(sent.body == asked.body)
            let told = try StrictJSON.parse(sent.body)
            #expect(told["status"]?.stringValue == "in_progress" && told["reason"] == nil)
            #expect(told["request_id"]?.stringValue == id)
        }
    }

    @Test func aHostThatDoesNotTakeItIsTriedLaterAndNotForEver() async throws {
        let here = try CallbackDesk(attempts: 3)
        let (desk, id) = (here.desk, CallbackDesk.opendsrID)
        let user = try #require(try desk.users().first)
        let token = try desk.token(.partner, days: 30)
        let body = try here.openDSR(user, callbacks: ["https://agent.example/cb"])
        @Sendable func turn() async throws -> Int {
            try await here.sender.turn()
            return here.network.take().count
        }
        try await desk.run { client in
            #expect(try await client.post(Self.requests, body, token: token).status == 201)
            here.network.answer("agent.example", with: 503)
            #expect(try await turn() == 1)
            #expect(try await turn() == 0)
            here.clock.advance(29)
            #expect(try await turn() == 0)
            here.clock.advance(1)
            // No answer at all, and a redirection, which is not followed, are failures too.
            here.network.answer("agent.example", with: nil)
            #expect(try await turn() == 1)
            here.clock.advance(59)
            #expect(try await turn() == 0)
            here.clock.advance(1)
            here.network.answer("agent.example", with: 302)
            #expect(try await turn() == 1)
            // That was the third: given up.
            here.clock.advance(1_000_000)
            #expect(try await turn() == 0)
            let kept = try StrictJSON.parse(Files.read(here.file(id), limit: 65_536))["targets"]?[0]
            #expect(kept?["outcome"]?.stringValue == "given-up" && kept?["attempts"]?.stringValue == "3")
            #expect(kept?["answer"]?.stringValue == "302")
            #expect(
                try await client.get("/metrics").text.contains(
                    "lethe_callbacks_total{format=\"opendsr-2.0\",outcome=\"failed\"} 2\n"))

            // The next status is another matter.
            here.network.answer("agent.example", with: 204)
            #expect(try await client.call(.delete, "\(Self.requests)/\(id)", token: token).status == 202)
            #expect(try await turn() == 1)
            #expect(Files.exists(here.file(id, ended: true)))
        }
    }

    @Test func whatLiesBehindANewerStatusIsNotSent() async throws {
        let here = try CallbackDesk()
        let (desk, id) = (here.desk, CallbackDesk.opendsrID)
        let user = try #require(try desk.users().first)
        let token = try desk.token(.partner)
        here.network.answer("agent.example", with: 500)
        try await desk.run { client in
            let body = try here.openDSR(user, callbacks: ["https://agent.example/cb"])
            #expect(try await client.post(Self.requests, body, token: token).status == 201)
            try await here.sender.turn()
            #expect(try await client.call(.delete, "\(Self.requests)/\(id)", token: token).status == 202)
            here.network.answer("agent.example", with: 200)
            try await here.sender.turn()
            let words = try here.network.take().map { try StrictJSON.parse($0.body)["request_status"]?.stringValue }
            #expect(words == ["in_progress", "cancelled"])
        }
    }

    @Test func aNewServerGoesOnWhereTheOldOneEnded() async throws {
        let here = try CallbackDesk()
        let (desk, id) = (here.desk, CallbackDesk.opendsrID)
        let users = try desk.users()
        let (token, agentToken) = (try desk.token(.partner), try here.agentToken())
        here.network.answer("agent.example", with: 500)
        try await desk.run { client in
            let first = try here.openDSR(users[0], callbacks: ["https://agent.example/cb"])
            #expect(try await client.post(Self.requests, first, token: token).status == 201)
            let second = try here.drp(users[1], callback: "https://controller.example:8443/cb")
            let answer = try await client.post(Self.exercise, second, token: agentToken, type: "text/plain")
            let agentsID = try #require(try answer.json["request_id"]?.stringValue)
            try await here.sender.turn()
            #expect(here.network.take().count == 1)
            // Another process changes a request while no server runs.
            _ = try desk.workspace().decide(
                .identityConfirmed, about: agentsID, evidence: .init(level: .emailVerified, method: .emailLink))
        }
        here.network.answer("agent.example", with: 200)
        here.clock.advance(30)
        // A file that is none of ours stops nobody.
        try Files.write(Array("{}".utf8), to: here.file("note"))
        let server = try desk.restarted(here.environment())
        let sender = try #require(CallbackSender(server.services))
        try await sender.turn()
        #expect(
            Set(here.network.take().map(\.url)) == ["https://agent.example/cb", "https://controller.example:8443/cb"])
        try await sender.turn()
        #expect(here.network.take().isEmpty)
        #expect(Files.exists(here.file(id)))
    }

    @Test func aHostThatIsNoLongerAllowedIsNotCalled() async throws {
        let here = try CallbackDesk(hosts: "agent.example")
        let desk = here.desk
        let user = try #require(try desk.users().first)
        let token = try desk.token(.partner)
        try await desk.run { client in
            let body = try here.openDSR(user, callbacks: ["https://agent.example/cb"])
            #expect(try await client.post(Self.requests, body, token: token).status == 201)
        }
        var configuration = desk.configuration
        configuration.callbacks.hosts = try #require([CallbackHost](hosts: "other.example"))
        let server = try LetheServer(
            configuration, environment: here.environment(), logger: desk.server.services.logger)
        let sender = try #require(CallbackSender(server.services))
        try await sender.turn()
        #expect(here.network.take().isEmpty)
        // And where none is allowed, as by default, nothing looks at all.
        configuration.callbacks.hosts = []
        let silent = try LetheServer(
            configuration, environment: here.environment(), logger: desk.server.services.logger)
        #expect(silent.services.callbacks == nil && CallbackSender(silent.services) == nil)
    }

    @Test(arguments: [
        "https://agent.example.evil.test/cb", "https://agent.example:8443/cb", "https://agent.example:0443/cb",
        "https://evil.test#agent.example/", "https://evil.test?agent.example/", "https://evil.test\\agent.example/",
        "https://agent.example\\.evil.test/", "https://agent.example./cb", "https://127.0.0.1/cb", "https://[::1]/cb",
        "https://169.254.169.254/latest/meta-data", "https://2130706433/", "https://0x7f.1/", "https://agent.example:/",
        "https://%61gent.example/cb",
    ])
    func aURLThatIsNotClearlyAtAnAllowedHostIsNeverCalled(url: String) async throws {
        #expect(CallbackHost(url: url) != CallbackHost("agent.example"))
        let here = try CallbackDesk(hosts: "agent.example")
        let user = try #require(try here.desk.users().first)
        let token = try here.desk.token(.partner)
        try await here.desk.run { client in
            let body = try here.openDSR(user, callbacks: [url])
            // The request counts, whoever is to be called.
            #expect(try await client.post(Self.requests, body, token: token).status == 201)
            try await here.sender.turn()
        }
        #expect(here.network.take().isEmpty && here.desk.server.services.callbacks?.count == 0)
    }

    @Test func hostsAreNamesAndPorts() {
        #expect(CallbackHost(url: "https://Agent.Example/x") == CallbackHost("agent.example"))
        #expect(CallbackHost("agent.example:443")?.description == "agent.example")
        #expect(CallbackHost(url: "https://agent.example:8443?x#y") == CallbackHost("agent.example:8443"))
        for wrong in [
            "", "agent", "Agent.example", "agent.example.", ".example", "-a.example", "a-.example", "a..example",
            "agent.example:0", "agent.example:65536", "agent.example:+1", "agent.example:", "10.0.0.1", "1.0x7f",
            "a_b.example", "ägent.example", String(repeating: "a", count: 64) + ".example",
        ] {
            #expect(CallbackHost(wrong) == nil, "\(wrong)")
        }
        #expect([CallbackHost](hosts: "a.example b.example:1")?.count == 2)
        for wrong in ["", " ", "a.example  b.example", "a.example a.example:443", "a.example,b.example", " a.example"] {
            #expect([CallbackHost](hosts: wrong) == nil, "\(wrong)")
        }
        let many = (1...33).map { "a\($0).example" }
        #expect([CallbackHost](hosts: many.joined(separator: " ")) == nil)
        #expect([CallbackHost](hosts: many.dropLast().joined(separator: " "))?.count == 32)
    }
}
