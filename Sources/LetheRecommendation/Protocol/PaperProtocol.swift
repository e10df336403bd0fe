/// The paper's data protocol (METHODS.md 2.1) with its constants as defaults.
///
/// Ratings are sorted by (time, user, item). A record's history is what its user rated before it in that order. Records with
/// too short a history go. The rest is cut by time in `outerRatio`; of its second and third part together the last
/// `windowLimit` records are the window, cut by `innerRatio` into training, validation and test. Training users in the order
/// of their first record are shuffled as Python does it, and the first `forgetting` share of them is to be forgotten.
///
/// A data set that brings its own split (`InteractionDataset.publishedSplit`) has these rows and flags used instead, with
/// histories from the ratings, when `usesPublishedSplit` is true.
public struct PaperProtocol: Sendable, Equatable {
    /// Three parts of a whole.
    public struct Ratio: Sendable, Equatable {
        /// The share of the first part.
        public let first: Int
        /// The share of the second part.
        public let second: Int
        /// The share of the third part.
        public let third: Int

        /// Creates a ratio, for instance 8:1:1.
        public init(_ first: Int, _ second: Int, _ third: Int) {
            self.first = first
            self.second = second
            self.third = third
        }

        /// Cuts `count` things in order; the first two parts are rounded down, the third takes the rest.
        func cut(_ count: Int) -> (first: Int, second: Int, third: Int) {
            let whole = first + second + third
            let (one, two) = (count * first / whole, count * second / whole)
            return (one, two, count - one - two)
        }

        var isValid: Bool {
            (0...1_000_000).contains(first) && (0...1_000_000).contains(second) && (0...1_000_000).contains(third)
                && first + second + third > 0
        }
    }

    /// Who is to be forgotten.
    public enum Forgetting: Sendable, Equatable {
        /// This share of the training users, rounded down, by the seeded shuffle.
        case fraction(Double)
        /// These users.
        case users([Int])
    }

    /// A smaller run on whole users: see `PaperProtocol.subsample`.
    public struct Subsample: Sendable, Equatable {
        /// How many training users stay.
        public var users: Int
        /// How many validation records stay, and how many test records: evenly spaced ones.
        public var evaluationRecords: Int
        /// Which users stay is decided by SplitMix64 of this number and the user's.
        public var seed: UInt64

        /// Creates a rule.
        public init(users: Int, evaluationRecords: Int, seed: UInt64 = 42) {
            self.users = users
            self.evaluationRecords = evaluationRecords
            self.seed = seed
        }
    }

    /// A record needs this many earlier ratings of its user.
    public var historyMinimum = 5
    /// A record keeps this many of them, the newest (K).
    public var historyLimit = 10
    /// More stars (steps of the scale) than this mean that the user liked the item; nil for what the data set's scale says.
    public var starThreshold: Int?
    /// The cut of all records in time.
    public var outerRatio = Ratio(8, 1, 1)
    /// The number of records in the window.
    public var windowLimit = 100_000
    /// The cut of the window in time.
    public var innerRatio = Ratio(6, 2, 2)
    /// Who is to be forgotten.
    public var forgetting = Forgetting.fraction(0.2)
    /// The seed of the shuffle and of the shards, the paper's 42.
    public var seed: UInt64 = 42
    /// SISA shards drawn for the training records; 0 for none.
    public var shardCount = 4
    /// At most this many records, the newest, for pretraining.
    public var pretrainingLimit = 0
    /// Takes the rows and flags that came with the data, when there are any.
    public var usesPublishedSplit = true
    /// Keeps a part of the training users only: forgotten and retained ones in the proportion of the whole, those with the
    /// smallest hash; the training records of the others become `RecommendationSplit.held`.
    public var subsample: Subsample?

    /// Creates the paper's protocol.
    public init() {}

    /// Splits a data set.
    ///
    /// - Throws: `ProtocolError`.
    /// - Complexity: O(n log n) in the ratings.
    public func split(_ dataset: InteractionDataset) throws(ProtocolError) -> RecommendationSplit {
        try checkSettings(dataset.scale)
        let histories = RatingHistories(dataset.ratings, minimum: historyMinimum)
        let threshold = starThreshold ?? dataset.scale.likedAbove
        let window: Window
        if usesPublishedSplit, let published = dataset.publishedSplit {
            window = try publishedWindow(published, dataset)
        } else {
            window = try computedWindow(histories)
        }
        var training = window.training.map { record($0, histories, threshold) }
        var validation = window.validation.map { record($0, histories, threshold) }
        var test = window.test.map { record($0, histories, threshold) }
        var shards = window.shards
        var forgotten: [Int]
        if case .users(let users) = forgetting {
            forgotten = users
        } else {
            forgotten = window.forgotten ?? shuffledShare(of: training)
        }
        var held: [InteractionRecord] = []
        if let subsample {
            let kept = try keptUsers(subsample, training: training, forgotten: forgotten)
            held = training.filter { !kept.contains($0.userID) }
            if !shards.isEmpty { shards = zip(training, shards).filter { kept.contains($0.0.userID) }.map(\.1) }
            training.removeAll { !kept.contains($0.userID) }
            if case .fraction = forgetting { forgotten.removeAll { !kept.contains($0) } }
            validation = Self.evenlySpaced(validation, count: subsample.evaluationRecords)
            test = Self.evenlySpaced(test, count: subsample.evaluationRecords)
        }
        return try RecommendationSplit(
            pretraining: pretraining(before: window, histories, threshold), training: training, validation: validation,
            test: test, held: held, forgottenUsers: forgotten, shards: shards)
    }

    // MARK: - Steps

    /// The rows of the window, in time order.
    private struct Window {
        var training: [Rating]
        var validation: [Rating]
        var test: [Rating]
        var shards: [Int]
        /// As flagged by a published split.
        var forgotten: [Int]?
    }

    private func checkSettings(_ scale: RatingScale) throws(ProtocolError) {
        func require(_ holds: Bool, _ name: String, _ found: Any, _ expected: String) throws(ProtocolError) {
            if !holds { throw .invalidSetting(name: name, found: "\(found)", expected: expected) }
        }
        try require(historyMinimum >= 0, "historyMinimum", historyMinimum, "0 or more")
        try require(historyLimit >= 0, "historyLimit", historyLimit, "0 or more")
        if let starThreshold {
            let most = scale.steps.upperBound
            try require((0...most).contains(starThreshold), "starThreshold", starThreshold, "0 to \(most)")
        }
        try require(windowLimit > 0, "windowLimit", windowLimit, "1 or more")
        try require(pretrainingLimit >= 0, "pretrainingLimit", pretrainingLimit, "0 or more")
        try require((0...1 << 20).contains(shardCount), "shardCount", shardCount, "0 to 1048576")
        try require(outerRatio.isValid, "outerRatio", outerRatio, "three parts of 0 to 1000000, not all 0")
        try require(innerRatio.isValid, "innerRatio", innerRatio, "three parts of 0 to 1000000, not all 0")
        try require(seed <= UInt64(UInt32.max), "seed", seed, "0 to 4294967295, as numpy takes it")
        if case .fraction(let share) = forgetting {
            try require(share >= 0 && share <= 1, "forgetting fraction", share, "0 to 1")
        }
        if let subsample {
            try require(subsample.users > 0, "subsample.users", subsample.users, "1 or more")
            try require(
                subsample.evaluationRecords > 0, "subsample.evaluationRecords", subsample.evaluationRecords, "1 or more"
            )
        }
    }

    private func computedWindow(_ histories: RatingHistories) throws(ProtocolError) -> Window {
        let kept = histories.qualifying
        let outer = outerRatio.cut(kept.count)
        let rows = kept[outer.first...].suffix(windowLimit)
        let inner = innerRatio.cut(rows.count)
        let parts = [("training", inner.first), ("validation", inner.second), ("test", inner.third)]
        for (name, count) in parts where count == 0 { throw .emptyPart(name: name, recordsLeft: kept.count) }
        let training = rows.prefix(inner.first)
        return Window(
            training: Array(training),
            validation: Array(rows.dropFirst(inner.first).prefix(inner.second)),
            test: Array(rows.suffix(inner.third)),
            shards: drawnShards(count: training.count), forgotten: nil)
    }

    private func publishedWindow(
        _ published: PublishedSplit, _ dataset: InteractionDataset
    ) throws(ProtocolError) -> Window {
        for row in published.rows
        where dataset.user(row.rating.userID) == nil || dataset.item(row.rating.itemID) == nil {
            throw .publishedRowUnknown(userID: row.rating.userID, itemID: row.rating.itemID)
        }
        func rows(_ part: PublishedSplit.Part) throws(ProtocolError) -> [PublishedSplit.Row] {
            let rows = published.rows.filter { $0.part == part }
            if rows.isEmpty { throw .emptyPart(name: "\(part)", recordsLeft: published.rows.count) }
            return rows
        }
        let training = try rows(.training)
        var forgotten = Set<Int>()
        for row in training where row.isForgotten { forgotten.insert(row.rating.userID) }
        return Window(
            training: training.map(\.rating), validation: try rows(.validation).map(\.rating),
            test: try rows(.test).map(\.rating), shards: shardCount > 0 ? training.map(\.shard) : [],
            forgotten: Array(forgotten))
    }

    /// `np.random.seed(42); np.random.choice([0, 1, 2, 3], n)` over the training records in time order.
    private func drawnShards(count: Int) -> [Int] {
        guard shardCount > 0 else { return [] }
        var generator = MersenneTwister(numpySeed: UInt32(truncatingIfNeeded: seed))
        return generator.choices(below: shardCount, count: count)
    }

    /// `random.seed(42); random.shuffle(users); users[:int(0.2 * len(users))]`.
    private func shuffledShare(of training: [InteractionRecord]) -> [Int] {
        guard case .fraction(let share) = forgetting else { return [] }
        var users = RecommendationSplit.usersByFirstAppearance(in: training)
        var generator = MersenneTwister(pythonSeed: seed)
        generator.shuffle(&users)
        return Array(users.prefix(Int(share * Double(users.count))))
    }

    private func keptUsers(
        _ rule: Subsample, training: [InteractionRecord], forgotten: [Int]
    ) throws(ProtocolError) -> Set<Int> {
        let all = RecommendationSplit.usersByFirstAppearance(in: training)
        guard rule.users < all.count else { return Set(all) }
        let forgottenSet = Set(forgotten)
        let ranked = all.sorted {
            let (left, right) = (Self.rank($0, seed: rule.seed), Self.rank($1, seed: rule.seed))
            return left != right ? left < right : $0 < $1
        }
        // Users named explicitly stay whatever their hash.
        if case .users = forgetting {
            let others = ranked.filter { !forgottenSet.contains($0) }
            return forgottenSet.union(others.prefix(max(0, rule.users - forgottenSet.count)))
        }
        var share = rule.users * forgottenSet.count / all.count
        if share == 0 && !forgottenSet.isEmpty { share = 1 }
        let out = ranked.filter { forgottenSet.contains($0) }.prefix(share)
        let stay = ranked.filter { !forgottenSet.contains($0) }.prefix(rule.users - out.count)
        return Set(out).union(stay)
    }

    /// SplitMix64's output function on the seed and the user's number.
    private static func rank(_ userID: Int, seed: UInt64) -> UInt64 {
        var z = seed &+ UInt64(truncatingIfNeeded: userID) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private static func evenlySpaced(_ records: [InteractionRecord], count: Int) -> [InteractionRecord] {
        guard count < records.count else { return records }
        return (0..<count).map { records[$0 * records.count / count] }
    }

    private func pretraining(
        before window: Window, _ histories: RatingHistories, _ threshold: Int
    ) -> [InteractionRecord] {
        guard pretrainingLimit > 0, let start = window.training.first else { return [] }
        var inWindow = Set<Int>()
        for rows in [window.training, window.validation, window.test] {
            for row in rows { inWindow.insert(row.userID) }
        }
        var newest: [Rating] = []
        for row in histories.qualifying.reversed() where row < start && !inWindow.contains(row.userID) {
            newest.append(row)
            if newest.count == pretrainingLimit { break }
        }
        return newest.reversed().map { record($0, histories, threshold) }
    }

    func record(_ rating: Rating, _ histories: RatingHistories, _ threshold: Int) -> InteractionRecord {
        InteractionRecord(
            userID: rating.userID, itemID: rating.itemID, stars: rating.stars, timestamp: rating.timestamp,
            label: rating.stars > threshold,
            history: histories.newest(historyLimit, before: rating).map {
                HistoryEntry(itemID: $0.itemID, stars: $0.stars)
            })
    }
}
