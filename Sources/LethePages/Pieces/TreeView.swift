/// The tree around an entry: the leaves beside it, and each step from it to the root with the entries that lie under both sides.
public struct TreeView: Sendable, Codable, Equatable {
    /// A leaf beside the entry.
    public struct Leaf: Sendable, Equatable {
        /// Its index.
        public var index: UInt64
        /// What the entry says, in a few words.
        public var kind: String
        /// The hash of the entry, hexadecimal.
        public var hash: String

        /// Names a leaf.
        public init(index: UInt64, kind: String, hash: String) {
            self.index = index
            self.kind = kind
            self.hash = hash
        }
    }

    /// The entry's index.
    public private(set) var index: UInt64
    /// The entries under the root.
    public private(set) var size: UInt64
    /// The leaves of the entry's block.
    public private(set) var leaves: TableView
    /// The steps to the root.
    public private(set) var steps: TableView

    /// How many leaves a block has: those under one node of level 3.
    public static let blockLength: UInt64 = 8

    /// The tree of `size` entries around the one at `index`, which must be one of them.
    ///
    /// - Parameters:
    ///   - leaves: those of `block(of:size:)`.
    ///   - joined: the hash that each step of the inclusion proof gives, hexadecimal; the last is the root.
    public init(index: UInt64, size: UInt64, leaves: [Leaf], joined: [String]) {
        (self.index, self.size) = (index, size)
        self.leaves = TableView(
            caption: "The leaves beside it", columns: ["Entry", "What", "Leaf hash"],
            rows: leaves.map { leaf in
                [
                    .link("\(leaf.index)\(leaf.index == index ? ", this one" : "")", path: "/explorer/\(leaf.index)"),
                    .text(leaf.kind), .text(leaf.hash),
                ]
            })
        steps = TableView(
            caption: "From the entry to the root", columns: ["Step", "Joined with", "Gives", "The hash of that"],
            rows: zip(Self.steps(of: index, size: size), joined).enumerated().map { number, step in
                let (place, hash) = step
                return [
                    .text("\(number + 1)"),
                    .text("\(Self.words(place.sibling)), on the \(place.isLeft ? "left" : "right")"),
                    .text(place.joined == 0..<size ? "the root" : "the node over \(Self.words(place.joined))"),
                    .text(hash),
                ]
            }, emptyText: "The log has one entry: its hash is the root.")
    }

    /// The entries of the block that `index` is in: at most eight, from a multiple of eight on; none where it is not below `size`.
    public static func block(of index: UInt64, size: UInt64) -> Range<UInt64> {
        guard index < size else { return 0..<0 }
        let first = index - index % blockLength
        return first..<first + min(blockLength, size - first)
    }

    /// A step: what is joined, on which side, and what both give.
    public struct Step: Sendable, Equatable {
        /// The entries under the node that is joined.
        public let sibling: Range<UInt64>
        /// Whether it is joined on the left.
        public let isLeft: Bool
        /// The entries under what both give.
        public let joined: Range<UInt64>
    }

    /// The steps from the entry at `index` to the root over `size` entries, as RFC 6962, section 2.1, splits a tree; none where the
    /// entry is not in it.
    public static func steps(of index: UInt64, size: UInt64) -> [Step] {
        guard index < size else { return [] }
        var steps: [Step] = []
        var range = 0..<size
        while range.upperBound - range.lowerBound > 1 {
            // The largest power of two below the count.
            let count = range.upperBound - range.lowerBound
            let middle = range.lowerBound + (UInt64(1) << UInt64(63 - (count - 1).leadingZeroBitCount))
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            steps.append(
                index < middle
                    ? Step(sibling: right, isLeft: false, joined: range)
                    : Step(sibling: left, isLeft: true, joined: range))
            range = index < middle ? left : right
        }
        return steps.reversed()
    }

    private static func words(_ range: Range<UInt64>) -> String {
        range.upperBound - range.lowerBound == 1
            ? "entry \(range.lowerBound)" : "entries \(range.lowerBound) to \(range.upperBound - 1)"
    }
}

extension TreeView {
    /// The block as a drawing: its leaves with links, and the nodes above them that are complete. It holds numbers alone.
    var drawing: String {
        let block = Self.block(of: index, size: size)
        guard !block.isEmpty else { return "" }
        let (spacing, rise, levels) = (52.0, 42.0, 3)
        let ground = 20 + rise * Double(levels)
        func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
        func place(_ level: Int, _ first: UInt64) -> (x: Double, y: Double) {
            let width = UInt64(1) << UInt64(level)
            return (
                28 + spacing * (Double(first - block.lowerBound) + Double(width - 1) / 2), ground - rise * Double(level)
            )
        }
        var (lines, dots) = ("", "")
        for level in 1...levels {
            let width = UInt64(1) << UInt64(level)
            for first in stride(from: block.lowerBound, to: block.upperBound, by: Int(width))
            where first + width <= block.upperBound {
                let node = place(level, first)
                for child in [first, first + width / 2] {
                    let end = place(level - 1, child)
                    let isOnPath = (child..<child + width / 2).contains(index)
                    lines +=
                        "<path class=\"\(isOnPath ? "branch" : "twig")\" d=\"M\(text(node.x)) \(text(node.y))L\(text(end.x)) \(text(end.y))\"/>"
                }
                let isOnPath = (first..<first + width).contains(index)
                dots +=
                    "<circle class=\"\(isOnPath ? "node" : "sibling")\" cx=\"\(text(node.x))\" cy=\"\(text(node.y))\" r=\"5\"/>"
            }
        }
        for leaf in block {
            let (x, y) = place(0, leaf)
            let label = leaf < 1_000_000 ? "\(leaf)" : "\u{2026}\(String(leaf).suffix(4))"
            dots +=
                "<a href=\"/explorer/\(leaf)\"><rect class=\"\(leaf == index ? "leaf" : "sibling")\" x=\"\(text(x - 7))\" y=\"\(text(y - 7))\" "
                + "width=\"14\" height=\"14\"/><text class=\"note\" text-anchor=\"middle\" x=\"\(text(x))\" y=\"\(text(y + 24))\">\(label)</text></a>"
        }
        return
            "<svg class=\"tree\" viewBox=\"0 0 420 \(text(ground + 32))\" role=\"group\" aria-label=\"Entries \(block.lowerBound) to "
            + "\(block.upperBound - 1) and the nodes above them\">\(lines)\(dots)</svg>"
    }
}
