import LetheBytes
import LetheCrypto
import Testing

@testable import LetheLog

/// RFC 6962 section 2.1 as the text defines it: slow, recursive, and independent of the code under test.
private enum Reference {
    static func leaf(_ entry: [UInt8]) -> Digest { Digest(sha256: [0x00] + entry) }
    static func node(_ left: Digest, _ right: Digest) -> Digest { Digest(sha256: [0x01] + left.bytes + right.bytes) }

    static func root(_ leaves: ArraySlice<Digest>) -> Digest {
        guard leaves.count > 1 else { return leaves.first ?? Digest(sha256: []) }
        let k = split(leaves.count)
        return node(root(leaves.prefix(k)), root(leaves.dropFirst(k)))
    }

    static func path(_ m: Int, _ leaves: ArraySlice<Digest>) -> [Digest] {
        guard leaves.count > 1 else { return [] }
        let k = split(leaves.count)
        return m < k
            ? path(m, leaves.prefix(k)) + [root(leaves.dropFirst(k))]
            : path(m - k, leaves.dropFirst(k)) + [root(leaves.prefix(k))]
    }

    static func proof(_ m: Int, _ leaves: ArraySlice<Digest>) -> [Digest] { subproof(m, leaves, true) }

    private static func subproof(_ m: Int, _ leaves: ArraySlice<Digest>, _ isComplete: Bool) -> [Digest] {
        if m == leaves.count { return isComplete ? [] : [root(leaves)] }
        let k = split(leaves.count)
        return m <= k
            ? subproof(m, leaves.prefix(k), isComplete) + [root(leaves.dropFirst(k))]
            : subproof(m - k, leaves.dropFirst(k), false) + [root(leaves.prefix(k))]
    }

    private static func split(_ count: Int) -> Int {
        var k = 1
        while 2 * k < count { k *= 2 }
        return k
    }
}

struct MerkleTreeTests {
    private let leaves = (0..<64).map { Reference.leaf([UInt8($0)]) }

    @Test func rootsOfAllSmallTreesEqualTheReference() {
        var range = CompactRange()
        #expect(range.rootHash == Digest(sha256: []))
        for size in 0...leaves.count {
            let expected = Reference.root(leaves[..<size])
            #expect(MerkleTree.rootHash(of: leaves[..<size]) == expected)
            #expect(range.rootHash == expected && range.size == UInt64(size))
            if size < leaves.count { range.append(leaves[size]) }
        }
    }

    @Test func leavesAndNodesHaveTheirPrefixes() {
        #expect(MerkleTree.leafHash([1, 2]) == Digest(sha256: [0, 1, 2]))
        #expect(MerkleTree.leafHash([]) == Digest(sha256: [0]))
        #expect(MerkleTree.nodeHash(leaves[0], leaves[1]) == Reference.node(leaves[0], leaves[1]))
    }

    @Test func everyInclusionProofOfEverySmallTreeEqualsTheReferenceAndVerifies() throws {
        for size in 1...leaves.count {
            let root = Reference.root(leaves[..<size])
            for index in 0..<size {
                let proof = try MerkleTree.inclusionProof(of: UInt64(index), in: leaves, size: UInt64(size))
                #expect(proof == Reference.path(index, leaves[..<size]))
                #expect(MerkleTree.inclusionProofLength(of: UInt64(index), size: UInt64(size)) == proof.count)
                try MerkleTree.verifyInclusion(
                    of: leaves[index], at: UInt64(index), size: UInt64(size), proof: proof, root: root)
            }
        }
    }

    @Test func everyConsistencyProofOfAllSmallTreesEqualsTheReferenceAndVerifies() throws {
        for new in 1...leaves.count {
            let newRoot = Reference.root(leaves[..<new])
            for old in 1...new {
                let proof = try MerkleTree.consistencyProof(from: UInt64(old), in: leaves, to: UInt64(new))
                #expect(proof == Reference.proof(old, leaves[..<new]))
                try MerkleTree.verifyConsistency(
                    from: UInt64(old), oldRoot: Reference.root(leaves[..<old]), to: UInt64(new), newRoot: newRoot,
                    proof: proof)
            }
        }
    }

    @Test func proofsFromStoredNodesEqualThoseFromLeaves() throws {
        var nodes: [Int: [UInt64: Digest]] = [:]
        var range = CompactRange()
        for (index, leaf) in leaves.enumerated() {
            nodes[0, default: [:]][UInt64(index)] = leaf
            for node in range.append(leaf) { nodes[node.level, default: [:]][node.position] = node.hash }
            let size = UInt64(index + 1)
            let node = { (level: Int, position: UInt64) in try #require(nodes[level]?[position]) }
            #expect(try MerkleTree.rootHash(size: size, node: node) == range.rootHash)
            #expect(try CompactRange(size: size, node: node) == range)
            #expect(try CompactRange(size: size, hashes: range.hashes) == range)
            for other in 0..<size {
                #expect(
                    try MerkleTree.inclusionProof(of: other, size: size, node: node)
                        == MerkleTree.inclusionProof(of: other, in: leaves, size: size))
                #expect(
                    try MerkleTree.consistencyProof(from: other + 1, to: size, node: node)
                        == MerkleTree.consistencyProof(from: other + 1, in: leaves, to: size))
            }
        }
        #expect(nodes.values.map(\.count).reduce(0, +) == 127)
    }

    @Test func whatTheStoreThrowsIsPassedOn() {
        struct Lost: Error {}
        #expect(throws: Lost.self) { try MerkleTree.inclusionProof(of: 0, size: 2) { _, _ in throw Lost() } }
        #expect(throws: Lost.self) { try CompactRange(size: 3) { _, _ in throw Lost() } }
    }

    @Test func proofsThatDoNotExistAreRefused() {
        #expect(throws: MerkleProofRequestError.indexOutOfRange(index: 3, size: 3)) {
            try MerkleTree.inclusionProof(of: 3, in: leaves, size: 3)
        }
        #expect(throws: MerkleProofRequestError.indexOutOfRange(index: 0, size: 0)) {
            try MerkleTree.inclusionProof(of: 0, in: [])
        }
        #expect(throws: MerkleProofRequestError.sizeOutOfRange(size: 65, available: 64)) {
            try MerkleTree.inclusionProof(of: 3, in: leaves, size: 65)
        }
        #expect(throws: MerkleProofRequestError.sizesReversed(old: 4, new: 3)) {
            try MerkleTree.consistencyProof(from: 4, in: leaves, to: 3)
        }
        #expect(throws: MerkleProofRequestError.emptyOldTree) { try MerkleTree.consistencyProof(from: 0, in: leaves) }
        #expect(throws: MerkleProofRequestError.sizeOutOfRange(size: 65, available: 64)) {
            try MerkleTree.consistencyProof(from: 1, in: leaves, to: 65)
        }
    }

    @Test(arguments: [(UInt64(3), 1), (3, 3), (0, 1), (1, 0), (.max, 63)])
    func aStoredRangeOfTheWrongLengthIsRefused(size: UInt64, count: Int) {
        #expect(throws: CompactRangeError.wrongCount(size: size, expected: size.nonzeroBitCount, found: count)) {
            try CompactRange(size: size, hashes: Array(repeating: leaves[0], count: count))
        }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func theReferenceTreeOfCertificateTransparencyHolds() throws {
        let tree = try SharedVectors.json("merkle/reference-tree.json")
        let entries = try #require(tree["leaf_inputs_hex"]?.arrayValue).map { try Hex.decode(#require($0.stringValue)) }
        let levels = try #require(tree["node_hashes_by_level_hex"]?.arrayValue)
        #expect(entries.map { MerkleTree.leafHash($0).hex } == levels[0].arrayValue?.compactMap(\.stringValue))
        let roots = try #require(tree["root_hashes_by_size_hex"])
        let hashes = entries.map(MerkleTree.leafHash)
        for size in 0...entries.count {
            #expect(MerkleTree.rootHash(of: hashes[..<size]).hex == roots[size]?.stringValue, "size \(size)")
        }
        for (level, nodes) in levels.enumerated() {
            for (position, hash) in (nodes.arrayValue ?? []).enumerated() where (position + 1) << level <= 8 {
                let range = (position << level)..<((position + 1) << level)
                #expect(MerkleTree.rootHash(of: hashes[range]).hex == hash.stringValue)
            }
        }
    }

    /// All roots and proofs of all trees up to 130 leaves, folded into three digests.
    @Test func allProofsUpTo130LeavesHaveThePinnedDigests() throws {
        let hashes = (0..<130).map { MerkleTree.leafHash([UInt8($0)]) }
        let roots = SHA256Hasher()
        let inclusions = SHA256Hasher()
        let consistencies = SHA256Hasher()
        let leaves = hashes.enumerated().map { (UInt64($0.offset), $0.element) }
        var nodes: [Int: [UInt64: Digest]] = [0: Dictionary(uniqueKeysWithValues: leaves)]
        var range = CompactRange()
        func line(_ numbers: [UInt64], _ proof: [Digest]) -> [UInt8] {
            Array(((numbers.map(String.init) + proof.map(\.hex)).joined(separator: " ") + "\n").utf8)
        }
        for n in 0...130 as ClosedRange<UInt64> {
            let node = { (level: Int, position: UInt64) in try #require(nodes[level]?[position]) }
            roots.update(line([n], [range.rootHash]))
            for i in 0..<n {
                inclusions.update(line([i, n], try MerkleTree.inclusionProof(of: i, size: n, node: node)))
            }
            for m in 0...n {
                let proof = m == 0 ? [] : try MerkleTree.consistencyProof(from: m, to: n, node: node)
                consistencies.update(line([m, n], proof))
            }
            if n < 130 {
                for node in range.append(hashes[Int(n)]) { nodes[node.level, default: [:]][node.position] = node.hash }
            }
        }
        #expect(roots.finalize().hex == "9c67f07f906103b6bf201842a50ff0b8c91fca9b3e211334a6b7aa3133165dec")
        #expect(inclusions.finalize().hex == "893ce6eea61adc33c22c0e3a952498b76dfa3c282e78ac659f6fcc0ea44f9983")
        #expect(consistencies.finalize().hex == "ab73a7715fa529728307753a8e31acba5ebca4226b2496e6327b502533a59c7c")
    }
}
