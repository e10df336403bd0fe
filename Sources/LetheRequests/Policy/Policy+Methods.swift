import LetheBytes

extension Policy {
    /// The ways to make a model forget that a policy may name.
    public enum MethodName: String, Sendable, Hashable, CaseIterable {
        /// Train again without the forgotten records.
        case retrain
        /// Train again only the shards that knew them.
        case sisa
        /// The same over shards of similar users.
        case receraser
        /// Leave the original's answers on forgotten records.
        case negKL = "negkl"
        /// Climb the loss of forgotten records.
        case negGrad = "neggrad"
        /// Learn forgotten records from a teacher that knows nothing.
        case badTeacher = "bad-t"
        /// Learn the opposite answers.
        case badTeacherReference = "bad-t-reference"
        /// Learn answers of a coin.
        case randomLabel = "random-label"
        /// The paper's.
        case e2urec
        /// The paper's with a teacher that knows where to stop.
        case calibratedE2URec = "e2urec-calibrated"
        /// Go back a part of the way to the base, then learn the retained records again.
        case rewind
        /// Train again one small adapter.
        case adapters
    }

    /// A method with its hyper-parameters: `method.name` selects which fields are read.
    public enum Method: Sendable, Hashable {
        /// `retrain`: as section `training` says.
        case retrain
        /// `sisa`: every shard as section `training` says.
        case sisa(Sharding)
        /// `receraser`: every shard as section `training` says.
        case receraser(RecEraser)
        /// `negkl`, with the student's dropout rate.
        case negKL(Paired, dropout: Double)
        /// `neggrad`, with what bounds the loss on forgotten records.
        case negGrad(Paired, cap: Double?, preferenceBeta: Double?)
        /// `bad-t`.
        case badTeacher(BadTeacher)
        /// `bad-t-reference`.
        case badTeacherReference(Paired)
        /// `random-label`.
        case randomLabel(Paired)
        /// `e2urec`.
        case e2urec(E2URec)
        /// `e2urec-calibrated`.
        case calibratedE2URec(CalibratedE2URec)
        /// `rewind`.
        case rewind(Rewind)
        /// `adapters`.
        case adapters(Adapters)

        /// The name in files, logs and certificates.
        public var name: MethodName {
            switch self {
            case .retrain: .retrain
            case .sisa: .sisa
            case .receraser: .receraser
            case .negKL: .negKL
            case .negGrad: .negGrad
            case .badTeacher: .badTeacher
            case .badTeacherReference: .badTeacherReference
            case .randomLabel: .randomLabel
            case .e2urec: .e2urec
            case .calibratedE2URec: .calibratedE2URec
            case .rewind: .rewind
            case .adapters: .adapters
            }
        }
    }

    /// What methods share that train all weights on pairs of a retained and a forgotten batch.
    public struct Paired: Sendable, Hashable {
        /// Weight of forgotten records, 0 to 100.
        public let lambda: Double
        /// AdamW's learning rate, above 0 and at most 1.
        public let learningRate: Double
        /// Records a step, of each kind, 1 to 4096.
        public let batchSize: Int
        /// Steps, 1 to 1000000.
        public let steps: Int
    }

    /// What `bad-t` needs.
    public struct BadTeacher: Sendable, Hashable {
        /// The part of the retained records that is learned, above 0 to 1.
        public let retainedShare: Double
        /// Passes, 1 to 100.
        public let epochs: Int
        /// AdamW's learning rate, above 0 and at most 1.
        public let learningRate: Double
        /// Records a step, 1 to 4096.
        public let batchSize: Int
    }

    /// How an ensemble's answers become one.
    public enum Aggregation: String, Sendable, Hashable, CaseIterable {
        /// The mean of probabilities.
        case meanProbability = "mean-probability"
        /// The mean of log-probabilities.
        case meanLogProbability = "mean-log-probability"
        /// A vote.
        case vote
        /// The mean of raw logits.
        case meanLogit = "mean-logit"
    }

    /// What is kept together in one shard.
    public enum ShardUnit: String, Sendable, Hashable, CaseIterable {
        /// All records of a user.
        case user
        /// Every record by itself.
        case interaction
    }

    /// How records are sharded.
    public struct Sharding: Sendable, Hashable {
        /// Shards, 1 to 4096.
        public let shards: Int
        /// Slices of each shard, 1 to 4096.
        public let slices: Int
        /// What is kept together.
        public let unit: ShardUnit
        /// How the shards' answers become one.
        public let aggregation: Aggregation
    }

    /// What `adapters` needs.
    public struct Adapters: Sendable, Hashable {
        /// How users are sharded.
        public let sharding: Sharding
        /// Passes over a shard, were it not sliced, 1 to 1000.
        public let epochs: Int
        /// AdamW's learning rate, above 0 and at most 1.
        public let learningRate: Double
        /// Records a step, 1 to 4096.
        public let batchSize: Int
        /// Rank of the adapter, 1 to 1024.
        public let rank: Int
        /// Scale of the adapter times its rank, above 0 and at most 4096.
        public let loraAlpha: Double
        /// Dropout on the adapter's input, 0 or more and below 1.
        public let loraDropout: Double
    }

    /// What `e2urec-calibrated` needs.
    public struct CalibratedE2URec: Sendable, Hashable {
        /// Weight of forgetting against remembering, 0 to 1.
        public let beta: Double
        /// The largest alpha that calibration tries, above 0 and at most 1000.
        public let maximumAlpha: Double
        /// The most steps, 1 to 1000000.
        public let steps: Int
        /// Steps between two looks at the criterion, 1 to 1000000.
        public let interval: Int
        /// Retained records whose teacher outputs are kept, 1 to 1000000.
        public let anchors: Int
        /// AdamW's learning rate for the adapter, above 0 and at most 1.
        public let learningRate: Double
        /// Records a step, of each kind, 1 to 4096.
        public let batchSize: Int
        /// Rank of the adapter, 1 to 1024.
        public let rank: Int
        /// Scale of the adapter times its rank, above 0 and at most 4096.
        public let loraAlpha: Double
        /// Dropout on the adapter's input, 0 or more and below 1.
        public let loraDropout: Double
        /// How the augmented model is trained on the forgotten records.
        public let augmented: E2URec.Augmented
    }

    /// What `rewind` needs.
    public struct Rewind: Sendable, Hashable {
        /// The share of the way from the base to the original that is kept, 0 to 1.
        public let share: Double
        /// Passes over the retained records, above 0 and at most 100; 0.5 is half of one.
        public let passes: Double
        /// AdamW's learning rate at the first step, above 0 and at most 1; it falls to zero.
        public let learningRate: Double
        /// Records a step, 1 to 4096.
        public let batchSize: Int
    }

    /// What `receraser` needs.
    public struct RecEraser: Sendable, Hashable {
        /// By what records are divided.
        public enum Partition: String, Sendable, Hashable, CaseIterable {
            /// Similar users together.
            case user
            /// Similar items together.
            case item
            /// Similar interactions together.
            case interaction
            /// Users shuffled and cut into equal parts.
            case shuffled
        }

        /// How the shards' answers become one.
        public enum Combination: String, Sendable, Hashable, CaseIterable {
            /// Learned attention.
            case attention
            /// The mean of probabilities.
            case meanProbability = "mean-probability"
            /// The mean of log-probabilities.
            case meanLogProbability = "mean-log-probability"
            /// A vote.
            case vote
            /// The mean of raw logits.
            case meanLogit = "mean-logit"
        }

        /// Section `attention`, only with that combination.
        public struct Attention: Sendable, Hashable {
            /// Passes over the retained records, 1 to 1000.
            public let epochs: Int
            /// Records a step, 1 to 4096.
            public let batchSize: Int
            /// Adam's learning rate, above 0 and at most 1.
            public let learningRate: Double
            /// Dropout on the hidden layer, 0 or more and below 1.
            public let dropout: Double
            /// Weight of the squares of the transforms' weights, 0 to 1.
            public let penalty: Double
        }

        /// By what records are divided.
        public let partition: Partition
        /// Shards, 1 to 4096.
        public let shards: Int
        /// The largest shard over the mean size, 1 to 100.
        public let capacity: Double
        /// The most rounds of the partition, 1 to 10000.
        public let rounds: Int
        /// How the shards' answers become one.
        public let aggregation: Combination
        /// How attention is trained; nil with another combination.
        public let attention: Attention?
    }

    /// The hyper-parameters of a method: the policy's own, another of section `methods`, or retraining, which needs none.
    public func method(named name: MethodName) -> Method? {
        if method.name == name { return method }
        return methods.first { $0.name == name } ?? (name == .retrain ? .retrain : nil)
    }
}
