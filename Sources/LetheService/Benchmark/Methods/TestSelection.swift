import LetheRecommendation

/// Which test records a benchmark reads: evenly spaced ones, for statistics over everybody, and those of retained users.
///
/// A subsample of users has few records among evenly spaced ones, too few to decide on usefulness to them; so all of theirs are read.
struct TestSelection: Equatable {
    /// In the split's order.
    let records: [InteractionRecord]
    /// Places in `records` of the evenly spaced ones.
    let sampled: [Int]
    /// Places in `records` of retained users'; some may be among `sampled`.
    let retained: [Int]

    /// - Parameters:
    ///   - users: the retained ones.
    ///   - count: the most evenly spaced records.
    ///   - limit: the most records of retained users, evenly spaced too, beside those that are among the others.
    init(_ test: [InteractionRecord], retained users: Set<Int>, sampled count: Int, ofRetained limit: Int) {
        let sample = Set(Array(test.indices).spreadOver(count))
        let ofRetained = test.indices.filter { users.contains(test[$0].userID) }.spreadOver(limit)
        let read = sample.union(ofRetained).sorted()
        records = read.map { test[$0] }
        sampled = read.indices.filter { sample.contains(read[$0]) }
        retained = read.indices.filter { users.contains(test[read[$0]].userID) }
    }
}
