import Testing

@testable import LetheTensor

struct AdamWTests {
    /// Ten steps in Double after the formulas of PyTorch's documentation.
    @Test(arguments: [1, 16, 37])
    func tenStepsEqualTheFormulas(count: Int) {
        var generator = SeededGenerator(seed: 1)
        let start = generator.matrix(1, count).values
        let (weights, first, second) = (Storage(start), Storage<Float>(count: count), Storage<Float>(count: count))
        var (w, m, v) = (
            start.map(Double.init), [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
        )
        let (rate, beta1, beta2, epsilon, decay) = (1e-2, 0.8, 0.95, 1e-6, 0.1)
        for step in 1...10 {
            let gradient = generator.matrix(1, count).values
            AdamW(
                learningRate: rate, betas: (beta1, beta2), epsilon: epsilon, weightDecay: decay, step: step
            ).update(weights, gradient: Storage(gradient), first: first, second: second, range: 0..<count)
            var (power1, power2) = (1.0, 1.0)
            for _ in 0..<step { (power1, power2) = (power1 * beta1, power2 * beta2) }
            for index in 0..<count {
                let g = Double(gradient[index])
                w[index] -= rate * decay * w[index]
                m[index] = beta1 * m[index] + (1 - beta1) * g
                v[index] = beta2 * v[index] + (1 - beta2) * g * g
                w[index] -= rate * (m[index] / (1 - power1)) / ((v[index] / (1 - power2)).squareRoot() + epsilon)
            }
        }
        for (found, expected) in zip(weights.values, w) { #expect(abs(Double(found) - expected) < 1e-6) }
        for (found, expected) in zip(first.values, m) { #expect(abs(Double(found) - expected) < 1e-6) }
        for (found, expected) in zip(second.values, v) { #expect(abs(Double(found) - expected) < 1e-6) }
    }

    @Test func aRangeLeavesTheRestAlone() {
        let (weights, moments) = (Storage<Float>([1, 1, 1, 1]), Storage<Float>(count: 4))
        AdamW(learningRate: 0.1, betas: (0.9, 0.999), epsilon: 1e-8, weightDecay: 0.01, step: 1).update(
            weights, gradient: Storage([1, 1, 1, 1]), first: moments, second: Storage(count: 4), range: 1..<3)
        #expect(weights.values[0] == 1 && weights.values[3] == 1)
        #expect(abs(weights[1] - 0.899) < 1e-6 && weights[1] == weights[2])
        #expect(moments[0] == 0 && moments[1] > 0)
    }
}
