import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheLog
import LetheService
import LetheStore

/// The checkpoints that the log keeps: one for each commit, none is ever removed. Needs no login.
enum CheckpointRoutes {
    static let all: [Route] = [
        Route(
            .get, "/log/checkpoints", operation: "listCheckpoints", tag: .log,
            "The kept checkpoints, the largest first, with witnesses' cosignatures and RFC 3161 timestamps.",
            access: .everybody,
            parameters: [
                .query("below", size, "Only those over fewer entries."),
                .query("limit", .number(1...100), "At most so many; 50 without it."),
            ],
            answers: [.json(200, "The checkpoints, and how many are kept.", Schemas.list("checkpoints"))]
        ) { call in
            let (below, limit) = (call.number("below"), call.number("limit") ?? 50)
            return try .json(
                await call.services.pool.read { workspace in
                    let found = try workspace.vouchedCheckpoints(below: below, limit: Int(limit))
                    return [
                        "kept": .string("\(try workspace.store.checkpointCount())"),
                        "checkpoints": .array(found.map(\.json)),
                    ]
                })
        },
        Route(
            .get, "/log/checkpoints/{size}", operation: "keptCheckpoint", tag: .log,
            "One kept checkpoint with its cosignatures (c2sp.org/tlog-checkpoint), where others may see it.",
            access: .everybody, parameters: [.path("size", size, "The number of entries.")],
            answers: [.init(200, "The signed note.", "text/plain; charset=utf-8")]
        ) { call in
            let size = call.number("size") ?? 0
            let note = try await call.services.pool.read { workspace -> [UInt8] in
                guard let found = try workspace.vouchedCheckpoint(size: size), found.isVouched else {
                    throw Problem(404, "unknown-checkpoint", "no checkpoint over \(size) entries is there for others")
                }
                return found.kept.note.bytes
            }
            // Cosignatures may still come.
            return Reply(
                200, contentType: "text/plain; charset=utf-8", body: .bytes(note),
                headers: [("Cache-Control", "no-cache")])
        },
        Route(
            .get, "/log/checkpoints/{size}/timestamps/{authority}", operation: "checkpointTimestamp", tag: .log,
            "An authority's timestamp of a kept checkpoint's text, as `openssl ts -verify -in` reads it (RFC 3161).",
            access: .everybody,
            parameters: [
                .path("size", size, "The number of entries."),
                .path("authority", .name(limit: 64), "SHA-256 of the certificate that signed it, hexadecimal."),
            ], answers: [.init(200, "The response, DER.", "application/timestamp-reply")]
        ) { call in
            let (size, authority) = (call.number("size") ?? 0, call["authority"])
            let response = try await call.services.pool.read { workspace in
                try workspace.store.timestamps(size: size).first { $0.authority.hex == authority }?.response
            }
            guard let response else {
                throw Problem(404, "unknown-timestamp", "no such timestamp of a checkpoint over \(size) entries")
            }
            return Reply(200, contentType: "application/timestamp-reply", body: .bytes(response))
        },
    ]

    private static let size = Parameter.Form.number(0...(1 << 48))
}

extension VouchedCheckpoint {
    /// For programs. Sizes are texts, as everywhere.
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "size": .string("\(kept.checkpoint.size)"), "rootHash": .string(kept.checkpoint.rootHash.hex),
            "isVouched": .bool(isVouched),
            "signatures": .array(
                signatures.map { line in
                    var members: [String: JSONValue] = [
                        "name": .string(line.name), "signer": .string(line.signer.rawValue),
                    ]
                    members["at"] = line.at.map { .string("\($0)") }
                    return .object(members)
                }),
            "timestamps": .array(
                stamps.map { stamp in
                    var members: [String: JSONValue] = ["authority": .string(stamp.authority.hex)]
                    members["name"] = stamp.name.map { .string($0) }
                    members["at"] = stamp.at.map { .string("\($0)") }
                    return .object(members)
                }),
        ]
        members["previous"] = kept.previous.map { .string("\($0)") }
        return .object(members)
    }
}
