/// What METHODS.md 2.3 wants reported of every split: counts, label balance, who is in which part.
///
/// Digests of the parts are taken by the caller from `InteractionRecord.canonicalBytes`; truncated prompts are known to
/// whoever tokenises.
public struct SplitSummary: Sendable, Equatable {
    /// Figures of one part of a split.
    public struct Part: Sendable, Equatable {
        /// The part's name: pretraining, training, validation, test, forgotten, retained, held.
        public let name: String
        /// The number of records.
        public let records: Int
        /// Records with the label "liked".
        public let liked: Int
        /// Different users.
        public let users: Int
        /// Different items.
        public let items: Int
        /// Records of users to be forgotten.
        public let recordsOfForgottenUsers: Int
        /// Different users to be forgotten.
        public let forgottenUsers: Int
        /// Records of users without any training record.
        public let recordsOfUntrainedUsers: Int
        /// Different users without any training record.
        public let untrainedUsers: Int
        /// The first and the last time, as in `Rating`; nil without records.
        public let timestamps: ClosedRange<Int>?

        /// The share of records with the label "liked"; nil without records.
        public var likedShare: Double? { records == 0 ? nil : Double(liked) / Double(records) }

        /// Different users with training records who are not to be forgotten.
        public var retainedUsers: Int { users - forgottenUsers - untrainedUsers }
        /// Records of such users.
        public var recordsOfRetainedUsers: Int { records - recordsOfForgottenUsers - recordsOfUntrainedUsers }
    }

    /// The parts: pretraining, training, of it forgotten and retained, validation, test, held.
    public let parts: [Part]
    /// Training records a SISA shard has after the forgotten ones have gone; empty without shards.
    public let retainedShardSizes: [Int]
    /// Different users with training records.
    public let trainingUsers: Int
    /// Of these, users to be forgotten.
    public let forgottenUsers: Int

    /// Summarises a split.
    public init(_ split: RecommendationSplit) {
        let trained = Set(split.trainingUsers)
        func part(_ name: String, _ records: [InteractionRecord]) -> Part {
            let users = Set(records.map(\.userID))
            let times = records.map(\.timestamp)
            var range: ClosedRange<Int>?
            if let first = times.min(), let last = times.max() { range = first...last }
            return Part(
                name: name, records: records.count, liked: records.count { $0.label }, users: users.count,
                items: Set(records.map(\.itemID)).count,
                recordsOfForgottenUsers: records.count { split.isForgotten($0.userID) },
                forgottenUsers: users.count { split.isForgotten($0) },
                recordsOfUntrainedUsers: records.count { !trained.contains($0.userID) },
                untrainedUsers: users.count { !trained.contains($0) }, timestamps: range)
        }
        parts = split.parts.map { part($0.name, $0.records) }
        var sizes = [Int](repeating: 0, count: (split.shards.max() ?? -1) + 1)
        for (record, shard) in zip(split.training, split.shards)
        where shard >= 0 && !split.isForgotten(record.userID) {
            sizes[shard] += 1
        }
        retainedShardSizes = sizes
        trainingUsers = split.trainingUsers.count
        forgottenUsers = split.forgottenUsers.count
    }

    /// The part with this name, or nil.
    public func part(_ name: String) -> Part? { parts.first { $0.name == name } }
}
