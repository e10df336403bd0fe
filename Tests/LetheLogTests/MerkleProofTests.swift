import LetheBytes
import LetheCrypto
import Testing

@testable import LetheLog

struct MerkleProofTests {
    private let leaves = (0..<21).map { MerkleTree.leafHash([UInt8($0)]) }
    private let stranger = Digest(sha256: [99])

    private func isIncluded(_ leaf: Digest, _ index: UInt64, _ size: UInt64, _ proof: [Digest], _ root: Digest) -> Bool
    {
        (try? MerkleTree.verifyInclusion(of: leaf, at: index, size: size, proof: proof, root: root)) != nil
    }

    private func isConsistent(
        _ old: UInt64, _ oldRoot: Digest, _ new: UInt64, _ newRoot: Digest, _ proof: [Digest]
    ) -> Bool {
        (try? MerkleTree.verifyConsistency(from: old, oldRoot: oldRoot, to: new, newRoot: newRoot, proof: proof)) != nil
    }

    /// Every way to alter a list of hashes that the published probes know.
    private func alterations(of proof: [Digest], roots: [Digest]) throws -> [[Digest]] {
        var result: [[Digest]] = []
        for index in proof.indices {
            for bit in [0, 7, 128, 255] {
                var bytes = proof[index].bytes
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                var altered = proof
                altered[index] = try Digest(bytes: bytes)
                result.append(altered)
            }
            var removed = proof
            removed.remove(at: index)
            result.append(removed)
        }
        for extra in roots + [stranger] {
            for index in 0...proof.count {
                var inserted = proof
                inserted.insert(extra, at: index)
                result.append(inserted)
            }
        }
        if proof.count > 1, proof != proof.reversed() { result.append(proof.reversed()) }
        return result
    }

    @Test func everyAlterationOfEveryInclusionProofIsRefused() throws {
        for size in 1...UInt64(leaves.count) {
            let root = MerkleTree.rootHash(of: leaves[..<Int(size)])
            for index in 0..<size {
                let leaf = leaves[Int(index)]
                let proof = try MerkleTree.inclusionProof(of: index, in: leaves, size: size)
                #expect(isIncluded(leaf, index, size, proof, root))
                for altered in try alterations(of: proof, roots: [root]) {
                    #expect(!isIncluded(leaf, index, size, altered, root), "\(index) of \(size)")
                }
                for other in 0...(2 * size) where other != index {
                    #expect(!isIncluded(leaf, other, size, proof, root), "\(index) of \(size) as \(other)")
                }
                #expect(!isIncluded(stranger, index, size, proof, root))
                #expect(!isIncluded(leaf, index, size, proof, stranger))
                #expect(!isIncluded(leaf, index, 0, proof, root))
            }
        }
    }

    /// RFC 6962 inclusion does not authenticate the size alone; the checkpoint does. But no other size gives another root.
    @Test func anotherTreeSizeNeverLeadsToItsOwnRoot() throws {
        for size in 1...UInt64(leaves.count) {
            for index in 0..<size {
                let proof = try MerkleTree.inclusionProof(of: index, in: leaves, size: size)
                for other in 1...UInt64(leaves.count) where other != size {
                    let root = MerkleTree.rootHash(of: leaves[..<Int(other)])
                    #expect(!isIncluded(leaves[Int(index)], index, other, proof, root))
                }
            }
        }
    }

    @Test func everyAlterationOfEveryConsistencyProofIsRefused() throws {
        for new in 1...UInt64(leaves.count) {
            let newRoot = MerkleTree.rootHash(of: leaves[..<Int(new)])
            for old in 1...new {
                let oldRoot = MerkleTree.rootHash(of: leaves[..<Int(old)])
                let proof = try MerkleTree.consistencyProof(from: old, in: leaves, to: new)
                #expect(isConsistent(old, oldRoot, new, newRoot, proof))
                for altered in try alterations(of: proof, roots: [oldRoot, newRoot]) {
                    #expect(!isConsistent(old, oldRoot, new, newRoot, altered), "\(old) to \(new)")
                }
                #expect(!isConsistent(old, stranger, new, newRoot, proof))
                #expect(!isConsistent(old, oldRoot, new, stranger, proof))
                if old != new {
                    #expect(!isConsistent(old, newRoot, new, oldRoot, proof))
                    #expect(!isConsistent(new, oldRoot, old, newRoot, proof))
                    #expect(!isConsistent(0, MerkleTree.emptyRoot, new, newRoot, []))
                    #expect(!isConsistent(old, oldRoot, new, newRoot, []))
                }
            }
        }
    }

    @Test func errorsNameWhatWasExpected() throws {
        let root = MerkleTree.rootHash(of: leaves)
        let proof = try MerkleTree.inclusionProof(of: 4, in: leaves)
        #expect(throws: InclusionError.indexOutOfRange(index: 21, size: 21)) {
            try MerkleTree.verifyInclusion(of: leaves[4], at: 21, size: 21, proof: proof, root: root)
        }
        #expect(throws: InclusionError.wrongProofLength(expected: 5, found: 4)) {
            try MerkleTree.verifyInclusion(of: leaves[4], at: 4, size: 21, proof: Array(proof.dropLast()), root: root)
        }
        #expect(throws: InclusionError.self) {
            try MerkleTree.verifyInclusion(of: leaves[5], at: 4, size: 21, proof: proof, root: root)
        }
        #expect(throws: ConsistencyError.sizesReversed(old: 3, new: 2)) {
            try MerkleTree.verifyConsistency(from: 3, oldRoot: root, to: 2, newRoot: root, proof: [])
        }
        #expect(throws: ConsistencyError.emptyOldTree) {
            try MerkleTree.verifyConsistency(from: 0, oldRoot: MerkleTree.emptyRoot, to: 2, newRoot: root, proof: [])
        }
        #expect(throws: ConsistencyError.wrongProofLength(found: 1)) {
            try MerkleTree.verifyConsistency(from: 2, oldRoot: root, to: 2, newRoot: root, proof: [root])
        }
    }

    @Test(arguments: [UInt64.max, UInt64.max - 1, 1 << 63, 1 << 63 + 1, 1 << 62] as [UInt64])
    func theLargestSizesDoNotTrap(size: UInt64) {
        let proof = [Digest](repeating: stranger, count: 64)
        for index in [0, 1, size / 2, size - 1] {
            for count in [0, 1, 62, 63, 64] {
                #expect(!isIncluded(stranger, index, size, Array(proof.prefix(count)), stranger))
                #expect(!isConsistent(index, stranger, size, MerkleTree.emptyRoot, Array(proof.prefix(count))))
            }
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func publishedInclusionProbesHold() throws {
        let probes = try jsonFiles(under: "merkle/inclusion")
        for (path, probe) in probes {
            let proof = try hashes(probe["proof"])
            let isValid =
                if let leaf = try hash(probe["leafHash"]), let root = try hash(probe["root"]), let proof,
                    let index = UInt64(probe["leafIdx"]?.numberLiteral ?? ""),
                    let size = UInt64(probe["treeSize"]?.numberLiteral ?? "")
                { isIncluded(leaf, index, size, proof, root) } else { false }
            #expect(isValid == (probe["wantErr"]?.boolValue == false), "\(path)")
        }
        #expect(probes.count == 67)
    }

    @Test(.enabled(if: SharedVectors.exist))
    func publishedConsistencyProbesHold() throws {
        let probes = try jsonFiles(under: "merkle/consistency")
        for (path, probe) in probes {
            let isValid =
                if let oldRoot = try hash(probe["root1"]), let newRoot = try hash(probe["root2"]),
                    let proof = try hashes(probe["proof"]), let old = UInt64(probe["size1"]?.numberLiteral ?? ""),
                    let new = UInt64(probe["size2"]?.numberLiteral ?? "")
                { isConsistent(old, oldRoot, new, newRoot, proof) } else { false }
            // Upstream lets equal roots of 12 bytes through when the sizes are equal; a `Digest` cannot be one.
            let isBelowOurs = path.hasSuffix("sizes-are-equal-one-and-proof-is-empty.json")
            #expect(isValid == (probe["wantErr"]?.boolValue == false && !isBelowOurs), "\(path)")
        }
        #expect(probes.count == 65)
    }

    private func jsonFiles(under folder: String) throws -> [(String, JSONValue)] {
        let path = (SharedVectors.folder ?? "") + "/" + folder
        return try Files.names(in: path).flatMap { name in
            name.hasSuffix(".json")
                ? [(folder + "/" + name, try SharedVectors.json(folder + "/" + name))]
                : try jsonFiles(under: folder + "/" + name)
        }
    }

    /// nil when the bytes are not a hash.
    private func hash(_ value: JSONValue?) throws -> Digest? {
        guard let text = value?.stringValue else { return nil }
        return try? Digest(bytes: Base64.decode(text))
    }

    private func hashes(_ value: JSONValue?) throws -> [Digest]? {
        guard let elements = value?.arrayValue else { return [] }
        let hashes = try elements.compactMap { try hash($0) }
        return hashes.count == elements.count ? hashes : nil
    }
}
