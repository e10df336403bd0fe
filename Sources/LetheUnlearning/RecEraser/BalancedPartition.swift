import LetheTensor

/// RecEraser's balanced clustering (Chen et al., METHODS 1.4): near samples share a shard, and no shard exceeds its share.
///
/// Every round all (sample, anchor) distances are sorted and scanned from the nearest: a sample goes to the anchor if it has none yet
/// and the shard is below its capacity. Then each anchor becomes the mean vector of its members. A sample is a list of vectors
/// (a user's; an item's; both for interactions), its distance to an anchor the product of the squared distances of each.
public struct BalancedPartition: Sendable, Equatable {
    /// The shard of every sample.
    public let shards: [Int]
    /// Rounds until the anchors stood still, or the limit.
    public let rounds: Int
    /// Whether the anchors stood still.
    public let isStable: Bool

    /// The most samples of a shard: the first count that is not below `slack * samples / shards`.
    public static func capacity(samples: Int, shards: Int, slack: Double) -> Int {
        Int((slack * Double(samples) / Double(shards)).rounded(.up))
    }

    /// Divides samples.
    ///
    /// - Parameters:
    ///   - samples: each a list of vectors, all of one form.
    ///   - slack: capacity over the mean size, 1 or more.
    ///   - seed: draws the first anchors among the samples.
    /// - Throws: `UnlearningError.invalidParameter` for fewer samples than shards, or a slack below 1.
    public init(
        _ samples: [[[Double]]], shards count: Int, slack: Double = 1.2, rounds limit: Int = 50, seed: UInt64
    ) throws(UnlearningError) {
        guard count >= 1, samples.count >= count else {
            throw .invalidParameter(
                method: "receraser", name: "shards", found: "\(count)", expected: "1 to \(samples.count) (the samples)")
        }
        guard slack >= 1, slack.isFinite else {
            throw .invalidParameter(method: "receraser", name: "capacity", found: "\(slack)", expected: "1 or more")
        }
        let capacity = Self.capacity(samples: samples.count, shards: count, slack: slack)
        var generator = SeededGenerator(seed: seed)
        var anchors = samples.indices.shuffled(using: &generator).prefix(count).map { samples[$0] }
        var assigned: [Int] = []
        var rounds = 0
        var isStable = false
        while rounds < limit, !isStable {
            rounds += 1
            assigned = Self.assign(samples, to: anchors, capacity: capacity)
            let next = Self.means(samples, assigned, previous: anchors)
            isStable = next == anchors
            anchors = next
        }
        if limit < 1 { assigned = Self.assign(samples, to: anchors, capacity: capacity) }
        shards = assigned
        self.rounds = rounds
        self.isStable = isStable
    }

    private static func assign(_ samples: [[[Double]]], to anchors: [[[Double]]], capacity: Int) -> [Int] {
        var pairs: [(distance: Double, sample: Int, anchor: Int)] = []
        pairs.reserveCapacity(samples.count * anchors.count)
        for (sample, vectors) in samples.enumerated() {
            for (index, anchor) in anchors.enumerated() {
                pairs.append((distance(vectors, anchor), sample, index))
            }
        }
        pairs.sort { ($0.distance, $0.sample, $0.anchor) < ($1.distance, $1.sample, $1.anchor) }
        var shards = [Int](repeating: -1, count: samples.count)
        var sizes = [Int](repeating: 0, count: anchors.count)
        for pair in pairs where shards[pair.sample] < 0 && sizes[pair.anchor] < capacity {
            shards[pair.sample] = pair.anchor
            sizes[pair.anchor] += 1
        }
        return shards
    }

    private static func distance(_ sample: [[Double]], _ anchor: [[Double]]) -> Double {
        var product = 1.0
        for (vector, center) in zip(sample, anchor) {
            var square = 0.0
            for (value, mean) in zip(vector, center) { square += (value - mean) * (value - mean) }
            product *= square
        }
        return product
    }

    /// The mean vectors of every shard's members; an empty shard's anchor stays where it is.
    private static func means(_ samples: [[[Double]]], _ shards: [Int], previous: [[[Double]]]) -> [[[Double]]] {
        var sums = previous.map { $0.map { [Double](repeating: 0, count: $0.count) } }
        var sizes = [Int](repeating: 0, count: previous.count)
        for (sample, shard) in zip(samples, shards) {
            sizes[shard] += 1
            for (part, vector) in sample.enumerated() {
                for (index, value) in vector.enumerated() { sums[shard][part][index] += value }
            }
        }
        return sums.enumerated().map { shard, parts in
            sizes[shard] == 0 ? previous[shard] : parts.map { $0.map { $0 / Double(sizes[shard]) } }
        }
    }
}
