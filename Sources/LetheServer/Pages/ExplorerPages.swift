import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheLog
import LethePages
import LetheService
import LetheStatements
import LetheStore

/// The log for people: its entries, the tree they stand in, and the checkpoints that were signed over it.
enum ExplorerPages {
    static let all: [Route] = [
        .page(
            "/explorer", operation: "logPage", "The log: checkpoint, witnesses, entries.",
            parameters: [
                .query("before", index, "Only entries before this one."), .query("entry", index, "An entry to open."),
            ], others: [Route.goesOn]
        ) { call in
            if let entry = call.number("entry") { return .redirect("/explorer/\(entry)") }
            let before = call.number("before")
            return call.page(try await call.services.pool.read { try LogPage(before: before, in: $0) })
        },
        .page(
            "/explorer/{index}", operation: "entryPage", "One entry of the log.",
            parameters: [.path("index", index, "Its index.")]
        ) { call in
            let index = call.number("index") ?? 0
            return call.page(try await call.services.pool.read { try EntryPage(index, in: $0) })
        },
    ]

    private static let index = Parameter.Form.number(0...(1 << 48))
}

extension LogPage {
    /// How many entries a page has.
    private static let length: UInt64 = 25

    fileprivate init(before: UInt64?, in workspace: Workspace) throws {
        let note = try workspace.servedCheckpoint()
        let head = try Checkpoint(parsing: note.text)
        let size = try workspace.store.size()
        let end = min(before ?? size, size)
        let start = end > Self.length ? end - Self.length : 0
        let roles = try EntryWords.roles(in: workspace)
        let policy = try workspace.witnessPolicy()
        let cosigned = policy?.witnessKeys.filter { key in note.signatures.contains { key.isNamed(by: $0) } } ?? []
        self.init(
            origin: workspace.origin,
            facts: [
                Fact("Entries", "\(size)"), Fact("Under the newest checkpoint", "\(head.size)"),
                Fact("Root", head.rootHash.hex, isCode: true),
            ], checkpoint: String(decoding: note.bytes, as: UTF8.self),
            witnesses: TableView(
                caption: "Witnesses", columns: ["Name", "Cosigned the newest checkpoint"],
                rows: (policy?.witnessKeys ?? []).map { key -> [TableView.Content] in
                    let isThere = cosigned.contains(key)
                    return [.text(key.name), .mark(isThere ? .holds(true, word: "yes") : .waits(word: "no"))]
                }, emptyText: "This log asks none; its operator alone vouches for its history."),
            checkpoints: try CheckpointTable.of(workspace.vouchedCheckpoints(limit: 5), in: workspace),
            checkpointsPath: "/explorer/checkpoints",
            entries: TableView(
                caption: start < end ? "Entries \(start) to \(end - 1), the newest first" : "Entries",
                columns: ["Entry", "What", "When", "Signed by"],
                rows: try (start..<end).reversed().map { index -> [TableView.Content] in
                    let words = EntryWords(try workspace.store.entry(index), roles: roles)
                    return [
                        .link("\(index)", path: "/explorer/\(index)"), .text(words.kind), .text(words.at),
                        .text(words.signers),
                    ]
                }), olderPath: start > 0 ? "/explorer?before=\(start)" : nil,
            newerPath: end < size ? "/explorer?before=\(min(end + Self.length, size))" : nil)
    }
}

extension EntryPage {
    fileprivate init(_ index: UInt64, in workspace: Workspace) throws {
        let size = try workspace.store.size()
        guard index < size else { throw Problem(404, "unknown-entry", "expected an entry below \(size)") }
        let bytes = try workspace.store.entry(index)
        let roles = try EntryWords.roles(in: workspace)
        let words = EntryWords(bytes, roles: roles)
        let proof = try workspace.proveServed(index)
        self.init(
            index: index, kind: words.kind,
            facts: [
                Fact("Signed by", words.signers), Fact("When", words.at),
                Fact("Leaf hash", MerkleTree.leafHash(bytes).hex, isCode: true),
                Fact("Predicate", words.type, isCode: true),
            ], statement: words.statement.map { Self.indented($0, "") } ?? "",
            envelope: String(decoding: bytes, as: UTF8.self),
            proof: try ProofView(proof, in: workspace), around: try TreeView(proof, roles: roles, in: workspace),
            previousPath: index > 0 ? "/explorer/\(index - 1)" : nil,
            nextPath: index + 1 < size ? "/explorer/\(index + 1)" : nil)
    }

    /// JSON with line breaks, for reading.
    private static func indented(_ value: JSONValue, _ margin: String) -> String {
        let inner = margin + "  "
        switch value {
        case .object(let members) where !members.isEmpty:
            let lines = members.sorted { $0.key < $1.key }.map { name, member in
                "\(inner)\(text(.string(name))): \(indented(member, inner))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(margin)}"
        case .array(let elements) where !elements.isEmpty:
            return "[\n\(elements.map { inner + indented($0, inner) }.joined(separator: ",\n"))\n\(margin)]"
        default: return text(value)
        }
    }

    private static func text(_ value: JSONValue) -> String {
        (try? value.canonicalBytes()).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension TreeView {
    fileprivate init(_ proof: TransparencyProof, roles: [String: String], in workspace: Workspace) throws {
        let size = try Checkpoint(parsing: proof.checkpoint.text).size
        let leaves = try Self.block(of: proof.index, size: size).map { index in
            let bytes = try workspace.store.entry(index)
            return Leaf(
                index: index, kind: EntryWords(bytes, roles: roles).kind, hash: MerkleTree.leafHash(bytes).hex)
        }
        var hash = MerkleTree.leafHash(try workspace.store.entry(proof.index))
        let joined = zip(proof.path, Self.steps(of: proof.index, size: size)).map { sibling, step in
            hash = step.isLeft ? MerkleTree.nodeHash(sibling, hash) : MerkleTree.nodeHash(hash, sibling)
            return hash.hex
        }
        self.init(index: proof.index, size: size, leaves: leaves, joined: joined)
    }
}
