public import LetheTensor
public import LetheTransformer

/// How the learning rate moves over a run's planned steps.
public enum LearningRateSchedule: String, Sendable, Equatable, CaseIterable {
    /// The same rate at every step, as the paper trains.
    case constant
    /// From the full rate down to zero in a straight line: ends the drift of the Yes/No prior between epochs.
    case linear
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
    /// Mean losses of one epoch, nats a label token.
    public struct Epoch: Sendable, Equatable {
        /// Counted from one.
        public let number: Int
        /// Over the training records, as the steps saw them.
        public let trainingLoss: Double
        /// Over the validation records after the epoch; nil where none were given.
        public let validationLoss: Double?
    }

    /// The parameters kept: those of the best epoch with early stopping, else the last.
    public let parameters: T5Parameters
    /// Every epoch trained.
    public let epochs: [Epoch]
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
///   - validation: records that early stopping watches; needed when `configuration.patience` is set.
public func fineTune(
    _ parameters: T5Parameters, on training: [Example], validation: [Example] = [],
    configuration: FineTuningConfiguration, seeds: TrainingSeeds, pool: WorkerPool, stage: String,
    progress: ProgressHandler
) -> FineTunedModel {
    let stepsPerEpoch = (training.count + configuration.batchSize - 1) / configuration.batchSize
    let watched = configuration.patience == nil ? [] : validation
    progress(.began(stage: stage, units: configuration.epochs * (training.count + watched.count / 3)))

    let trainer = Trainer(
        parameters: parameters,
        optimizer: AdamWConfiguration(
            learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
        dropoutSeed: seeds.dropout, pool: pool)
    var best = (parameters: parameters, loss: Double.infinity, epoch: 0)
    var epochs: [FineTunedModel.Epoch] = []
    var steps = 0

    for number in stride(from: 1, through: configuration.epochs, by: 1) {
        var generator = SeededGenerator(order: seeds.order, pass: number)
        let order = Array(training.indices).shuffled(using: &generator)
        var lossSum = 0.0
        for start in stride(from: 0, to: order.count, by: configuration.batchSize) {
            let batch = order[start..<min(start + configuration.batchSize, order.count)].map { training[$0] }
            if configuration.schedule == .linear {
                let done = Double(steps) / Double(stepsPerEpoch * configuration.epochs)
                trainer.learningRate = configuration.learningRate * (1 - done)
            }
            lossSum += trainer.step(meanLabelLoss(batch)).labelLoss
            steps += 1
            progress(.advanced(units: batch.count))
        }
        let trainingLoss = lossSum / Double(max(stepsPerEpoch, 1))
        guard let patience = configuration.patience, !watched.isEmpty else {
            epochs.append(.init(number: number, trainingLoss: trainingLoss, validationLoss: nil))
            progress(.epoch(number: number, trainingLoss: trainingLoss, validationLoss: nil))
            continue
        }
        let current = trainer.parameters
        let loss = meanLabelLoss(of: current, on: watched, pool: pool)
        progress(.advanced(units: watched.count / 3))
        epochs.append(.init(number: number, trainingLoss: trainingLoss, validationLoss: loss))
        progress(.epoch(number: number, trainingLoss: trainingLoss, validationLoss: loss))
        if loss < best.loss {
            best = (current, loss, number)
        } else if number - best.epoch >= patience {
            break
        }
    }
    if best.epoch > 0 {
        return FineTunedModel(parameters: best.parameters, epochs: epochs, keptEpoch: best.epoch, steps: steps)
    }
    return FineTunedModel(
        parameters: trainer.parameters, epochs: epochs, keptEpoch: epochs.last?.number ?? 0, steps: steps)
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
