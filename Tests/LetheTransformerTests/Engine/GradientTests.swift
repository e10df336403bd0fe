import LetheTensor
import Testing

@testable import LetheTransformer

/// Every gradient against central differences of the naive twin in Double.
struct GradientTests {
    private static let step = 1e-5
    /// Float rounding through the network; a wrong formula is off by percents.
    private static let tolerance = 3e-4

    private func expectGradients(
        _ trainer: Trainer, _ naive: NaiveT5, _ items: [TrainingItem], every stride: Int = 5
    ) throws {
        let (loss, gradients) = trainer.gradientsForTesting(items)
        let expected = naive.losses(items)
        #expect(abs(loss.labelLoss - expected.label) < 1e-5 * max(1, abs(expected.label)))
        #expect(abs(loss.teacherLoss - expected.teacher) < 1e-5 * max(1, abs(expected.teacher)))
        let isAdapter = !naive.adapter.isEmpty
        #expect(gradients.count == (isAdapter ? naive.adapter.count : naive.weights.count))
        for (name, gradient) in gradients.sorted(by: { $0.key < $1.key }) {
            let largest = Double(gradient.values.map(abs).max() ?? 0)
            for index in Swift.stride(from: name.utf8.count % stride, to: gradient.values.count, by: stride) {
                func objective(_ shift: Double) -> Double {
                    var shifted = naive
                    if isAdapter {
                        shifted.adapter[name]?[index] += shift
                    } else {
                        shifted.weights[name]?[index] += shift
                    }
                    return shifted.objective(items)
                }
                let slope = (objective(Self.step) - objective(-Self.step)) / (2 * Self.step)
                #expect(
                    abs(Double(gradient.values[index]) - slope) < Self.tolerance * max(0.1, largest),
                    "\(name)[\(index)]")
            }
        }
    }

    private func trainer(_ model: T5Parameters, _ adapter: LoRAParameters? = nil) -> Trainer {
        Trainer(
            parameters: model, adapter: adapter, optimizer: AdamWConfiguration(), dropoutSeed: 17,
            pool: WorkerPool(threads: 2))
    }

    @Test(arguments: [(FeedForwardProjection.relu, true), (.gatedGelu, false), (.gelu, true)])
    func everyWeightsGradientEqualsCentralDifferences(_ projection: FeedForwardProjection, tied: Bool) throws {
        let model = TinyModels.model(TinyModels.shape(projection, tied: tied))
        try expectGradients(trainer(model), NaiveT5(model), TinyModels.items())
    }

    /// Distances in the logarithmic buckets, and items without labels or without source.
    @Test func gradientsOfLongAndEmptyExamplesEqualCentralDifferences() throws {
        let model = TinyModels.model(TinyModels.shape())
        let items = TinyModels.items([(30, 20), (0, 2), (3, 0)])
        try expectGradients(trainer(model), NaiveT5(model), items, every: 23)
    }

    @Test(
        arguments: [
            ["q", "v"], ["k", "o", "wi", "wo"], ["EncDecAttention.k"], ["decoder.block.1.layer.1.EncDecAttention.q"],
            ["encoder.block.1.layer.0.SelfAttention.v"], ["encoder.block.1.layer.1.DenseReluDense.wi"],
        ])
    func adapterGradientsEqualCentralDifferences(_ targets: [String]) throws {
        let model = TinyModels.model(TinyModels.shape())
        let adapter = try TinyModels.adapter(model, targets)
        try expectGradients(trainer(model, adapter), NaiveT5(model, adapter: adapter), TinyModels.items(), every: 7)
    }

    private func withMasks(_ naive: NaiveT5) -> NaiveT5 {
        var naive = naive
        naive.mask = { rate, operation, index in
            Double(Dropout(rate: rate, seed: 17, step: 0, operation: operation)?.reference(at: index) ?? 1)
        }
        return naive
    }

    @Test(arguments: [FeedForwardProjection.relu, .gatedGelu])
    func gradientsUnderDropoutEqualCentralDifferences(_ projection: FeedForwardProjection) throws {
        let model = TinyModels.model(TinyModels.shape(projection, dropout: 0.2))
        let naive = withMasks(NaiveT5(model))
        try expectGradients(trainer(model), naive, TinyModels.items(), every: 11)
        // The masks matter: without them the objective is another.
        let items = TinyModels.items()
        #expect(abs(naive.objective(items) - NaiveT5(model).objective(items)) > 0.01)
    }

    @Test(arguments: [["q", "v"], ["wi", "wo", "o"]])
    func adapterGradientsUnderBothDropoutsEqualCentralDifferences(_ targets: [String]) throws {
        let model = TinyModels.model(TinyModels.shape(dropout: 0.1))
        let adapter = try TinyModels.adapter(model, targets, dropout: 0.3)
        let naive = withMasks(NaiveT5(model, adapter: adapter))
        try expectGradients(trainer(model, adapter), naive, TinyModels.items(), every: 7)
    }

    @Test func aStepInRoundsHasTheSameGradient() {
        let model = TinyModels.model(TinyModels.shape())
        let items = TinyModels.items((0..<9).map { ($0 + 2, 2) })
        let whole = trainer(model).gradientsForTesting(items)
        let rounds = Trainer(
            parameters: model, adapter: nil, optimizer: AdamWConfiguration(), dropoutSeed: 17,
            pool: WorkerPool(threads: 2), state: nil, tokensPerRound: 12
        ).gradientsForTesting(items)
        #expect(abs(whole.loss.objective - rounds.loss.objective) < 1e-5)
        for (name, gradient) in whole.gradients {
            #expect(distance(gradient.values, rounds.gradients[name]?.values ?? []) < 1e-5)
        }
    }

    @Test func aStepWithoutItemsHasNoGradient() {
        let (loss, gradients) = trainer(TinyModels.model(TinyModels.shape())).gradientsForTesting([])
        #expect(loss.objective == 0)
        #expect(gradients.values.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    }
}
