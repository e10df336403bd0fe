import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements
import Synchronization
import Testing

@testable import LetheServer
@testable import LetheService

/// The officer's desk by HTTP: what is read, what is decided, and by whom.
struct DeskRouteTests {
    private func decide(
        _ client: any TestClientProtocol, _ id: String, _ json: String, token: String
    ) async throws -> Answer {
        try await client.post("/api/v1/requests/\(id)/decisions", Array(json.utf8), token: token)
    }

    @Test func aRequestIsListedShownCountedAndDecided() async throws {
        let desk = try ServerDesk()
        let (officer, auditor) = (try desk.token(.officer), try desk.token(.auditor))
        let body = try desk.sign()
        try await desk.run { client in
            let filed = try await client.post("/api/v1/requests", body)
            let id = try #require(try filed.json["requestId"]?.stringValue)
            let list = try await client.get("/api/v1/requests?dueWithin=60", token: auditor)
            #expect(try list.json["requests"]?[0]?["requestId"]?.stringValue == id)
            #expect(
                try await client.get("/api/v1/requests?state=refused", token: auditor).json["requests"]?.arrayValue?
                    .isEmpty == true)
            #expect(
                try await client.get("/api/v1/requests/\(id)", token: auditor).json["state"]?.stringValue
                    == "in_progress")
            #expect(try await client.get("/api/v1/statistics", token: auditor).json["received"] != nil)
            #expect(try await client.get("/api/v1/statistics?format=csv", token: auditor).text.contains("received"))
            #expect(try await client.get("/api/v1/keys", token: auditor).json["keys"]?.arrayValue?.count == 5)
            #expect(try await client.get("/api/v1/policy", token: auditor).json["digest"] != nil)
            #expect(try await client.get("/api/v1/run-plan", token: auditor).json["waiting"]?.stringValue == "1")
            #expect(try await client.get("/api/v1/audit", token: auditor).json["holds"]?.boolValue == true)

            let receipt = try await client.post("/api/v1/receipts", body)
            let trust = try desk.workspace().trust()
            #expect(try RequestReceipt(parsing: receipt.body).verify(trusting: trust).event.requestID.text == id)
            #expect(try await client.get("/api/v1/requests/\(id)/receipt", token: officer).body == receipt.body)
            var other = body
            other[other.count - 5] ^= 1
            #expect(try await client.post("/api/v1/receipts", other).status == 404)
            #expect(try await client.post("/api/v1/receipts", Array("{}".utf8)).status == 404)

            #expect(try await decide(client, id, #"{"decision":"refuse"}"#, token: officer).code == "bad-decision")
            #expect(
                try await decide(client, id, #"{"decision":"withdraw","of":"x"}"#, token: officer).code
                    == "bad-decision")
            #expect(
                try await decide(
                    client, id, #"{"decision":"confirm","level":"email-verified","method":"email-link"}"#,
                    token: officer
                ).status >= 400)
            #expect(try await decide(client, id, "{", token: officer).code == "not-json")
            #expect(try await decide(client, id, #"{"decision":"withdraw"}"#, token: auditor).code == "wrong-role")
            let ended = try await decide(client, id, #"{"decision":"withdraw"}"#, token: officer)
            #expect(try ended.status == 200 && ended.json["state"]?.stringValue == "withdrawn")
            #expect(try await decide(client, id, #"{"decision":"withdraw"}"#, token: officer).code == "not-allowed-now")
            let shredded = try await decide(client, id, #"{"decision":"shred"}"#, token: officer)
            #expect(try shredded.status == 200 && shredded.json["shreddedEntry"] != nil)
            let closed = try RequestReceipt(parsing: await client.post("/api/v1/receipts", body).body)
            #expect(closed.opening == nil)
        }
        #expect(try desk.workspace().audit().isEmpty)
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func twoPersonsAreTwoKeysNotTwoTokens() async throws {
        let desk = try ServerDesk()
        var keys: [String] = []
        do {
            let workspace = try desk.workspace()
            for name in ["ana", "ben"] {
                let key = SigningKey.generate()
                keys.append(desk.folder.path("\(name).pem"))
                try PrivateKeyFile.write(key, to: keys[keys.count - 1], under: nil)
                try workspace.registerKey(key.publicKey, as: .officer)
            }
            _ = try workspace.adopt(
                BuiltInPolicy.demo + Array("roles:\n  refuse: [officer]\n  twoPersons: [refuse]\n".utf8))
        }
        let tokens = desk.server.services.tokens
        let noon = try Timestamp(ServerDesk.noon)
        func token(_ key: String?) throws -> String {
            try tokens.create(name: "one", role: .officer, days: 1, now: noon, keyFile: key).text
        }
        let (ana, anaAgain, ben, keyless) = (try token(keys[0]), try token(keys[0]), try token(keys[1]), try token(nil))
        let body = try desk.sign()
        try await desk.run { client in
            let id = try #require(try await client.post("/api/v1/requests", body).json["requestId"]?.stringValue)
            let refusal = #"{"decision":"refuse","ground":"art-17-3-b"}"#
            let ground = try #require(RefusalGround.allCases.first { $0.rawValue.contains("17") }).rawValue
            let words = refusal.replacing("art-17-3-b", with: ground)
            #expect(try await decide(client, id, words, token: keyless).code == "not-permitted")
            #expect(try await decide(client, id, words, token: ana).status == 202)
            let approval = "/api/v1/requests/\(id)/proposal/approval"
            #expect(try await client.call(.post, approval, token: keyless).code == "no-key")
            #expect(try await client.call(.post, approval, token: anaAgain).code == "proposal-refused")
            #expect(try await client.get("/api/v1/proposals", token: ben).json["proposals"]?.arrayValue?.count == 1)
            let approved = try await client.call(.post, approval, token: ben)
            #expect(try approved.status == 200 && approved.json["state"]?.stringValue == "refused")
            #expect(
                try await client.call(.delete, "/api/v1/requests/\(id)/proposal", token: ben).code == "proposal-refused"
            )
        }
        #expect(try desk.workspace().audit().isEmpty)
    }

    @Test func certificatesRunsAndReportsThatAreNotThere() async throws {
        let desk = try ServerDesk()
        let token = try desk.token(.administrator)
        let id = "a7551968-d5d6-44b2-9831-815ac9017798"
        try await desk.run { client in
            let verified = try await client.post("/api/v1/certificates/verification", Array("{}".utf8))
            #expect(try verified.status == 200 && verified.json["holds"]?.boolValue == false)
            for path in [
                "certificates/1", "runs/\(id)", "runs/\(id)/report", "jobs/\(id)", "jobs/\(id)/progress",
                "requests/\(id)",
            ] {
                #expect(try await client.get("/api/v1/\(path)", token: token).status == 404, "\(path)")
            }
            for path in ["/certificates/1/bundle", "/certificates/1/replay-bundle", "/certificates/0/replay-bundle"] {
                let answer = try await client.get(path, token: token)
                #expect(answer.status == 404 && answer.headers[.contentType] == Reply.html, "\(path)")
            }
            for path in ["certificates/0", "certificates/x", "runs/x", "requests/\(id.uppercased())"] {
                #expect(try await client.get("/api/v1/\(path)", token: token).code == "not-found", "\(path)")
            }
            #expect(try await client.call(.post, "/api/v1/jobs", token: token).code == "nothing-due")
            #expect(
                try await client.post("/api/v1/jobs", Array(#"{"method":"x"}"#.utf8), token: token).code
                    == "unknown-method")
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func aJobWaitsForTheWorkerAndCanBeCalledOff() async throws {
        let desk = try ServerDesk()
        let token = try desk.token(.engineer)
        let body = try desk.sign()
        try await desk.run { client in
            _ = try await client.post("/api/v1/requests", body)
            let asked = try await client.post("/api/v1/jobs", Array(#"{"method":"retrain"}"#.utf8), token: token)
            #expect(asked.status == 202)
            let id = try #require(try asked.json["id"]?.stringValue)
            #expect(try await client.get("/api/v1/jobs/\(id)", token: token).json["state"]?.stringValue == "waiting")
            #expect(try await client.call(.delete, "/api/v1/jobs/\(id)", token: token).status == 202)
            let worker = try RunWorker(
                desk.configuration, environment: ServerDesk.environment(), logger: desk.server.services.logger)
            try worker.work(onlyAsked: true, once: true) { false }
            #expect(try await client.get("/api/v1/jobs/\(id)", token: token).json["state"]?.stringValue == "cancelled")
            #expect(try await client.call(.delete, "/api/v1/jobs/\(id)", token: token).code == "job-ended")
            let progress = try await client.get("/api/v1/jobs/\(id)/progress", token: token)
            #expect(progress.headers[.contentType] == "text/event-stream")
            #expect(progress.text.contains("event: job\n"))

            // There is no model yet: the worker says so, and the job has failed.
            let second = try await client.post("/api/v1/jobs", [], token: token)
            #expect(second.status == 202)
            try worker.work(onlyAsked: true, once: true) { false }
            let failed = try await client.get("/api/v1/jobs", token: token).json["jobs"]?.arrayValue?.first {
                $0["state"]?.stringValue == "failed"
            }
            #expect(failed?["message"]?.stringValue?.contains("model") == true)
        }
        #expect(desk.server.services.streams.load(ordering: .relaxed) == 0)
    }
}
