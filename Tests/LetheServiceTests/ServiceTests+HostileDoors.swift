import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheReports
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// What must not pass any of the three doors: each attack gets one clear line, leaves the log as it was, and is counted, without a word of
    /// the person it names.
    struct HostileDoors {
        /// A name that stands nowhere by accident.
        private static let secret = "Zebulon-Unmistakable"

        /// What is done to a request, in the words of the issue.
        enum Attack: String, CaseIterable, CustomTestStringConvertible {
            case oversized, deepJSON, duplicateName, duplicateEscapedName, loneSurrogate, invalidUTF8, noJSON
            case wrongAlgorithm, shortSignature, foreignKey, expired, future, otherAudience
            case fullWidthDigits, zeroWidthSpace, rightToLeftOverride, combiningMark, nulInIdentity, longIdentity

            var testDescription: String { rawValue }
        }

        private static func identity(_ attack: Attack, of user: Int) -> String? {
            switch attack {
            case .fullWidthDigits:
                String(
                    String.UnicodeScalarView("\(user)".unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xFEE0) }))
            case .zeroWidthSpace: "\(user)\u{200B}"
            case .rightToLeftOverride: "\u{202E}\(String("\(user)".reversed()))"
            case .combiningMark: "\(user)\u{0301}"
            case .nulInIdentity: "\(user)\u{0}"
            case .longIdentity: String(repeating: "1", count: 257)
            default: nil
            }
        }

        /// Damages the text of a JSON object whose form and content are right.
        private static func damage(_ json: [UInt8], _ attack: Attack) -> [UInt8] {
            func adding(_ member: String) -> [UInt8] { json.dropLast() + Array(",\(member)}".utf8) }
            switch attack {
            case .oversized: return adding("\"x\":\"\(String(repeating: secret, count: 1_000))\"")
            case .deepJSON:
                return adding("\"x\":" + String(repeating: "[", count: 500) + String(repeating: "]", count: 500))
            case .duplicateName: return adding("\"x\":\"\(secret)\",\"x\":\"\(secret)\"")
            case .duplicateEscapedName: return adding("\"x\":1,\"\\u0078\":2")
            case .loneSurrogate: return adding("\"x\":\"\(secret)\\ud800\"")
            case .invalidUTF8: return json.dropLast() + Array(",\"x\":\"".utf8) + [0xC0, 0x80] + Array("\"}".utf8)
            case .noJSON: return Array("<request>\(secret)</request>".utf8)
            default: return json
            }
        }

        private func expectRefused(
            _ bytes: [UInt8], _ expected: String, at door: RequestFormat, of workspace: Workspace, _ attack: Attack,
            submit: () throws -> Void
        ) throws {
            let before = try LogState(workspace)
            let counted = try turnedAway(workspace)
            let error = #expect(throws: (any Error).self, "\(door) \(attack)") { try submit() }
            let line = error.map { "\($0)" } ?? ""
            #expect(!line.isEmpty && !line.contains("\n") && line.utf8.count < 300, "\(door) \(attack): \(line)")
            #expect(!line.contains(Self.secret) && !line.unicodeScalars.contains { $0.value > 0x7E }, "\(line)")
            #expect(try LogState(workspace) == before, "\(door) \(attack)")
            var after = try turnedAway(workspace)
            let key = "\(door.rawValue) \(expected)"
            after[key, default: 0] -= 1
            #expect(after.filter { $0.value != 0 } == counted, "\(door) \(attack): \(line), \(after)")
        }

        private func turnedAway(_ workspace: Workspace) throws -> [String: Int] {
            let all = try workspace.statistics(in: StatisticsPeriod(year: 2026)).turnedAway
            return Dictionary(uniqueKeysWithValues: all.map { ("\($0.door.rawValue) \($0.cause)", $0.count) })
        }

        @Test func nativeRequests() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let portal = try WorkspaceKeys.read(from: workspace.paths).portal
            let good = try Desk.sign(for: user, workspace: workspace)
            let payload = try DSSEEnvelope(parsing: good.bytes).payload
            func envelope(_ payload: [UInt8], type: String = DSSEEnvelope.inTotoPayloadType) throws -> [UInt8] {
                try DSSEEnvelope(signing: payload, type: type, with: [portal]).canonicalBytes
            }
            for attack in Attack.allCases {
                let bytes: [UInt8]
                let cause: String
                switch attack {
                case .oversized: (bytes, cause) = (Self.damage(good.bytes, attack), "too-large")
                case .deepJSON, .duplicateName, .duplicateEscapedName, .loneSurrogate, .invalidUTF8, .noJSON:
                    // Inside of a signature that holds, and outside.
                    let outside = Self.damage(good.bytes, attack)
                    try expectRefused(outside, "malformed-envelope", at: .native, of: workspace, attack) {
                        try workspace.submit(outside)
                    }
                    (bytes, cause) = (try envelope(Self.damage(payload, attack)), "malformed-statement")
                case .wrongAlgorithm:
                    // A payload type that means another way to sign and read.
                    (bytes, cause) = (try envelope(payload, type: "application/jose+json"), "malformed-envelope")
                case .shortSignature:
                    let json = try StrictJSON.parse(good.bytes)
                    let key = try #require(json["signatures"]?.arrayValue?.first?["keyid"])
                    let short: JSONValue = [
                        "payload": .string(Base64.encode(payload)),
                        "payloadType": .string(DSSEEnvelope.inTotoPayloadType),
                        "signatures": [
                            ["keyid": key, "sig": .string(Base64.encode([UInt8](repeating: 7, count: 32)))]
                        ],
                    ]
                    (bytes, cause) = (try short.canonicalBytes(), "malformed-envelope")
                case .foreignKey:
                    (bytes, cause) = (
                        try Desk.sign(for: user, workspace: workspace, key: .generate()).bytes, "unknown-key"
                    )
                case .expired:
                    (bytes, cause) = (
                        try Desk.sign(
                            for: user, workspace: workspace, issuedAt: "2026-03-02T11:00:00Z", validSeconds: 600
                        ).bytes, "expired"
                    )
                case .future:
                    (bytes, cause) = (
                        try Desk.sign(for: user, workspace: workspace, issuedAt: "2026-03-02T13:00:00Z").bytes,
                        "not-yet-valid"
                    )
                case .otherAudience:
                    (bytes, cause) = (
                        try Desk.sign(for: user, workspace: workspace, audience: "elsewhere.example/log").bytes,
                        "wrong-audience"
                    )
                case .fullWidthDigits, .zeroWidthSpace, .rightToLeftOverride, .combiningMark:
                    let value = Self.identity(attack, of: user)
                    (bytes, cause) = (
                        try Desk.sign(for: user, workspace: workspace, value: value).bytes, "unknown-subject"
                    )
                case .nulInIdentity, .longIdentity:
                    // No request of ours can be made with it; somebody else's software could.
                    let name = try #require(Self.identity(attack, of: user))
                    let written = try JSONValue.string(name).canonicalBytes()
                    let marker = Array("\"\(user)\"".utf8)
                    let place = try #require(payload.firstRange(of: marker))
                    (bytes, cause) = (
                        try envelope(payload[..<place.lowerBound] + written + payload[place.upperBound...]),
                        "invalid-field"
                    )
                }
                try expectRefused(bytes, cause, at: .native, of: workspace, attack) { try workspace.submit(bytes) }
            }
            #expect(try workspace.submit(good.bytes).state == .inProgress, "the request itself is fine")
        }

        @Test func requestsOfTheDataRightsProtocol() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let (agent, stranger) = (SigningKey.generate(), SigningKey.generate())
            try workspace.registerKey(agent.publicKey, as: .requester)
            let directory: JSONValue = [
                ["id": "AGENT_A", "verify_key": .string(Base64.encode(agent.publicKey.rawBytes))]
            ]
            let door = RequestDoor.drp(
                businessID: "BIZ_B", agentID: "AGENT_A",
                agents: try AgentDirectory(parsing: directory.canonicalBytes()))
            func content(_ changes: [String: JSONValue] = [:]) throws -> [UInt8] {
                let members: [String: JSONValue] = [
                    "agent-id": "AGENT_A", "business-id": "BIZ_B", "issued-at": "2026-03-02T11:59:00Z",
                    "expires-at": "2026-03-02T12:09:00Z", "agent-request-id": .string(Self.secret),
                    "drp.version": "1.0",
                    "exercise": "deletion", "regime": "ccpa", "identifier": .string("\(user)"),
                ]
                return try JSONValue.object(members.merging(changes) { $1 }).canonicalBytes()
            }
            func signed(_ content: [UInt8], by key: SigningKey? = nil) -> [UInt8] {
                Base64.encodedASCII((key ?? agent).sign(content) + content)
            }
            for attack in Attack.allCases {
                let bytes: [UInt8]
                let cause: String
                switch attack {
                case .oversized: (bytes, cause) = (signed(Self.damage(try content(), attack)), "too-large")
                case .deepJSON, .duplicateName, .duplicateEscapedName, .loneSurrogate, .invalidUTF8, .noJSON:
                    (bytes, cause) = (signed(Self.damage(try content(), attack)), "not-json")
                case .wrongAlgorithm:
                    let content = try content()
                    let code = hmacSHA256(key: agent.publicKey.rawBytes, message: content).bytes
                    (bytes, cause) = (Base64.encodedASCII(code + code + content), "bad-signature")
                case .shortSignature:
                    (bytes, cause) = (Base64.encodedASCII([UInt8](repeating: 7, count: 64)), "too-short")
                case .foreignKey: (bytes, cause) = (signed(try content(), by: stranger), "bad-signature")
                case .expired:
                    (bytes, cause) = (signed(try content(["expires-at": "2026-03-02T12:00:00Z"])), "expired")
                case .future:
                    (bytes, cause) = (
                        signed(
                            try content([
                                "issued-at": "2026-03-02T13:00:00+00:00", "expires-at": "2026-03-02T14:00:00Z",
                            ])),
                        "not-yet-valid"
                    )
                case .otherAudience: (bytes, cause) = (signed(try content(["business-id": "BIZ_C"])), "wrong-audience")
                case .fullWidthDigits, .zeroWidthSpace, .rightToLeftOverride, .combiningMark:
                    let name = try #require(Self.identity(attack, of: user))
                    (bytes, cause) = (signed(try content(["identifier": .string(name)])), "unknown-subject")
                case .nulInIdentity, .longIdentity:
                    let name = try #require(Self.identity(attack, of: user))
                    (bytes, cause) = (signed(try content(["identifier": .string(name)])), "invalid-field")
                }
                try expectRefused(bytes, cause, at: .drp, of: workspace, attack) {
                    _ = try workspace.submit(bytes, through: door)
                }
            }
            // An agent that nobody knows, and one whose key nobody registered: each by its own name in the report.
            let unregistered: JSONValue = [
                ["id": "AGENT_A", "verify_key": .string(Base64.encode(stranger.publicKey.rawBytes))]
            ]
            for (agentID, list, cause) in [
                ("AGENT_Z", directory, "unknown-agent"), ("AGENT_A", unregistered, "agent-not-registered"),
            ] {
                let door = RequestDoor.drp(
                    businessID: "BIZ_B", agentID: agentID, agents: try AgentDirectory(parsing: list.canonicalBytes()))
                let bytes = signed(try content(), by: stranger)
                try expectRefused(bytes, cause, at: .drp, of: workspace, .foreignKey) {
                    _ = try workspace.submit(bytes, through: door)
                }
                #expect(workspace.refusals.last?.kind == "by an unknown agent")
            }
            let record = try workspace.submit(signed(content()), through: door).record
            #expect(record.state == .identityPending, "the request itself is fine")
        }

        @Test func requestsOfOpenDSR() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            func content(_ name: String, _ changes: [String: JSONValue] = [:]) throws -> [UInt8] {
                let members: [String: JSONValue] = [
                    "regulation": "gdpr", "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
                    "subject_request_type": "erasure", "submitted_time": "2026-03-02T11:00:00Z", "api_version": "2.0",
                    "subject_identities": [
                        [
                            "identity_type": "controller_customer_id", "identity_value": .string(name),
                            "identity_format": "raw",
                        ]
                    ],
                ]
                return try JSONValue.object(members.merging(changes) { $1 }).canonicalBytes()
            }
            for attack in Attack.allCases {
                let bytes: [UInt8]
                let cause: String
                switch attack {
                case .oversized: (bytes, cause) = (Self.damage(try content("\(user)"), attack), "too-large")
                case .deepJSON, .duplicateName, .duplicateEscapedName, .loneSurrogate, .invalidUTF8, .noJSON:
                    (bytes, cause) = (Self.damage(try content("\(user)"), attack), "not-json")
                case .future:
                    (bytes, cause) = (
                        try content("\(user)", ["submitted_time": "2026-03-02T12:01:01Z"]), "not-yet-valid"
                    )
                case .fullWidthDigits, .zeroWidthSpace, .rightToLeftOverride, .combiningMark:
                    (bytes, cause) = (try content(#require(Self.identity(attack, of: user))), "unknown-subject")
                case .nulInIdentity, .longIdentity:
                    (bytes, cause) = (try content(#require(Self.identity(attack, of: user))), "invalid-field")
                case .wrongAlgorithm, .shortSignature, .foreignKey, .expired, .otherAudience:
                    // The format has no signature, no end and no addressee: whoever sends one proves nothing.
                    continue
                }
                try expectRefused(bytes, cause, at: .opendsr, of: workspace, attack) {
                    _ = try workspace.submit(bytes, through: .opendsr)
                }
            }
            let record = try workspace.submit(content("\(user)"), through: .opendsr).record
            #expect(record.state == .identityPending, "the request itself is fine")
        }
    }
}
