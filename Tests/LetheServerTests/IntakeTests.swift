import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements
import LetheStore
import Testing

@testable import LetheServer
@testable import LetheService

/// Requests by HTTP, and what of them can be checked against the public log.
struct IntakeTests {
    @Test func aRequestIsReceivedOnceAndProvedByThePublicLog() async throws {
        let desk = try ServerDesk()
        let body = try desk.sign()
        try await desk.run { client in
            let first = try await client.post("/api/v1/requests", body)
            #expect(first.status == 201)
            let json = try first.json
            let entry = try #require(json["receivedEntry"]?.stringValue)
            let again = try await client.post("/api/v1/requests", body)
            #expect(again.status == 200)
            #expect(try again.json["requestId"]?.stringValue == json["requestId"]?.stringValue)

            let trust = try TrustFile(parsing: await client.get("/log/trust").text)
            let proof = try TransparencyProof(parsing: await client.get("/log/entries/\(entry)/proof").text)
            let envelope = try await client.get("/log/entries/\(entry)").body
            let inclusion = try CertificateVerifier.verifyInclusion(
                proof, leafHash: MerkleTree.leafHash(envelope), trusting: trust)
            #expect("\(inclusion.index)" == entry)
        }
    }

    @Test func whatIsRefusedSaysWhyAndChangesNothing() async throws {
        let desk = try ServerDesk()
        let good = try desk.sign()
        let cases: [(body: [UInt8], status: Int, code: String)] = [
            ([], 400, "malformed-envelope"), (Array("{".utf8), 400, "malformed-envelope"),
            (Array("[]".utf8), 400, "malformed-envelope"), (good.dropLast() + [0x20, 0x7D], 400, "malformed-envelope"),
            (try desk.sign(key: .generate()), 403, "unknown-key"),
            (try desk.sign(audience: "elsewhere.example/log"), 422, "wrong-audience"),
            (try desk.sign(at: "2026-03-02T10:00:00Z"), 422, "expired"),
            (try desk.sign(at: "2026-03-02T13:00:00Z"), 422, "not-yet-valid"),
            (try desk.sign(user: 999_999), 422, "unknown-subject"),
            (Array(repeating: 0x41, count: 20_000), 413, "too-large"),
        ]
        let size = try desk.workspace().store.size()
        try await desk.run { client in
            for (body, status, code) in cases {
                let answer = try await client.post("/api/v1/requests", body)
                #expect(answer.status == status && answer.code == code, "\(answer.text)")
                #expect(answer.headers[.contentType] == "application/problem+json")
            }
            let plain = try await client.post("/api/v1/requests", good, type: "text/plain")
            #expect(plain.status == 415)
        }
        #expect(try desk.workspace().store.size() == size)
        #expect(desk.server.services.metrics.undocumented == 0)
    }
}
