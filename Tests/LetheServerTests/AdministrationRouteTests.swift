import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheServer
@testable import LetheService

/// Policies and keys over HTTP: for administrators alone, and through the same functions as the command line.
struct AdministrationRouteTests {
    private static let yaml = "application/yaml"
    private static let withRoles = BuiltInPolicy.demo + Array("roles: {}\n".utf8)

    private func json(_ members: [String: JSONValue]) throws -> [UInt8] {
        try JSONValue.object(members).canonicalBytes()
    }

    @Test func aPolicyIsCheckedAndNothingChanges() async throws {
        let desk = try ServerDesk()
        let token = try desk.token(.auditor)
        let size = try desk.workspace().store.size()
        try await desk.run { client in
            let good = try await client.post("/api/v1/policy/validation", Self.withRoles, token: token, type: Self.yaml)
            #expect(try good.status == 200 && good.json["valid"]?.boolValue == true)
            #expect(try good.json["digest"]?.stringValue == Policy(yaml: Self.withRoles).digest.hex)
            #expect(try good.json["explanation"]?.arrayValue?.isEmpty == false)
            for bad in [
                Array("version: 9\n".utf8), [0xFF], Array("- 1\n".utf8), BuiltInPolicy.demo + Array("x: 1\n".utf8),
            ] {
                let answer = try await client.post("/api/v1/policy/validation", bad, token: token, type: Self.yaml)
                #expect(try answer.status == 200 && answer.json["valid"]?.boolValue == false)
                #expect(try answer.json["expected"]?.stringValue?.isEmpty == false)
            }
            let large = [UInt8](repeating: 0x23, count: Policy.maximumFileSize + 1)
            #expect(
                try await client.post("/api/v1/policy/validation", large, token: token, type: Self.yaml).status == 413)
            #expect(try await client.post("/api/v1/policy/validation", Self.withRoles, token: token).status == 415)
        }
        #expect(try desk.workspace().store.size() == size)
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func anAdministratorAdoptsAPolicyAndThenOnlyAsAPerson() async throws {
        let desk = try ServerDesk()
        let person = SigningKey.generate()
        let file = desk.folder.path("ada.pem")
        try PrivateKeyFile.write(person, to: file, under: nil)
        let (keyless, officer) = (try desk.token(.administrator), try desk.token(.officer))
        let keyed = try desk.server.services.tokens.create(
            name: "Ada", role: .administrator, days: 1, now: Timestamp(ServerDesk.noon), keyFile: file
        ).text
        let before = try desk.workspace().policy.digest.hex
        let registration = try json(["role": "administrator", "publicKey": .string(person.publicKey.pem)])
        try await desk.run { client in
            func adopt(_ text: [UInt8], _ token: String) async throws -> Answer {
                try await client.call(.put, "/api/v1/policy", token: token, body: text, type: Self.yaml)
            }
            #expect(try await adopt(Self.withRoles, officer).code == "wrong-role")
            #expect(try await adopt(Array("version: 9\n".utf8), keyless).code == "bad-policy")
            #expect(try await adopt(BuiltInPolicy.demo, keyless).code == "adoption-refused")

            let adopted = try await adopt(Self.withRoles, keyless)
            #expect(adopted.status == 200)
            #expect(try adopted.json["previous"]?.stringValue == before)
            // No person's key is known yet: who may decide is said to be nobody.
            #expect(try adopted.json["undecidable"]?.arrayValue?.contains("refuse") == true)
            let digest = try Policy(yaml: Self.withRoles).digest.hex
            #expect(try adopted.json["digest"]?.stringValue == digest)
            #expect(try await client.get("/api/v1/policy", token: officer).json["digest"]?.stringValue == digest)

            // From now on who adopts must be a person whom the log knows.
            #expect(try await adopt(BuiltInPolicy.demo, keyless).code == "not-permitted")
            #expect(try await adopt(BuiltInPolicy.demo, keyed).code == "not-permitted")
            #expect(try await client.post("/api/v1/keys", registration, token: keyless).status == 201)
            #expect(try await adopt(BuiltInPolicy.demo, keyed).status == 200)
            #expect(try await client.get("/api/v1/policy", token: officer).json["digest"]?.stringValue == before)
        }
        #expect(try desk.workspace().audit().isEmpty)
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func keysAreRegisteredRevokedAndRotated() async throws {
        let desk = try ServerDesk()
        let key = SigningKey.generate().publicKey
        let (token, auditor) = (try desk.token(.administrator), try desk.token(.auditor))
        let good = try json(["role": "requester", "publicKey": .string(key.pem)])
        let bad = try [
            json(["role": "root", "publicKey": .string(key.pem)]),
            json(["role": "log", "publicKey": .string(key.pem)]),
            json(["role": "king", "publicKey": .string(key.pem)]), json(["role": "officer", "publicKey": "x"]),
            json(["role": "officer"]), json(["role": "officer", "publicKey": .string(key.pem), "also": true]),
            Array("[]".utf8),
        ]
        let size = try desk.workspace().store.size()
        try await desk.run { client in
            func entry(_ id: String) async throws -> JSONValue? {
                try await client.get("/api/v1/keys", token: auditor).json["keys"]?.arrayValue?.first {
                    $0["keyId"]?.stringValue == id
                }
            }
            #expect(try await client.post("/api/v1/keys", good, token: auditor).code == "wrong-role")
            for body in bad { #expect(try await client.post("/api/v1/keys", body, token: token).code == "bad-key") }
            #expect(try await client.post("/api/v1/keys", Array("{".utf8), token: token).code == "not-json")

            let made = try await client.post("/api/v1/keys", good, token: token)
            #expect(try made.status == 201 && made.json["added"]?.stringValue == key.keyID)
            #expect(try made.json["entries"]?.arrayValue == [.string("\(size)")])
            #expect(try await entry(key.keyID)?["isValid"]?.boolValue == true)
            #expect(try await client.post("/api/v1/keys", good, token: token).code == "key-change-refused")

            let path = "/api/v1/keys/\(key.keyID)/revocation"
            let late = #"{"compromisedFrom":"99999999999"}"#
            #expect(try await client.post(path, Array(late.utf8), token: token).code == "key-change-refused")
            for body in [#"{"compromisedFrom":1}"#, #"{"compromisedFrom":"01"}"#, #"{"from":"1"}"#] {
                #expect(try await client.post(path, Array(body.utf8), token: token).code == "bad-key", "\(body)")
            }
            let ended = try await client.call(.post, path, token: token)
            #expect(try ended.status == 200 && ended.json["ended"]?.stringValue == key.keyID)
            #expect(try await entry(key.keyID)?["isValid"]?.boolValue == false)
            #expect(
                try await client.call(.post, "/api/v1/keys/nobody/revocation", token: token).code == "unknown-key")

            let old = try desk.workspace().keys.log.publicKey.keyID
            #expect(
                try await client.post("/api/v1/keys/rotation", json(["role": "root"]), token: token).code == "bad-key")
            let rotated = try await client.post("/api/v1/keys/rotation", json(["role": "log"]), token: token)
            #expect(try rotated.status == 200 && rotated.json["ended"]?.stringValue == old)
            #expect(try await entry(old)?["isValid"]?.boolValue == false)
            #expect(try desk.workspace().keys.log.publicKey.keyID == rotated.json["added"]?.stringValue)
        }
        // The server goes on with the new key.
        let body = try desk.sign()
        try await desk.run { client in
            #expect(try await client.post("/api/v1/requests", body).status == 201)
            let note = try SignedNote(parsing: await client.get("/log/checkpoint").body)
            let workspace = try desk.workspace()
            let key = try NoteVerifier(name: workspace.origin, key: workspace.keys.log.publicKey)
            #expect(try note.verify(with: [key]).count == 1)
        }
        #expect(try desk.workspace().audit().isEmpty)
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func withTheRootKeyOnAShelfNoKeyChanges() async throws {
        let desk = try ServerDesk()
        let key = SigningKey.generate().publicKey
        let token = try desk.token(.administrator)
        let (path, shelf) = (
            Files.join(desk.configuration.workspace, "keys/root.pem"), desk.folder.path("shelf.pem")
        )
        try Files.rename(path, to: shelf)
        let size = try desk.workspace().store.size()
        let body = try json(["role": "officer", "publicKey": .string(key.pem)])
        let controller = try desk.workspace().keys.controller.publicKey.keyID
        try await desk.run { client in
            #expect(try await client.get("/api/v1/keys", token: token).status == 200)
            let answers = [
                try await client.post("/api/v1/keys", body, token: token),
                try await client.call(.post, "/api/v1/keys/\(controller)/revocation", token: token),
                try await client.post("/api/v1/keys/rotation", json(["role": "log"]), token: token),
            ]
            for answer in answers { #expect(answer.status == 409 && answer.code == "no-root-key") }
            #expect(try desk.workspace().store.size() == size)
            try Files.rename(shelf, to: path)
            #expect(try await client.post("/api/v1/keys", body, token: token).status == 201)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func cleanedDataAreCheckedOnlyInTheConfiguredFolder() async throws {
        let id = "a7551968-d5d6-44b2-9831-815ac9017798"
        let without = try ServerDesk()
        let auditor = try without.token(.auditor)
        try await without.run { client in
            let (named, asked) = (
                try await client.get("/api/v1/runs/\(id)/data-check", token: auditor),
                try await client.get("/api/v1/runs/\(id)/data-check?folder=/etc", token: auditor)
            )
            #expect(named.code == "no-cleaned-data" && asked.code == "bad-query")
        }
        let desk = try ServerDesk { $0.cleanedData = $0.workspace }
        let token = try desk.token(.auditor)
        try await desk.run { client in
            let answer = try await client.get("/api/v1/runs/\(id)/data-check", token: token)
            #expect(answer.code == "unknown-run")
        }
        #expect(without.server.services.metrics.undocumented + desk.server.services.metrics.undocumented == 0)
    }

    @Test func aReceiptIsVerified() async throws {
        let desk = try ServerDesk()
        let body = try desk.sign()
        try await desk.run { client in
            let id = try #require(try await client.post("/api/v1/requests", body).json["requestId"]?.stringValue)
            let receipt = try await client.post("/api/v1/receipts", body).body
            let path = "/api/v1/receipts/verification"
            let good = try await client.post(path, receipt).json
            #expect(good["holds"]?.boolValue == true && good["opens"]?.boolValue == true)
            #expect(good["requestId"]?.stringValue == id)
            let none = try await client.post(path, Array("{}".utf8))
            #expect(try none.status == 200 && none.json["holds"]?.boolValue == false)
            // Whatever byte is changed, it does not hold.
            for place in stride(from: 0, to: receipt.count, by: 97) {
                var other = receipt
                other[place] ^= 1
                let answer = try await client.post(path, other)
                #expect(try answer.status == 200 && answer.json["holds"]?.boolValue == false, "byte \(place)")
            }
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }
}
