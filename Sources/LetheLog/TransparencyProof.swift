import LetheBytes
public import LetheCrypto

// Invariants of this file (C2SP tlog-proof):
// 1. A proof is `c2sp.org/tlog-proof@v1`, an optional `extra` line, `index N`, the path with the leaf's sibling first, an empty line, and
//    the signed checkpoint, byte for byte. Text and value are one to one.
// 2. `extra` is never trusted; a caller that needs every byte to count refuses it.
// 3. Verified means: the log's own key signed the checkpoint, its origin is the log's name, enough witnesses cosigned, and the
//    path leads from the leaf hash to the checkpoint's root.

/// Everything needed to show offline that an entry is in a log: a `.tlog-proof` file.
public struct TransparencyProof: Sendable, Equatable {
    /// The first line of every proof.
    public static let header = "c2sp.org/tlog-proof@v1"

    /// Opaque, unauthenticated bytes of other applications.
    public let extra: [UInt8]?
    /// The zero-based position of the entry.
    public let index: UInt64
    /// The inclusion proof, leaf's sibling first.
    public let path: [Digest]
    /// The signed tree head.
    public let checkpoint: SignedNote

    /// Assembles a proof.
    public init(index: UInt64, path: [Digest], checkpoint: SignedNote, extra: [UInt8]? = nil) {
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
        self.extra = extra
    }

    /// Reads a proof; nothing is verified yet.
    public init(parsing text: String) throws(ProofFormatError) {
        let newline = UInt8(ascii: "\n")
        let bytes = Array(text.utf8)
        guard let blank = bytes.indices.dropLast().first(where: { bytes[$0] == newline && bytes[$0 + 1] == newline })
        else { throw .noCheckpoint }
        var lines = bytes[..<blank].split(separator: newline, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }[...]

        let first = lines.popFirst() ?? ""
        guard Array(first.utf8) == Array(Self.header.utf8) else {
            throw .wrongHeader(expected: Self.header, found: first)
        }
        if let line = lines.first, line.hasPrefix("extra ") {
            guard let bytes = try? Base64.decode(String(line.dropFirst(6))) else { throw .malformedExtra }
            extra = bytes
            lines.removeFirst()
        } else {
            extra = nil
        }
        let indexLine = lines.popFirst() ?? ""
        guard indexLine.hasPrefix("index "), let index = Checkpoint.decimal(indexLine.dropFirst(6).utf8) else {
            throw .malformedIndex(found: indexLine)
        }
        self.index = index

        // A tree has fewer than 2^64 leaves, so no path is longer than 63.
        guard lines.count <= 63 else { throw .tooManyHashes(limit: 63, found: lines.count) }
        var path: [Digest] = []
        for line in lines {
            guard let bytes = try? Base64.decode(line), let hash = try? Digest(bytes: bytes) else {
                throw .malformedHash(number: path.count + 1)
            }
            path.append(hash)
        }
        self.path = path
        do {
            checkpoint = try SignedNote(parsing: Array(bytes[(blank + 2)...]))
        } catch {
            throw .checkpoint(error)
        }
    }

    /// The proof as a `.tlog-proof` file holds it.
    public var text: String {
        var lines = [Self.header]
        if let extra { lines.append("extra " + Base64.encode(extra)) }
        lines.append("index \(index)")
        lines += path.map { Base64.encode($0.bytes) }
        return lines.map { $0 + "\n" }.joined() + "\n" + String(decoding: checkpoint.bytes, as: UTF8.self)
    }

    /// Verifies that the entry with `leafHash` is in the log that `log` names.
    ///
    /// - Parameter log: the log's public key; its name must be the checkpoint's origin.
    /// - Parameter witnesses: keys whose cosignatures count, each once.
    /// - Parameter quorum: how many of them must have cosigned.
    /// - Throws: the first check that fails.
    public func verify(
        leafHash: Digest, log: NoteVerifier, witnesses: [NoteVerifier] = [], quorum: Int = 0
    ) throws(ProofError) -> VerifiedInclusion {
        let signatures: [VerifiedNoteSignature]
        do {
            signatures = try checkpoint.verify(with: [log] + witnesses)
        } catch {
            throw .note(error)
        }
        guard signatures.contains(where: { $0.verifier == log }) else { throw .notSignedByLog(name: log.name) }
        let cosignatures = signatures.filter { $0.verifier != log }
        guard cosignatures.count >= quorum else {
            throw .quorumNotMet(required: quorum, found: cosignatures.count)
        }
        let head: Checkpoint
        do {
            head = try Checkpoint(parsing: checkpoint.text)
        } catch {
            throw .checkpoint(error)
        }
        guard Array(head.origin.utf8) == Array(log.name.utf8) else {
            throw .wrongOrigin(expected: log.name, found: head.origin)
        }
        do {
            try MerkleTree.verifyInclusion(
                of: leafHash, at: index, size: head.size, proof: path, root: head.rootHash)
        } catch {
            throw .inclusion(error)
        }
        return VerifiedInclusion(index: index, checkpoint: head, cosignatures: cosignatures)
    }
}

/// What a verified proof establishes.
public struct VerifiedInclusion: Sendable, Equatable {
    /// The zero-based position of the entry.
    public let index: UInt64
    /// The tree head that covers it.
    public let checkpoint: Checkpoint
    /// The witnesses that were known and verified.
    public let cosignatures: [VerifiedNoteSignature]
}

/// Why text is not a `.tlog-proof`.
public enum ProofFormatError: Error, Equatable, CustomStringConvertible {
    /// No empty line with a checkpoint behind it.
    case noCheckpoint
    /// Another format or version.
    case wrongHeader(expected: String, found: String)
    /// The `extra` line is not base64.
    case malformedExtra
    /// The line `index N` is missing or not decimal.
    case malformedIndex(found: String)
    /// A line of the path is not 32 bytes in base64.
    case malformedHash(number: Int)
    /// Longer than any path.
    case tooManyHashes(limit: Int, found: Int)
    /// The signed note.
    case checkpoint(NoteFormatError)

    /// One line that says where.
    public var description: String {
        switch self {
        case .noCheckpoint: "proof: no checkpoint after an empty line"
        case .wrongHeader(let expected, let found):
            "proof: expected the first line \(Printable.quoted(expected)), found \(Printable.quoted(found))"
        case .malformedExtra: "proof: the line \"extra\" is not base64"
        case .malformedIndex(let found): "proof: expected a line \"index N\", found \(Printable.quoted(found))"
        case .malformedHash(let number): "proof: hash \(number): expected 32 bytes in base64"
        case .tooManyHashes(let limit, let found): "proof: expected at most \(limit) hashes, found \(found)"
        case .checkpoint(let error): "proof: checkpoint \(error)"
        }
    }
}

/// Why a proof does not show that the entry is in the log.
public enum ProofError: Error, Equatable, CustomStringConvertible {
    /// A signature of the checkpoint.
    case note(NoteVerificationError)
    /// Only witnesses signed; they cannot stand in for the log.
    case notSignedByLog(name: String)
    /// Fewer witnesses than required.
    case quorumNotMet(required: Int, found: Int)
    /// The signed text is not a checkpoint.
    case checkpoint(CheckpointError)
    /// The checkpoint of another log.
    case wrongOrigin(expected: String, found: String)
    /// The path does not lead to the root.
    case inclusion(InclusionError)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .note(let error): "checkpoint: \(error)"
        case .notSignedByLog(let name): "checkpoint: no signature by the log \(Printable.quoted(name))"
        case .quorumNotMet(let required, let found):
            "checkpoint: expected cosignatures of \(required) witnesses, found \(found)"
        case .checkpoint(let error): "\(error)"
        case .wrongOrigin(let expected, let found):
            "checkpoint: expected origin \(Printable.quoted(expected)), found \(Printable.quoted(found))"
        case .inclusion(let error): "\(error)"
        }
    }
}
