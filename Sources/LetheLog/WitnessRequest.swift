import LetheBytes
public import LetheCrypto

// Invariants of this file (C2SP tlog-witness, add-checkpoint):
// 1. A request is `old N`, up to 63 hashes of a consistency proof, an empty line and a signed checkpoint, each line ended by LF.
// 2. Text and value are one to one.

/// What a log asks of a witness: to cosign a checkpoint that extends the last one it cosigned.
public struct WitnessRequest: Sendable, Equatable {
    /// The size of the last checkpoint that the witness cosigned, as the log believes.
    public let oldSize: UInt64
    /// The consistency proof from there.
    public let proof: [Digest]
    /// The new checkpoint, signed by the log.
    public let note: SignedNote

    /// Requests above this size are refused unread: 63 hashes and a note of 100 signatures are far below.
    public static let maximumByteCount = 64 * 1024

    static let maximumProofCount = 63

    /// Puts a request together.
    public init(oldSize: UInt64, proof: [Digest], note: SignedNote) {
        self.oldSize = oldSize
        self.proof = proof
        self.note = note
    }

    /// Reads a request; nothing is verified yet.
    /// - Throws: `.malformed`, `.badSignature` for a signature line that cannot be read.
    public init(parsing bytes: [UInt8]) throws(WitnessRefusal) {
        let newline = UInt8(ascii: "\n")
        guard bytes.count <= Self.maximumByteCount else {
            throw .malformed("expected at most \(Self.maximumByteCount) bytes, found \(bytes.count)")
        }
        guard let blank = bytes.indices.dropLast().first(where: { bytes[$0] == newline && bytes[$0 + 1] == newline })
        else { throw .malformed("no empty line before the checkpoint") }
        let lines = bytes[..<blank].split(separator: newline, omittingEmptySubsequences: false)
        let words = lines.first?.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) ?? []
        guard words.count == 2, words[0].elementsEqual("old".utf8), let size = Checkpoint.decimal(words[1]) else {
            throw .malformed("line 1: expected \"old\" and a decimal tree size")
        }
        guard lines.count - 1 <= Self.maximumProofCount else {
            throw .malformed("expected at most \(Self.maximumProofCount) proof lines, found \(lines.count - 1)")
        }
        oldSize = size
        var proof: [Digest] = []
        for line in lines.dropFirst() {
            guard let hash = try? Digest(bytes: Base64.decode(String(decoding: line, as: UTF8.self))) else {
                throw .malformed("line \(proof.count + 2): expected a hash of 32 bytes in base64")
            }
            proof.append(hash)
        }
        self.proof = proof
        do { note = try SignedNote(parsing: Array(bytes[(blank + 2)...])) } catch {
            // A line that cannot be read signs nothing: the log did not sign.
            if case .malformedSignatureLine = error { throw .badSignature("\(error)") }
            throw .malformed("\(error)")
        }
    }

    /// The request as it is sent.
    public var bytes: [UInt8] {
        let lines = ["old \(oldSize)"] + proof.map { Base64.encode($0.bytes) }
        return Array(lines.map { $0 + "\n" }.joined().utf8) + [UInt8(ascii: "\n")] + note.bytes
    }
}

/// The last checkpoint that a witness cosigned for one log.
public struct WitnessedHead: Sendable, Equatable {
    /// The number of entries.
    public let size: UInt64
    /// The root over them.
    public let rootHash: Digest
    /// What the cosignature stated, in seconds since 1970: no later one states an earlier time.
    public let seconds: UInt64

    /// Restores a stored head.
    public init(size: UInt64, rootHash: Digest, seconds: UInt64) {
        self.size = size
        self.rootHash = rootHash
        self.seconds = seconds
    }

    /// What a witness knows of a log that it never cosigned.
    public static let none = WitnessedHead(size: 0, rootHash: MerkleTree.emptyRoot, seconds: 0)
}

/// The rules of a witness, without clock, storage and network: which checkpoints it cosigns.
public struct Witness: Sendable {
    /// The key that cosigns.
    public let signer: NoteSigner
    /// The keys of the logs that are witnessed; a log's name is its origin, and it may have several keys.
    public let logs: [NoteVerifier]

    /// A witness of these logs.
    ///
    /// - Throws: `.unknownKind` for a key of the wrong kind, here or there.
    public init(signer: NoteSigner, logs: [NoteVerifier]) throws(NoteKeyError) {
        guard signer.verifier.kind == .cosignatureV1 else { throw .unknownKind(found: signer.verifier.kind.rawValue) }
        for log in logs where log.kind != .ed25519 { throw .unknownKind(found: log.kind.rawValue) }
        self.signer = signer
        self.logs = logs
    }

    /// A request whose log is known and has signed it. Only now is it worth looking up what was cosigned before.
    public struct Authenticated: Sendable {
        /// The request.
        public let request: WitnessRequest
        /// The checkpoint that it asks for.
        public let checkpoint: Checkpoint
    }

    /// Reads a request and checks who sent it.
    /// - Throws: `.malformed`, `.unknownLog`, `.badSignature`.
    public func authenticate(_ bytes: [UInt8]) throws(WitnessRefusal) -> Authenticated {
        let request = try WitnessRequest(parsing: bytes)
        let origin = request.note.text.utf8.prefix { $0 != UInt8(ascii: "\n") }
        let keys = logs.filter { Array($0.name.utf8) == Array(origin) }
        guard !keys.isEmpty else { throw .unknownLog }
        do { _ = try request.note.verify(with: keys) } catch { throw .badSignature("\(error)") }
        let checkpoint: Checkpoint
        do { checkpoint = try Checkpoint(parsing: request.note.text) } catch { throw .invalidCheckpoint("\(error)") }
        guard request.oldSize <= checkpoint.size else {
            throw .malformed("old size \(request.oldSize) is above the checkpoint's size \(checkpoint.size)")
        }
        return Authenticated(request: request, checkpoint: checkpoint)
    }

    /// Decides on a request, given what was cosigned last, which nothing may change until the result is stored.
    ///
    /// - Parameter now: seconds since 1970; a clock that went back is not believed.
    /// - Returns: the head to store, before the cosignature leaves the house.
    /// - Throws: `.staleSize`, `.splitView`, `.badProof`.
    public func advance(
        _ head: WitnessedHead, to wanted: Authenticated, now: UInt64
    ) throws(WitnessRefusal) -> WitnessedHead {
        let (request, checkpoint) = (wanted.request, wanted.checkpoint)
        guard request.oldSize == head.size else { throw .staleSize(size: head.size) }
        if checkpoint.size == 0 {
            guard checkpoint.rootHash == MerkleTree.emptyRoot, request.proof.isEmpty else {
                throw .badProof("an empty tree has the empty root and needs no proof")
            }
        } else if request.oldSize == 0 {
            guard request.proof.isEmpty else { throw .badProof("a proof from size 0 is empty") }
        } else if checkpoint.size == head.size, checkpoint.rootHash != head.rootHash {
            throw .splitView(size: head.size)
        } else {
            do {
                try MerkleTree.verifyConsistency(
                    from: head.size, oldRoot: head.rootHash, to: checkpoint.size, newRoot: checkpoint.rootHash,
                    proof: request.proof)
            } catch { throw .badProof("\(error)") }
        }
        return WitnessedHead(
            size: checkpoint.size, rootHash: checkpoint.rootHash, seconds: min(max(now, head.seconds), 1 << 62))
    }

    /// The cosignature of a checkpoint whose head is stored.
    public func cosign(_ wanted: Authenticated, head: WitnessedHead) -> NoteSignature {
        signer.signature(over: wanted.request.note.text, seconds: head.seconds)
    }
}

/// Why a witness does not cosign.
public enum WitnessRefusal: Error, Equatable, CustomStringConvertible {
    /// Not a request.
    case malformed(String)
    /// The signed text is not a checkpoint.
    case invalidCheckpoint(String)
    /// No key of this log.
    case unknownLog
    /// Not signed by the log.
    case badSignature(String)
    /// The old size is not that of the last cosigned checkpoint, which is this.
    case staleSize(size: UInt64)
    /// The log signed two trees of one size: proof that it shows different histories.
    case splitView(size: UInt64)
    /// The new tree is not shown to extend the old one.
    case badProof(String)

    /// The HTTP status that C2SP's tlog-witness prescribes.
    public var status: Int {
        switch self {
        case .malformed, .invalidCheckpoint: 400
        case .badSignature: 403
        case .unknownLog: 404
        case .staleSize, .splitView: 409
        case .badProof: 422
        }
    }

    /// The media type of the answer's body: that of a bare size tells the log to try again from there.
    public var contentType: String {
        switch self {
        case .staleSize, .splitView: "text/x.tlog.size"
        default: "text/plain; charset=utf-8"
        }
    }

    /// The body of the answer.
    public var body: String {
        switch self {
        case .staleSize(let size), .splitView(let size): "\(size)\n"
        default: description + "\n"
        }
    }

    /// One line.
    public var description: String {
        switch self {
        case .malformed(let detail): "invalid input: \(detail)"
        case .invalidCheckpoint(let detail): "invalid checkpoint: \(detail)"
        case .unknownLog: "unknown log"
        case .badSignature(let detail): "invalid signature: \(detail)"
        case .staleSize(let size): "the last cosigned checkpoint has size \(size)"
        case .splitView(let size): "another root was cosigned at size \(size)"
        case .badProof(let detail): "consistency proof: \(detail)"
        }
    }
}
