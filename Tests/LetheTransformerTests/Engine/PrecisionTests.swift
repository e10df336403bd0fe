import LetheTensor
import Testing

@testable import LetheTransformer

/// bfloat16 products change a training a little, and its bits are as fixed as those of float32.
struct PrecisionTests {
    private static let items = TinyModels.items((0..<24).map { (3 + $0 * 5 % 17, 1 + $0 % 4) })

    private func trainer(_ precision: TrainingPrecision, adapter: Bool, threads: Int = 2) throws -> Trainer {
        let model = TinyModels.model(TinyModels.shape(.gatedGelu, tied: false))
        return Trainer(
            parameters: model, adapter: adapter ? try TinyModels.adapter(model) : nil,
            optimizer: AdamWConfiguration(learningRate: 1e-2), dropoutSeed: 3, pool: WorkerPool(threads: threads),
            precision: precision)
    }

    @Test(arguments: [false, true])
    func gradientsAreNearThoseOfFloat32(adapter: Bool) throws {
        let exact = try trainer(.float32, adapter: adapter).gradientsForTesting(Self.items)
        let rounded = try trainer(.bfloat16, adapter: adapter).gradientsForTesting(Self.items)
        #expect(exact.loss != rounded.loss)
        #expect(abs(exact.loss.objective - rounded.loss.objective) < 0.02 * abs(exact.loss.objective))
        for (name, tensor) in exact.gradients {
            let other = try #require(rounded.gradients[name])
            let norm = tensor.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let error = zip(tensor.values, other.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
            #expect(error <= 0.1 * norm + 1e-4, "\(name)")
        }
    }

    @Test func bitsDependOnNeitherThreadsNorRounds() throws {
        let runs = try [1, 2, 4, 8].map { threads in
            let trainer = try trainer(.bfloat16, adapter: false, threads: threads)
            let losses = (0..<3).map { _ in trainer.step(Self.items) }
            return (losses, trainer.parameters.values.map(\.bitPattern))
        }
        for run in runs.dropFirst() {
            #expect(run.0 == runs[0].0)
            #expect(run.1 == runs[0].1)
        }
    }

    @Test func trainingLowersTheObjective() throws {
        let trainer = try trainer(.bfloat16, adapter: false)
        let first = trainer.step(Self.items).objective
        for _ in 0..<30 { trainer.step(Self.items) }
        #expect(trainer.step(Self.items).objective < 0.8 * first)
    }
}
