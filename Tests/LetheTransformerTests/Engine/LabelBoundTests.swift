import Foundation
import LetheTensor
import Testing

@testable import LetheTransformer

struct LabelBoundTests {
    @Test func aCapCutsTheLossAndItsSlope() {
        let bound = LabelBound.capped(maximum: 2)
        #expect(bound(1.5) == (1.5, 1))
        #expect(bound(2) == (2, 0))
        #expect(bound(7) == (2, 0))
    }

    @Test(arguments: [-900.0, -3, -0.1, 0, 0.1, 3, 900])
    func preferenceOptimisationEqualsItsFormula(_ excess: Double) {
        let (beta, reference) = (0.1, 1.25)
        let bound = LabelBound.preference(reference: reference, beta: beta)
        let (value, slope) = bound(reference + excess)
        #expect(value.isFinite && slope.isFinite)
        // log(p / p_reference) is reference - loss.
        let formula = -(2 / beta) * log(1 / (1 + exp(beta * -excess)))
        #expect(abs(-value - formula) < 1e-9 * max(1, abs(formula)))
        let step = 1e-5
        let difference = (bound(reference + excess + step).value - bound(reference + excess - step).value) / (2 * step)
        #expect(abs(slope - difference) < 1e-6)
    }

    /// The gradient of every weight against central differences of the bounded objective, in Double.
    @Test(arguments: [
        LabelBound.capped(maximum: 1000), .capped(maximum: 0.01), .preference(reference: 4, beta: 0.5),
    ])
    func boundedGradientsEqualCentralDifferences(_ bound: LabelBound) {
        let model = TinyModels.model(TinyModels.shape())
        var items = TinyModels.items([(5, 2), (7, 3)])
        for index in items.indices {
            items[index].labelWeight = -0.3
            items[index].teacherLogits = nil
            items[index].teacherWeight = 0
            items[index].bound = bound
        }
        let trainer = Trainer(
            parameters: model, optimizer: AdamWConfiguration(), dropoutSeed: 17, pool: WorkerPool(threads: 2))
        let (loss, gradients) = trainer.gradientsForTesting(items)
        func objective(_ naive: NaiveT5) -> Double {
            items.reduce(0.0) { sum, item in
                var plain = item
                plain.labelWeight = 1
                plain.bound = nil
                return sum + Double(item.labelWeight) * bound(naive.losses([plain]).label).value
            }
        }
        let naive = NaiveT5(model)
        #expect(abs(loss.objective - objective(naive)) < 1e-5)
        var largest = 0.0
        for (name, gradient) in gradients {
            for index in stride(from: 0, to: gradient.values.count, by: 23) {
                var (up, down) = (naive, naive)
                up.weights[name]?[index] += 1e-5
                down.weights[name]?[index] -= 1e-5
                let slope = (objective(up) - objective(down)) / 2e-5
                largest = max(largest, abs(slope))
                #expect(abs(Double(gradient.values[index]) - slope) < 3e-4, "\(name)[\(index)]")
            }
        }
        #expect((largest > 0.01) == (bound != .capped(maximum: 0.01)))
    }

    @Test func statesAndMeanEncodingsAreThoseOfTheNetwork() {
        let model = TinyModels.model(TinyModels.shape())
        let examples = TinyModels.items([(5, 2), (9, 1), (3, 3)]).map(\.example)
        let inference = Inference(parameters: model, pool: WorkerPool(threads: 2))
        let width = model.configuration.dModel
        var logits: [[Float]] = []
        inference.forEachState(examples, positions: .all) { _, row, state in
            #expect(state.count == width)
            logits.append(row)
        }
        #expect(logits == inference.logits(examples, positions: .all))
        let encoded = inference.encodedForTesting(examples)
        for (mean, tokens) in zip(inference.meanEncodings(examples), encoded) {
            let rows = tokens.count / width
            for column in 0..<width {
                let sum = (0..<rows).reduce(0.0) { $0 + Double(tokens[$1 * width + column]) }
                #expect(abs(mean[column] - sum / Double(rows)) < 1e-12)
            }
        }
    }
}
