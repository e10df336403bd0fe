import Foundation
import LetheTensor
import LetheTransformer

/// How the attention over shard models is trained.
public struct AttentionTraining: Sendable, Equatable {
    /// Passes over the retained records.
    public var epochs: Int
    /// Records a step.
    public var batchSize: Int
    /// Adam's learning rate.
    public var learningRate: Double
    /// Probability that a unit of the hidden layer is dropped, 0 to below 1.
    public var dropout: Double
    /// Weight of the squares of W and b in the objective.
    public var penalty: Double

    /// Hyper-parameters; the defaults are RecEraser's (dropout keeps 0.7).
    public init(
        epochs: Int = 50, batchSize: Int = 32, learningRate: Double = 1e-3, dropout: Double = 0.3,
        penalty: Double = 1e-5
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.dropout = dropout
        self.penalty = penalty
    }

    /// Trains attention over frozen members with cross-entropy on `records`. The members are read, never written.
    func train(
        over members: [Inference], width: Int, on records: [Example], seeds: TrainingSeeds, progress: ProgressHandler
    ) throws -> AttentiveAggregator {
        let start = AttentiveAggregator(members: members.count, width: width, seed: seeds.adapter)
        let attention = Attention(members: members.count, width: width, hidden: start.hidden)
        var theta = start.values.map(Double.init)
        var adam = Adam(count: theta.count, learningRate: learningRate)
        progress(.began(stage: "attention over shards", units: records.isEmpty ? 0 : epochs * records.count))
        for epoch in 0..<(records.isEmpty ? 0 : epochs) {
            var sampler = BatchSampler(
                count: records.count, batchSize: batchSize, order: seeds.order, pass: 8000 + epoch)
            var sum = 0.0
            for _ in 0..<sampler.batchesPerPass {
                let batch = sampler.next().map { records[$0] }
                let answers = members.map { $0.states(batch, positions: .all) }
                let masks = masks(batch.count, attention, seed: seeds.dropout, step: adam.steps)
                let (loss, gradient) = objective(theta, attention, batch: batch, answers: answers, masks: masks)
                adam.step(&theta, gradient: gradient)
                sum += loss
                progress(.advanced(units: batch.count))
            }
            progress(
                .epoch(
                    number: epoch + 1, trainingLoss: sum / Double(sampler.batchesPerPass), validationLoss: nil))
        }
        return try AttentiveAggregator(members: members.count, width: width, values: theta.map { Float($0) })
    }

    /// Factors on the hidden layer, [record][member][unit], drawn for one step; nil where nothing is dropped.
    private func masks(_ records: Int, _ attention: Attention, seed: UInt64, step: Int) -> [[[Double]]]? {
        guard dropout > 0 else { return nil }
        var generator = SeededGenerator(order: seed, pass: step)
        return (0..<records).map { _ in
            (0..<attention.members).map { _ in
                (0..<attention.hidden).map { _ in generator.nextUniform() < dropout ? 0 : 1 / (1 - dropout) }
            }
        }
    }

    /// The mean cross-entropy over the batch's labels plus the penalty, and its gradient.
    func objective(
        _ theta: [Double], _ attention: Attention, batch: [Example],
        answers: [[(logits: [Float], state: [Float])]], masks: [[[Double]]]?
    ) -> (loss: Double, gradient: [Double]) {
        var gradient = [Double](repeating: 0, count: theta.count)
        let labels = batch.reduce(0) { $0 + $1.keptLabelCount }
        var loss = 0.0
        for (index, example) in batch.enumerated() {
            let states = answers.map { $0[index].state }
            let blocks = answers.map { $0[index].logits }
            let pass = attention.forward(theta, states: states, mask: masks?[index])
            let vocabulary = (blocks.first?.count ?? 0) / max(example.labels.count, 1)
            var slope = [Double](repeating: 0, count: attention.members)
            for (position, label) in example.labels.enumerated() where label != Example.ignoredLabel {
                let row = position * vocabulary..<(position + 1) * vocabulary
                var z = [Double](repeating: 0, count: vocabulary)
                for (block, weight) in zip(blocks, pass.weights) {
                    for (offset, value) in block[row].enumerated() { z[offset] += weight * Double(value) }
                }
                let top = z.max() ?? 0
                let total = z.reduce(0) { $0 + exp($1 - top) }
                loss += (top + log(total) - z[Int(label)]) / Double(labels)
                for (member, block) in blocks.enumerated() {
                    var expected = 0.0
                    for (offset, value) in block[row].enumerated() {
                        expected += exp(z[offset] - top) / total * Double(value)
                    }
                    slope[member] += (expected - Double(block[row.lowerBound + Int(label)])) / Double(labels)
                }
            }
            attention.backward(theta, pass, states: states, mask: masks?[index], slope: slope, onto: &gradient)
        }
        for index in 0..<attention.transformCount {
            loss += penalty * theta[index] * theta[index]
            gradient[index] += 2 * penalty * theta[index]
        }
        return (loss, gradient)
    }
}

/// Adam (Kingma and Ba) in Double, with PyTorch's constants: for the few weights of the attention.
struct Adam {
    let learningRate: Double
    private(set) var steps = 0
    private var first: [Double]
    private var second: [Double]

    init(count: Int, learningRate: Double) {
        self.learningRate = learningRate
        first = Array(repeating: 0, count: count)
        second = first
    }

    mutating func step(_ theta: inout [Double], gradient: [Double]) {
        steps += 1
        let (bias1, bias2) = (1 - pow(0.9, Double(steps)), 1 - pow(0.999, Double(steps)))
        for index in theta.indices {
            first[index] = 0.9 * first[index] + 0.1 * gradient[index]
            second[index] = 0.999 * second[index] + 0.001 * gradient[index] * gradient[index]
            theta[index] -= learningRate * (first[index] / bias1) / ((second[index] / bias2).squareRoot() + 1e-8)
        }
    }
}
