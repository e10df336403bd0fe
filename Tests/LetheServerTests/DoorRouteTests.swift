import Foundation
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
            let folder = Files.folder(of: configuration.workspace)
            let agents = Files.join(folder, "agents.json")
            let directory: JSONValue = [
                ["id": "AGENT_A", "verify_key": .string(Base64.encode(agent.publicKey.rawBytes))],
                ["id": "AGENT_B", "verify_key": .string(Base64.encode(SigningKey.generate().publicKey.rawBytes))],
            ]
            try Files.write(directory.canonicalBytes(), to: agents)
            (configuration.drpBusiness, configuration.drpAgents) = ("BIZ_B", agents)
            let (certificate, key) = (Files.join(folder, "cert.pem"), Files.join(folder, "key.pem"))
            try Self.openssl([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=desk.example", "-keyout", key, "-out", certificate,
            ])
            configuration.opendsrDomain = "desk.example"
            (configuration.opendsrCertificate, configuration.opendsrKey) = (certificate, key)
        }
        try desk.workspace().registerKey(agent.publicKey, as: .requester)
        return desk
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func signed(_ members: [String: JSONValue], by key: SigningKey? = nil) throws -> [UInt8] {
        let content = try JSONValue.object(members).canonicalBytes()
        return Base64.encodedASCII((key ?? agent).sign(content) + content)
    }

    private func message(_ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        [
            "agent-id": "AGENT_A", "business-id": "BIZ_B", "issued-at": "2026-03-02T11:59:00Z",
            "expires-at": "2026-03-02T12:09:00Z", "drp.version": "1.0",
        ].merging(more) { $1 }
    }

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

    @Test func aPartnersRequestIsItsOwnAndItsAnswerSigned() async throws {
        let desk = try desk()
        let user = try #require(try desk.users().last)
        let (one, two) = (try desk.token(.partner, name: "one"), try desk.token(.partner, name: "two"))
        let id = "a7551968-d5d6-44b2-9831-815ac9017798"
        let request = try JSONValue.object([
            "regulation": "gdpr", "subject_request_id": .string(id), "subject_request_type": "erasure",
            "submitted_time": "2026-03-02T11:00:00Z", "api_version": "2.0",
            "subject_identities": [
                [
                    "identity_type": "controller_customer_id", "identity_value": .string("\(user)"),
                    "identity_format": "raw",
                ]
            ],
        ]).canonicalBytes()
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

    /// As its receiver would: with openssl, over the bytes of the body.
    private func verify(_ answer: Answer, certificate: [UInt8]) throws {
        let folder = try TestFolder()
        let signature = try #require(answer.headers[.init("X-OpenDSR-Signature")!])
        #expect(answer.headers[.init("X-OpenDSR-Processor-Domain")!] == "desk.example")
        try Files.write(certificate, to: folder.path("c.pem"))
        try Files.write(answer.body, to: folder.path("body"))
        try Files.write(Base64.decode(signature), to: folder.path("sig"))
        try Self.openssl(["x509", "-in", folder.path("c.pem"), "-pubkey", "-noout", "-out", folder.path("p.pem")])
        try Self.openssl([
            "dgst", "-sha256", "-verify", folder.path("p.pem"), "-signature", folder.path("sig"), folder.path("body"),
        ])
    }
}
