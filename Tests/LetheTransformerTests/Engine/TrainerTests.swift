import LetheTensor
import Testing

@testable import LetheTransformer

struct TrainerTests {
    private let model = TinyModels.model(TinyModels.shape())
    private let items = TinyModels.items()

    private func trainer(_ adapter: LoRAParameters? = nil, rate: Double = 5e-3) -> Trainer {
        Trainer(
            parameters: model, adapter: adapter, optimizer: AdamWConfiguration(learningRate: rate), dropoutSeed: 1,
            pool: WorkerPool(threads: 2))
    }

    @Test func stepsLowerTheObjective() throws {
        for trainer in [trainer(), trainer(try TinyModels.adapter(model))] {
            let first = trainer.step(items).objective
            for _ in 0..<30 { trainer.step(items) }
            #expect(trainer.step(items).objective < 0.8 * first)
        }
    }

    @Test func aLearningRateOfZeroLeavesTheWeights() {
        let trainer = trainer()
        trainer.learningRate = 0
        trainer.step(items)
        #expect(trainer.parameters == model)
        trainer.learningRate = 1e-3
        trainer.step(items)
        #expect(trainer.parameters != model)
        #expect(trainer.steps == 2)
    }

    @Test func withAnAdapterTheModelStaysAndTheAdapterMoves() throws {
        let adapter = try TinyModels.adapter(model)
        let trainer = trainer(adapter)
        for _ in 0..<2 { trainer.step(items) }
        #expect(trainer.parameters == model)
        let learned = try #require(trainer.adapter)
        #expect(learned != adapter)
        #expect(trainer.optimizerState.first.count == adapter.values.count)
        // What the trainer computed with is what inference makes of the two.
        let loss = trainer.gradientsForTesting(items).loss.objective
        let naive = NaiveT5(model, adapter: learned).objective(items)
        #expect(abs(loss - naive) < 1e-5 * naive)
    }

    @Test func withoutAnAdapterThereIsNone() {
        #expect(trainer().adapter == nil)
    }

    @Test func aNegativeWeightPushesAway() {
        let item = items.map { TrainingItem(example: $0.example, labelWeight: -1) }
        let trainer = trainer()
        let first = trainer.step(item).labelLoss
        for _ in 0..<5 { trainer.step(item) }
        #expect(trainer.step(item).labelLoss < first)
        #expect(first < 0)
    }
}
