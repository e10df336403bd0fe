import LetheTensor
public import LetheTransformer

/// Rewind: go back a part of the way that training on users led, then learn again from those who stay.
///
///     theta_0 = theta_base + share (theta_original - theta_base)
///     from theta_0:  min CE(D_r),  a set number of passes, the learning rate falling to zero
///
/// What a model remembers of single records shrinks faster along that line than what it knows in general
/// (Documentation/design/table-on-real-data.md); what was lost of the retained records comes back by learning them, what was lost of the
/// forgotten ones does not. The line is that of weight-space ensembles of a pretrained and a fine-tuned model (Wortsman et al., CVPR
/// 2022); rewinding to a saved checkpoint instead is Rewind-to-Delete (Mu and Klabjan, 2024). The forgotten records are never read, so
/// nothing that is made on the way remembers them anew.
public struct Rewind: UnlearningMethod {
    /// Hyper-parameters.
    public struct Configuration: Sendable, Equatable {
        /// The share of the way from the base to the original that is kept, 0 to 1.
        public var share: Float
        /// Passes over the retained records, in parts of a pass where that is meant; none at 0.
        public var passes: Double
        /// Records a step.
        public var batchSize: Int
        /// AdamW's learning rate at the first step.
        public var learningRate: Double
        /// AdamW's decoupled weight decay.
        public var weightDecay: Double

        /// Half of the way and one pass, at the rate at which a tiny original is trained.
        public init(
            share: Float = 0.5, passes: Double = 1, batchSize: Int = 32, learningRate: Double = 1e-4,
            weightDecay: Double = 0.01
        ) {
            self.share = share
            self.passes = passes
            self.batchSize = batchSize
            self.learningRate = learningRate
            self.weightDecay = weightDecay
        }
    }

    /// One half of the method without the other.
    public enum Control: String, Sendable, CaseIterable {
        /// The point on the line, without a pass after it.
        case withoutRelearning = "no-relearning"
        /// The passes from the base: a short retraining.
        case fromBase = "from-base"
        /// The passes from the original: further training on who stays.
        case fromOriginal = "from-original"
    }

    /// The hyper-parameters.
    public let configuration: Configuration

    /// Rewind with its hyper-parameters.
    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// This method with one half left out, to see what it is worth.
    public func control(_ control: Control) -> Rewind {
        var configuration = configuration
        switch control {
        case .withoutRelearning: configuration.passes = 0
        case .fromBase: configuration.share = 0
        case .fromOriginal: configuration.share = 1
        }
        return Rewind(configuration: configuration)
    }

    /// The name on the wire: rewind.
    public let name = "rewind"
    /// False: a share of what the original learned is kept, and with it a share of what it remembers.
    public let isExact = false
    /// The base, the model in service and the retained records; never the forgotten ones.
    public let reads: MethodInputs = [.base, .original, .retained]
    /// Nothing: no step reads a forgotten record.
    public let residueKinds: [Residue.Kind] = []

    /// All of the model's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int { shape.layout.count }

    /// Rewinds and learns the retained records.
    /// - Throws: `UnlearningError.invalidParameter` where base and original are not of one shape; `TrainingStopped`.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        let start = try rewound(task)
        var batches = BatchSampler(
            count: max(task.retained.count, 1), batchSize: configuration.batchSize, order: task.seeds.order,
            pass: 9_000)
        let steps =
            task.retained.isEmpty || configuration.passes <= 0
            ? 0 : max(1, Int((configuration.passes * Double(batches.batchesPerPass)).rounded()))
        var phase = TrainingPhase(
            stage: "relearning", steps: steps, stepsPerEpoch: max(1, steps / 10),
            units: steps * configuration.batchSize)
        phase.keepsMoments = false
        let trained = try phase.train(
            TrainingPhase.Start(
                parameters: start,
                optimizer: AdamWConfiguration(
                    learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
                dropoutSeed: task.seeds.dropout),
            session: task.session, pool: task.pool, progress: progress,
            inputs: {
                $0.add("\(configuration) \(task.seeds)")
                $0.add(task.retained)
            },
            next: { batches.next() },
            rate: LearningRateSchedule.linear.rate(from: configuration.learningRate, over: steps),
            items: { meanLabelLoss($0.map { task.retained[$0] }) })
        return UnlearnedModel(
            parameters: start.replacing(trained.memory.values), trainableParameters: start.values.count,
            modelsRead: [.base, .original], residue: [])
    }

    /// The point on the line from the base to the original.
    func rewound(_ task: UnlearningTask) throws(UnlearningError) -> T5Parameters {
        guard task.base.layout == task.original.layout else {
            throw .invalidParameter(
                method: name, name: "the base model", found: "\(task.base.values.count) weights",
                expected: "the original's \(task.original.values.count), of the same shape")
        }
        let share = configuration.share
        // Exact at both ends: base + 1 (original - base) need not be the original in floating point.
        return task.original.replacing(
            zip(task.base.values, task.original.values).map { (1 - share) * $0 + share * $1 })
    }
}
