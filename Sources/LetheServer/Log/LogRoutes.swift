import HTTPTypes
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheService
import LetheStore

/// The public log: C2SP's tlog-tiles, and proofs for who does not want to compute them. Needs no login.
enum LogRoutes {
    static let all: [Route] = [
        Route(
            .get, "/log/checkpoint", operation: "checkpoint", tag: .log,
            "The newest checkpoint, cosigned and stamped as this log demands (c2sp.org/tlog-checkpoint).",
            access: .everybody, answers: [.init(200, "The signed note.", "text/plain; charset=utf-8")]
        ) { call in
            let note = try await call.services.pool.read { try $0.servedCheckpoint().bytes }
            return Reply(
                200, contentType: "text/plain; charset=utf-8", body: .bytes(note),
                headers: [("Cache-Control", "no-cache")])
        },
        Route(
            .get, "/log/tile/{tile...}", operation: "tile", tag: .log,
            "A tile of hashes, LEVEL/INDEX or LEVEL/INDEX.p/WIDTH, or a bundle of entries, entries/INDEX (c2sp.org/tlog-tiles).",
            access: .everybody, parameters: [.path("tile", .path, "The tile's path.")],
            answers: [.init(200, "The tile.", "application/octet-stream")]
        ) { call in
            guard let tile = LogTile(path: "tile/\(call["tile"])") else {
                throw Problem(404, "no-tile", "expected the path of a tile in its one spelling")
            }
            let bytes = try await call.services.pool.read { workspace in
                let nodes = try workspace.store.size() >> UInt64(8 * tile.level)
                guard tile.index << 8 + UInt64(tile.width) <= nodes else {
                    throw Problem(404, "no-tile", "the log has no such tile yet")
                }
                return try workspace.store.bytes(of: tile)
            }
            return immutable(bytes, "application/octet-stream")
        },
        Route(
            .get, "/log/trust", operation: "trust", tag: .log,
            "The public keys that a verifier starts from. Whoever trusts them only because they come from here trusts this server.",
            access: .everybody, answers: [.init(200, "The trust file.", "text/plain; charset=utf-8")]
        ) { call in try .text(await call.services.pool.read { try $0.trust().text }) },
        Route(
            .get, "/log/entries/{index}", operation: "entry", tag: .log,
            "One entry: a DSSE envelope, byte for byte as it was hashed.", access: .everybody,
            parameters: [.path("index", index, "The entry's index, from 0.")],
            answers: [.json(200, "The envelope.")]
        ) { call in
            let index = call.number("index") ?? 0
            return try await immutable(
                call.services.pool.read { try $0.store.entry(index) }, "application/json")
        },
        Route(
            .get, "/log/entries/{index}/proof", operation: "entryProof", tag: .log,
            "That the entry is in the log: a c2sp.org/tlog-proof under the newest vouched checkpoint.",
            access: .everybody, parameters: [.path("index", index, "The entry's index, from 0.")],
            answers: [.init(200, "The proof.", "text/plain; charset=utf-8")]
        ) { call in
            let index = call.number("index") ?? 0
            return try .text(await call.services.pool.read { try $0.proveServed(index).text })
        },
        Route(
            .get, "/log/proofs/inclusion", operation: "inclusionProof", tag: .log,
            "The hashes that lead from an entry to the root over `size` entries (RFC 6962, section 2.1.1).",
            access: .everybody,
            parameters: [
                .query("index", index, required: true, "The entry's index, from 0."),
                .query("size", size, required: true, "The size of the tree."),
            ],
            answers: [
                .json(200, "The proof.", proofSchema(["index", "size", "leafHash", "hashes"])),
                .refusal(404, "The log has no such entry or size."),
            ]
        ) { call in
            let (index, size) = (call.number("index") ?? 0, call.number("size") ?? 0)
            return try .json(
                await call.services.pool.read { workspace in
                    try requireSize(size, above: index, in: workspace)
                    return [
                        "index": .string("\(index)"), "size": .string("\(size)"),
                        "leafHash": .string(MerkleTree.leafHash(try workspace.store.entry(index)).hex),
                        "rootHash": .string(try workspace.store.rootHash(size: size).hex),
                        "hashes": .array(try workspace.store.inclusionProof(index, size: size).map { .string($0.hex) }),
                    ]
                })
        },
        Route(
            .get, "/log/proofs/consistency", operation: "consistencyProof", tag: .log,
            "The hashes that show that the tree of `from` entries is a beginning of that of `to` (RFC 6962, section 2.1.2).",
            access: .everybody,
            parameters: [
                .query("from", size, required: true, "The smaller size."),
                .query("to", size, required: true, "The larger size."),
            ],
            answers: [
                .json(200, "The proof.", proofSchema(["from", "to", "hashes"])),
                .refusal(404, "The log has no such sizes."),
            ]
        ) { call in
            let (from, to) = (call.number("from") ?? 0, call.number("to") ?? 0)
            guard from <= to else { throw Problem(400, "bad-query", "from: expected at most \(to)") }
            return try .json(
                await call.services.pool.read { workspace in
                    try requireSize(to, above: from - 1, in: workspace)
                    let hashes = try workspace.store.consistencyProof(from: from, to: to)
                    return [
                        "from": .string("\(from)"), "to": .string("\(to)"),
                        "hashes": .array(hashes.map { .string($0.hex) }),
                    ]
                })
        },
    ]

    private static let index = Parameter.Form.number(0...(1 << 48))
    private static let size = Parameter.Form.number(1...(1 << 48))

    private static func requireSize(_ size: UInt64, above index: UInt64, in workspace: Workspace) throws {
        let found = try workspace.store.size()
        guard index < size, size <= found else {
            throw Problem(404, "unknown-size", "expected an entry below the size, and a size of at most \(found)")
        }
    }

    private static func proofSchema(_ members: [String]) -> JSONValue {
        ["type": "object", "required": .array(members.map { .string($0) })]
    }

    /// What never changes may be kept by whoever reads it.
    private static func immutable(_ bytes: [UInt8], _ type: String) -> Reply {
        Reply(
            200, contentType: type, body: .bytes(bytes),
            headers: [("Cache-Control", "public, max-age=31536000, immutable")])
    }
}
