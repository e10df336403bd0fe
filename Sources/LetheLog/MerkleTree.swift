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
        let size = try checked(size, leafHashes.count)
        return try inclusionProof(of: index, size: size) { level, position in
            subtreeHash(level, position, leafHashes)
        }
    }

    /// The consistency proof between the trees over the first `oldSize` and the first `newSize` leaf hashes (default: all).
    ///
    /// - Throws: `.sizeOutOfRange`, `.emptyOldTree`, `.sizesReversed`.
    public static func consistencyProof(
        from oldSize: UInt64, in leafHashes: [Digest], to newSize: UInt64? = nil
    ) throws(MerkleProofRequestError) -> [Digest] {
        let newSize = try checked(newSize, leafHashes.count)
        return try consistencyProof(from: oldSize, to: newSize) { level, position in
            subtreeHash(level, position, leafHashes)
        }
    }

    /// As above, over stored hashes of complete subtrees.
    ///
    /// - Parameter node: the root of the complete subtree over leaves `position << level ..< (position + 1) << level`; called only for
    ///   subtrees that lie inside the first `size` leaves.
    /// - Complexity: O(log² size) calls of `node`.
    public static func inclusionProof(
        of index: UInt64, size: UInt64, node: (_ level: Int, _ position: UInt64) -> Digest
    ) throws(MerkleProofRequestError) -> [Digest] {
        guard index < size else { throw .indexOutOfRange(index: index, size: size) }
        var path: [Digest] = []
        var range = 0..<size
        // PATH(m, D[n]) of RFC 6962 2.1.1, walked from the root down.
        while range.upperBound - range.lowerBound > 1 {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if index < middle {
                path.append(rangeHash(middle..<range.upperBound, node))
                range = range.lowerBound..<middle
            } else {
                path.append(rangeHash(range.lowerBound..<middle, node))
                range = middle..<range.upperBound
            }
        }
        return path.reversed()
    }

    /// As above, over stored hashes of complete subtrees.
    ///
    /// - Parameter node: see `inclusionProof(of:size:node:)`, with `newSize`.
    public static func consistencyProof(
        from oldSize: UInt64, to newSize: UInt64, node: (_ level: Int, _ position: UInt64) -> Digest
    ) throws(MerkleProofRequestError) -> [Digest] {
        guard oldSize <= newSize else { throw .sizesReversed(old: oldSize, new: newSize) }
        guard oldSize > 0 else { throw .emptyOldTree }
        var proof: [Digest] = []
        var range = 0..<newSize
        // SUBPROOF(m, D[n], b) of RFC 6962 2.1.2; `isOldTree` is b: the range is exactly the old tree, whose root is known.
        var isOldTree = true
        while oldSize != range.upperBound {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if oldSize <= middle {
                proof.append(rangeHash(middle..<range.upperBound, node))
                range = range.lowerBound..<middle
            } else {
                proof.append(rangeHash(range.lowerBound..<middle, node))
                range = middle..<range.upperBound
                isOldTree = false
            }
        }
        if !isOldTree {
            proof.append(rangeHash(range, node))
        }
        return proof.reversed()
    }

    /// The largest power of two below `count`, which is at least 2.
    static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(UInt64.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }

    /// The root of any range that a split produced: it starts at a multiple of the largest power of two below its length.
    private static func rangeHash(_ range: Range<UInt64>, _ node: (Int, UInt64) -> Digest) -> Digest {
        var hashes: [Digest] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let length = range.upperBound - start
            let level = UInt64.bitWidth - 1 - length.leadingZeroBitCount
            hashes.append(node(level, start >> UInt64(level)))
            start += 1 << UInt64(level)
        }
        var result = hashes.removeLast()
        while let left = hashes.popLast() {
            result = nodeHash(left, result)
        }
        return result
    }

    private static func subtreeHash(_ level: Int, _ position: UInt64, _ leafHashes: [Digest]) -> Digest {
        let start = Int(position) << level
        return rootHash(of: leafHashes[start..<(start + 1 << level)])
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
