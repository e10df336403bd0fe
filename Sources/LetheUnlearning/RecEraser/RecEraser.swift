import LetheTensor
public import LetheTransformer

/// RecEraser for a language model (Chen et al. 2022, METHODS 1.4): shards of similar users, answers weighed by attention.
///
/// Where a record lies is what the base model, which never saw a user, makes of it: a user's vector is the mean encoder state over the
/// user's prompts, an item's the mean over the prompts that ask about it. Forgetting retrains the shards that held a forgotten
/// record, and the attention.
///
/// Not exact: the partition is learned from everybody, the forgotten included, and their vectors moved other users. It is exact
/// *given the partition*.
public struct RecEraser: UnlearningMethod {
    /// By what records are divided.
    public enum Partition: String, Sendable, Equatable, CaseIterable {
        /// Similar users together (UBP).
        case user
        /// Similar items together (IBP).
        case item
        /// Similar interactions together (InBP).
        case interaction
        /// Retained users shuffled and cut into equal parts: what the paper's code calls RecEraser.
        case shuffled
    }

    /// How the shards' answers become one.
    public enum Combination: Sendable, Equatable {
        /// Learned attention.
        case attention(AttentionTraining)
        /// A fixed rule; the paper's code takes the mean of logits.
        case fixed(Aggregation)
    }

    /// Hyper-parameters.
    public struct Configuration: Sendable, Equatable {
        /// By what records are divided.
        public var partition: Partition
        /// How many shards.
        public var shards: Int
        /// Capacity of a shard over the mean size.
        public var slack: Double
        /// The most rounds of the partition.
        public var rounds: Int
        /// How the shards' answers become one.
        public var combination: Combination
        /// How a shard is trained.
        public var training: FineTuningConfiguration

        /// Hyper-parameters; the defaults are RecEraser's.
        public init(
            partition: Partition = .user, shards: Int = 4, slack: Double = 1.2, rounds: Int = 50,
            combination: Combination = .attention(AttentionTraining()), training: FineTuningConfiguration
        ) {
            self.partition = partition
            self.shards = shards
            self.slack = slack
            self.rounds = rounds
            self.combination = combination
            self.training = training
        }
    }

    /// The hyper-parameters.
    public let configuration: Configuration
    /// The program's version, part of every checkpoint's key.
    public let code: String
    /// Where shards are kept between the original's training and now.
    public let checkpoints: any CheckpointStore

    /// RecEraser with its hyper-parameters.
    public init(configuration: Configuration, code: String, checkpoints: any CheckpointStore) {
        self.configuration = configuration
        self.code = code
        self.checkpoints = checkpoints
    }

    /// The name on the wire: receraser.
    public let name = "receraser"
    /// False: exact only given the partition, which the forgotten records helped to make.
    public let isExact = false
    /// True: no single T5 computes attention over several.
    public var isEnsemble: Bool { configuration.shards > 1 }
    /// The forgotten records only to find the partition.
    public let reads: MethodInputs = [.base, .forgotten, .retained, .validation, .origins, .checkpoints]
    /// Shards that learned the forgotten records; they are destroyed.
    public let residueKinds: [Residue.Kind] = [.trainingCheckpoint]

    /// All shards' and the attention's. The paper's table counts the shards alone: 891,614,208 with a fixed rule.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int {
        let shards = configuration.shards * shape.layout.count
        guard case .attention = configuration.combination, isEnsemble else { return shards }
        return shards + AttentiveAggregator.count(members: configuration.shards, width: shape.dModel)
    }

    /// Divides, retrains what the forgotten records touched, and learns the attention anew on retained records.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        let records = task.forgotten.count + task.retained.count
        let origins = task.forgottenOrigins + task.retainedOrigins
        guard origins.count == records, task.retainedOrigins.count == task.retained.count else {
            throw UnlearningError.originsMissing(method: name, records: records, origins: origins.count)
        }
        let shardOf = try partition(task, origins: origins, progress: progress)
        var parts = [[Example]](repeating: [], count: configuration.shards)
        for (record, origin) in zip(task.retained, task.retainedOrigins) {
            guard let shard = shardOf[group(origin)] else { continue }
            parts[shard].append(record)
        }
        let trainer = ShardTrainer(
            start: task.base, adapter: nil, configuration: configuration.training, slices: 1,
            seeds: task.originalSeeds, validation: task.validation, code: code, store: checkpoints, pool: task.pool,
            session: task.session)
        let trained = try trainer.trainAll(parts.map { [$0] }, progress: progress)
        let members = trained.values.map(task.base.replacing)
        let aggregation: Aggregation =
            switch configuration.combination {
            case .fixed(let rule): rule
            case .attention(let attention):
                .attention(
                    try attention.train(
                        over: members.map { Inference(parameters: $0, pool: task.pool) },
                        width: task.base.configuration.dModel, on: task.retained, seeds: task.originalSeeds,
                        weights: trained.values, session: task.session, progress: progress))
            }
        return UnlearnedModel(
            model: try trainer.model(trained.values, aggregation: aggregation),
            trainableParameters: try trainableParameters(of: task.base.configuration), modelsRead: [.base],
            residue: trained.residue, recordsTrained: trained.recordsTrained)
    }

    /// What is put into a shard as one.
    private func group(_ origin: RecordOrigin) -> RecordOrigin {
        switch configuration.partition {
        case .user, .shuffled: RecordOrigin(user: origin.user, item: 0)
        case .item: RecordOrigin(user: 0, item: origin.item)
        case .interaction: origin
        }
    }

    /// The shard of every group.
    func partition(
        _ task: UnlearningTask, origins: [RecordOrigin], progress: ProgressHandler
    ) throws -> [RecordOrigin: Int] {
        func ordered(_ origins: [RecordOrigin]) -> [RecordOrigin] {
            Set(origins.map(group)).sorted { ($0.user, $0.item) < ($1.user, $1.item) }
        }
        if configuration.partition == .shuffled {
            var generator = SeededGenerator(seed: task.originalSeeds.order)
            let users = ordered(task.retainedOrigins).shuffled(using: &generator)
            return Dictionary(
                uniqueKeysWithValues: users.enumerated().map { ($1, $0 * configuration.shards / users.count) })
        }
        let records = task.forgotten + task.retained
        progress(.began(stage: "partition", units: records.count))
        let base = Inference(parameters: task.base, pool: task.pool)
        let encodings = base.meanEncodings(records)
        progress(.advanced(units: records.count))
        let users = means(encodings, by: origins.map(\.user))
        let items = means(encodings, by: origins.map(\.item))
        let groups = ordered(origins)
        let samples = groups.map { group -> [[Double]] in
            switch configuration.partition {
            case .user, .shuffled: [users[group.user] ?? []]
            case .item: [items[group.item] ?? []]
            case .interaction: [users[group.user] ?? [], items[group.item] ?? []]
            }
        }
        let partition = try BalancedPartition(
            samples, shards: configuration.shards, slack: configuration.slack, rounds: configuration.rounds,
            seed: task.originalSeeds.order)
        return Dictionary(uniqueKeysWithValues: zip(groups, partition.shards))
    }

    /// The mean vector of every id. Records are added in the order of their values, so that it does not matter in which order they come.
    private func means(_ vectors: [[Double]], by ids: [Int]) -> [Int: [Double]] {
        var members: [Int: [[Double]]] = [:]
        for (vector, id) in zip(vectors, ids) { members[id, default: []].append(vector) }
        return members.mapValues { vectors in
            let sorted = vectors.sorted { $0.lexicographicallyPrecedes($1) }
            var sum = [Double](repeating: 0, count: sorted.first?.count ?? 0)
            for vector in sorted { for (index, value) in vector.enumerated() { sum[index] += value } }
            return sum.map { $0 / Double(sorted.count) }
        }
    }
}
