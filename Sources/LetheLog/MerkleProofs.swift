public import LetheCrypto

// Invariants of this file:
// 1. Inclusion is checked with the loop of RFC 9162 section 2.1.3.2, consistency with that of 2.1.4.2, exactly as printed.
// 2. A proof that is too long is refused just as one that is too short.
// 3. Consistency from size 0 is an error here (nothing is proved); a witness endpoint applies C2SP's rule for `old 0` itself.
// 4. Hashes are `Digest`s, so none has another length than 32 bytes.

extension MerkleTree {
    /// Verifies that `leafHash` is the leaf at `index` of the tree of `size` leaves with root hash `root`.
    ///
    /// - Throws: `.indexOutOfRange`, `.wrongProofLength(expected:found:)`, `.rootMismatch(expected:computed:)`.
    /// - Complexity: O(log size).
    public static func verifyInclusion(
        of leafHash: Digest, at index: UInt64, size: UInt64, proof: [Digest], root: Digest
    ) throws(InclusionError) {
        guard index < size else { throw .indexOutOfRange(index: index, size: size) }
        let expected = inclusionProofLength(of: index, size: size)
        guard proof.count == expected else { throw .wrongProofLength(expected: expected, found: proof.count) }

        var fn = index
        var sn = size - 1
        var r = leafHash
        for p in proof {
            guard sn != 0 else { throw .wrongProofLength(expected: expected, found: proof.count) }
            if fn & 1 == 1 || fn == sn {
                r = nodeHash(p, r)
                while fn & 1 == 0 && fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                r = nodeHash(r, p)
            }
            fn >>= 1
            sn >>= 1
        }
        guard sn == 0 else { throw .wrongProofLength(expected: expected, found: proof.count) }
        guard r == root else { throw .rootMismatch(expected: root, computed: r) }
    }

    /// The number of hashes in the inclusion proof of leaf `index` in a tree of `size` leaves.
    ///
    /// - Precondition: `index < size`; `verifyInclusion` has checked it.
    static func inclusionProofLength(of index: UInt64, size: UInt64) -> Int {
        // Below the level where the paths of the leaf and of the last leaf part, every level has a sibling; above it only
        // the levels on which the leaf's subtree is a right child.
        let inner = UInt64.bitWidth - (index ^ (size - 1)).leadingZeroBitCount
        return inner + (index >> inner).nonzeroBitCount
    }

    /// Verifies that the tree of `oldSize` leaves with root `oldRoot` is a prefix of the tree of `newSize` leaves with `newRoot`.
    ///
    /// - Throws: `.sizesReversed`, `.emptyOldTree`, `.wrongProofLength`, `.oldRootMismatch`, `.newRootMismatch`.
    /// - Complexity: O(log newSize).
    public static func verifyConsistency(
        from oldSize: UInt64, oldRoot: Digest, to newSize: UInt64, newRoot: Digest, proof: [Digest]
    ) throws(ConsistencyError) {
        guard oldSize <= newSize else { throw .sizesReversed(old: oldSize, new: newSize) }
        guard oldSize > 0 else { throw .emptyOldTree }
        if oldSize == newSize {
            guard proof.isEmpty else { throw .wrongProofLength(found: proof.count) }
            guard oldRoot == newRoot else { throw .newRootMismatch(expected: newRoot, computed: oldRoot) }
            return
        }
        guard !proof.isEmpty else { throw .wrongProofLength(found: 0) }

        var path = proof[...]
        // If the old size is a power of two, its root is a node of the new tree and is left out of the proof.
        if oldSize.nonzeroBitCount == 1 {
            path = [oldRoot] + path
        }
        var fn = oldSize - 1
        var sn = newSize - 1
        while fn & 1 == 1 {
            fn >>= 1
            sn >>= 1
        }
        guard let first = path.popFirst() else { throw .wrongProofLength(found: proof.count) }
        var fr = first
        var sr = first
        for c in path {
            guard sn != 0 else { throw .wrongProofLength(found: proof.count) }
            if fn & 1 == 1 || fn == sn {
                fr = nodeHash(c, fr)
                sr = nodeHash(c, sr)
                while fn & 1 == 0 && fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                sr = nodeHash(sr, c)
            }
            fn >>= 1
            sn >>= 1
        }
        guard sn == 0 else { throw .wrongProofLength(found: proof.count) }
        guard fr == oldRoot else { throw .oldRootMismatch(expected: oldRoot, computed: fr) }
        guard sr == newRoot else { throw .newRootMismatch(expected: newRoot, computed: sr) }
    }
}

/// Why an entry is not shown to be in a tree.
public enum InclusionError: Error, Equatable, CustomStringConvertible {
    /// The tree of that size has no such leaf.
    case indexOutOfRange(index: UInt64, size: UInt64)
    /// The proof has not exactly the hashes that this index and size need.
    case wrongProofLength(expected: Int, found: Int)
    /// The proof leads to another root: entry, index, proof or root was altered.
    case rootMismatch(expected: Digest, computed: Digest)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .indexOutOfRange(let index, let size):
            "inclusion: leaf index \(index) is not below the tree size \(size)"
        case .wrongProofLength(let expected, let found):
            "inclusion: expected a proof of \(expected) hashes, found \(found)"
        case .rootMismatch(let expected, let computed):
            "inclusion: expected root \(expected), computed \(computed) from the entry and its proof"
        }
    }
}

/// Why one tree is not shown to be a prefix of another.
public enum ConsistencyError: Error, Equatable, CustomStringConvertible {
    /// The old tree is larger than the new one.
    case sizesReversed(old: UInt64, new: UInt64)
    /// Every tree extends the empty one; a proof of it proves nothing.
    case emptyOldTree
    /// The proof has too many or too few hashes for these sizes.
    case wrongProofLength(found: Int)
    /// The proof does not contain the old tree.
    case oldRootMismatch(expected: Digest, computed: Digest)
    /// The proof does not lead to the new tree.
    case newRootMismatch(expected: Digest, computed: Digest)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .sizesReversed(let old, let new):
            "consistency: the old tree size \(old) is above the new tree size \(new)"
        case .emptyOldTree: "consistency: a proof from the empty tree proves nothing"
        case .wrongProofLength(let found): "consistency: the proof has a wrong number of hashes (\(found))"
        case .oldRootMismatch(let expected, let computed):
            "consistency: expected old root \(expected), computed \(computed)"
        case .newRootMismatch(let expected, let computed):
            "consistency: expected new root \(expected), computed \(computed)"
        }
    }
}
