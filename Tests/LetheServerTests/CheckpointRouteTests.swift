import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCrypto
import LetheLog
import LetheStatements
import LetheStore
import Testing

@testable import LetheServer
@testable import LetheService

/// The kept checkpoints as a stranger sees them: nothing but what was signed, and not before it may be shown.
struct CheckpointRouteTests {
    /// A desk whose log has a checkpoint for each of some requests.
    private func desk() throws -> ServerDesk {
        let desk = try ServerDesk()
        for user in try desk.users().prefix(4) { _ = try desk.workspace().submit(desk.sign(user: user)) }
        return desk
    }

    private func sizes(_ json: JSONValue) -> [String] {
        (json["checkpoints"]?.arrayValue ?? []).compactMap { $0["size"]?.stringValue }
    }

    @Test func everyKeptCheckpointIsListedOnceAndVerifies() async throws {
        let desk = try desk()
        let workspace = try desk.workspace()
        let kept = try workspace.store.checkpoints(limit: 1_000)
        #expect(kept.count >= 5)
        let size = kept[0].checkpoint.size
        try await desk.run { client in
            let first = try await client.get("/log/checkpoints?limit=2").json
            #expect(first["kept"]?.stringValue == "\(kept.count)")
            let seen = sizes(first)
            #expect(seen.count == 2)
            let rest = sizes(try await client.get("/log/checkpoints?below=\(seen[1])&limit=100").json)
            #expect(seen + rest == kept.map { "\($0.checkpoint.size)" })
            let oldest = try await client.get("/log/checkpoints?below=\(kept[kept.count - 2].checkpoint.size)").json
            #expect(oldest["checkpoints"]?[0]?["previous"] == nil)

            for one in kept {
                let note = try SignedNote(parsing: await client.get("/log/checkpoints/\(one.checkpoint.size)").body)
                let head = try Checkpoint(parsing: note.text)
                let (verifiers, root) = (
                    try desk.workspace().logVerifiers(), try desk.workspace().store.rootHash(size: head.size)
                )
                #expect(try note.verify(with: verifiers).count == 1)
                #expect(head.size == one.checkpoint.size && head.rootHash == root)
                let page = try await client.get("/explorer/checkpoints/\(head.size)")
                #expect(page.status == 200 && page.text.contains(root.hex) && page.text.contains("states no time"))
            }
            let page = try await client.get("/explorer/checkpoints").text
            for one in kept { #expect(page.contains("/explorer/checkpoints/\(one.checkpoint.size)\"")) }
            let older = try await client.get("/explorer/checkpoints?before=\(size)").text
            #expect(!older.contains("/explorer/checkpoints/\(size)\"") && older.contains(">Newest</a>"))
            #expect(try await client.get("/explorer").text.contains("/explorer/checkpoints/\(size)\""))
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func whatNobodySignedIsNotThere() async throws {
        let desk = try desk()
        let kept = Set(try desk.workspace().store.checkpoints(limit: 1_000).map(\.checkpoint.size))
        let size = try desk.workspace().store.size()
        let never = (0...(size + 1)).filter { !kept.contains($0) }
        #expect(!never.isEmpty)
        let authority = String(repeating: "a", count: 64)
        try await desk.run { client in
            for size in never + [1 << 48] {
                let (note, page) = (
                    try await client.get("/log/checkpoints/\(size)"),
                    try await client.get("/explorer/checkpoints/\(size)")
                )
                #expect(note.code == "unknown-checkpoint" && page.status == 404, "\(size)")
            }
            #expect(
                try await client.get("/log/checkpoints/\(size)/timestamps/\(authority)").code == "unknown-timestamp")
            for path in ["/log/checkpoints/00", "/log/checkpoints/-1", "/log/checkpoints/x", "/explorer/checkpoints/x"]
            {
                #expect(try await client.get(path).status == 404, "\(path)")
            }
            for path in ["/log/checkpoints?limit=0", "/log/checkpoints?limit=101", "/log/checkpoints?below=a"] {
                #expect(try await client.get(path).status == 400, "\(path)")
            }
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func whereWitnessesAreDemandedOnlyCosignedOnesAreHandedOut() async throws {
        let desk = try desk()
        let workspace = try desk.workspace()
        let kept = try workspace.store.checkpoints(limit: 1_000)
        let (newest, cosigned) = (kept[0].checkpoint.size, kept[1].checkpoint.size)
        let key = try SigningKey(seed: Array(repeating: 3, count: 32))
        let witness = try NoteSigner(name: "w.example/one", key: key, kind: .cosignatureV1)
        let seconds = UInt64(1_772_452_800)
        let note = try kept[1].note.adding(signatureOf: witness, seconds: seconds)
        let line = try #require(note.signatures.last)
        try workspace.store.addCosignatures([line], size: cosigned, witnesses: [witness.verifier])
        try Files.write(
            Array("witness w \(witness.verifier.vkey)\nquorum w\n".utf8), to: workspace.paths.witnesses)
        let time = "\(try Timestamp(secondsSinceEpoch: Int64(seconds)))"
        try await desk.run { client in
            let list = try await client.get("/log/checkpoints").json["checkpoints"]?.arrayValue ?? []
            #expect(list.count == kept.count)
            #expect(list.map { $0["isVouched"]?.boolValue == true } == kept.map { $0.checkpoint.size == cosigned })
            let signed = list.flatMap { $0["signatures"]?.arrayValue ?? [] }.filter {
                $0["signer"]?.stringValue == "witness"
            }
            #expect(signed.map { $0["at"]?.stringValue } == [time])
            #expect(signed.map { $0["name"]?.stringValue } == ["w.example/one"])

            #expect(try await client.get("/log/checkpoints/\(cosigned)").body == note.bytes)
            #expect(try await client.get("/log/checkpoints/\(newest)").status == 404)
            let shown = try await client.get("/explorer/checkpoints/\(cosigned)").text
            #expect(shown.contains("w.example/one") && shown.contains("2026-03-02 12:00 UTC"))
            let hidden = try await client.get("/explorer/checkpoints/\(newest)").text
            let signature = try #require(kept[0].note.signatures.first?.line.split(separator: " ").last)
            #expect(hidden.contains("It is not handed out") && !hidden.contains(signature.dropLast()))
            #expect(try await client.get("/explorer/checkpoints").text.contains("w.example/one"))
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    /// Runs `Tests/Support/throwaway-tsa`, which is `openssl ts`.
    private func authority(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Support/throwaway-tsa")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func aTimestampIsShownWithItsTimeWhereItVerifiesAndGivenOut() async throws {
        let desk = try desk()
        let folder = try TestFolder()
        let workspace = try desk.workspace()
        let kept = try #require(try workspace.store.checkpoints(limit: 1).first)
        let size = kept.checkpoint.size
        let query = TimestampQuery(imprint: LedgerStore.timestampImprint(ofCheckpoint: kept.note.text))
        try authority("create", folder.path("tsa"))
        try Files.write(query.der, to: folder.path("query"))
        try authority("reply", folder.path("tsa"), folder.path("query"), folder.path("reply"))
        let response = try Files.read(folder.path("reply"), limit: TimestampAuthority.maximumResponseByteCount)
        let certificate = try Files.read(folder.path("tsa/ca.pem"), limit: TimestampAuthority.maximumByteCount)
        let stamp = try workspace.store.addTimestamp(
            response, size: size, nonce: query.nonce, authorities: [TimestampAuthority(pem: certificate)])
        let time = "\(try Timestamp(secondsSinceEpoch: stamp.seconds))"
        try await desk.run { client in
            func shown() async throws -> JSONValue? {
                let list = try await client.get("/log/checkpoints?limit=1").json["checkpoints"]?[0]
                return list?["timestamps"]?[0]
            }
            // Nobody has said yet that this authority is trusted.
            #expect(try await shown()?["authority"]?.stringValue == stamp.authority.hex)
            #expect(try await shown()?["at"] == nil)
            #expect(try await client.get("/explorer/checkpoints/\(size)").text.contains("not verified"))

            try Files.createFolders(desk.workspace().paths.timestamping)
            try Files.write(certificate, to: Files.join(desk.workspace().paths.timestamping, "tsa.pem"))
            #expect(try await shown()?["at"]?.stringValue == time)
            #expect(try await !client.get("/explorer/checkpoints/\(size)").text.contains("not verified"))

            let path = "/log/checkpoints/\(size)/timestamps/"
            let file = try await client.get(path + stamp.authority.hex)
            #expect(file.body == response && file.headers[.contentType] == "application/timestamp-reply")
            #expect(try await client.get(path + stamp.authority.hex.uppercased()).code == "unknown-timestamp")
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }

    @Test func theTreeAroundAnEntryLeadsToTheRoot() async throws {
        let desk = try desk()
        let workspace = try desk.workspace()
        let size = try workspace.store.size()
        let root = try workspace.store.rootHash(size: size).hex
        try await desk.run { client in
            for index in 0..<size {
                let page = try await client.get("/explorer/\(index)").text
                let step = /<span>the root<\/span><\/td><td data-label="[^"]*"><span>([0-9a-f]{64})</
                #expect(page.firstMatch(of: step).map { String($0.1) } == root, "entry \(index)")
                for beside in (index - index % 8)..<min(size, index - index % 8 + 8) {
                    let hash = MerkleTree.leafHash(try desk.workspace().store.entry(beside)).hex
                    #expect(page.contains(hash) && page.contains("href=\"/explorer/\(beside)\""))
                }
            }
        }
    }

    @Test func aCheckpointIsPublishedForWhoRuns() async throws {
        let desk = try desk()
        let (engineer, officer) = (try desk.token(.engineer), try desk.token(.officer))
        let size = try desk.workspace().store.size()
        try await desk.run { client in
            #expect(try await client.call(.post, "/api/v1/checkpoints", token: officer).code == "wrong-role")
            let answer = try await client.call(.post, "/api/v1/checkpoints", token: engineer)
            #expect(try answer.status == 200 && answer.json["holds"]?.boolValue == true)
            let note = try SignedNote(parsing: Array((answer.json["checkpoint"]?.stringValue ?? "").utf8))
            #expect(try Checkpoint(parsing: note.text).size == size)
            #expect(try answer.json["witnesses"]?.arrayValue?.isEmpty == true)
        }
        // Nobody answers here: what is demanded and missing is said, and the checkpoint is kept.
        let key = try SigningKey(seed: Array(repeating: 3, count: 32))
        let witness = try NoteVerifier(name: "w.example/one", key: key.publicKey, kind: .cosignatureV1)
        try Files.write(
            Array("witness w \(witness.vkey) https://w.example\nquorum w\n".utf8),
            to: desk.workspace().paths.witnesses)
        try await desk.run { client in
            let answer = try await client.call(.post, "/api/v1/checkpoints", token: engineer)
            #expect(try answer.status == 200 && answer.json["holds"]?.boolValue == false)
            #expect(try answer.json["quorum"]?["met"]?.boolValue == false)
            #expect(try answer.json["witnesses"]?.arrayValue?.count == 1)
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }
}
