public import LetheCrypto

/// Tree hashes out of the tiles of a log of one size, wherever the tiles lie: what a client of a static log computes from.
///
/// Says nothing about trust: compare `rootHash()` with a signed checkpoint.
public struct LogTileReader {
    /// The number of entries.
    public let size: UInt64
    private let read: (LogTile) throws -> [UInt8]

    /// Reads with `read`, which gives the bytes of a tile of hashes.
    public init(size: UInt64, read: @escaping (LogTile) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// The root of the complete subtree over leaves `position << level ..< (position + 1) << level`.
    ///
    /// - Throws: `LogTileError` for tiles of another length or beyond the size; what `read` throws.
    public func node(level: Int, position: UInt64) throws -> Digest {
        let height = level & 7
        let first = position << UInt64(height)
        let hashes = try hashes(level: level >> 3, index: first >> 8)
        let start = Int(first & 255)
        guard start + (1 << height) <= hashes.count else { throw LogTileError.beyondSize(size: size) }
        return MerkleTree.rootHash(of: hashes[start..<(start + 1 << height)])
    }

    /// The root over all entries.
    public func rootHash() throws -> Digest { try MerkleTree.rootHash(size: size, node: node) }

    /// The hashes of a tile.
    public func hashes(level: Int, index: UInt64) throws -> [Digest] {
        let count = level < 8 ? size >> UInt64(8 * level) : 0
        guard index <= count >> 8, index << 8 < count else { throw LogTileError.beyondSize(size: size) }
        let tile = LogTile(.hashes(level: level), index: index, width: Int(min(256, count - index << 8)))
        return try Self.hashes(of: tile, in: read(tile))
    }

    /// Takes the bytes of a tile of hashes apart.
    /// - Throws: `LogTileError.wrongLength`.
    public static func hashes(of tile: LogTile, in bytes: [UInt8]) throws(LogTileError) -> [Digest] {
        var hashes: [Digest] = []
        for start in stride(from: 0, to: bytes.count, by: Digest.byteCount) {
            if let hash = try? Digest(bytes: Array(bytes[start..<min(start + Digest.byteCount, bytes.count)])) {
                hashes.append(hash)
            }
        }
        guard hashes.count == tile.width, bytes.count == tile.width * Digest.byteCount else {
            throw .wrongLength(path: tile.path, expected: tile.width * Digest.byteCount, found: bytes.count)
        }
        return hashes
    }
}

/// Why tiles do not make a tree.
public enum LogTileError: Error, Equatable, CustomStringConvertible {
    /// A tile has not exactly its hashes.
    case wrongLength(path: String, expected: Int, found: Int)
    /// A node that the tree of this size does not have.
    case beyondSize(size: UInt64)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .wrongLength(let path, let expected, let found): "\(path): expected \(expected) bytes, found \(found)"
        case .beyondSize(let size): "tiles: no such node in a tree of \(size) entries"
        }
    }
}
