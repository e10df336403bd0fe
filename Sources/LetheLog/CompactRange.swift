public import LetheCrypto

/// The right edge of a growing tree: all that is needed to append leaves and to know the root.
///
/// Holds one hash for each one-bit of the size (at most 64), largest subtree first.
public struct CompactRange: Sendable, Equatable {
    /// The number of leaves.
    public private(set) var size: UInt64
    /// The roots of the complete subtrees that the leaves fall into, largest (leftmost) first.
    public private(set) var hashes: [Digest]

    /// The empty tree.
    public init() {
        size = 0
        hashes = []
    }

    /// Restores a stored range.
    ///
    /// - Throws: `.wrongCount` unless there is one hash for each one-bit of `size`.
    public init(size: UInt64, hashes: [Digest]) throws(CompactRangeError) {
        guard hashes.count == size.nonzeroBitCount else {
            throw .wrongCount(size: size, expected: size.nonzeroBitCount, found: hashes.count)
        }
        self.size = size
        self.hashes = hashes
    }

    /// Rebuilds the range of the first `size` leaves from stored nodes; see `MerkleTree.inclusionProof(of:size:node:)`.
    public init(size: UInt64, node: (_ level: Int, _ position: UInt64) throws -> Digest) rethrows {
        self.size = size
        hashes = try MerkleTree.completeSubtrees(of: 0..<size).map { try node($0.level, $0.position) }
    }

    /// Appends one leaf.
    ///
    /// - Returns: the inner nodes that became complete, lowest first: exactly what a store of nodes must add.
    /// - Complexity: amortised one hash, at most 64.
    @discardableResult
    public mutating func append(_ leafHash: Digest) -> [CompletedNode] {
        var completed: [CompletedNode] = []
        var hash = leafHash
        var level = 0
        while size >> UInt64(level) & 1 == 1 {
            hash = MerkleTree.nodeHash(hashes.removeLast(), hash)
            level += 1
            completed.append(CompletedNode(level: level, position: size >> UInt64(level), hash: hash))
        }
        hashes.append(hash)
        size += 1
        return completed
    }

    /// The root hash of the tree over all leaves appended so far.
    public var rootHash: Digest { MerkleTree.fold(hashes) }
}

/// An inner node whose leaves are all present: the root over leaves `position << level ..< (position + 1) << level`.
public struct CompletedNode: Sendable, Equatable {
    /// The height of the node: 1 is directly above the leaves.
    public let level: Int
    /// The place among the nodes of its level, from the left.
    public let position: UInt64
    /// Its hash.
    public let hash: Digest
}

/// Why a stored range cannot be that of a tree.
public enum CompactRangeError: Error, Equatable, CustomStringConvertible {
    /// A tree of this size has another number of complete subtrees.
    case wrongCount(size: UInt64, expected: Int, found: Int)

    /// One line with both numbers.
    public var description: String {
        switch self {
        case .wrongCount(let size, let expected, let found):
            "compact range of size \(size): expected \(expected) hashes, found \(found)"
        }
    }
}
