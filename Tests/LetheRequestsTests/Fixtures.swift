import Foundation
import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

@testable import LetheRequests

/// Files that lie beside the repository on some machines.
enum Shared {
    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["LETHE_SHARED"] { return folder }
        return "\(repository)/../shared"
    }()

    static var repository: String {
        var path = URL(filePath: #filePath)
        for _ in 0..<3 { path.deleteLastPathComponent() }
        return path.path
    }

    static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

    static func json(_ name: String) throws -> JSONValue {
        try StrictJSON.parse(Files.read("\(folder)/\(name)", limit: 1 << 20))
    }
}

func makeRequestID(_ number: Int) -> RequestID {
    RequestID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - String(number).count) + String(number))!
}

func makeRunID(_ number: Int) -> RunID { RunID(makeRequestID(number).text)! }

func digest(_ text: String) -> Digest { Digest(sha256: Array(text.utf8)) }

func time(_ text: String) throws -> Timestamp { try Timestamp(text) }

func signingKey(_ number: UInt8) throws -> SigningKey { try SigningKey(seed: Array(repeating: number, count: 32)) }

func fixturePolicyText() throws -> String {
    String(
        decoding: try Files.read("\(Shared.repository)/Tests/LetheRequestsTests/Fixtures/policy.yaml", limit: 1 << 16),
        as: UTF8.self)
}

func fixturePolicy() throws -> Policy { try Policy(yaml: fixturePolicyText()) }

/// SplitMix64: a few reproducible random numbers.
struct TestGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension DeletionRequest {
    static func fixture(
        number: Int = 1, regulation: Regulation = .gdpr, value: String = "Ana.Example@Example.org",
        audience: String = "lethe.example/test", nonce: UInt8 = 7, issuedAt: String = "2026-03-01T10:00:00Z",
        expiresAt: String = "2026-03-01T10:10:00Z", agent: String = "AGENT_A"
    ) throws -> DeletionRequest {
        try DeletionRequest(
            requestID: makeRequestID(number), regulation: regulation,
            subject: #require(SubjectIdentity(type: "email", value: value)), audience: audience,
            nonce: Array(repeating: nonce, count: 16), issuedAt: time(issuedAt), expiresAt: time(expiresAt),
            agent: agent, identity: IdentityProof(level: .emailVerified, method: .agentAttested))
    }
}
