import LetheTensor
public import LetheTransformer

/// E2URec taken further (METHODS 6.1, 6.2): the loss looks at the decision alone, the forgetting teacher knows where to stop, and so
/// does training, all without a retrained model.
///
///     L = beta KL(p_F || p)[D_f] + (1 - beta) (CE + KL(p_o || p))[D_r],   first position only
///
/// p_F is `CalibratedTeacher`'s. Training ends when the student leans hardly further to the right answers on forgotten records than on
/// records of unseen users (a twentieth of the original's gap, or one standard error), both seen through the student, so that a general loss of confidence is no progress; progress tells this
/// gap where other trainings tell a validation loss. Teachers are frozen and asked once a record. Every ingredient can be switched
/// off, to see what it is worth.
public struct CalibratedE2URec: AugmentingMethod {
    /// Training ends when this share of the original's gap is left: the student nears the teacher, which has none, from above.
    static let tolerance = 0.05
    /// The most records that the criterion looks at, of each kind.
    public static let criterionRecords = 1_024

    /// The hyper-parameters.
    public var configuration: Configuration

    /// The method with its hyper-parameters.
    public init(configuration: Configuration) { self.configuration = configuration }

    /// The name on the wire: e2urec-calibrated.
    public let name = "e2urec-calibrated"
    /// False: the result is close to a retrained model, and has to be measured.
    public let isExact = false
    /// Both kinds of data, the model in service, and validation records of users without training records.
    public let reads: MethodInputs = [.original, .forgotten, .retained, .answers, .unseen]
    /// As E2URec's.
    public let residueKinds: [Residue.Kind] = [.augmentedModel, .teacherOutputs, .adapter]
    /// How the augmented model is trained.
    public var augmentation: FineTuningConfiguration { configuration.augmentation }

    /// The adapter's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int {
        try LoRAParameters.count(configuration: configuration.adapter, model: shape)
    }

    /// Calibrates the teacher, trains the adapter until the criterion holds, and merges it.
    /// - Throws: `UnlearningError` without the answers' tokens, or without unseen records of either answer; `TrainingStopped`.
    public func unlearn(
        _ task: UnlearningTask, augmented: T5Parameters, progress: ProgressHandler
    ) throws -> UnlearnedModel {
        let answers = try checked(task)
        let forgotten = positions(task.forgotten)
        progress(.began(stage: "teachers", units: 2 * forgotten.count + task.unseen.count))
        let original = Inference(parameters: task.original, pool: task.pool)
        let teacher = try keptTeacher(
            forgotten, original: original, augmented: augmented, task: task, answers: answers)
        var generator = SeededGenerator(order: task.seeds.order, pass: 8_000)
        let retained = positions(
            task.retained.indices.shuffled(using: &generator).prefix(configuration.anchors).map { task.retained[$0] })
        let remembering =
            remembers(.withoutDivergence) ? original.logits(retained, positions: .all) : retained.map { _ in [] }
        progress(.advanced(units: 2 * forgotten.count + task.unseen.count))

        var adapter = try LoRAParameters(
            configuration: configuration.adapter, model: task.original.configuration, seed: task.seeds.adapter)
        let data = StepData(
            forgotten: forgotten, forgetting: teacher, retained: retained, remembering: remembering)
        adapter.values = try train(adapter, data, task: task, answers: answers, progress: progress).values
        return UnlearnedModel(
            parameters: adapter.merged(into: task.original), trainableParameters: adapter.values.count,
            modelsRead: [.original, .augmented],
            residue: [
                Residue(kind: .augmentedModel, values: augmented.values),
                Residue(kind: .teacherOutputs, values: Array(teacher.joined())),
                Residue(kind: .adapter, values: adapter.values),
            ])
    }

    /// What the steps draw from.
    struct StepData {
        let forgotten: [Example]
        let forgetting: [[Float]]
        let retained: [Example]
        let remembering: [[Float]]
    }

    private func checked(_ task: UnlearningTask) throws -> AnswerTokens {
        guard let answers = task.answers else { throw UnlearningError.answersMissing(method: name) }
        let isYes = try GoldMargins.answers(task.unseen, answers)
        for (side, word) in [(true, "yes"), (false, "no")] where !isYes.contains(side) {
            throw UnlearningError.unseenMissing(method: name, answer: word)
        }
        return answers
    }

    /// Whether an ingredient is in use.
    private func remembers(_ ablation: Configuration.Ablation) -> Bool { !configuration.ablations.contains(ablation) }

    /// The records with the labels that the loss looks at.
    private func positions(_ records: [Example]) -> [Example] {
        remembers(.allPositions)
            ? records.map { Example(inputIDs: $0.inputIDs, labels: Array($0.labels.prefix(1))) } : records
    }

    /// The teacher's logits on every forgotten record, computed once however often the run is interrupted.
    private func keptTeacher(
        _ forgotten: [Example], original: Inference, augmented: T5Parameters, task: UnlearningTask,
        answers: AnswerTokens
    ) throws -> [[Float]] {
        let sizes = forgotten.map { $0.labels.count * task.original.configuration.vocabularySize }
        let values = try task.session.once("teachers", count: sizes.reduce(0, +)) {
            $0.add("\(configuration)")
            $0.add(task.original.values)
            $0.add(augmented.values)
            $0.add(forgotten)
            $0.add(task.unseen)
        } compute: {
            try task.session.stopIfAsked("teachers")
            return try forgettingTeacher(
                forgotten, unseen: task.unseen, original: original,
                augmented: Inference(parameters: augmented, pool: task.pool), answers: answers
            ).flatMap(\.self)
        }
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return Array(values[start..<start + size])
        }
    }

    /// The teacher's logits on every forgotten record, over the positions that the loss looks at.
    func forgettingTeacher(
        _ forgotten: [Example], unseen: [Example], original: Inference, augmented: Inference, answers: AnswerTokens
    ) throws -> [[Float]] {
        let (before, after) = (
            original.logits(forgotten, positions: .all), augmented.logits(forgotten, positions: .all)
        )
        let margins = try GoldMargins(forgotten, logits: before, answers: answers)
        let vocabulary = before.first.map { $0.count / max(forgotten[0].labels.count, 1) } ?? 0
        let teacher: CalibratedTeacher
        if configuration.ablations.contains(.plainTeacher) {
            teacher = CalibratedTeacher(alpha: configuration.plainAlpha)
        } else {
            let gained = zip(zip(before, after), margins.isYes).map { rows, isYes in
                func gain(_ token: Int32) -> Double {
                    Double(max(rows.1[Int(token)] - rows.0[Int(token)], 0))
                }
                return (isYes ? 1 : -1) * (gain(answers.yes) - gain(answers.no))
            }
            teacher = CalibratedTeacher(
                original: margins, gained: gained,
                unseen: try GoldMargins(
                    unseen, logits: original.logits(unseen, positions: .first), answers: answers),
                maximum: configuration.maximumAlpha)
        }
        return zip(zip(before, after), margins.isYes).map { rows, isYes in
            let first = teacher.logits(
                original: Array(rows.0.prefix(vocabulary)), augmented: Array(rows.1.prefix(vocabulary)),
                answers: answers, isYes: isYes)
            // Positions after the decision are fixed words: the plain step does for them.
            return first
                + E2URec.forgettingLogits(
                    original: Array(rows.0.dropFirst(vocabulary)), augmented: Array(rows.1.dropFirst(vocabulary)),
                    alpha: Float(teacher.alpha))
        }
    }

    private func train(
        _ adapter: LoRAParameters, _ data: StepData, task: UnlearningTask, answers: AnswerTokens,
        progress: ProgressHandler
    ) throws -> TrainingState.Memory {
        var forgotten = BatchSampler(
            count: max(data.forgotten.count, 1), batchSize: configuration.batchSize, order: task.seeds.order,
            pass: 8_001)
        var retained = BatchSampler(
            count: max(data.retained.count, 1), batchSize: configuration.batchSize, order: task.seeds.order,
            pass: 8_500)
        var phase = TrainingPhase(
            stage: "forgetting and remembering", steps: data.forgotten.isEmpty ? 0 : configuration.steps,
            stepsPerEpoch: configuration.interval, units: 2 * configuration.steps * configuration.batchSize)
        phase.keepsMoments = false
        // Without a forgetting loss the gap closes, if at all, by chance: the control takes all its steps.
        if remembers(.fixedSteps), remembers(.retainedOnly) {
            let gap = try marginGap(adapter, task: task, answers: answers)
            phase.target = max(Self.tolerance * gap.value, gap.standardError)
        }
        return try phase.train(
            TrainingPhase.Start(
                parameters: task.original, adapter: adapter,
                optimizer: AdamWConfiguration(
                    learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
                dropoutSeed: task.seeds.dropout),
            session: task.session, pool: task.pool, progress: progress,
            inputs: { hash in
                hash.add("\(configuration) \(task.seeds)")
                hash.add(data.forgotten)
                hash.add(data.retained)
                hash.add(task.unseen)
                for logits in data.forgetting { hash.add(logits) }
            },
            next: { (forgotten.next(), retained.next()) },
            validate: { trainer, _ in
                try trainer.adapter.map { try marginGap($0, task: task, answers: answers).value }
            },
            items: { items(data, $0.0, data.retained.isEmpty ? [] : $0.1) }
        ).memory
    }

    /// How much further the original with this adapter leans to the right answers on forgotten records than on unseen users'
    /// records, in logits.
    private func marginGap(
        _ adapter: LoRAParameters, task: UnlearningTask, answers: AnswerTokens
    ) throws -> (value: Double, standardError: Double) {
        let inference = Inference(parameters: task.original, adapter: adapter, pool: task.pool)
        func margins(_ records: [Example]) throws -> GoldMargins {
            let some = records.spread(Self.criterionRecords)
            return try GoldMargins(some, logits: inference.logits(some, positions: .first), answers: answers)
        }
        return try margins(task.forgotten).gap(over: margins(task.unseen))
    }

    /// The objective of one step over these forgotten and these retained records.
    func items(_ data: StepData, _ forgotten: [Int], _ retained: [Int]) -> [TrainingItem] {
        var items: [TrainingItem] = []
        if remembers(.retainedOnly) {
            items += divergence(
                forgotten.map { data.forgotten[$0] }, from: forgotten.map { data.forgetting[$0] },
                weight: configuration.beta)
        }
        guard remembers(.forgottenOnly) else { return items }
        let weight = 1 - configuration.beta
        let examples = retained.map { data.retained[$0] }
        var remembering = meanLabelLoss(examples, weight: remembers(.withoutCrossEntropy) ? weight : 0)
        if remembers(.withoutDivergence) {
            let positions = examples.reduce(0) { $0 + $1.labels.count }
            for (place, index) in retained.enumerated() {
                remembering[place].teacherLogits = data.remembering[index]
                remembering[place].teacherWeight = weight / Float(max(positions, 1))
            }
        }
        return items + remembering
    }
}

extension Array {
    /// At most `count` elements, evenly spaced.
    func spread(_ count: Int) -> [Element] {
        self.count <= count ? self : (0..<count).map { self[$0 * self.count / count] }
    }
}
