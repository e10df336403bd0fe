import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStore
import Testing

@testable import LetheServer
@testable import LetheService

/// Every vector of DRP and OpenDSR, good and bad, through the HTTP doors. Fixtures of the same form that are made here
/// always run; the vectors themselves where `../shared` is, and the output says where it is not.
///
/// The vectors name their person by an address. DRP's good ones are received and wait for somebody who says whom that means. OpenDSR says in
/// its discovery which identities it takes, and an address is none: so each good one passes every check of the protocol, is refused for that
/// alone, and is received once it names a customer.
struct DoorVectorTests {
    /// A workspace that is older than the vectors: no log goes back in time.
    private static let model = ServerDesk.makeModel(at: "2026-02-01T00:00:00Z")
    private static let exercise = "/drp/v1/data-rights-request"
    private static let requests = "/opendsr/v2/requests"

    private func desk(_ one: DRPCase) throws -> ServerDesk {
        let desk = try ServerDesk(now: one.now, of: Self.model) { configuration in
            try Doors.open(
                &configuration, in: Files.folder(of: configuration.workspace), business: one.business,
                agents: [one.agent: one.key])
        }
        try desk.workspace().registerKey(one.key, as: .requester)
        return desk
    }

    private func token(_ one: DRPCase, _ desk: ServerDesk) throws -> String {
        try desk.server.services.tokens.createForAgent(one.agent, days: 1, now: desk.server.services.now)
    }

    // MARK: DRP

    @Test(.enabled(if: DoorVectors.exist, "needs ../shared; the fixtures made here run without it"))
    func theSharedDRPCasesAreDecidedAsTheySay() async throws {
        let cases = try DoorVectors.sharedDRP()
        #expect(cases.count >= 14)
        try await drive(cases)
    }

    @Test func theDRPCasesMadeHereAreDecidedAsTheySay() async throws {
        try await drive(DoorVectors.madeDRP(by: .generate()))
    }

    private func drive(_ cases: [DRPCase]) async throws {
        for one in cases {
            let desk = try desk(one)
            let (token, size) = (try token(one, desk), try desk.workspace().store.size())
            try await desk.run { client in
                let answer = try await client.post(Self.exercise, one.body, token: token, type: "text/plain")
                guard one.isAccepted else {
                    #expect((400..<500).contains(answer.status), "\(one.name): \(answer.text)")
                    #expect(one.status == nil || answer.status == one.status, "\(one.name): \(answer.text)")
                    #expect(try answer.json["code"]?.stringValue == "\(answer.status)", "\(one.name)")
                    #expect(try desk.workspace().store.size() == size, "\(one.name)")
                    return
                }
                #expect(answer.status == 200, "\(one.name): \(answer.text)")
                #expect(try answer.json["agent_request_id"]?.stringValue == "r-1", "\(one.name)")
                #expect(try answer.json["status"]?.stringValue == "in_progress", "\(one.name)")
                #expect(try answer.json["reason"]?.stringValue == "need_user_verification", "\(one.name)")
                #expect(try desk.workspace().store.size() == size + 2, "\(one.name)")
            }
            #expect(desk.server.services.metrics.undocumented == 0)
            #expect(!desk.log.text.contains("@"), "no address is logged")
        }
    }

    /// A vector's content with changes, signed again.
    private static func changing(
        _ body: [UInt8], _ changes: [String: JSONValue], by agent: SigningKey
    ) throws -> [UInt8] {
        let content = try Array(Base64.decode(ascii: body).dropFirst(64))
        return try Doors.signed(
            #require(StrictJSON.parse(content).objectValue).merging(changes) { $1 }, by: agent)
    }

    @Test(.enabled(if: DoorVectors.exist, "needs ../shared; DoorRouteTests repeats requests without it"))
    func theSharedReplaySequenceIsAnsweredAsItSays() async throws {
        let steps = try #require(DoorVectors.json("drp/replay-sequence.json").arrayValue)
        let one = try #require(try DoorVectors.sharedDRP().first { $0.name == "valid" })
        let (desk, agent) = (try desk(one), try DoorVectors.sharedAgent())
        let token = try token(one, desk)
        let user = try #require(try desk.users().first)
        let other = try Self.changing(one.body, ["email": "another.person@example.com"], by: agent)
        let listed = Set(
            try #require(DoorVectors.json("drp/states.json").arrayValue).map {
                "\($0["state"]?.stringValue ?? "") \($0["reason"]?.stringValue ?? "none")"
            })
        try await desk.run { client in
            var first: String?
            var size: UInt64 = 0
            for step in steps {
                let expected = try #require(step["expect"]?.stringValue)
                let sent = try #require(step["send"]?.stringValue)
                let body = sent.contains("different body") ? other : one.body
                let answer = try await client.post(Self.exercise, body, token: token, type: "text/plain")
                let id = try answer.json["request_id"]?.stringValue
                switch expected.prefix(while: { $0 != ":" && $0 != " " }) {
                case "accepted":
                    #expect(answer.status == 200 && id != nil)
                    (first, size) = (id, try desk.workspace().store.size())
                case "idempotent": #expect(answer.status == 200 && id == first)
                case "409": #expect(answer.status == 409)
                default: Issue.record("no rule for \(expected)")
                }
                #expect(try desk.workspace().store.size() == size, "\(expected)")
            }
            // Whatever a request comes to is a state of the protocol's table.
            let id = try #require(first)
            func state() async throws -> String {
                let status = try await client.get("\(Self.exercise)/\(id)", token: token).json
                return "\(status["status"]?.stringValue ?? "") \(status["reason"]?.stringValue ?? "none")"
            }
            let waiting = try await state()
            #expect(listed.contains(waiting) && waiting == "in_progress need_user_verification")
            _ = try desk.workspace().decide(
                .identityConfirmed, about: id, evidence: .init(level: .emailVerified, method: .emailLink),
                naming: "\(user)")
            let named = try await state()
            #expect(listed.contains(named) && named == "in_progress none")
            _ = try desk.workspace().decide(.refused(.statutoryException), about: id)
            let denied = try await state()
            #expect(listed.contains(denied) && denied == "denied claim_not_covered")
        }
    }

    @Test(.enabled(if: DoorVectors.exist, "needs ../shared; DoorRouteTests has the same exchanges without it"))
    func theExamplesOfDRPAreUnderstood() async throws {
        let one = try #require(try DoorVectors.sharedDRP().first { $0.name == "valid" })
        let (desk, agent) = (try desk(one), try DoorVectors.sharedAgent())
        let setup = try Doors.signed(
            Doors.message(["issued-at": "2026-03-01T09:58:00Z", "expires-at": "2026-03-01T10:08:00Z"]), by: agent)
        func names(_ path: String) throws -> Set<String> {
            Set(try #require(StrictJSON.parse(DoorVectors.example(path)).objectValue).keys)
        }
        let (tokenNames, statusNames) = (
            try names("drp/examples/pairwise-key-response.txt"), try names("drp/examples/status-object.txt")
        )
        try await desk.run { client in
            func post(_ path: String, _ body: [UInt8], _ token: String? = nil) async throws -> Answer {
                try await client.post(path, body, token: token, type: "text/plain")
            }
            let made = try await post("/drp/v1/agent/AGENT_A", setup)
            #expect(made.status == 200)
            #expect(try Set(made.json.objectValue.map { Array($0.keys) } ?? []) == tokenNames)
            let token = try #require(try made.json["token"]?.stringValue)
            let information = try await client.get("/drp/v1/agent/AGENT_A", token: token)
            #expect(
                try information.json == StrictJSON.parse(DoorVectors.example("drp/examples/agent-info-response.txt")))
            // The example is no JSON: comments, and a comma that is missing.
            let example = Doors.signed(try DoorVectors.bytes("drp/examples/exercise-request.txt"), by: agent)
            #expect(try await post(Self.exercise, example, token).status == 400)

            let asked = try await post(Self.exercise, one.body, token)
            let members = try #require(try asked.json.objectValue)
            #expect(statusNames.isSuperset(of: members.keys))
            let id = try #require(try asked.json["request_id"]?.stringValue)
            let reason = Doors.signed(try DoorVectors.bytes("drp/examples/revoke-body.txt"), by: agent)
            let revoked = try await client.call(
                .delete, "\(Self.exercise)/\(id)", token: token, body: reason, type: "text/plain")
            #expect(try revoked.status == 200 && revoked.json["status"]?.stringValue == "revoked")
        }
        #expect(!desk.log.text.contains("deleted"), "a reason is not kept")
    }

    // MARK: OpenDSR

    private func openDSRDesk() throws -> ServerDesk {
        try ServerDesk { configuration in
            try Doors.open(&configuration, in: Files.folder(of: configuration.workspace), agents: [:])
        }
    }

    @Test(.enabled(if: DoorVectors.exist, "needs ../shared; the fixtures made here run without it"))
    func theSharedOpenDSRCasesAreDecidedAsTheySay() async throws {
        let cases = try DoorVectors.sharedOpenDSR()
        #expect(cases.count >= 13)
        try await drive(cases)
    }

    @Test func theOpenDSRCasesMadeHereAreDecidedAsTheySay() async throws {
        try await drive(DoorVectors.madeOpenDSR())
    }

    private static func reason(_ answer: Answer) throws -> String? {
        try answer.json["error"]?["errors"]?[0]?["reason"]?.stringValue
    }

    private func drive(_ cases: [OpenDSRCase]) async throws {
        let desk = try openDSRDesk()
        let token = try desk.token(.partner)
        let users = try desk.users()
        try await desk.run { client in
            for (place, one) in cases.enumerated() {
                let size = try desk.workspace().store.size()
                let answer = try await client.post(Self.requests, one.request.canonicalBytes(), token: token)
                let reason = try Self.reason(answer)
                #expect(answer.status == 400, "\(one.name): \(answer.text)")
                #expect(
                    reason == (one.isAccepted ? "subject-not-named" : "invalid-field"), "\(one.name): \(answer.text)")
                #expect(try desk.workspace().store.size() == size, "\(one.name)")
                guard one.isAccepted else { continue }
                // Each a request of its own, by its id.
                let id = "a7551968-d5d6-44b2-9831-\(String(100_000_000_000 + place))"
                var members = try #require(one.request.objectValue)
                members["subject_request_id"] = .string(id)
                members["subject_identities"] = Doors.customer(users[place])
                let body = try JSONValue.object(members).canonicalBytes()
                let named = try await client.post(Self.requests, body, token: token)
                #expect(named.status == 201, "\(one.name): \(named.text)")
                #expect(try named.json["encoded_request"]?.stringValue == Base64.encode(body), "\(one.name)")
                #expect(try named.json["subject_request_id"]?.stringValue == id, "\(one.name)")
            }
        }
        #expect(desk.server.services.metrics.undocumented == 0)
        #expect(try desk.workspace().audit().isEmpty)
    }

    @Test(.enabled(if: DoorVectors.exist, "needs ../shared; LetheRequestsTests has the words of OpenDSR without it"))
    func theWordsOfOpenDSRAreUnderstood() async throws {
        let enums = try DoorVectors.json("opendsr/enums.json")
        func words(_ name: String) throws -> [String] {
            try #require(enums[name]?.arrayValue).map { try #require($0.stringValue) }
        }
        let (types, formats) = (try words("identity_type"), try words("identity_format"))
        let (rights, laws) = (try words("subject_request_type"), try words("regulation"))
        let statuses = try words("request_status")
        let desk = try openDSRDesk()
        let token = try desk.token(.partner)
        let user = try #require(try desk.users().first)
        let id = "a7551968-d5d6-44b2-9831-815ac9017798"
        try await desk.run { client in
            func post(_ more: [String: JSONValue]) async throws -> Answer {
                try await client.post(Self.requests, Doors.openDSR(user: user, id: id, more: more), token: token)
            }
            for type in types {
                for format in formats {
                    let identity: JSONValue = [
                        [
                            "identity_type": .string(type), "identity_value": "nobody's",
                            "identity_format": .string(format),
                        ]
                    ]
                    let reason = try Self.reason(await post(["subject_identities": identity]))
                    let isCustomer = type == "controller_customer_id" && format == "raw"
                    #expect(reason == (isCustomer ? "unknown-subject" : "subject-not-named"), "\(type) \(format)")
                }
            }
            for right in rights where right != "erasure" {
                #expect(try Self.reason(await post(["subject_request_type": .string(right)])) == "other-right")
            }
            for law in laws {
                // The first is received; the others have its id and other bytes.
                let answer = try await post(["regulation": .string(law)])
                #expect(law == laws[0] ? answer.status == 201 : answer.status == 400, "\(answer.text)")
            }
            let status = try await client.get("\(Self.requests)/\(id)", token: token).json["request_status"]
            #expect(statuses.contains(try #require(status?.stringValue)))
        }
    }

    @Test(.enabled(if: DoorVectors.exist, "needs ../shared; DoorRouteTests has the same exchanges without it"))
    func theExamplesOfOpenDSRAreUnderstood() async throws {
        func names(_ name: String) throws -> Set<String> {
            let bytes = try DoorVectors.example("opendsr/examples/\(name).http.txt")
            // Of an erasure there are no results to fetch.
            return Set(try #require(StrictJSON.parse(bytes).objectValue).keys).subtracting([
                "results_url", "results_count",
            ])
        }
        let (discovery, receipt, status) = (
            try names("discovery-response"), try names("request-response"), try names("status-response")
        )
        let desk = try openDSRDesk()
        let token = try desk.token(.partner)
        let user = try #require(try desk.users().first)
        let id = "a7551968-d5d6-44b2-9831-815ac9017798"
        try await desk.run { client in
            func expect(_ answer: Answer, _ names: Set<String>) throws {
                #expect(try Set(#require(answer.json.objectValue).keys).isSuperset(of: names), "\(answer.text)")
                #expect(answer.headers[.init("X-OpenDSR-Processor-Domain")!] == "desk.example")
                #expect(answer.headers[.init("X-OpenDSR-Signature")!] != nil)
            }
            try expect(await client.get("/opendsr/v2/discovery"), discovery)
            // The example is no JSON: it has commas behind its last members.
            let example = try await client.post(
                Self.requests, DoorVectors.example("opendsr/examples/erasure-request.http.txt"), token: token)
            #expect(try example.status == 400 && Self.reason(example) == "not-json")
            try expect(
                await client.post(Self.requests, Doors.openDSR(user: user, id: id), token: token), receipt)
            try expect(await client.get("\(Self.requests)/\(id)", token: token), status)
            let cancelled = try await client.call(.delete, "\(Self.requests)/\(id)", token: token)
            #expect(cancelled.status == 202)
        }
    }
}
