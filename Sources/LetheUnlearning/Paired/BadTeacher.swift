import LetheTensor
public import LetheTransformer

/// Bad-T (Chundawat et al., METHODS 1.7): an incompetent teacher on forgotten data, the original on retained data.
///
///     L = mean_i KL(l_i * p_bad + (1 - l_i) * p_o || p),  l_i = 1 for a forgotten record
///
/// The incompetent teacher has the original's shape and random weights; it has seen nothing. The temperature is 1. Forgotten
/// records and a drawn part of the retained ones are shuffled together, for about one pass.
public struct BadTeacher: UnlearningMethod {
    /// Hyper-parameters.
    public struct Configuration: Sendable, Equatable {
        /// The part of the retained records that is learned, above 0 to 1.
        public var retainedShare: Double
        /// Passes over forgotten and drawn records.
        public var epochs: Int
        /// AdamW's learning rate.
        public var learningRate: Double
        /// AdamW's decoupled weight decay.
        public var weightDecay: Double
        /// Records a step, of both kinds together.
        public var batchSize: Int

        /// Hyper-parameters; the defaults are the method's paper's, with this table's learning rate.
        public init(
            retainedShare: Double = 0.3, epochs: Int = 1, learningRate: Double = 5e-5, weightDecay: Double = 0.01,
            batchSize: Int = 16
        ) {
            self.retainedShare = retainedShare
            self.epochs = epochs
            self.learningRate = learningRate
            self.weightDecay = weightDecay
            self.batchSize = batchSize
        }
    }

    /// The hyper-parameters.
    public let configuration: Configuration

    /// Bad-T with its hyper-parameters.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// The name on the wire: bad-t.
    public let name = "bad-t"
    /// False: what was learned is covered, not removed.
    public let isExact = false
    /// Both kinds of data and the model in service; the incompetent teacher comes from a seed.
    public let reads: MethodInputs = [.original, .forgotten, .retained]
    /// The optimiser's moments are sums of gradients of the forgotten data.
    public let residueKinds: [Residue.Kind] = [.optimizerState]

    /// All of the model's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int { shape.layout.count }

    /// Trains the original on both teachers.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        let competent = Inference(parameters: task.original, pool: task.pool)
        let incompetent = Inference(
            parameters: T5Parameters(configuration: task.original.configuration, seed: task.seeds.adapter),
            pool: task.pool)
        var generator = SeededGenerator(order: task.seeds.order, pass: 7000)
        let share = Int((Double(task.retained.count) * configuration.retainedShare).rounded(.up))
        let drawn = task.retained.indices.shuffled(using: &generator).prefix(share).sorted()
        // Forgotten records first: an index below `forgotten.count` is one of them.
        let records = task.forgotten + drawn.map { task.retained[$0] }

        var batches = BatchSampler(
            count: max(records.count, 1), batchSize: configuration.batchSize, order: task.seeds.order, pass: 7001)
        let epochs = task.forgotten.isEmpty ? 0 : configuration.epochs
        let phase = TrainingPhase(
            stage: "incompetent teacher", steps: epochs * batches.batchesPerPass,
            stepsPerEpoch: batches.batchesPerPass, units: epochs * records.count)
        let trained = try phase.train(
            TrainingPhase.Start(
                parameters: task.original,
                optimizer: AdamWConfiguration(
                    learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
                dropoutSeed: task.seeds.dropout),
            session: task.session, pool: task.pool, progress: progress,
            inputs: { task.addRecords(to: &$0, settings: "\(configuration)") }, next: { batches.next() },
            items: { batch in
                items(
                    forgotten: batch.filter { $0 < task.forgotten.count }.map { records[$0] },
                    retained: batch.filter { $0 >= task.forgotten.count }.map { records[$0] },
                    incompetent: incompetent, competent: competent)
            }
        ).memory
        return UnlearnedModel(
            parameters: task.original.replacing(trained.values), trainableParameters: trained.values.count,
            modelsRead: [.original],
            residue: [Residue(kind: .optimizerState, values: trained.optimizer.first + trained.optimizer.second)])
    }

    /// The objective of one step: the mean divergence over all label positions of the batch.
    func items(
        forgotten: [Example], retained: [Example], incompetent: Inference, competent: Inference
    ) -> [TrainingItem] {
        divergence(
            forgotten + retained,
            from: incompetent.logits(forgotten, positions: .all) + competent.logits(retained, positions: .all),
            weight: 1)
    }
}
