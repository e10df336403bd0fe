import Foundation
import LetheBytes
import LetheTensor
import LetheTransformer

@testable import LetheUnlearning

/// A recommender small enough to train in milliseconds: one layer a side, width 16, vocabulary 64.
enum TinyTask {
    static let yes: Int32 = 2
    static let no: Int32 = 3
    static let seeds = TrainingSeeds(order: 11, dropout: 12, adapter: 13)

    static func configuration(dropout: Float = 0) -> T5Configuration {
        T5Configuration(
            vocabularySize: 64, dModel: 16, dKV: 8, dFF: 32, numLayers: 1, numHeads: 2, dropoutRate: dropout)
    }

    static func model(seed: UInt64 = 1, dropout: Float = 0) -> T5Parameters {
        T5Parameters(configuration: configuration(dropout: dropout), seed: seed)
    }

    /// Records with nothing to generalise from: random prompts, coin-toss answers.
    static func records(_ count: Int, seed: UInt64) -> [Example] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            Example(
                inputIDs: (0..<5).map { _ in Int32.random(in: 4..<64, using: &generator) } + [1],
                labels: [Bool.random(using: &generator) ? yes : no])
        }
    }

    static func fineTuning(
        epochs: Int, learningRate: Double = 5e-3, patience: Int? = nil, schedule: LearningRateSchedule = .constant
    ) -> FineTuningConfiguration {
        FineTuningConfiguration(
            epochs: epochs, batchSize: 8, learningRate: learningRate, patience: patience, schedule: schedule)
    }

    /// A base model, an original that learned all records by heart, and a fifth of the records to forget.
    static func task(threads: Int = 1) throws -> UnlearningTask {
        let pool = WorkerPool(threads: threads)
        let (forgotten, retained) = (records(12, seed: 21), records(48, seed: 22))
        let base = model()
        let original = try fineTune(
            base, on: forgotten + retained, configuration: fineTuning(epochs: 24), seeds: seeds, pool: pool,
            stage: "original", progress: { _ in })
        return UnlearningTask(
            base: base, original: original.parameters, forgotten: forgotten, retained: retained, validation: [],
            seeds: seeds, answers: AnswerTokens(yes: yes, no: no), pool: pool)
    }

    /// Records of users 0 to `users` - 1, `each` of them a user, in an order that mixes users.
    static func population(users: Int, each: Int) -> (records: [Example], origins: [RecordOrigin]) {
        let origins = (0..<each).flatMap { item in (0..<users).map { RecordOrigin(user: $0, item: item % 3) } }
        return (records(users * each, seed: 31), origins)
    }

    /// The task of forgetting some users of a population, without an original: for methods that start from the base.
    static func sharded(
        _ population: (records: [Example], origins: [RecordOrigin]), forgetting: Set<Int>, validation: [Example] = [],
        threads: Int = 1
    ) -> UnlearningTask {
        let rows = Array(zip(population.records, population.origins))
        let (gone, kept) = (
            rows.filter { forgetting.contains($0.1.user) }, rows.filter { !forgetting.contains($0.1.user) }
        )
        return UnlearningTask(
            base: model(), original: model(seed: 2), forgotten: gone.map(\.0), retained: kept.map(\.0),
            validation: validation, seeds: TrainingSeeds(order: 71, dropout: 72, adapter: 73), originalSeeds: seeds,
            forgottenOrigins: gone.map(\.1), retainedOrigins: kept.map(\.1), pool: WorkerPool(threads: threads))
    }

    static func method(
        alpha: Float = 4, forgetOnlyEpochs: Int = 10, jointSteps: Int = 30, dropout: Float = 0
    ) -> E2URec {
        E2URec(
            configuration: E2URec.Configuration(
                alpha: alpha, augmentation: fineTuning(epochs: 20, learningRate: 1e-2),
                forgetOnlyEpochs: forgetOnlyEpochs, jointSteps: jointSteps, batchSize: 8, learningRate: 5e-3,
                adapter: LoRAConfiguration(rank: 4, alpha: 8, dropout: dropout)))
    }

    /// The mean probability that a model gives the gold answer.
    static func goldProbability(_ model: T5Parameters, on records: [Example]) -> Double {
        let logits = Inference(parameters: model, pool: WorkerPool(threads: 1)).logits(records, positions: .first)
        let probabilities = zip(records, logits).map { record, row in
            let weights = row.map { exp(Double($0)) }
            return weights[Int(record.labels[0])] / weights.reduce(0, +)
        }
        return probabilities.reduce(0, +) / Double(records.count)
    }
}

extension UnlearnedModel {
    /// The weights of a method that makes one model; an ensemble's are none, which fails any comparison.
    var parameters: T5Parameters {
        if case .single(let parameters) = model { parameters } else { TinyTask.model(seed: 0xDEAD) }
    }
}

/// A fresh folder that goes with this object.
final class TestFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("lethe-methods-\(UUID().uuidString)").path
        try Files.createFolder(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
