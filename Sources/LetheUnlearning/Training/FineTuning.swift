public import LetheTensor
public import LetheTransformer

/// How the learning rate moves over a run's planned steps.
public enum LearningRateSchedule: String, Sendable, Equatable, CaseIterable {
    /// The same rate at every step, as the paper trains.
    case constant
    /// From the full rate down to zero in a straight line: ends the drift of the Yes/No prior between epochs.
    case linear

    /// The rate at a step, counted from zero, of so many, where the first has `full`; nil where it never moves.
    func rate(from full: Double, over steps: Int) -> ((Int) -> Double)? {
        switch self {
        case .constant: nil
        case .linear: { full * (1 - Double($0) / Double(steps)) }
        }
    }
}

/// Hyper-parameters of full-parameter fine-tuning (the paper's *Original* and *Retrain*).
public struct FineTuningConfiguration: Sendable, Equatable {
    /// Passes over the training records, at most.
    public var epochs: Int
    /// Records a step.
    public var batchSize: Int
    /// AdamW's learning rate at the first step.
    public var learningRate: Double
    /// AdamW's decoupled weight decay.
    public var weightDecay: Double
    /// Stop after this many epochs without a better validation loss and keep the best; nil trains every epoch.
    public var patience: Int?
    /// How the learning rate moves.
    public var schedule: LearningRateSchedule

    /// Hyper-parameters; the defaults are the paper's.
    public init(
        epochs: Int = 100, batchSize: Int = 32, learningRate: Double = 5e-4, weightDecay: Double = 0.01,
        patience: Int? = 3, schedule: LearningRateSchedule = .constant
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.patience = patience
        self.schedule = schedule
    }
}

/// A fine-tuned model and how training went.
public struct FineTunedModel: Sendable {
    /// The parameters kept: those of the best epoch with early stopping, else the last.
    public let parameters: T5Parameters
    /// Every epoch trained.
    public let epochs: [TrainedEpoch]
    /// The epoch whose parameters were kept; zero where none was trained.
    public let keptEpoch: Int
    /// Optimiser steps taken.
    public let steps: Int
}

/// Full-parameter fine-tuning with cross-entropy (METHODS 1.1 and 1.2): a pure function of its arguments.
///
/// - Parameters:
///   - parameters: the model to start from.
///   - training: records to learn, in their committed order; `seeds.order` shuffles them anew each epoch.
///   - validation: records whose loss is measured after every epoch, for the curve; early stopping watches it where
///     `configuration.patience` is set.
///   - session: how it survives; the bits do not depend on it.
/// - Throws: `TrainingStopped` where the session asks for it, and the errors of what keeps its states.
public func fineTune(
    _ parameters: T5Parameters, on training: [Example], validation: [Example] = [],
    configuration: FineTuningConfiguration, seeds: TrainingSeeds, pool: WorkerPool, stage: String,
    session: TrainingSession = .unkept, progress: ProgressHandler
) throws -> FineTunedModel {
    var batches = BatchSampler(
        count: max(training.count, 1), batchSize: configuration.batchSize, order: seeds.order, pass: 1)
    var phase = TrainingPhase(
        stage: stage, steps: training.isEmpty ? 0 : configuration.epochs * batches.batchesPerPass,
        stepsPerEpoch: batches.batchesPerPass, units: configuration.epochs * (training.count + validation.count / 3))
    phase.patience = configuration.patience
    phase.keepsMoments = false
    let trained = try phase.train(
        TrainingPhase.Start(
            parameters: parameters,
            optimizer: AdamWConfiguration(
                learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
            dropoutSeed: seeds.dropout),
        session: session, pool: pool, progress: progress,
        inputs: {
            $0.add("\(configuration) \(seeds.order)")
            $0.add(training)
            $0.add(validation)
        },
        next: { batches.next() },
        rate: configuration.schedule.rate(from: configuration.learningRate, over: phase.steps),
        validate: { trainer, _ in
            guard !validation.isEmpty else { return nil }
            let loss = meanLabelLoss(of: trainer.parameters, on: validation, pool: pool)
            progress(.advanced(units: validation.count / 3))
            return loss
        },
        items: { meanLabelLoss($0.map { training[$0] }) })
    return FineTunedModel(
        parameters: parameters.replacing(trained.memory.values), epochs: trained.epochs,
        keptEpoch: trained.best?.epoch ?? trained.epochs.last?.number ?? 0, steps: trained.steps)
}

/// A step's items whose objective is the mean cross-entropy over the kept label tokens of the batch.
func meanLabelLoss(_ batch: [Example], weight: Float = 1) -> [TrainingItem] {
    let tokens = batch.reduce(0) { $0 + $1.keptLabelCount }
    let share = tokens == 0 ? 0 : weight / Float(tokens)
    return batch.map { TrainingItem(example: $0, labelWeight: share, teacherLogits: nil, teacherWeight: 0) }
}

/// The mean cross-entropy of a model over the kept label tokens of `examples`, in nats.
public func meanLabelLoss(of parameters: T5Parameters, on examples: [Example], pool: WorkerPool) -> Double {
    let inference = Inference(parameters: parameters, pool: pool)
    var sum = 0.0
    var tokens = 0
    // In slices, so that logits of one slice only are in memory.
    for start in stride(from: 0, to: examples.count, by: 1024) {
        let slice = Array(examples[start..<min(start + 1024, examples.count)])
        for (example, logits) in zip(slice, inference.logits(slice, positions: .all)) {
            let vocabulary = logits.count / max(example.labels.count, 1)
            for (position, label) in example.labels.enumerated() where label >= 0 {
                sum += negativeLogProbability(
                    of: label, under: logits[position * vocabulary..<(position + 1) * vocabulary])
                tokens += 1
            }
        }
    }
    return tokens == 0 ? 0 : sum / Double(tokens)
}

extension Example {
    /// Label positions that carry a label (not -100).
    var keptLabelCount: Int { labels.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } }
}
