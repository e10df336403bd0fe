import LetheTensor
import Testing

@testable import LetheTransformer

/// Bits are a promise: they depend on neither threads nor interruptions.
struct DeterminismTests {
    private static let items = TinyModels.items((0..<24).map { (3 + $0 * 5 % 17, 1 + $0 % 4) })

    private func trained(
        threads: Int, steps: Int, dropout: Float, adapter: Bool, adapterDropout: Float = 0
    ) throws -> (losses: [StepLoss], values: [Float]) {
        let model = TinyModels.model(TinyModels.shape(dropout: dropout))
        let trainer = Trainer(
            parameters: model, adapter: adapter ? try TinyModels.adapter(model, dropout: adapterDropout) : nil,
            optimizer: AdamWConfiguration(learningRate: 1e-2), dropoutSeed: 3, pool: WorkerPool(threads: threads))
        let losses = (0..<steps).map { _ in trainer.step(Self.items) }
        return (losses, trainer.adapter?.values ?? trainer.parameters.values)
    }

    @Test(arguments: [(Float(0), false, Float(0)), (0.1, false, 0), (0.1, true, 0), (0.1, true, 0.2)])
    func trainingHasTheSameBitsOnAnyNumberOfThreads(dropout: Float, adapter: Bool, adapterDropout: Float) throws {
        let one = try trained(threads: 1, steps: 3, dropout: dropout, adapter: adapter, adapterDropout: adapterDropout)
        for threads in [2, 4] {
            let many = try trained(
                threads: threads, steps: 3, dropout: dropout, adapter: adapter, adapterDropout: adapterDropout)
            #expect(one.losses == many.losses)
            #expect(one.values.map(\.bitPattern) == many.values.map(\.bitPattern))
        }
        #expect(Set(one.losses.map(\.objective)).count == 3)
    }

    @Test func inferenceHasTheSameBitsOnAnyNumberOfThreads() {
        let model = TinyModels.model(TinyModels.shape())
        let examples = Self.items.map(\.example)
        let one = Inference(parameters: model, pool: WorkerPool(threads: 1)).logits(examples, positions: .all)
        for threads in [2, 4] {
            #expect(
                Inference(parameters: model, pool: WorkerPool(threads: threads)).logits(examples, positions: .all)
                    == one)
        }
    }

    @Test func aTrainingThatWasInterruptedEndsWithTheSameBits() throws {
        let whole = try trained(threads: 2, steps: 5, dropout: 0.1, adapter: false)
        let pool = WorkerPool(threads: 2)
        let optimizer = AdamWConfiguration(learningRate: 1e-2)
        let first = Trainer(
            parameters: TinyModels.model(TinyModels.shape(dropout: 0.1)), optimizer: optimizer, dropoutSeed: 3,
            pool: pool)
        for _ in 0..<2 { first.step(Self.items) }
        let second = Trainer(
            parameters: first.parameters, optimizer: optimizer, dropoutSeed: 3, pool: pool, state: first.optimizerState)
        #expect(second.steps == 2)
        for _ in 0..<3 { second.step(Self.items) }
        #expect(second.parameters.values == whole.values)
    }

    @Test func anotherDropoutSeedGivesOtherLosses() {
        let model = TinyModels.model(TinyModels.shape(dropout: 0.1))
        let losses = [1, 2].map { seed in
            Trainer(
                parameters: model, optimizer: AdamWConfiguration(), dropoutSeed: seed, pool: WorkerPool(threads: 1)
            ).step(Self.items).objective
        }
        #expect(losses[0] != losses[1])
    }
}
