/// The records of a run: what the base model reads, what the recommender is trained on, what it is judged by.
public struct RecommendationSplit: Sendable, Equatable {
    /// Records from before the window by users who have none in it: the base model never saw a requester. In time order.
    public let pretraining: [InteractionRecord]
    /// Training records in time order, forgotten and retained ones together.
    public let training: [InteractionRecord]
    /// Validation records in time order.
    public let validation: [InteractionRecord]
    /// Test records in time order.
    public let test: [InteractionRecord]
    /// Records of the training period by users whom a subsample left out: users whom no model has seen. In time order.
    public let held: [InteractionRecord]
    /// Users with training records, in the order of their first one.
    public let trainingUsers: [Int]
    /// Users to be forgotten, ascending. All of them have training records.
    public let forgottenUsers: [Int]
    /// For each training record, its SISA shard as the paper's code draws it; empty when shards were not asked for.
    public let shards: [Int]

    private let forgotten: Set<Int>

    /// Creates a split. `forgottenUsers` is sorted and freed of repetitions.
    ///
    /// - Throws: `ProtocolError.forgottenUserWithoutTrainingRecord`.
    public init(
        pretraining: [InteractionRecord], training: [InteractionRecord], validation: [InteractionRecord],
        test: [InteractionRecord], held: [InteractionRecord] = [], forgottenUsers: [Int], shards: [Int] = []
    ) throws(ProtocolError) {
        self.pretraining = pretraining
        self.training = training
        self.validation = validation
        self.test = test
        self.held = held
        self.shards = shards
        trainingUsers = Self.usersByFirstAppearance(in: training)
        forgotten = Set(forgottenUsers)
        self.forgottenUsers = forgotten.sorted()
        let known = Set(trainingUsers)
        for user in self.forgottenUsers where !known.contains(user) {
            throw .forgottenUserWithoutTrainingRecord(userID: user)
        }
    }

    /// The same records with other users to forget.
    ///
    /// - Throws: `ProtocolError.forgottenUserWithoutTrainingRecord`.
    public func forgetting(_ users: [Int]) throws(ProtocolError) -> RecommendationSplit {
        try RecommendationSplit(
            pretraining: pretraining, training: training, validation: validation, test: test, held: held,
            forgottenUsers: users, shards: shards)
    }

    /// True when the user is to be forgotten.
    public func isForgotten(_ userID: Int) -> Bool { forgotten.contains(userID) }

    /// Training records of the users to be forgotten, in time order.
    public var forgottenRecords: [InteractionRecord] { training.filter { forgotten.contains($0.userID) } }

    /// Training records of everybody else, in time order.
    public var retainedRecords: [InteractionRecord] { training.filter { !forgotten.contains($0.userID) } }

    /// Test records of users who have training records and are not to be forgotten: what utility is measured on.
    public var retainedTestRecords: [InteractionRecord] {
        let trained = Set(trainingUsers)
        return test.filter { trained.contains($0.userID) && !forgotten.contains($0.userID) }
    }

    /// Records of users without any training record, from all periods: what a membership test compares with.
    public var neverTrainedRecords: [InteractionRecord] {
        let trained = Set(trainingUsers)
        return (held + validation + test).filter { !trained.contains($0.userID) }
    }

    /// Every part by name: pretraining, training, of it forgotten and retained, validation, test, held.
    public var parts: [(name: String, records: [InteractionRecord])] {
        [
            ("pretraining", pretraining), ("training", training), ("forgotten", forgottenRecords),
            ("retained", retainedRecords), ("validation", validation), ("test", test), ("held", held),
        ]
    }

    /// Users in the order in which they first occur.
    static func usersByFirstAppearance(in records: [InteractionRecord]) -> [Int] {
        var seen = Set<Int>()
        return records.compactMap { seen.insert($0.userID).inserted ? $0.userID : nil }
    }
}

/// Why a data set cannot be split as asked.
public enum ProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A setting is out of its range.
    case invalidSetting(name: String, found: String, expected: String)
    /// A part of the split would have no record.
    case emptyPart(name: String, recordsLeft: Int)
    /// A user to be forgotten has no training record: there is nothing to forget.
    case forgottenUserWithoutTrainingRecord(userID: Int)
    /// A row of a published split names a user or an item that the data set lacks.
    case publishedRowUnknown(userID: Int, itemID: Int)

    /// One line for people.
    public var description: String {
        switch self {
        case .invalidSetting(let name, let found, let expected):
            "protocol setting \(name) is \(found), expected \(expected)"
        case .emptyPart(let name, let left):
            "the split leaves no \(name) record (\(left) records with a long enough history in all)"
        case .forgottenUserWithoutTrainingRecord(let user):
            "user \(user) is to be forgotten but has no training record"
        case .publishedRowUnknown(let user, let item):
            "the published split names user \(user) and item \(item), which the data set does not have"
        }
    }
}
