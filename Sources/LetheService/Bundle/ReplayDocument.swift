import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements

// Invariants of this file:
// 1. A document is one byte string: JCS of its members and one newline. Every other spelling is refused.
// 2. Nothing in it is personal data: whose records a run removed stands neither here nor in any entry of a log.
// 3. Nothing in it is believed: entries are signed and proved, roots are proved, what the data are is held to the root of their records.

/// The steps of a run as the log has them, for whoever repeats it with an audit bundle instead of the ledger (`replay.json`).
struct ReplayDocument: Equatable {
    static let mediaType = "application/vnd.lethe.replay.v1+json"
    /// The document's file in a bundle.
    static let fileName = "replay.json"
    /// The file with the text of the policy that the run is under.
    static let policyFile = "policy.yaml"
    /// Documents above this size are refused unread.
    static let maximumByteCount = 1 << 22

    /// An entry of the log with its path to the root of the certificate's checkpoint.
    struct Entry: Equatable {
        let index: UInt64
        let envelope: DSSEEnvelope
        let path: [Digest]
    }

    /// A checkpoint that seeds were drawn from, with the proof that the log of the certificate's checkpoint began with it.
    struct Root: Equatable {
        let size: UInt64
        let rootHash: Digest
        let path: [Digest]
    }

    let runID: RunID
    /// What the data are and how they are split; the folder is the reader's.
    let dataset: DatasetProfile
    /// In the order of the log.
    let entries: [Entry]
    /// By size.
    let roots: [Root]

    init(runID: RunID, dataset: DatasetProfile, entries: [Entry], roots: [Root]) {
        (self.runID, self.dataset, self.entries, self.roots) = (runID, dataset, entries, roots)
    }

    /// The file, byte for byte.
    func bytes() throws(JSONError) -> [UInt8] {
        func path(_ hashes: [Digest]) -> JSONValue { .array(hashes.map { .string($0.hex) }) }
        var data: [String: JSONValue] = ["kind": .string(dataset.kind.rawValue), "quick": .bool(dataset.isQuick)]
        data["mapping"] = dataset.mapping.map { .string($0.yaml) }
        let json: JSONValue = [
            "mediaType": .string(Self.mediaType), "runId": .string(runID.text), "dataset": .object(data),
            "entries": .array(
                entries.map {
                    ["index": .string("\($0.index)"), "entry": $0.envelope.json, "path": path($0.path)]
                }),
            "roots": .array(
                roots.map {
                    ["size": .string("\($0.size)"), "rootHash": .string($0.rootHash.hex), "path": path($0.path)]
                }),
        ]
        return try json.canonicalBytes() + [0x0A]
    }

    /// Reads a document; nothing is verified yet.
    /// - Throws: `FileError.malformed` that names `path` and the member.
    init(parsing bytes: [UInt8], from path: String, data folder: String) throws(FileError) {
        do {
            let json = JSONFields(try StrictJSON.parse(bytes, maximumDepth: 6))
            try json.member("mediaType").require(Self.mediaType)
            try json.requireExactly(["mediaType", "runId", "dataset", "entries", "roots"])
            let run = try json.member("runId")
            guard let runID = RunID(try run.string()) else {
                throw FieldError.invalid(path: run.path, expected: "the id of a run", found: try run.string())
            }
            self.runID = runID
            let data = try json.member("dataset")
            try data.requireExactly(["kind", "quick"], optional: ["mapping"])
            let kind = try data.member("kind").oneOf(DatasetProfile.Kind.self)
            let mapping = try data.optional("mapping")?.string()
            guard (kind == .mapping) == (mapping != nil) else {
                throw FieldError.invalid(
                    path: "dataset.mapping", expected: "a mapping for that kind and no other",
                    found: mapping == nil ? "none" : "one")
            }
            dataset = DatasetProfile(
                kind: kind, folder: folder, isQuick: try data.member("quick").bool(),
                mapping: try mapping.map { try DatasetMapping(yaml: Array($0.utf8), file: "dataset.mapping") })
            entries = try json.member("entries").array().map(Entry.init)
            roots = try json.member("roots").array().map(Root.init)
            for (name, numbers) in [("entries", entries.map(\.index)), ("roots", roots.map(\.size))] {
                guard zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
                    throw FieldError.invalid(path: name, expected: "each once, in order", found: "another order")
                }
            }
            guard try self.bytes() == bytes else {
                throw FieldError.invalid(path: "", expected: "the one canonical spelling", found: "another")
            }
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
    }
}

extension ReplayDocument.Entry {
    fileprivate init(_ fields: JSONFields) throws {
        try fields.requireExactly(["index", "entry", "path"])
        index = try fields.member("index").wholeNumber()
        envelope = try DSSEEnvelope(json: fields.member("entry"))
        path = try fields.member("path").proof()
    }
}

extension ReplayDocument.Root {
    fileprivate init(_ fields: JSONFields) throws {
        try fields.requireExactly(["size", "rootHash", "path"])
        size = try fields.member("size").wholeNumber()
        rootHash = try fields.member("rootHash").digest()
        path = try fields.member("path").proof()
    }
}

extension JSONFields {
    /// The hashes of a proof: no tree has a path longer than 64.
    fileprivate func proof() throws(FieldError) -> [Digest] {
        let hashes = try array()
        guard hashes.count <= 64 else {
            throw .invalid(path: path, expected: "at most 64 hashes", found: "\(hashes.count)")
        }
        return try hashes.map { (hash) throws(FieldError) in try hash.digest() }
    }
}
