import LetheBytes
import LetheCertificates
import LetheCrypto
public import LetheReports
import LetheTensor
import LetheTransformer

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
    public func run(shouldStop: () -> Bool, report: (Event) -> Void) throws -> Outcome {
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
        let adapter = try startingAdapter(configuration)
        let identity = try identity()
        let saved = try TrainingCheckpoint.load(
            checkpoint, identity: identity, count: adapter?.values.count ?? loaded.parameters.values.count)
        let pool = WorkerPool(threads: settings.threads)
        let trainer = Trainer(
            parameters: saved.map { adapter == nil ? loaded.parameters.replacing($0.values) : loaded.parameters }
                ?? loaded.parameters,
            adapter: adapter.map { adapter in
                var adapter = adapter
                if let saved { adapter.values = saved.values }
                return adapter
            },
            optimizer: AdamWConfiguration(learningRate: settings.learningRate, weightDecay: settings.weightDecay),
            dropoutSeed: settings.seed, pool: pool, state: saved?.optimizer, precision: settings.precision)
        var points = saved?.points ?? []
        if let saved { report(.resumed(steps: saved.optimizer.steps)) }
        report(.progress(.began(stage: "training", units: max(settings.steps - trainer.steps, 0))))
        while trainer.steps < settings.steps {
            if shouldStop() {
                try save(trainer, points, identity)
                return .stopped(steps: trainer.steps, checkpoint: checkpoint)
            }
            let batch = (0..<settings.batchSize).map {
                examples[(trainer.steps % examples.count * (settings.batchSize % examples.count) + $0) % examples.count]
            }
            let loss = trainer.step(meanLabelLossItems(batch)).labelLoss
            let watches =
                !validation.isEmpty
                && (trainer.steps % settings.validateEvery == 0 || trainer.steps == settings.steps)
            let watched = watches ? validationLoss(trainer, validation, pool) : nil
            points.append(LossCurve.Point(number: trainer.steps, training: loss, validation: watched))
            report(.step(points[points.count - 1]))
            report(.progress(.advanced(units: 1)))
            if trainer.steps % settings.checkpointEvery == 0, trainer.steps < settings.steps {
                try save(trainer, points, identity)
            }
        }
        let curve = LossCurve(unit: "step", points: points)
        let companions = [("training.csv", Array(curve.csv.utf8)), ("training.svg", Array(curve.svg.utf8))]
        do {
            if let adapter = trainer.adapter {
                try PEFTFolder.saveAdapter(
                    adapter, baseModel: settings.model, to: settings.output, companions: companions)
            } else {
                try HuggingFaceFolder.saveModel(
                    trainer.parameters, tokenizer: loaded.tokenizer, to: settings.output, companions: companions)
            }
        } catch {
            // A full disk under the output need not cost the training.
            try? save(trainer, points, identity)
            throw error
        }
        try Files.remove(checkpoint)
        return .finished(curve)
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

    private func validationLoss(_ trainer: Trainer, _ examples: [Example], _ pool: WorkerPool) -> Double {
        Inference(parameters: trainer.parameters, adapter: trainer.adapter, pool: pool).labelLoss(examples).mean
    }

    private func save(_ trainer: Trainer, _ points: [LossCurve.Point], _ identity: Digest) throws {
        try TrainingCheckpoint(
            values: trainer.trainedValues, optimizer: trainer.optimizerState, points: points
        ).write(to: checkpoint, identity: identity)
    }

    /// A digest of all that the result depends on but the number of steps.
    private func identity() throws -> Digest {
        var lines = [
            "lethe-training-v1", "model \(try ModelDigest(folder: settings.model).digest.hex)",
            "input \(try Digest(sha256OfFile: settings.input).hex)", "batch \(settings.batchSize)",
            "rate \(settings.learningRate)", "decay \(settings.weightDecay)", "seed \(settings.seed)",
            "tokens \(settings.maximumTokens)", "precision \(settings.precision.rawValue)",
        ]
        if let fresh = settings.freshAdapter { lines.append("adapter \(fresh.rank) \(fresh.alpha) \(fresh.dropout)") }
        if let path = settings.adapter { lines.append("adapter \(try ModelDigest(folder: path).digest.hex)") }
        return Digest(sha256: Array(lines.joined(separator: "\n").utf8))
    }
}

/// A step's items whose objective is the mean cross-entropy over the kept label tokens of the batch.
private func meanLabelLossItems(_ batch: [Example]) -> [TrainingItem] {
    let tokens = batch.reduce(0) { $0 + $1.labels.count { $0 != Example.ignoredLabel } }
    return batch.map { TrainingItem(example: $0, labelWeight: tokens == 0 ? 0 : 1 / Float(tokens)) }
}
