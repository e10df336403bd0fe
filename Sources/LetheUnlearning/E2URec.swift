import LetheTensor
public import LetheTransformer

/// E2URec (Wang et al., METHODS 1.8): a LoRA student of the original model learns from two teachers.
///
/// Stage A trains the *augmented* model: the original, further on the forgotten data, so that what it gains shows what
/// remembering looks like. The *forgetting teacher* steps the other way, `z_F = z_o - alpha * relu(z_a - z_o)`; the
/// *remembering teacher* is the original. Stage B trains the adapter on
///
///     L = beta * L_FGT + (1 - beta) * L_REM
///     L_FGT = KL(p_F || p_student) on forgotten data
///     L_REM = KL(p_o || p_student) + CE on retained data
///
/// first on forgotten data alone, then on both. The adapter is merged: the result is one set of weights.
public struct E2URec: AugmentingMethod {
    /// Hyper-parameters; the defaults are the paper's at T5-base.
    public struct Configuration: Sendable, Equatable {
        /// How far the forgetting teacher steps away from the augmented model.
        public var alpha: Float
        /// Weight of forgetting against remembering in the joint phase.
        public var beta: Float
        /// Fine-tuning of the augmented model on forgotten data.
        public var augmentation: FineTuningConfiguration
        /// Passes over the forgotten data with the forgetting loss alone.
        public var forgetOnlyEpochs: Int
        /// Steps on both losses after that.
        public var jointSteps: Int
        /// Records a step, of each kind.
        public var batchSize: Int
        /// AdamW's learning rate for the adapter.
        public var learningRate: Double
        /// AdamW's decoupled weight decay for the adapter.
        public var weightDecay: Double
        /// The adapter's shape.
        public var adapter: LoRAConfiguration

        /// Hyper-parameters as the paper's reference run sets them.
        public init(
            alpha: Float = 2, beta: Float = 0.4,
            augmentation: FineTuningConfiguration = FineTuningConfiguration(
                epochs: 1, batchSize: 16, learningRate: 5e-5, patience: nil),
            forgetOnlyEpochs: Int = 1, jointSteps: Int = 188, batchSize: Int = 16, learningRate: Double = 1e-3,
            weightDecay: Double = 0.01, adapter: LoRAConfiguration
        ) {
            self.alpha = alpha
            self.beta = beta
            self.augmentation = augmentation
            self.forgetOnlyEpochs = forgetOnlyEpochs
            self.jointSteps = jointSteps
            self.batchSize = batchSize
            self.learningRate = learningRate
            self.weightDecay = weightDecay
            self.adapter = adapter
        }
    }

    /// The hyper-parameters, committed to the log before any seed is known.
    public let configuration: Configuration

    /// E2URec with the given hyper-parameters.
    public init(configuration: Configuration) {
        self.configuration = configuration
    }

    /// The name on the wire: e2urec.
    public let name = "e2urec"
    /// False: the result is close to a retrained model, and has to be measured.
    public let isExact = false

    /// Both kinds of data and the model in service.
    public let reads: MethodInputs = [.original, .forgotten, .retained]
    /// The augmented model above all.
    public let residueKinds: [Residue.Kind] = [.augmentedModel, .teacherOutputs, .adapter]

    /// The adapter's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int {
        try LoRAParameters.count(configuration: configuration.adapter, model: shape)
    }

    /// Stage A's settings.
    public var augmentation: FineTuningConfiguration { configuration.augmentation }

    /// Stage B: derives the forgetting teacher, trains the adapter and merges it.
    public func unlearn(
        _ task: UnlearningTask, augmented: T5Parameters, progress: ProgressHandler
    ) throws -> UnlearnedModel {
        let teacher = try forgettingTeacher(augmented: augmented, task: task, progress: progress)

        var adapter = try LoRAParameters(
            configuration: configuration.adapter, model: task.original.configuration, seed: task.seeds.adapter)
        let forgot = try forget(adapter, task: task, teacher: teacher, progress: progress)
        let learned = try learnJointly(adapter, from: forgot, task: task, teacher: teacher, progress: progress)
        adapter.values = learned.values

        return UnlearnedModel(
            parameters: adapter.merged(into: task.original), trainableParameters: adapter.values.count,
            modelsRead: [.original, .augmented],
            residue: [
                Residue(kind: .augmentedModel, values: augmented.values),
                Residue(kind: .teacherOutputs, values: Array(teacher.joined())),
                Residue(kind: .adapter, values: adapter.values),
            ])
    }

    /// `z_o - alpha * relu(z_a - z_o)` for each forgotten record: the teachers are frozen, so this is computed once.
    private func forgettingTeacher(
        augmented: T5Parameters, task: UnlearningTask, progress: ProgressHandler
    ) throws -> [[Float]] {
        let stage = "forgetting teacher"
        progress(.began(stage: stage, units: 2 * task.forgotten.count))
        let sizes = task.forgotten.map { $0.labels.count * task.original.configuration.vocabularySize }
        let values = try task.session.once(stage, count: sizes.reduce(0, +)) {
            $0.add("\(configuration.alpha)")
            $0.add(task.original.values)
            $0.add(augmented.values)
            $0.add(task.forgotten)
        } compute: {
            try forgettingTeacher(
                original: Inference(parameters: task.original, pool: task.pool),
                augmented: Inference(parameters: augmented, pool: task.pool), on: task.forgotten,
                session: task.session, progress: progress
            ).flatMap(\.self)
        }
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return Array(values[start..<start + size])
        }
    }

    func forgettingTeacher(
        original: Inference, augmented: Inference, on forgotten: [Example], session: TrainingSession = .unkept,
        progress: ProgressHandler
    ) throws -> [[Float]] {
        var teacher: [[Float]] = []
        teacher.reserveCapacity(forgotten.count)
        for start in stride(from: 0, to: forgotten.count, by: 256) {
            try session.stopIfAsked("forgetting teacher")
            let slice = Array(forgotten[start..<min(start + 256, forgotten.count)])
            let pairs = zip(original.logits(slice, positions: .all), augmented.logits(slice, positions: .all))
            for (original, augmented) in pairs {
                teacher.append(
                    Self.forgettingLogits(original: original, augmented: augmented, alpha: configuration.alpha))
            }
            progress(.advanced(units: 2 * slice.count))
        }
        return teacher
    }

    /// `original - alpha * relu(augmented - original)`, element by element.
    static func forgettingLogits(original: [Float], augmented: [Float], alpha: Float) -> [Float] {
        zip(original, augmented).map { $0 - alpha * max($1 - $0, 0) }
    }

    /// Phase one: the forgetting loss alone.
    private func forget(
        _ adapter: LoRAParameters, task: UnlearningTask, teacher: [[Float]], progress: ProgressHandler
    ) throws -> TrainingState.Memory {
        var forgotten = BatchSampler(
            count: max(task.forgotten.count, 1), batchSize: configuration.batchSize, order: task.seeds.order,
            pass: 1000)
        let phase = TrainingPhase(
            stage: "forgetting",
            steps: task.forgotten.isEmpty ? 0 : configuration.forgetOnlyEpochs * forgotten.batchesPerPass,
            stepsPerEpoch: forgotten.batchesPerPass, units: configuration.forgetOnlyEpochs * task.forgotten.count)
        return try phase.train(
            start(adapter, state: nil, task), session: task.session, pool: task.pool, progress: progress,
            inputs: { addInputs(to: &$0, task, teacher) }, next: { forgotten.next() },
            items: { forgettingItems($0, task: task, teacher: teacher, weight: 1) }
        ).memory
    }

    /// Phase two: forgetting and remembering together.
    private func learnJointly(
        _ adapter: LoRAParameters, from forgot: TrainingState.Memory, task: UnlearningTask, teacher: [[Float]],
        progress: ProgressHandler
    ) throws -> TrainingState.Memory {
        guard configuration.jointSteps > 0, !task.retained.isEmpty else { return forgot }
        let original = Inference(parameters: task.original, pool: task.pool)
        var forgotten = BatchSampler(
            count: max(task.forgotten.count, 1), batchSize: configuration.batchSize, order: task.seeds.order, pass: 2000
        )
        var retained = BatchSampler(
            count: task.retained.count, batchSize: configuration.batchSize, order: task.seeds.order, pass: 3000)
        // The joint phase has no passes of its own: its curve has about ten points.
        let phase = TrainingPhase(
            stage: "forgetting and remembering", steps: configuration.jointSteps,
            stepsPerEpoch: max(1, configuration.jointSteps / 10),
            units: 2 * configuration.jointSteps * configuration.batchSize)
        var adapter = adapter
        adapter.values = forgot.values
        return try phase.train(
            start(adapter, state: forgot.optimizer, task), session: task.session, pool: task.pool,
            progress: progress,
            inputs: {
                addInputs(to: &$0, task, teacher)
                $0.add(task.retained)
            },
            next: { (forgotten.next(), retained.next()) },
            items: { batch in
                var items = forgettingItems(batch.0, task: task, teacher: teacher, weight: configuration.beta)
                let forgotten = items.count
                items += rememberingItems(batch.1.map { task.retained[$0] }, weight: 1 - configuration.beta)
                original.teach(&items, in: forgotten..<items.count)
                return items
            }
        ).memory
    }

    private func start(
        _ adapter: LoRAParameters, state: OptimizerState?, _ task: UnlearningTask
    ) -> TrainingPhase.Start {
        TrainingPhase.Start(
            parameters: task.original, adapter: adapter,
            optimizer: AdamWConfiguration(
                learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
            dropoutSeed: task.seeds.dropout, state: state)
    }

    private func addInputs(to hash: inout KeyHash, _ task: UnlearningTask, _ teacher: [[Float]]) {
        hash.add("\(configuration) \(task.seeds)")
        hash.add(task.forgotten)
        for logits in teacher { hash.add(logits) }
    }

    /// Items of `weight * KL(p_F || p_student)`, the mean over the batch's label positions.
    private func forgettingItems(
        _ batch: [Int], task: UnlearningTask, teacher: [[Float]], weight: Float
    ) -> [TrainingItem] {
        let positions = batch.reduce(0) { $0 + task.forgotten[$1].labels.count }
        return batch.map {
            TrainingItem(
                example: task.forgotten[$0], labelWeight: 0, teacherLogits: teacher[$0],
                teacherWeight: weight / Float(max(positions, 1)))
        }
    }

    /// Items of `weight * (CE + KL(p_o || p_student))`, whose teacher is yet to speak: one forward serves both.
    private func rememberingItems(_ batch: [Example], weight: Float) -> [TrainingItem] {
        let positions = batch.reduce(0) { $0 + $1.labels.count }
        return meanLabelLoss(batch, weight: weight).map {
            TrainingItem(
                example: $0.example, labelWeight: $0.labelWeight, teacherWeight: weight / Float(max(positions, 1)))
        }
    }
}
