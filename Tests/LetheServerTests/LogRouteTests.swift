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

/// The public log as a stranger reads it: with nothing but HTTP and this project's own verifiers.
struct LogRouteTests {
    @Test func tilesAndEntriesGiveTheCheckpointsRoot() async throws {
        let desk = try ServerDesk()
        let body = try desk.sign()
        try await desk.run { client in
            #expect(try await client.post("/api/v1/requests", body).status == 201)
            let note = try SignedNote(parsing: await client.get("/log/checkpoint").body)
            let checkpoint = try Checkpoint(parsing: note.text)
            let workspace = try desk.workspace()
            _ = try note.verify(with: workspace.logVerifiers())
            var tiles: [LogTile: [UInt8]] = [:]
            var paths: [LogTile] = []
            LogTile.forEach(to: checkpoint.size) { paths.append($0) }
            for tile in paths {
                let answer = try await client.get("/log/\(tile.path)")
                #expect(answer.status == 200 && answer.headers[.cacheControl]?.contains("immutable") == true)
                tiles[tile] = answer.body
            }
            let found = tiles
            let reader = LogTileReader(size: checkpoint.size) { tile in try #require(found[tile]) }
            #expect(try reader.rootHash() == checkpoint.rootHash)
            let bundle = try EntryBundle.decode(try #require(tiles.first { $0.key.content == .entries }?.value))
            #expect(bundle.count == Int(checkpoint.size))
            #expect(MerkleTree.rootHash(of: bundle.map(MerkleTree.leafHash)) == checkpoint.rootHash)
        }
    }

    @Test func proofsVerify() async throws {
        let desk = try ServerDesk()
        let size = try desk.workspace().store.size()
        try await desk.run { client in
            for index in 0..<size {
                let json = try await client.get("/log/proofs/inclusion?index=\(index)&size=\(size)").json
                let hashes = try #require(json["hashes"]?.arrayValue).map { try Digest(hex: $0.stringValue ?? "") }
                try MerkleTree.verifyInclusion(
                    of: Digest(hex: json["leafHash"]?.stringValue ?? ""), at: index, size: size, proof: hashes,
                    root: Digest(hex: json["rootHash"]?.stringValue ?? ""))
            }
            for from in 1...size {
                let json = try await client.get("/log/proofs/consistency?from=\(from)&to=\(size)").json
                let hashes = try #require(json["hashes"]?.arrayValue).map { try Digest(hex: $0.stringValue ?? "") }
                try MerkleTree.verifyConsistency(
                    from: from, oldRoot: desk.workspace().store.rootHash(size: from), to: size,
                    newRoot: desk.workspace().store.rootHash(size: size), proof: hashes)
            }
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let desk = try ServerDesk()
        try await desk.run { client in
            for path in [
                "/log/tile/0/001", "/log/tile/0/000", "/log/tile/0/000.p/0", "/log/tile/0/000.p/256", "/log/tile/8/000",
                "/log/tile/0/x000/000", "/log/tile/00/000", "/log/tile/", "/log/tile", "/log/entries/99999",
                "/log/entries/00", "/log/entries/-1", "/log/entries/18446744073709551616", "/log/entries/99/proof",
                "/log/proofs/inclusion?index=0&size=99999", "/log/proofs/inclusion?index=5&size=5",
                "/log/proofs/consistency?from=1&to=99999", "/log/tile/0/000.p/255",
            ] {
                let answer = try await client.get(path)
                #expect(answer.status == 404, "\(path): \(answer.status)")
            }
            for path in [
                "/log/proofs/inclusion", "/log/proofs/inclusion?index=0", "/log/proofs/inclusion?index=a&size=1",
                "/log/proofs/inclusion?index=0&size=1&size=1", "/log/proofs/consistency?from=2&to=1",
                "/log/proofs/inclusion?index=0&size=%zz", "/log/proofs/inclusion?index=0&size=%ff",
                "/log/checkpoint?x=1",
            ] {
                let answer = try await client.get(path)
                #expect(answer.status == 400, "\(path): \(answer.status)")
            }
        }
        #expect(desk.server.services.metrics.undocumented == 0)
    }
}
