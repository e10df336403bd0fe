import Foundation
import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

/// A request that comes through the DRP door, and what becomes of it.
struct DRPCase: Sendable {
    let name: String
    /// The time at which it comes.
    let now: String
    let business: String
    let agent: String
    let key: VerifyingKey
    let body: [UInt8]
    /// Whether its form, signature, addressee and time are right.
    let isAccepted: Bool
    /// What it is answered with where they are not; nil for any refusal.
    let status: Int?
}

/// A request that comes through the OpenDSR door.
struct OpenDSRCase: Sendable {
    let name: String
    let request: JSONValue
    let isAccepted: Bool
}

/// What the doors are driven with: fixtures of the same form that are made here, and the vectors of `../shared` where that folder is.
enum DoorVectors {
    static let folder: String? = {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let candidates = [ProcessInfo.processInfo.environment["LETHE_SHARED"], root + "/../shared"]
        return candidates.compactMap { $0.map { $0 + "/vectors" } }.first { Files.exists($0 + "/drp") }
    }()

    static var exist: Bool { folder != nil }

    static func bytes(_ path: String) throws -> [UInt8] {
        try Files.read(#require(folder) + "/" + path, limit: 1 << 24)
    }

    static func json(_ path: String) throws -> JSONValue { try StrictJSON.parse(bytes(path)) }

    /// The JSON document in an example of a specification, behind whatever head it has.
    static func example(_ path: String) throws -> [UInt8] { try Array(bytes(path).drop { $0 != UInt8(ascii: "{") }) }

    // MARK: DRP

    /// What the specification leaves open, and our rule for it.
    private static let open = ["valid-trailing-newline": true, "version-0.9.4": false, "long-window-1-year": false]
    private static let statuses = [
        "expired": 422, "not-yet-issued": 422, "long-window-1-year": 422, "wrong-business": 403,
        "wrong-agent-claim": 403, "signed-by-stranger": 403, "bit-flip": 403, "truncated-signature": 400,
        "not-base64": 400, "unsupported-exercise": 400, "version-0.9.4": 400, "naive-timestamp": 400,
    ]

    /// The agent's key in the shared vectors.
    static func sharedAgent() throws -> SigningKey {
        let seed = try #require(json("test-keys.json")["keys"]?["agent"]?["seed_hex"]?.stringValue)
        return try SigningKey(seed: Hex.decode(seed))
    }

    static func sharedDRP() throws -> [DRPCase] {
        try #require(json("drp/signed-request-cases.json").arrayValue).map { one in
            let fields = JSONFields(one)
            let name = try fields.member("name").string()
            return DRPCase(
                name: name, now: try fields.member("now").string(),
                business: try fields.member("receiver_business_id").string(),
                agent: try fields.member("bearer_agent_id").string(),
                key: try VerifyingKey(
                    rawBytes: Base64.decode(fields.member("agent_verify_key_base64").string())),
                body: Array(try fields.member("body_text_plain").string().utf8),
                isAccepted: try #require((one["valid"]?.boolValue ?? open[name]) as Bool?, "no rule for \(name)"),
                status: statuses[name])
        }
    }

    /// The same cases, made here.
    static func madeDRP(by agent: SigningKey) throws -> [DRPCase] {
        let members: [String: JSONValue] = [
            "agent-id": "AGENT_A", "business-id": "BIZ_B", "issued-at": "2026-03-01T09:58:00Z",
            "expires-at": "2026-03-01T10:08:00Z", "agent-request-id": "r-1", "drp.version": "1.0",
            "exercise": "deletion", "regime": "ccpa", "relationships": ["customer"],
            "status_callback": "https://dsr-agent.example.com/update_status", "name": "Test Person",
            "email": "test.person@example.com", "email_verified": true,
        ]
        func body(_ changes: [String: JSONValue] = [:], by key: SigningKey? = nil) throws -> [UInt8] {
            try Doors.signed(members.merging(changes) { $1 }, by: key ?? agent)
        }
        let valid = try body()
        var flipped = try Base64.decode(ascii: valid)
        flipped[70] ^= 1
        let bodies: [(name: String, now: String, body: [UInt8])] = [
            ("valid", "2026-03-01T10:00:00Z", valid),
            ("valid-trailing-newline", "2026-03-01T10:00:00Z", valid + [0x0A]),
            ("expired", "2026-03-01T10:08:01Z", valid), ("not-yet-issued", "2026-03-01T09:57:59Z", valid),
            ("wrong-business", "2026-03-01T10:00:00Z", try body(["business-id": "BIZ_C"])),
            ("wrong-agent-claim", "2026-03-01T10:00:00Z", try body(["agent-id": "AGENT_Z"])),
            ("signed-by-stranger", "2026-03-01T10:00:00Z", try body(by: .generate())),
            ("bit-flip", "2026-03-01T10:00:00Z", Base64.encodedASCII(flipped)),
            ("truncated-signature", "2026-03-01T10:00:00Z", Base64.encodedASCII(Array(flipped.prefix(63)))),
            ("not-base64", "2026-03-01T10:00:00Z", Array("%%%%".utf8)),
            ("unsupported-exercise", "2026-03-01T10:00:00Z", try body(["exercise": "erase"])),
            ("version-0.9.4", "2026-03-01T10:00:00Z", try body(["drp.version": "0.9.4"])),
            ("long-window-1-year", "2026-03-01T10:00:00Z", try body(["expires-at": "2027-03-01T10:08:00Z"])),
            ("naive-timestamp", "2026-03-01T10:00:00Z", try body(["issued-at": "2026-03-01 09:58"])),
        ]
        return bodies.map { name, now, body in
            DRPCase(
                name: name, now: now, business: "BIZ_B", agent: "AGENT_A", key: agent.publicKey, body: body,
                isAccepted: name.hasPrefix("valid"), status: statuses[name])
        }
    }

    // MARK: OpenDSR

    static func sharedOpenDSR() throws -> [OpenDSRCase] {
        try #require(json("opendsr/request-cases.json").arrayValue).map { one in
            OpenDSRCase(
                name: try JSONFields(one).member("name").string(), request: try #require(one["request"]),
                isAccepted: try #require(one["valid"]?.boolValue as Bool?))
        }
    }

    /// The same cases, made here.
    static func madeOpenDSR() -> [OpenDSRCase] {
        let members: [String: JSONValue] = [
            "regulation": "gdpr", "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
            "subject_request_type": "erasure", "submitted_time": "2018-10-02T15:00:00Z", "api_version": "2.0",
            "subject_identities": [
                ["identity_type": "email", "identity_value": "johndoe@example.com", "identity_format": "raw"]
            ],
            "status_callback_urls": ["https://examplecontroller.com/opendsr/callbacks"],
        ]
        let other: JSONValue = [["identity_type": "twitter", "identity_value": "x", "identity_format": "raw"]]
        let changes: [(name: String, member: String, value: JSONValue?, isAccepted: Bool)] = [
            ("valid", "api_version", "2.0", true), ("valid-ccpa", "regulation", "ccpa", true),
            ("valid-extensions", "extensions", ["example-processor.com": ["property_id": "123456"]], true),
            ("unknown-field", "x", .number("1"), true), ("no-regulation", "regulation", nil, false),
            ("bad-regulation", "regulation", "lgpd", false),
            ("uuid-uppercase", "subject_request_id", "A7551968-D5D6-44B2-9831-815AC9017798", false),
            ("uuid-v1", "subject_request_id", "a7551968-d5d6-11b2-9831-815ac9017798", false),
            ("no-id", "subject_request_id", nil, false), ("bad-type", "subject_request_type", "delete", false),
            ("time-not-rfc3339", "submitted_time", "2018-10-02 15:00", false),
            ("identity-bad-type", "subject_identities", other, false),
            ("no-identities", "subject_identities", [], false),
            ("callback-http", "status_callback_urls", ["http://examplecontroller.com/cb"], false),
        ]
        return changes.map { change in
            var members = members
            members[change.member] = change.value
            return OpenDSRCase(name: change.name, request: .object(members), isAccepted: change.isAccepted)
        }
    }
}
