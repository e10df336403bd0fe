/// Where an entry stands in the log, and the hashes that lead from it to the signed root.
public struct ProofView: Sendable, Codable, Equatable {
    /// One step from the leaf towards the root.
    public struct Step: Sendable, Codable, Equatable {
        /// The level, from 1.
        public var level: Int
        /// The hash that is joined, hexadecimal.
        public var hash: String
        /// On which side it is joined: `left` or `right`.
        public var side: String
    }

    /// The entry's index.
    public var index: UInt64
    /// The entries under the checkpoint.
    public var size: UInt64
    /// The hash of the entry, hexadecimal.
    public var leafHash: String
    /// The root, hexadecimal.
    public var root: String
    /// The steps, leaf's sibling first.
    public var steps: [Step]
    /// The signed checkpoint, as text.
    public var checkpoint: String

    /// A proof; `path` has the leaf's sibling first, hexadecimal.
    public init(index: UInt64, size: UInt64, leafHash: String, root: String, path: [String], checkpoint: String) {
        self.index = index
        self.size = size
        self.leafHash = leafHash
        self.root = root
        self.checkpoint = checkpoint
        // RFC 9162, section 2.1.3.2, says which side each hash is on.
        var (fn, sn) = (index, size == 0 ? 0 : size - 1)
        steps = path.enumerated().map { number, hash in
            let isLeft = fn & 1 == 1 || fn == sn
            if isLeft {
                while fn & 1 == 0, fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            }
            fn >>= 1
            sn >>= 1
            return Step(level: number + 1, hash: hash, side: isLeft ? "left" : "right")
        }
    }

    /// The path as a drawing: the leaf below, the root above, a sibling beside each step. It holds numbers alone.
    var drawing: String {
        let count = steps.count
        let (width, height) = (420.0, Double(60 + 34 * count))
        func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
        var (lines, dots) = ("", "")
        // From the root down, so that the leaf ends up where its index says.
        var x = width / 2
        var span = width * 0.17
        for (depth, step) in steps.reversed().enumerated() {
            let (y, next) = (24 + 34 * Double(depth), 58 + 34 * Double(depth))
            let isRightChild = step.side == "left"
            let (child, sibling) = (x + (isRightChild ? span : -span), x - (isRightChild ? span : -span))
            lines += "<path class=\"twig\" d=\"M\(text(x)) \(text(y))L\(text(sibling)) \(text(next))\"/>"
            lines += "<path class=\"branch\" d=\"M\(text(x)) \(text(y))L\(text(child)) \(text(next))\"/>"
            dots += "<circle class=\"sibling\" cx=\"\(text(sibling))\" cy=\"\(text(next))\" r=\"4.5\"/>"
            dots += "<circle class=\"node\" cx=\"\(text(x))\" cy=\"\(text(y))\" r=\"5\"/>"
            x = child
            span *= 0.6
        }
        let end = 24 + 34 * Double(count)
        dots += "<rect class=\"leaf\" x=\"\(text(x - 7))\" y=\"\(text(end - 7))\" width=\"14\" height=\"14\"/>"
        return
            "<svg class=\"tree\" viewBox=\"0 0 420 \(text(height))\" role=\"img\" aria-label=\"Path of \(count) steps from entry \(index) "
            + "to the root over \(size) entries\">\(lines)\(dots)"
            + "<text class=\"note\" x=\"\(text(width / 2 + 12))\" y=\"20\">root over \(size)</text>"
            + "<text class=\"note\" x=\"\(text(min(x + 12, width - 100)))\" y=\"\(text(end + 14))\">entry \(index)</text></svg>"
    }
}
