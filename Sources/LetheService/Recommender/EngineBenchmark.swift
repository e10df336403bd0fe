import Foundation
public import LetheBytes
import LetheTensor
import LetheTransformer

/// Timed steps of the training engine on random weights and random tokens, one kind of work at a time.
///
/// Rates count the rows of every batch that a step uses (E2URec: two batches). Operations are those of the matrix products that
/// the step has to do on tokens that are there, two for a multiplication with its addition.
public struct EngineBenchmark: Sendable {
    /// The kinds of work.
    public enum Job: String, Sendable, CaseIterable {
        /// Forward, backward and AdamW on every parameter.
        case full
        /// The same with a low-rank adapter of rank 16 on q and v.
        case lora
        /// One step of E2URec's joint phase: an adapter's step on a batch to forget, whose teacher is cached, and a batch to
        /// retain, whose teacher, the frozen original, is asked in the step.
        case e2urec
        /// Logits of all label positions, without gradients.
        case forward
        /// As `full`, with matrix products in bfloat16.
        case fullBF16 = "full-bf16"
    }

    /// What is timed.
    public struct Settings: Sendable {
        /// `tiny`, `small`, or the path of a `config.json`.
        public var shape: String
        /// Rows of a batch.
        public var batch: Int
        /// Timed steps.
        public var steps: Int
        /// Steps before the clock starts.
        public var warmup: Int
        /// Threads that compute.
        public var threads: Int
        /// Source lengths to draw from; nil for about 120 tokens.
        public var lengths: [Int]?
        /// The share that dropout clears, of the model's and of the adapter's; below 1.
        public var dropout: Float

        /// Settings for one shape.
        public init(
            shape: String, batch: Int, steps: Int, warmup: Int, threads: Int, lengths: [Int]?, dropout: Float = 0
        ) {
            self.shape = shape
            self.batch = batch
            self.steps = steps
            self.warmup = warmup
            self.threads = threads
            self.lengths = lengths
            self.dropout = dropout
        }
    }

    /// What one job took.
    public struct Result: Sendable {
        /// The kind of work.
        public let job: Job
        /// Every timed step, in seconds.
        public let stepSeconds: [Double]
        /// Rows of the batches in one step.
        public let samplesPerStep: Int
        /// Source tokens of all timed steps.
        public let tokens: Int
        /// Operations of all timed steps, in billions.
        public let gigaflop: Double
        /// What the machine's sgemm reached in the same run, in billions of operations a second.
        public let peakGigaflops: Double
        /// The objective of the last step.
        public let lastLoss: Double
        /// Parameters that learn.
        public let trainable: Int
        /// Bytes that training reserved in the last timed step.
        public let reservedInLastStep: Int

        /// The middle step, in seconds.
        public var medianSeconds: Double { stepSeconds.sorted()[stepSeconds.count / 2] }
        /// Rows a second at the middle step.
        public var samplesPerSecond: Double { Double(samplesPerStep) / medianSeconds }
        /// Source tokens a second at the middle step.
        public var tokensPerSecond: Double { Double(tokens) / Double(stepSeconds.count) / medianSeconds }
        /// Billions of operations a second at the middle step.
        public var gigaflops: Double { gigaflop / Double(stepSeconds.count) / medianSeconds }
        /// `gigaflops` as a share of the sgemm peak.
        public var shareOfPeak: Double { gigaflops / peakGigaflops }
    }

    /// What is timed.
    public let settings: Settings
    private let configuration: T5Configuration
    private let lengths: [Int]

    /// Reads the shape.
    /// - Throws: `FileError` for a configuration that cannot be read; `EngineError.invalidSetting` for a size out of range.
    public init(_ settings: Settings) throws {
        self.settings = settings
        for (name, value, limit) in [
            ("batch", settings.batch, 1 << 16), ("steps", settings.steps, 1 << 20), ("threads", settings.threads, 1024),
        ] where !(1...limit).contains(value) {
            throw EngineError.invalidSetting(name: "--\(name)", found: "\(value)", expected: "1 to \(limit)")
        }
        var configuration =
            switch settings.shape {
            case "tiny": T5Configuration.tiny(vocabularySize: 4096)
            case "small": T5Configuration.small(vocabularySize: 4096)
            default: try HuggingFaceFolder.loadConfigurationFile(settings.shape)
            }
        guard settings.dropout >= 0, settings.dropout < 1 else {
            throw EngineError.invalidSetting(
                name: "--dropout", found: "\(settings.dropout)", expected: "0 or more, below 1")
        }
        configuration.dropoutRate = settings.dropout
        guard configuration.vocabularySize >= 16 else {
            throw EngineError.invalidSetting(
                name: "vocab_size", found: "\(configuration.vocabularySize)", expected: "at least 16")
        }
        self.configuration = configuration
        var generator = SeededGenerator(seed: 120)
        let lengths =
            settings.lengths ?? (0..<256).map { _ in min(max(Int(119 + 19 * generator.nextNormal()), 60), 164) }
        guard !lengths.isEmpty, lengths.allSatisfy({ (1...(1 << 16)).contains($0) }) else {
            throw EngineError.invalidSetting(
                name: "--lengths", found: "\(lengths.prefix(8))", expected: "1 to 65536 each")
        }
        self.lengths = lengths
    }

    /// Times one job.
    ///
    /// - Parameter seconds: a clock; only differences count.
    public func run(_ job: Job, seconds: () -> Double) throws -> Result {
        let pool = WorkerPool(threads: settings.threads)
        let parameters = T5Parameters(configuration: configuration, seed: 1)
        var generator = SeededGenerator(seed: 2)
        let optimizer = AdamWConfiguration(learningRate: 5e-4, weightDecay: 0.01)
        var trainer: Trainer?
        var inference: Inference?
        switch job {
        case .forward: inference = Inference(parameters: parameters, pool: pool)
        case .full, .fullBF16:
            trainer = Trainer(
                parameters: parameters, optimizer: optimizer, dropoutSeed: 3, pool: pool,
                precision: job == .full ? .float32 : .bfloat16)
        case .lora, .e2urec:
            let adapter = try LoRAParameters(
                configuration: LoRAConfiguration(rank: 16, alpha: 32, dropout: settings.dropout), model: configuration,
                seed: 4)
            trainer = Trainer(
                parameters: parameters, adapter: adapter, optimizer: optimizer, dropoutSeed: 3, pool: pool)
            if job == .e2urec { inference = Inference(parameters: parameters, pool: pool) }
        }
        var times: [Double] = []
        var (tokens, operations, loss, reserved) = (0, 0.0, 0.0, 0)
        let cost = StepCost(configuration: configuration, rank: 16)
        let count = settings.warmup + settings.steps
        times.reserveCapacity(settings.steps)
        // Before the first step, and as many for few steps as for many: what is counted is the steps alone.
        let batches = (0..<8).map { _ in
            let forget = job == .e2urec ? batch(&generator) : []
            let teacher = forget.map { _ in cachedTeacher(&generator) }
            return (forget: forget, teacher: teacher, retain: batch(&generator))
        }
        var items = batches.map { stepItems(job, forget: $0.forget, teacher: $0.teacher, retain: $0.retain) }
        for step in 0..<count {
            let number = step % batches.count
            let (forget, _, retain) = batches[number]
            let before = StorageCount.bytes
            let start = seconds()
            if let trainer {
                inference?.teach(&items[number], in: forget.count..<items[number].count)
                loss = trainer.step(items[number]).objective
            } else if let inference {
                loss = inference.labelLoss(retain).mean
            }
            let time = seconds() - start
            guard step >= settings.warmup else { continue }
            times.append(time)
            reserved = StorageCount.bytes - before
            tokens += (forget.reduce(0) { $0 + $1.inputIDs.count }) + (retain.reduce(0) { $0 + $1.inputIDs.count })
            operations += cost.operations(job, forget: forget, retain: retain)
        }
        return Result(
            job: job, stepSeconds: times, samplesPerStep: settings.batch * (job == .e2urec ? 2 : 1), tokens: tokens,
            gigaflop: operations / 1e9, peakGigaflops: MatrixPeak.gigaflops(pool: pool, seconds: seconds),
            lastLoss: loss, trainable: trainer.map { $0.trainableCount } ?? 0, reservedInLastStep: reserved)
    }

    /// The items of one step: of the joint phase with beta 0.4, else the mean loss.
    private func stepItems(_ job: Job, forget: [Example], teacher: [[Float]], retain: [Example]) -> [TrainingItem] {
        let share = Float(1) / Float(3 * settings.batch)
        guard job == .e2urec else { return retain.map { TrainingItem(example: $0, labelWeight: share) } }
        return zip(forget, teacher).map {
            TrainingItem(example: $0, labelWeight: 0, teacherLogits: $1, teacherWeight: 0.4 * share)
        } + retain.map { TrainingItem(example: $0, labelWeight: 0.6 * share, teacherWeight: 0.6 * share) }
    }

    /// Random sources that end in the end token, and targets of three labels.
    private func batch(_ generator: inout SeededGenerator) -> [Example] {
        (0..<settings.batch).map { _ in
            let length = lengths[Int.random(in: 0..<lengths.count, using: &generator)]
            var ids = (0..<length).map { _ in
                Int32.random(in: 3..<Int32(configuration.vocabularySize), using: &generator)
            }
            ids[length - 1] = 1
            return Example(inputIDs: ids, labels: [Bool.random(using: &generator) ? 5 : 9, 4, 1])
        }
    }

    private func cachedTeacher(_ generator: inout SeededGenerator) -> [Float] {
        let offset = Float(generator.nextUniform())
        return (0..<3 * configuration.vocabularySize).map { Float($0 % 13) / 13 + offset }
    }
}

/// What the matrix products of a step cost at least.
private struct StepCost {
    let configuration: T5Configuration
    let rank: Int

    /// Operations of one forward pass.
    private func forward(_ examples: [Example]) -> Double {
        let c = configuration
        let (width, inner) = (Double(c.dModel), Double(c.innerWidth))
        let feedForward = Double(c.dFF) * width * (c.feedForwardProjection.isGated ? 3 : 2)
        let encoderBlock = 4 * width * inner + feedForward
        let decoderBlock = 6 * width * inner + feedForward
        var sum = 0.0
        for example in examples {
            let (source, target) = (Double(example.inputIDs.count), Double(example.labels.count))
            sum += Double(c.numLayers) * (source * encoderBlock + 2 * source * source * inner)
            sum +=
                Double(c.numDecoderLayers)
                * (target * decoderBlock + 2 * source * width * inner + 2 * target * (target + source) * inner)
            sum += target * width * Double(c.vocabularySize)
        }
        return 2 * sum
    }

    /// The thin products of the adapters: both factors, their gradients.
    private func adapters(_ examples: [Example]) -> Double {
        let c = configuration
        let factors = Double(rank * (c.dModel + c.innerWidth))
        return examples.reduce(0.0) { sum, example in
            let (source, target) = (Double(example.inputIDs.count), Double(example.labels.count))
            let decoder = Double(c.numDecoderLayers) * (3 * target + source)
            return sum + 2 * 2 * factors * (2 * source * Double(c.numLayers) + decoder)
        }
    }

    func operations(_ job: EngineBenchmark.Job, forget: [Example], retain: [Example]) -> Double {
        switch job {
        case .forward: forward(retain)
        case .full, .fullBF16: 3 * forward(retain)
        case .lora: 2 * forward(retain) + adapters(retain)
        case .e2urec: 2 * forward(forget) + adapters(forget) + 3 * forward(retain) + adapters(retain)
        }
    }
}

extension EngineBenchmark.Result {
    /// The figures, by the names that the PyTorch benchmark uses where it has them.
    public var json: JSONValue {
        func number(_ value: Double, _ decimals: Int) -> JSONValue {
            .number(String(format: "%.\(decimals)f", value.isFinite ? value : 0))
        }
        return [
            "job": .string(job.rawValue), "samples_per_s": number(samplesPerSecond, 2),
            "samples_per_s_best": number(Double(samplesPerStep) / (stepSeconds.min() ?? 1), 2),
            "tokens_per_s": number(tokensPerSecond, 1), "step_ms_median": number(1e3 * medianSeconds, 3),
            "step_ms_min": number(1e3 * (stepSeconds.min() ?? 0), 3), "gflop_per_s": number(gigaflops, 2),
            "sgemm_peak_gflop_per_s": number(peakGigaflops, 2), "share_of_peak": number(shareOfPeak, 4),
            "last_loss": number(lastLoss, 6), "trainable": JSONValue(trainable),
            "reserved_bytes_in_last_step": JSONValue(reservedInLastStep),
        ]
    }
}

extension EngineBenchmark {
    /// The linear algebra library with the processor family that it chose.
    public static var linearAlgebra: [String: String] {
        ["library": LinearAlgebra.library, "core_type": LinearAlgebra.coreType]
    }
}
