import LetheBytes
public import LetheReports
import LetheTensor
import LetheTransformer
import LetheUnlearning
import Synchronization

/// Training of a model, or of an adapter on it, on tokenised examples: `lethe model train --model … --input …`.
///
/// One step takes the next lines of the input, from the top again after the last; its loss is the mean over the label tokens of
/// the batch; dropout is as the model's configuration says. AdamW has PyTorch's constants. The same settings give the same bits at
/// any number of threads, and after any interruption.
public struct TokenizedTraining: Sendable {
    /// What to train on what.
    public struct Settings: Sendable {
        /// The model's folder.
        public var model: String
        /// The examples' file.
        public var input: String
        /// Lines a step.
        public var batchSize: Int
        /// Steps in all.
        public var steps: Int
        /// AdamW's learning rate, the same at every step.
        public var learningRate: Double
        /// AdamW's decoupled weight decay.
        public var weightDecay: Double
        /// The new folder: a model, or, with an adapter, a PEFT folder.
        public var output: String
        /// Rank and alpha of a fresh adapter on q and v.
        public var freshAdapter: (rank: Int, alpha: Double, dropout: Double)?
        /// A PEFT folder whose adapter is trained on; excludes a fresh one.
        public var adapter: String?
        /// What dropout masks and a fresh adapter's weights depend on.
        public var seed: UInt64 = 0
        /// Threads that compute.
        public var threads: Int = 2
        /// The most tokens of a prompt given as text.
        public var maximumTokens: Int = 512
        /// Examples whose loss is watched.
        public var validation: String?
        /// Steps from one validation to the next.
        public var validateEvery: Int = 100
        /// Steps from one checkpoint to the next.
        public var checkpointEvery: Int = 100
        /// How matrix products are computed.
        private(set) var precision = TrainingPrecision.float32

        /// Settings with the defaults for what has one.
        public init(
            model: String, input: String, batchSize: Int, steps: Int, learningRate: Double, weightDecay: Double,
            output: String
        ) {
            self.model = model
            self.input = input
            self.batchSize = batchSize
            self.steps = steps
            self.learningRate = learningRate
            self.weightDecay = weightDecay
            self.output = output
        }

        /// Takes the name of a precision: float32 or bfloat16.
        /// - Throws: `EngineError.invalidSetting` for any other.
        public mutating func setPrecision(_ name: String) throws {
            guard let precision = TrainingPrecision(rawValue: name) else {
                throw EngineError.invalidSetting(
                    name: "--precision", found: name,
                    expected: TrainingPrecision.allCases.map(\.rawValue).joined(separator: " or "))
            }
            self.precision = precision
        }
    }

    /// How a training ended.
    public enum Outcome: Sendable, Equatable {
        /// The output folder is there.
        case finished(LossCurve)
        /// It was asked to stop after this many steps; the same command continues from the checkpoint.
        case stopped(steps: Int, checkpoint: String)
    }

    /// What a running training tells.
    public enum Event: Sendable, Equatable {
        /// It continues after this many steps of an earlier, interrupted run.
        case resumed(steps: Int)
        /// A stage begins or advances.
        case progress(ServiceProgress)
        /// A step is done.
        case step(LossCurve.Point)
    }

    private let settings: Settings

    /// Checks the settings; nothing is read yet.
    /// - Throws: `EngineError.invalidSetting`; `FileError.alreadyExists` where something is at the output.
    public init(_ settings: Settings) throws {
        let ranges = [
            ("--batch-size", settings.batchSize, 1...(1 << 16)), ("--steps", settings.steps, 0...(1 << 40)),
            ("--threads", settings.threads, 1...1024), ("--maximum-tokens", settings.maximumTokens, 1...(1 << 16)),
            ("--validate-every", settings.validateEvery, 1...Int.max),
            ("--checkpoint-every", settings.checkpointEvery, 1...Int.max),
        ]
        for (name, value, range) in ranges { try ModelFolders.checkRange(name, value, range) }
        for (name, value) in [("--learning-rate", settings.learningRate), ("--weight-decay", settings.weightDecay)] {
            guard value.isFinite, value >= 0 else {
                throw EngineError.invalidSetting(name: name, found: "\(value)", expected: "a finite number from 0")
            }
        }
        guard settings.freshAdapter == nil || settings.adapter == nil else {
            throw EngineError.invalidSetting(
                name: "--adapter", found: "given beside --lora-rank", expected: "one of the two")
        }
        guard !Files.exists(settings.output) else { throw FileError.alreadyExists(path: settings.output) }
        self.settings = settings
    }

    /// The file that an interrupted run leaves beside its output.
    public var checkpoint: String { settings.output + ".checkpoint" }

    /// Trains to the end, or until `shouldStop` says so between two steps.
    /// - Throws: `TrainingStateError` for a checkpoint that another training left, or that is damaged; it is left as it is.
    public func run(shouldStop: @escaping @Sendable () -> Bool, report: (Event) -> Void) throws -> Outcome {
        let loaded = try HuggingFaceFolder.loadModel(settings.model)
        let configuration = loaded.parameters.configuration
        func read(_ path: String) throws -> [Example] {
            try TokenizedExamples(
                path: path, configuration: configuration, tokenizer: loaded.tokenizer,
                maximumTokens: settings.maximumTokens
            ).examples
        }
        let examples = try read(settings.input)
        let validation = try settings.validation.map(read) ?? []
        var adapter = try startingAdapter(configuration)
        let pool = WorkerPool(threads: settings.threads)
        let steps = Mutex(0)
        let every = settings.checkpointEvery
        let session = TrainingSession(
            store: SealedStates(file: checkpoint),
            isDue: {
                steps.withLock {
                    $0 += 1
                    return $0 % every == 0
                }
            }, shouldStop: shouldStop)
        var points: [LossCurve.Point] = []
        let trained: TrainingState.Memory
        do {
            trained = try train(
                loaded.parameters, adapter: adapter, on: examples, validation: validation, pool: pool, session: session
            ) { event in
                switch event {
                case .began, .advanced: report(.progress(ServiceProgress(event)))
                case .resumed(let steps, let epochs):
                    points = epochs.map(LossCurve.Point.init)
                    report(.resumed(steps: steps))
                case .epoch(let number, let training, let validation):
                    points.append(LossCurve.Point(number: number, training: training, validation: validation))
                    report(.step(points[points.count - 1]))
                }
            }
        } catch let stop as TrainingStopped {
            return .stopped(steps: stop.steps, checkpoint: checkpoint)
        }
        let curve = LossCurve(unit: "step", points: points)
        let companions = [("training.csv", Array(curve.csv.utf8)), ("training.svg", Array(curve.svg.utf8))]
        do {
            adapter?.values = trained.values
            if let adapter {
                try PEFTFolder.saveAdapter(
                    adapter, baseModel: settings.model, to: settings.output, companions: companions)
            } else {
                try HuggingFaceFolder.saveModel(
                    loaded.parameters.replacing(trained.values), tokenizer: loaded.tokenizer, to: settings.output,
                    companions: companions)
            }
        } catch {
            // A full disk under the output need not cost the training.
            try? session.flush()
            throw error
        }
        try Files.remove(checkpoint)
        return .finished(curve)
    }

    private func train(
        _ parameters: T5Parameters, adapter: LoRAParameters?, on examples: [Example], validation: [Example],
        pool: WorkerPool, session: TrainingSession, progress: ProgressHandler
    ) throws -> TrainingState.Memory {
        let phase = TrainingPhase(
            stage: "training", steps: settings.steps, stepsPerEpoch: 1, units: settings.steps * settings.batchSize)
        var step = 0
        return try phase.train(
            TrainingPhase.Start(
                parameters: parameters, adapter: adapter,
                optimizer: AdamWConfiguration(
                    learningRate: settings.learningRate, weightDecay: settings.weightDecay),
                dropoutSeed: settings.seed, precision: settings.precision),
            session: session, pool: pool, progress: progress,
            inputs: {
                $0.add("\(settings.batchSize) \(settings.validateEvery)")
                $0.add(examples)
                $0.add(validation)
            },
            next: {
                defer { step += 1 }
                let count = examples.count
                return (0..<settings.batchSize).map {
                    examples[(step % count * (settings.batchSize % count) + $0) % count]
                }
            },
            validate: { trainer, number in
                guard !validation.isEmpty, number % settings.validateEvery == 0 || number == settings.steps else {
                    return nil
                }
                return Inference(parameters: trainer.parameters, adapter: trainer.adapter, pool: pool)
                    .labelLoss(validation).mean
            },
            items: meanLabelLossItems
        ).memory
    }

    private func startingAdapter(_ configuration: T5Configuration) throws -> LoRAParameters? {
        if let path = settings.adapter { return try PEFTFolder.loadAdapter(path, model: configuration) }
        return try settings.freshAdapter.map { fresh in
            try LoRAParameters(
                configuration: LoRAConfiguration(
                    rank: fresh.rank, alpha: Float(fresh.alpha), dropout: Float(fresh.dropout)),
                model: configuration, seed: settings.seed)
        }
    }
}

extension LossCurve.Point {
    /// The point of an epoch.
    init(_ epoch: TrainedEpoch) {
        self.init(number: epoch.number, training: epoch.trainingLoss, validation: epoch.validationLoss)
    }
}

/// A step's items whose objective is the mean cross-entropy over the kept label tokens of the batch.
private func meanLabelLossItems(_ batch: [Example]) -> [TrainingItem] {
    let tokens = batch.reduce(0) { $0 + $1.labels.count { $0 != Example.ignoredLabel } }
    return batch.map { TrainingItem(example: $0, labelWeight: tokens == 0 ? 0 : 1 / Float(tokens)) }
}
