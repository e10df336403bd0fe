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

        let trainer = Trainer(
            parameters: task.original,
            optimizer: AdamWConfiguration(
                learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
            dropoutSeed: task.seeds.dropout, pool: task.pool)
        let epochs = task.forgotten.isEmpty ? 0 : configuration.epochs
        progress(.began(stage: "incompetent teacher", units: epochs * records.count))
        for epoch in 0..<epochs {
            var sampler = BatchSampler(
                count: records.count, batchSize: configuration.batchSize, order: task.seeds.order, pass: 7001 + epoch)
            var sum = 0.0
            for _ in 0..<sampler.batchesPerPass {
                let batch = sampler.next()
                sum +=
                    trainer.step(
                        items(
                            forgotten: batch.filter { $0 < task.forgotten.count }.map { records[$0] },
                            retained: batch.filter { $0 >= task.forgotten.count }.map { records[$0] },
                            incompetent: incompetent, competent: competent)
                    ).objective
                progress(.advanced(units: batch.count))
            }
            progress(
                .epoch(
                    number: epoch + 1, trainingLoss: sum / Double(sampler.batchesPerPass), validationLoss: nil))
        }
        let state = trainer.optimizerState
        return UnlearnedModel(
            parameters: trainer.parameters, trainableParameters: trainer.trainableCount, modelsRead: [.original],
            residue: [Residue(kind: .optimizerState, values: state.first + state.second)])
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
