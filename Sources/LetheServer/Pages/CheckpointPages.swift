import HTTPTypes
import LetheCrypto
import LetheLog
import LethePages
import LetheRequests
import LetheService
import LetheStatements
import LetheStore

/// The checkpoints that the log keeps, for everybody: what the log signed, and what others signed about it. Nothing here is reckoned
/// back from entries: a size at which nothing was signed is no checkpoint.
enum CheckpointPages {
    static let all: [Route] = [
        .page(
            "/explorer/checkpoints", operation: "checkpointsPage", "The kept checkpoints, the largest first.",
            parameters: [.query("before", size, "Only those over fewer entries.")]
        ) { call in
            let before = call.number("before")
            return call.page(try await call.services.pool.read { try CheckpointsPage(before: before, in: $0) })
        },
        .page(
            "/explorer/checkpoints/{size}", operation: "checkpointPage",
            "One checkpoint: who signed it, and when others saw it.",
            parameters: [.path("size", size, "The number of entries.")]
        ) { call in
            let size = call.number("size") ?? 0
            let page = try await call.services.pool.read { workspace in
                guard let found = try workspace.vouchedCheckpoint(size: size) else {
                    throw Problem(404, "unknown-checkpoint", "no checkpoint over \(size) entries is kept")
                }
                return try CheckpointPage(found, in: workspace)
            }
            return call.page(page)
        },
    ]

    private static let size = Parameter.Form.number(0...(1 << 48))
}

/// Checkpoints as a table.
enum CheckpointTable {
    static func of(_ checkpoints: [VouchedCheckpoint], in workspace: Workspace) throws -> TableView {
        TableView(
            caption: "Kept checkpoints, the largest first",
            columns: ["Entries", "Root", "Cosigned by", "Time stamped", "Its last entry says"],
            rows: try checkpoints.map { found -> [TableView.Content] in
                let size = found.kept.checkpoint.size
                return [
                    .link("\(size)", path: "/explorer/checkpoints/\(size)"),
                    .text("\(found.kept.checkpoint.rootHash.hex.prefix(16))\u{2026}"), .text(found.witnesses),
                    .text(found.stamped), .text(try lastTime(below: size, in: workspace)),
                ]
            })
    }

    /// What the last entry under a checkpoint states as its time; the controller's word, no witness's.
    static func lastTime(below size: UInt64, in workspace: Workspace) throws -> String {
        guard size > 0 else { return "" }
        let said = EntryWords(try workspace.store.entry(size - 1), roles: [:]).at
        return (try? Timestamp(said))?.words ?? ""
    }
}

extension VouchedCheckpoint {
    /// The known witnesses whose cosignatures verify, with their times.
    fileprivate var witnesses: String {
        let names = signatures.filter { $0.signer == .witness }.map { line in
            line.name + (line.at.map { ", \($0.words)" } ?? "")
        }
        return names.isEmpty ? "nobody" : names.joined(separator: "; ")
    }

    /// The times that verify; how many others there are.
    fileprivate var stamped: String {
        let times = stamps.compactMap(\.at).map(\.words)
        let others = stamps.count - times.count
        let parts = times + (others > 0 ? ["\(others) not verified here"] : [])
        return parts.isEmpty ? "no" : parts.joined(separator: "; ")
    }
}

extension CheckpointsPage {
    /// How many checkpoints a page has.
    private static let length = 25

    fileprivate init(before: UInt64?, in workspace: Workspace) throws {
        let found = try workspace.vouchedCheckpoints(below: before, limit: Self.length + 1)
        let shown = found.prefix(Self.length)
        let count = try workspace.store.checkpointCount()
        let entries = try workspace.store.size()
        self.init(
            facts: [
                Fact("Kept", "\(count)"), Fact("Entries now", "\(entries)"),
                Fact("Cosignatures demanded", try workspace.witnessPolicy()?.demand ?? "none"),
                Fact("Timestamps demanded", workspace.policy.timestamping?.demand ?? "none"),
            ],
            table: try CheckpointTable.of(Array(shown), in: workspace),
            olderPath: found.count > shown.count
                ? shown.last.map { "/explorer/checkpoints?before=\($0.kept.checkpoint.size)" } : nil,
            newestPath: before == nil ? nil : "/explorer/checkpoints")
    }
}

extension CheckpointPage {
    fileprivate init(_ found: VouchedCheckpoint, in workspace: Workspace) throws {
        let (kept, size) = (found.kept, found.kept.checkpoint.size)
        let newest = try workspace.vouchedCheckpoints(limit: 1).first?.kept.checkpoint.size ?? size
        var links =
            found.isVouched
            ? [Link("The note", path: "/log/checkpoints/\(size)", detail: "c2sp.org/tlog-checkpoint")] : []
        links += found.stamps.map { stamp in
            Link(
                "Timestamp \(stamp.name ?? String(stamp.authority.hex.prefix(16)))",
                path: "/log/checkpoints/\(size)/timestamps/\(stamp.authority.hex)",
                detail: "openssl ts -verify reads it")
        }
        if size > 0, size < newest {
            links.append(
                Link(
                    "That it is a beginning of the newest", path: "/log/proofs/consistency?from=\(size)&to=\(newest)",
                    detail: "consistency proof, RFC 6962, section 2.1.2"))
        }
        self.init(
            size: size,
            vouched: found.isVouched
                ? .holds(true, word: "may be shown to everybody")
                : .waits(word: "waits for cosignatures or timestamps"),
            facts: [
                Fact("Root", kept.checkpoint.rootHash.hex, isCode: true),
                Fact(
                    "Signed on top of", kept.previous.map { "\($0) entries" } ?? "nothing: it is the first",
                    path: kept.previous.map { "/explorer/checkpoints/\($0)" }),
                Fact(
                    "Last entry", size > 0 ? "\(size - 1)" : "none", path: size > 0 ? "/explorer/\(size - 1)" : nil),
                Fact("Its last entry says", try CheckpointTable.lastTime(below: size, in: workspace)),
            ],
            signatures: TableView(
                caption: "Signature lines", columns: ["Key", "Whose", "Seen"],
                rows: found.signatures.map { line in
                    [.text(line.name), .mark(line.signer.mark), .text(line.at?.words ?? "states no time")]
                }),
            stamps: TableView(
                caption: "Timestamps", columns: ["Authority", "Certificate, SHA-256", "Time"],
                rows: found.stamps.map { stamp in
                    [
                        .text(stamp.name ?? "not named by the policy"), .text(stamp.authority.hex),
                        .text(stamp.at?.words ?? "not verified: its certificate is not in the workspace"),
                    ]
                }, emptyText: "Nobody has stamped this one."),
            note: found.isVouched ? String(decoding: kept.note.bytes, as: UTF8.self) : nil,
            noNote: found.isVouched
                ? nil : "It is not handed out before the cosignatures and timestamps are there that this log demands.",
            links: links, olderPath: kept.previous.map { "/explorer/checkpoints/\($0)" },
            newestPath: size == newest ? nil : "/explorer/checkpoints/\(newest)")
    }
}

extension VouchedCheckpoint.Signer {
    fileprivate var mark: Mark {
        switch self {
        case .log: .holds(true, word: "the log's own key")
        case .witness: .holds(true, word: "a witness")
        case .unknown: .waits(word: "a key that is not known here")
        case .forged: .holds(false, word: "does not verify")
        }
    }
}
