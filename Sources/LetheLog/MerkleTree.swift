public import LetheCrypto

// Invariants of this file:
// 1. Hashing is RFC 6962 section 2.1 with SHA-256: empty root SHA-256(""), leaf SHA-256(0x00 || entry), node
//    SHA-256(0x01 || left || right), split at the largest power of two below the size. (RFC 9162 left all of it unchanged.)
// 2. Every function is pure: leaf hashes in, hashes and proofs out. What proofs mean is decided in MerkleProofs.swift.

/// The RFC 6962 tree over a list of leaf hashes.
public enum MerkleTree {
    /// The leaf hash of one entry: SHA-256(0x00 || entry).
    public static func leafHash(_ entry: [UInt8]) -> Digest {
        var input: [UInt8] = [0x00]
        input.reserveCapacity(1 + entry.count)
        input.append(contentsOf: entry)
        return Digest(sha256: input)
    }

    /// The hash of an inner node: SHA-256(0x01 || left || right).
    public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
        var input: [UInt8] = [0x01]
        input.reserveCapacity(1 + 2 * Digest.byteCount)
        left.append(to: &input)
        right.append(to: &input)
        return Digest(sha256: input)
    }

    /// The root hash of the tree without leaves.
    public static let emptyRoot = Digest(sha256: [])

    /// The root hash of the tree over `leafHashes`.
    ///
    /// - Complexity: O(n) hashes, O(log n) memory.
    public static func rootHash(of leafHashes: some Sequence<Digest>) -> Digest {
        var range = CompactRange()
        for leafHash in leafHashes {
            range.append(leafHash)
        }
        return range.rootHash
    }

    /// The audit path of the leaf at `index` in the tree over the first `size` leaf hashes (default: all), leaf's sibling first.
    ///
    /// - Throws: `.indexOutOfRange`, `.sizeOutOfRange`.
    /// - Complexity: O(size) hashes; use the closure form with stored nodes for large logs.
    public static func inclusionProof(
        of index: UInt64, in leafHashes: [Digest], size: UInt64? = nil
    ) throws(MerkleProofRequestError) -> [Digest] {
        try inclusionRanges(of: index, size: checked(size, leafHashes.count)).map { subtreeRoot($0, leafHashes) }
    }

    /// The consistency proof between the trees over the first `oldSize` and the first `newSize` leaf hashes (default: all).
    ///
    /// - Throws: `.sizeOutOfRange`, `.emptyOldTree`, `.sizesReversed`.
    public static func consistencyProof(
        from oldSize: UInt64, in leafHashes: [Digest], to newSize: UInt64? = nil
    ) throws(MerkleProofRequestError) -> [Digest] {
        try consistencyRanges(from: oldSize, to: checked(newSize, leafHashes.count)).map { subtreeRoot($0, leafHashes) }
    }

    /// As above, over stored hashes of complete subtrees; what `node` throws is passed on.
    ///
    /// - Parameter node: the root of the complete subtree over leaves `position << level ..< (position + 1) << level`; level 0 are the
    ///   leaf hashes. Called only for subtrees that lie inside the first `size` leaves.
    /// - Complexity: O(log² size) calls of `node`.
    public static func inclusionProof(
        of index: UInt64, size: UInt64, node: (_ level: Int, _ position: UInt64) throws -> Digest
    ) throws -> [Digest] {
        try inclusionRanges(of: index, size: size).map { try rangeHash($0, node) }
    }

    /// As above, over stored hashes of complete subtrees; see `inclusionProof(of:size:node:)`.
    public static func consistencyProof(
        from oldSize: UInt64, to newSize: UInt64, node: (_ level: Int, _ position: UInt64) throws -> Digest
    ) throws -> [Digest] {
        try consistencyRanges(from: oldSize, to: newSize).map { try rangeHash($0, node) }
    }

    /// The root hash of the tree of `size` leaves, over stored hashes of complete subtrees; see `inclusionProof(of:size:node:)`.
    public static func rootHash(
        size: UInt64, node: (_ level: Int, _ position: UInt64) throws -> Digest
    ) throws -> Digest {
        size == 0 ? emptyRoot : try rangeHash(0..<size, node)
    }

    /// The subtrees, as ranges of leaves, whose roots are the audit path: PATH(m, D[n]) of RFC 6962 2.1.1 walked from the root.
    private static func inclusionRanges(
        of index: UInt64, size: UInt64
    ) throws(MerkleProofRequestError) -> [Range<UInt64>] {
        guard index < size else { throw .indexOutOfRange(index: index, size: size) }
        var siblings: [Range<UInt64>] = []
        var range = 0..<size
        while range.upperBound - range.lowerBound > 1 {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if index < middle {
                siblings.append(middle..<range.upperBound)
                range = range.lowerBound..<middle
            } else {
                siblings.append(range.lowerBound..<middle)
                range = middle..<range.upperBound
            }
        }
        return siblings.reversed()
    }

    /// SUBPROOF(m, D[n], b) of RFC 6962 2.1.2, as ranges of leaves.
    private static func consistencyRanges(
        from oldSize: UInt64, to newSize: UInt64
    ) throws(MerkleProofRequestError) -> [Range<UInt64>] {
        guard oldSize <= newSize else { throw .sizesReversed(old: oldSize, new: newSize) }
        guard oldSize > 0 else { throw .emptyOldTree }
        var subtrees: [Range<UInt64>] = []
        var range = 0..<newSize
        while oldSize != range.upperBound {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if oldSize <= middle {
                subtrees.append(middle..<range.upperBound)
                range = range.lowerBound..<middle
            } else {
                subtrees.append(range.lowerBound..<middle)
                range = middle..<range.upperBound
            }
        }
        // The RFC's flag b: while the walk has only gone left, the range is the old tree itself, whose root is known.
        if range.lowerBound != 0 {
            subtrees.append(range)
        }
        return subtrees.reversed()
    }

    /// The largest power of two below `count`, which is at least 2.
    static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(UInt64.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }

    /// The root of a range that a split produced: its complete subtrees, largest first, are nodes of the whole tree.
    private static func rangeHash(
        _ range: Range<UInt64>, _ node: (Int, UInt64) throws -> Digest
    ) throws -> Digest {
        var hashes: [Digest] = []
        for subtree in completeSubtrees(of: range) {
            hashes.append(try node(subtree.level, subtree.position))
        }
        return fold(hashes)
    }

    /// The complete subtrees that `range` falls into, largest (leftmost) first.
    static func completeSubtrees(of range: Range<UInt64>) -> [(level: Int, position: UInt64)] {
        var subtrees: [(level: Int, position: UInt64)] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let level = UInt64.bitWidth - 1 - (range.upperBound - start).leadingZeroBitCount
            subtrees.append((level, start >> UInt64(level)))
            start += 1 << UInt64(level)
        }
        return subtrees
    }

    /// Joins the roots of complete subtrees, largest first, into one root; the empty tree's for none.
    static func fold(_ hashes: [Digest]) -> Digest {
        guard var result = hashes.last else { return emptyRoot }
        for hash in hashes.dropLast().reversed() {
            result = nodeHash(hash, result)
        }
        return result
    }

    private static func subtreeRoot(_ range: Range<UInt64>, _ leafHashes: [Digest]) -> Digest {
        rootHash(of: leafHashes[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    private static func checked(_ size: UInt64?, _ count: Int) throws(MerkleProofRequestError) -> UInt64 {
        let size = size ?? UInt64(count)
        guard size <= UInt64(count) else { throw .sizeOutOfRange(size: size, available: UInt64(count)) }
        return size
    }
}

/// Why no such proof exists.
public enum MerkleProofRequestError: Error, Equatable, CustomStringConvertible {
    /// The tree of that size has no such leaf.
    case indexOutOfRange(index: UInt64, size: UInt64)
    /// The log holds fewer leaves.
    case sizeOutOfRange(size: UInt64, available: UInt64)
    /// Every tree extends the empty one; there is nothing to prove.
    case emptyOldTree
    /// The old tree is larger than the new one.
    case sizesReversed(old: UInt64, new: UInt64)

    /// One line with the numbers asked for.
    public var description: String {
        switch self {
        case .indexOutOfRange(let index, let size): "proof: leaf index \(index) is not below the tree size \(size)"
        case .sizeOutOfRange(let size, let available):
            "proof: tree size \(size), but the log holds \(available) entries"
        case .emptyOldTree: "proof: consistency with the empty tree needs no proof"
        case .sizesReversed(let old, let new): "proof: old tree size \(old) is above the new tree size \(new)"
        }
    }
}
