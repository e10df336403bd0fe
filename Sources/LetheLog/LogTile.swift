import LetheBytes
import LetheCrypto

// Invariants of this file (C2SP tlog-tiles):
// 1. Tile n of level l holds the roots over leaves (n·256 + i)·256^l ..< (n·256 + i + 1)·256^l, i from 0; level 0 are leaf hashes.
// 2. A full tile has 256 hashes; of each level at most the last is partial, and only full tiles count at the level above.
// 3. Paths are `tile/<L>/<N>[.p/<W>]`, N in groups of three digits of which all but the last have an `x`. One path a tile.
// 4. A tile never changes: what a path names follows from the entries alone.

/// One static resource of a tiled log: 256 consecutive hashes of one level, or the entries below a tile of level 0.
public struct LogTile: Sendable, Hashable {
    /// What a tile holds.
    public enum Content: Sendable, Hashable {
        /// Tree hashes; level 0 are leaf hashes, each level above stands for 256 times as many leaves.
        case hashes(level: Int)
        /// Entries, each after its length in two bytes.
        case entries
    }

    /// What it holds.
    public let content: Content
    /// The place among the tiles of its level, from the left.
    public let index: UInt64
    /// The number of hashes or entries: 1 to 256.
    public let width: Int

    /// The number of hashes in a full tile.
    public static let fullWidth = 256

    /// Names a tile.
    ///
    /// - Precondition: a width of 1 to 256 and a level of 0 to 7 (256^8 leaves are more than a log can count).
    init(_ content: Content, index: UInt64, width: Int) {
        self.content = content
        self.index = index
        self.width = width
    }

    /// Whether it has all 256.
    public var isFull: Bool { width == Self.fullWidth }

    /// The level in the tree of 256s: 0 for entries.
    public var level: Int { if case .hashes(let level) = content { level } else { 0 } }

    /// The path below the log's prefix.
    public var path: String {
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1000)
            groups.append(String(repeating: "0", count: 3 - digits.count) + digits)
            rest /= 1000
        } while rest > 0
        let place = groups.enumerated().reversed().map { ($0 == 0 ? "" : "x") + $1 }.joined(separator: "/")
        let kind = if case .hashes(let level) = content { "\(level)" } else { "entries" }
        return "tile/\(kind)/\(place)" + (isFull ? "" : ".p/\(width)")
    }

    /// Reads a path; nil unless it is the one spelling of a tile's path.
    public init?(path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "tile", let kind = parts.popFirst(), parts.count <= 9 else { return nil }
        var width = Self.fullWidth
        if parts.count >= 2, parts[parts.endIndex - 2].hasSuffix(".p"), let last = parts.popLast() {
            guard let found = Checkpoint.decimal(last.utf8), (1...255).contains(found) else { return nil }
            width = Int(found)
            parts[parts.endIndex - 1].removeLast(2)
        }
        var index: UInt64 = 0
        for (position, part) in parts.enumerated() {
            let digits = position == parts.count - 1 ? part : part.dropFirst()
            guard digits.utf8.count == 3, let group = UInt64(digits) else { return nil }
            let (product, overflow) = index.multipliedReportingOverflow(by: 1000)
            // Beyond 2^56 leaves there is nothing, and the arithmetic below stays in range.
            guard !overflow, product < 1 << 48 else { return nil }
            index = product + group
        }
        if kind == "entries" {
            self.init(.entries, index: index, width: width)
        } else {
            guard let level = Checkpoint.decimal(kind.utf8), level < 8 else { return nil }
            self.init(.hashes(level: Int(level)), index: index, width: width)
        }
        // Signs, missing `x` and leading groups of zeros make another text: refused here, all at once.
        guard Array(self.path.utf8) == Array(path.utf8) else { return nil }
    }

    /// The nodes whose hashes the tile holds, as level in the binary tree and position.
    public var nodes: [(level: Int, position: UInt64)] {
        (0..<UInt64(width)).map { (level * 8, index << 8 | $0) }
    }

    /// The indexes of the entries below an entry bundle.
    public var entryIndexes: Range<UInt64> { (index << 8)..<((index << 8) + UInt64(width)) }

    /// Calls `body` for every tile that a log of `size` entries has and one of `oldSize` had not: the full ones from the left,
    /// then the partial one, entry bundles before the hashes of their level.
    public static func forEach(
        from oldSize: UInt64 = 0, to size: UInt64, _ body: (LogTile) throws -> Void
    ) rethrows {
        for level in 0..<8 {
            let (old, new) = (oldSize >> UInt64(8 * level), size >> UInt64(8 * level))
            if new == 0 { return }
            let contents: [Content] = level == 0 ? [.entries, .hashes(level: 0)] : [.hashes(level: level)]
            for content in contents {
                for index in (old >> 8)..<(new >> 8) {
                    try body(LogTile(content, index: index, width: fullWidth))
                }
                if new & 255 != 0, new != old {
                    try body(LogTile(content, index: new >> 8, width: Int(new & 255)))
                }
            }
        }
    }
}

/// The bytes of an entry bundle: each entry after its length, big-endian in two bytes.
public enum EntryBundle {
    /// Joins entries.
    /// - Throws: `.entryTooLong` above 65,535 bytes.
    public static func encode(_ entries: [[UInt8]]) throws(EntryBundleError) -> [UInt8] {
        var bytes: [UInt8] = []
        for (number, entry) in entries.enumerated() {
            guard let count = UInt16(exactly: entry.count) else {
                throw .entryTooLong(number: number, limit: Int(UInt16.max), found: entry.count)
            }
            bytes += bigEndianBytes(of: count)
            bytes += entry
        }
        return bytes
    }

    /// Takes a bundle apart.
    /// - Throws: `.truncated`, `.tooManyEntries`.
    public static func decode(_ bytes: [UInt8]) throws(EntryBundleError) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard entries.count < LogTile.fullWidth else { throw .tooManyEntries(limit: LogTile.fullWidth) }
            guard rest.count >= 2 else { throw .truncated(number: entries.count, expected: 2, found: rest.count) }
            let count = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            guard rest.count >= count else {
                throw .truncated(number: entries.count, expected: count, found: rest.count)
            }
            entries.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return entries
    }
}

/// Why bytes and entries do not make a bundle.
public enum EntryBundleError: Error, Equatable, CustomStringConvertible {
    /// The length does not fit in two bytes.
    case entryTooLong(number: Int, limit: Int, found: Int)
    /// The bundle ends inside an entry or its length.
    case truncated(number: Int, expected: Int, found: Int)
    /// More than a full tile.
    case tooManyEntries(limit: Int)

    /// One line that says where, with expected and found.
    public var description: String {
        switch self {
        case .entryTooLong(let number, let limit, let found):
            "entry bundle: entry \(number): expected at most \(limit) bytes, found \(found)"
        case .truncated(let number, let expected, let found):
            "entry bundle: entry \(number): expected \(expected) bytes, found \(found)"
        case .tooManyEntries(let limit): "entry bundle: more than \(limit) entries"
        }
    }
}
