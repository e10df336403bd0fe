import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCrypto
import LetheRequests
import Testing

@testable import LetheServer
@testable import LetheService

/// The doors for other systems: the Data Rights Protocol 1.0 and OpenDSR 2.0.
struct DoorRouteTests {
    private let agent = SigningKey.generate()

    private func desk() throws -> ServerDesk {
        let desk = try ServerDesk { configuration in
            try Doors.open(
                &configuration, in: Files.folder(of: configuration.workspace),
                agents: ["AGENT_A": agent.publicKey, "AGENT_B": SigningKey.generate().publicKey])
        }
        try desk.workspace().registerKey(agent.publicKey, as: .requester)
        return desk
    }

    private func signed(_ members: [String: JSONValue], by key: SigningKey? = nil) throws -> [UInt8] {
        try Doors.signed(members, by: key ?? agent)
    }

    private func message(_ more: [String: JSONValue] = [:]) -> [String: JSONValue] { Doors.message(more) }

    @Test func anAgentSetsUpAsksFollowsAndRevokes() async throws {
        let desk = try desk()
        let user = try #require(try desk.users().first)
        let setup = try signed(message())
        let request = try signed(
            message([
                "agent-request-id": "r-1", "exercise": "deletion", "regime": "ccpa", "identifier": .string("\(user)"),
            ]))
        let exercise = "/drp/v1/data-rights-request"
        try await desk.run { client in
            func post(_ path: String, _ body: [UInt8], _ token: String? = nil) async throws -> Answer {
                try await client.post(path, body, token: token, type: "text/plain")
            }
            for bad in [
                [], Array("!".utf8), try signed(message(), by: .generate()), try signed(message(["business-id": "X"])),
            ] {
                let answer = try await post("/drp/v1/agent/AGENT_A", bad)
                #expect(answer.status == 403 && answer.body.isEmpty)
            }
            #expect(try await post("/drp/v1/agent/AGENT_B", setup).status == 403)
            #expect(try await post("/drp/v1/agent/NOBODY", setup).status == 403)
            let made = try await post("/drp/v1/agent/AGENT_A", setup)
            let token = try #require(try made.json["token"]?.stringValue)
            #expect(try await post("/drp/v1/agent/AGENT_A", setup).status == 403)
            #expect(try await client.get("/drp/v1/agent/AGENT_A", token: token).text == "{}")
            #expect(try await client.get("/drp/v1/agent/AGENT_B", token: token).status == 403)

            #expect(try await post(exercise, request).status == 401)
            let first = try await post(exercise, request, token)
            #expect(first.status == 200)
            let status = try first.json
            #expect(status["status"]?.stringValue == "in_progress" && status["agent_request_id"]?.stringValue == "r-1")
            let id = try #require(status["request_id"]?.stringValue)
            #expect(try await post(exercise + "/", request, token).json["request_id"]?.stringValue == id)
            let conflict = try await post(
                exercise, signed(message(["agent-request-id": "r-1", "exercise": "deletion", "email": "a@b.example"])),
                token)
            let told = try conflict.json["message"]
            #expect([409, 422].contains(conflict.status) && told != nil)
            #expect(try await post(exercise, signed(message(["exercise": "access"])), token).status >= 400)

            #expect(try await client.get("\(exercise)/\(id)", token: token).json["request_id"]?.stringValue == id)
            let other = try desk.server.services.tokens.createForAgent(
                "AGENT_B", days: 1, now: desk.server.services.now)
            #expect(try await client.get("\(exercise)/\(id)", token: other).status == 403)
            let reason = try signed(["reason": "I changed my mind, says Ana"])
            let foreign = try await client.call(
                .delete, "\(exercise)/\(id)", token: other, body: reason, type: "text/plain")
            #expect(foreign.status == 403)
            let revoked = try await client.call(
                .delete, "\(exercise)/\(id)", token: token, body: reason, type: "text/plain")
            #expect(try revoked.status == 200 && revoked.json["status"]?.stringValue == "revoked")
            let again = try await client.call(
                .delete, "\(exercise)/\(id)", token: token, body: reason, type: "text/plain")
            #expect(try again.status == 409 && again.json["code"]?.stringValue == "409")
        }
        #expect(desk.server.services.metrics.undocumented == 0)
        #expect(!desk.log.text.contains("Ana"))
        #expect(try desk.workspace().audit().isEmpty)
    }

    @Test func aPersonKnownByAnAddressWaitsForAnOfficer() async throws {
        let desk = try desk()
        let user = try #require(try desk.users().first)
        let token = try desk.server.services.tokens.createForAgent("AGENT_A", days: 1, now: desk.server.services.now)
        let officer = try desk.token(.officer)
        let request = try signed(
            message([
                "agent-request-id": "r-1", "exercise": "deletion", "regime": "ccpa",
                "email": "ana.unmistakable@example.org", "email_verified": true,
            ]))
        let exercise = "/drp/v1/data-rights-request"
        try await desk.run { client in
            let asked = try await client.post(exercise, request, token: token, type: "text/plain")
            #expect(asked.status == 200)
            #expect(try asked.json["reason"]?.stringValue == "need_user_verification")
            let id = try #require(try asked.json["request_id"]?.stringValue)
            func decide(_ subject: String?) async throws -> Answer {
                var decision: [String: JSONValue] = [
                    "decision": "confirm", "level": "email-verified", "method": "email-link",
                ]
                decision["subject"] = subject.map { .string($0) }
                return try await client.post(
                    "/api/v1/requests/\(id)/decisions", JSONValue.object(decision).canonicalBytes(), token: officer)
            }
            #expect(try await decide(nil).code == "subject-not-named")
            #expect(try await decide("987654321").code == "unknown-subject")
            #expect(try await decide("").code == "bad-decision")
            let decided = try await decide("\(user)")
            #expect(decided.status == 200, "\(decided.text)")
            let status = try await client.get("\(exercise)/\(id)", token: token).json
            #expect(status["status"]?.stringValue == "in_progress" && status["reason"] == nil)
            // The answer to the agent says no more than that: not whom the data know.
            #expect(!decided.text.contains("unmistakable"))
        }
        #expect(desk.server.services.metrics.undocumented == 0)
        #expect(!desk.log.text.contains("unmistakable"))
        #expect(try desk.workspace().audit().isEmpty)
    }

    @Test func aPartnersRequestIsItsOwnAndItsAnswerSigned() async throws {
        let desk = try desk()
        let user = try #require(try desk.users().last)
        let (one, two) = (try desk.token(.partner, name: "one"), try desk.token(.partner, name: "two"))
        let id = "a7551968-d5d6-44b2-9831-815ac9017798"
        let request = try Doors.openDSR(user: user, id: id)
        let requests = "/opendsr/v2/requests"
        try await desk.run { client in
            let discovery = try await client.get("/opendsr/v2/discovery")
            #expect(try discovery.json["processor_certificate"]?.stringValue?.hasSuffix("/certificate") == true)
            #expect(try await client.post(requests, request).status == 401)
            let bad = try await client.post(requests, Array("{}".utf8), token: one)
            #expect(try bad.status == 400 && bad.json["error"]?["code"]?.intValue == 400)
            let made = try await client.post(requests, request, token: one)
            #expect(made.status == 201)
            #expect(try made.json["encoded_request"]?.stringValue == Base64.encode(request))
            #expect(try await client.post(requests, request, token: one).status == 201)
            #expect(try await client.post(requests, request, token: two).status == 400)
            try await verify(made, certificate: client.get("/opendsr/v2/certificate").body)

            #expect(try await client.get("\(requests)/\(id)", token: two).status == 404)
            #expect(try await client.call(.delete, "\(requests)/\(id)", token: two).status == 404)
            let status = try await client.get("\(requests)/\(id)", token: one)
            #expect(try status.json["request_status"]?.stringValue == "in_progress")
            let cancelled = try await client.call(.delete, "\(requests)/\(id)", token: one)
            #expect(cancelled.status == 202)
            #expect(
                try await client.get("\(requests)/\(id)", token: one).json["request_status"]?.stringValue == "cancelled"
            )
            #expect(try await client.call(.delete, "\(requests)/\(id)", token: one).status == 400)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
        #expect(try desk.workspace().audit().isEmpty)
    }

    private func verify(_ answer: Answer, certificate: [UInt8]) throws {
        #expect(answer.headers[.init("X-OpenDSR-Processor-Domain")!] == "desk.example")
        let signature = try #require(answer.headers[.init("X-OpenDSR-Signature")!])
        try Doors.verify(answer.body, signature: signature, certificate: certificate)
    }
}
