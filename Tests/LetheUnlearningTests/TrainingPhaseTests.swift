import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

/// A phase computes what its loop written out by hand does, bit for bit.
struct TrainingPhaseTests {
    @Test func e2urecIsItsTwoLoopsOfOneTrainer() throws {
        let task = try TinyTask.task()
        let configuration = E2URec.Configuration(
            alpha: 2, augmentation: TinyTask.fineTuning(epochs: 2), forgetOnlyEpochs: 3, jointSteps: 7, batchSize: 8,
            learningRate: 5e-3, adapter: LoRAConfiguration(rank: 2, alpha: 4, dropout: 0.1))
        let method = E2URec(configuration: configuration)
        let augmented = try fineTune(
            task.original, on: task.forgotten, configuration: configuration.augmentation, seeds: task.seeds,
            pool: task.pool, stage: "augmented", progress: { _ in }
        ).parameters
        let original = Inference(parameters: task.original, pool: task.pool)
        let teacher = try method.forgettingTeacher(
            original: original, augmented: Inference(parameters: augmented, pool: task.pool), on: task.forgotten,
            progress: { _ in })
        let trainer = Trainer(
            parameters: task.original,
            adapter: try LoRAParameters(
                configuration: configuration.adapter, model: task.original.configuration, seed: task.seeds.adapter),
            optimizer: AdamWConfiguration(learningRate: 5e-3, weightDecay: 0.01), dropoutSeed: task.seeds.dropout,
            pool: task.pool)
        func forgetting(_ batch: [Int], _ weight: Float) -> [TrainingItem] {
            batch.map {
                TrainingItem(
                    example: task.forgotten[$0], labelWeight: 0, teacherLogits: teacher[$0],
                    teacherWeight: weight / Float(batch.count))
            }
        }
        for pass in 0..<3 {
            var sampler = BatchSampler(count: 12, batchSize: 8, order: task.seeds.order, pass: 1000 + pass)
            for _ in 0..<sampler.batchesPerPass { trainer.step(forgetting(sampler.next(), 1)) }
        }
        var forgotten = BatchSampler(count: 12, batchSize: 8, order: task.seeds.order, pass: 2000)
        var retained = BatchSampler(count: 48, batchSize: 8, order: task.seeds.order, pass: 3000)
        for _ in 0..<7 {
            let items = forgetting(forgotten.next(), 0.4)
            let examples = retained.next().map { task.retained[$0] }
            trainer.step(
                items
                    + zip(examples, original.logits(examples, positions: .all)).map {
                        TrainingItem(
                            example: $0, labelWeight: (1 - Float(0.4)) / Float(examples.count), teacherLogits: $1,
                            teacherWeight: (1 - Float(0.4)) / Float(examples.count))
                    })
        }
        let adapter = try #require(trainer.adapter)
        #expect(try method.unlearn(task, progress: { _ in }).parameters == adapter.merged(into: task.original))
    }

    @Test func aMethodOnPairsIsALoopOverPairs() throws {
        let task = PairedMethodTests.task()
        let training = PairedTraining(lambda: 0.2, learningRate: 1e-3, batchSize: 4, steps: 9)
        let trainer = Trainer(
            parameters: task.original, optimizer: AdamWConfiguration(learningRate: 1e-3, weightDecay: 0.01),
            dropoutSeed: task.seeds.dropout, pool: task.pool)
        var pairs = PairedBatches(retained: 14, forgotten: 9, batchSize: 4, order: task.seeds.order)
        let method = NegGrad(training: training)
        let original = Inference(parameters: task.original, pool: task.pool)
        for _ in 0..<9 {
            let (retained, forgotten) = pairs.next()
            trainer.step(
                method.items(
                    retained: retained.map { task.retained[$0] }, forgotten: forgotten.map { task.forgotten[$0] },
                    original: original))
        }
        let found = try method.unlearn(task, progress: { _ in })
        #expect(found.parameters == trainer.parameters)
        let state = trainer.optimizerState
        #expect(found.residue.map(\.values) == [state.first + state.second])
    }
}
