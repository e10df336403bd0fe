import LetheBytes
import LetheCrypto
import LetheLog
import Testing

struct TransparencyProofTests {
    private let log: NoteSigner
    private let witness: NoteSigner
    private let leaves = (0..<11).map { MerkleTree.leafHash([UInt8($0)]) }
    private let proof: TransparencyProof

    init() throws {
        log = try NoteSigner(name: "lethe.example/acme", key: SigningKey(seed: [UInt8](repeating: 1, count: 32)))
        witness = try NoteSigner(
            name: "w1.example/witness", key: SigningKey(seed: [UInt8](repeating: 2, count: 32)), kind: .cosignatureV1)
        let head = try Checkpoint(
            origin: "lethe.example/acme", size: 11, rootHash: MerkleTree.rootHash(of: leaves))
        proof = TransparencyProof(
            index: 6, path: try MerkleTree.inclusionProof(of: 6, in: leaves),
            checkpoint: try SignedNote(text: head.text, signers: [log]))
    }

    @Test func aProofSurvivesARoundTripAndVerifies() throws {
        #expect(try TransparencyProof(parsing: proof.text) == proof)
        let inclusion = try proof.verify(leafHash: leaves[6], log: log.verifier)
        #expect(inclusion.index == 6 && inclusion.checkpoint.size == 11 && inclusion.cosignatures.isEmpty)
    }

    @Test func theSmallestLogNeedsNoPath() throws {
        let head = try Checkpoint(origin: "lethe.example/acme", size: 1, rootHash: leaves[0])
        let proof = TransparencyProof(index: 0, path: [], checkpoint: try SignedNote(text: head.text, signers: [log]))
        #expect(proof.text.hasPrefix("c2sp.org/tlog-proof@v1\nindex 0\n\nlethe.example/acme\n1\n"))
        #expect(try TransparencyProof(parsing: proof.text).verify(leafHash: leaves[0], log: log.verifier).index == 0)
    }

    @Test func everyChangedByteIsRefused() throws {
        let bytes = Array(proof.text.utf8)
        for index in bytes.indices {
            for bit in 0..<8 {
                var altered = bytes
                altered[index] ^= 1 << UInt8(bit)
                guard let text = String(validating: altered, as: UTF8.self) else { continue }
                let verified = try? TransparencyProof(parsing: text).verify(leafHash: leaves[6], log: log.verifier)
                #expect(verified == nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func everyTruncationIsRefused() {
        let bytes = Array(proof.text.utf8)
        for length in 0..<bytes.count {
            let text = String(decoding: bytes.prefix(length), as: UTF8.self)
            #expect(throws: ProofFormatError.self) { try TransparencyProof(parsing: text) }
        }
    }

    @Test func anotherEntryIndexOrLogIsRefused() throws {
        for (index, leaf) in leaves.enumerated() where index != 6 {
            #expect(throws: ProofError.self) { try proof.verify(leafHash: leaf, log: log.verifier) }
            let moved = TransparencyProof(index: UInt64(index), path: proof.path, checkpoint: proof.checkpoint)
            #expect(throws: ProofError.self) { try moved.verify(leafHash: leaves[6], log: log.verifier) }
        }
        let stranger = try NoteVerifier(name: "lethe.example/acme", key: SigningKey.generate().publicKey)
        #expect(throws: ProofError.self) { try proof.verify(leafHash: leaves[6], log: stranger) }
    }

    @Test func theOriginMustBeTheNameOfTheLogsKey() throws {
        let head = try Checkpoint(origin: "lethe.example/other", size: 11, rootHash: MerkleTree.rootHash(of: leaves))
        let foreign = TransparencyProof(
            index: 6, path: proof.path, checkpoint: try SignedNote(text: head.text, signers: [log]))
        #expect(throws: ProofError.wrongOrigin(expected: "lethe.example/acme", found: "lethe.example/other")) {
            try foreign.verify(leafHash: leaves[6], log: log.verifier)
        }
    }

    @Test func aWitnessCountsTowardsTheQuorumOnceAndCannotStandInForTheLog() throws {
        let cosigned = TransparencyProof(
            index: 6, path: proof.path,
            checkpoint: try proof.checkpoint.adding(signatureOf: witness, seconds: 5)
                .adding(signatureOf: witness, seconds: 6))
        let inclusion = try cosigned.verify(
            leafHash: leaves[6], log: log.verifier, witnesses: [witness.verifier], quorum: 1)
        #expect(inclusion.cosignatures.map(\.cosignedAt) == [5])
        #expect(throws: ProofError.quorumNotMet(required: 2, found: 1)) {
            try cosigned.verify(leafHash: leaves[6], log: log.verifier, witnesses: [witness.verifier], quorum: 2)
        }
        #expect(throws: ProofError.quorumNotMet(required: 1, found: 0)) {
            try proof.verify(leafHash: leaves[6], log: log.verifier, witnesses: [witness.verifier], quorum: 1)
        }
        let witnessOnly = TransparencyProof(
            index: 6, path: proof.path, checkpoint: try SignedNote(text: proof.checkpoint.text, signers: [witness]))
        #expect(throws: ProofError.notSignedByLog(name: "lethe.example/acme")) {
            try witnessOnly.verify(leafHash: leaves[6], log: log.verifier, witnesses: [witness.verifier])
        }
    }

    @Test func extraIsKeptButNeverTrusted() throws {
        let extended = TransparencyProof(
            index: 6, path: proof.path, checkpoint: proof.checkpoint, extra: Array("opaque".utf8))
        #expect(extended.text.contains("\nextra b3BhcXVl\n"))
        let again = try TransparencyProof(parsing: extended.text)
        #expect(again == extended)
        _ = try again.verify(leafHash: leaves[6], log: log.verifier)
    }

    private static let hash = Base64.encode([UInt8](repeating: 7, count: 32))
    private static let note = "o\n1\n\(hash)\n\n— o AAAAAAA=\n"
    private static let header = "c2sp.org/tlog-proof@v1\n"

    private static let formatCases: [(String, ProofFormatError)] = [
        ("", .noCheckpoint), ("\n", .noCheckpoint), ("\(header)index 0\n", .noCheckpoint),
        ("\n\n\(note)", .wrongHeader(expected: TransparencyProof.header, found: "")),
        (
            "c2sp.org/tlog-proof@v2\nindex 0\n\n\(note)",
            .wrongHeader(expected: TransparencyProof.header, found: "c2sp.org/tlog-proof@v2")
        ),
        ("\(header)\n\(note)", .malformedIndex(found: "")),
        ("\(header)index\n\n\(note)", .malformedIndex(found: "index")),
        ("\(header)index \n\n\(note)", .malformedIndex(found: "index ")),
        ("\(header)index 04\n\n\(note)", .malformedIndex(found: "index 04")),
        ("\(header)index -4\n\n\(note)", .malformedIndex(found: "index -4")),
        ("\(header)index  4\n\n\(note)", .malformedIndex(found: "index  4")),
        ("\(header)Index 4\n\n\(note)", .malformedIndex(found: "Index 4")),
        ("\(header)index 18446744073709551616\n\n\(note)", .malformedIndex(found: "index 18446744073709551616")),
        ("\(header)extra ?\nindex 4\n\n\(note)", .malformedExtra),
        ("\(header)index 4\nextra AA==\n\n\(note)", .malformedHash(number: 1)),
        ("\(header)index 4\n\(hash)\nAAAA\n\n\(note)", .malformedHash(number: 2)),
        ("\(header)index 4\n\(hash) \n\n\(note)", .malformedHash(number: 1)),
        (
            "\(header)index 4\n\(String(repeating: hash + "\n", count: 64))\n\(note)",
            .tooManyHashes(limit: 63, found: 64)
        ),
        ("\(header)index 4\n\ntext\n", .checkpoint(.noSignatureBlock)),
    ]

    @Test(arguments: formatCases)
    func otherFormsAreRefusedByName(text: String, error: ProofFormatError) {
        #expect(throws: error) { try TransparencyProof(parsing: text) }
        #expect(!"\(error)".contains("\n"))
    }

    @Test func aSecondEmptyLineLeavesACheckpointWithoutOrigin() throws {
        let text = proof.text.replacing("\n\n\(log.verifier.name)", with: "\n\n\n\(log.verifier.name)")
        #expect(text != proof.text)
        #expect(throws: ProofError.self) {
            try TransparencyProof(parsing: text).verify(leafHash: leaves[6], log: log.verifier)
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedProofsAreJudgedAsStated() throws {
        let cases = try #require(SharedVectors.json("tlog/tlog-proof-cases.json").arrayValue)
        for vector in cases {
            let keys = try #require(vector["vkeys"]?.arrayValue).map {
                try NoteVerifier(vkey: #require($0.stringValue))
            }
            let text = String(
                decoding: try Base64.decode(#require(vector["proof_base64"]?.stringValue)), as: UTF8.self)
            let leaf = MerkleTree.leafHash(try Base64.decode(#require(vector["leaf_base64"]?.stringValue)))
            let verified = try? TransparencyProof(parsing: text).verify(
                leafHash: leaf, log: keys[0], witnesses: [keys[1]], quorum: 1)
            #expect((verified != nil) == vector["valid"]?.boolValue, "\(vector["name"] ?? .null)")
        }
        #expect(cases.count == 9)
    }

    /// One certificate of another implementation, checked from its envelope to the checkpoint.
    @Test(.enabled(if: SharedVectors.exist))
    func theWorkedExampleVerifies() throws {
        let entry = try SharedVectors.bytes("worked-example/certificate.dsse.json")
        let text = String(decoding: try SharedVectors.bytes("worked-example/certificate.tlog-proof"), as: UTF8.self)
        let keys = try ["log", "witness1"].map { name in
            let vkey = String(decoding: try SharedVectors.bytes("worked-example/\(name).vkey"), as: UTF8.self)
            return try NoteVerifier(vkey: vkey.filter { $0 != "\n" })
        }
        let inclusion = try TransparencyProof(parsing: text).verify(
            leafHash: MerkleTree.leafHash(entry), log: keys[0], witnesses: [keys[1]], quorum: 1)
        #expect(inclusion.index == 5 && inclusion.checkpoint.size == 7)
        #expect(throws: ProofError.self) {
            try TransparencyProof(parsing: text).verify(leafHash: MerkleTree.leafHash(entry + [0x0a]), log: keys[0])
        }
    }
}
