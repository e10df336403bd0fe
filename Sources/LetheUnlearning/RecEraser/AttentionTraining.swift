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
    ///
    /// - Parameter weights: the members' weights, which the states of an interrupted training are bound to.
    func train(
        over members: [Inference], width: Int, on records: [Example], seeds: TrainingSeeds,
        weights: [[Float]] = [], session: TrainingSession = .unkept, progress: ProgressHandler
    ) throws -> AttentiveAggregator {
        let start = AttentiveAggregator(members: members.count, width: width, seed: seeds.adapter)
        let attention = Attention(members: members.count, width: width, hidden: start.hidden)
        var batches = BatchSampler(
            count: max(records.count, 1), batchSize: batchSize, order: seeds.order, pass: 8000)
        let phase = TrainingPhase(
            stage: "attention over shards", steps: records.isEmpty ? 0 : epochs * batches.batchesPerPass,
            stepsPerEpoch: batches.batchesPerPass, units: epochs * records.count)
        let identity = session.identity(phase.stage) {
            $0.add("\(self) \(width) \(seeds)")
            for values in weights { $0.add(values) }
            $0.add(records)
        }
        let trained = try phase.run(
            session: session, identity: identity, progress: progress,
            fits: { $0.memory.doubles.count == 3 * start.values.count },
            begin: { memory in
                Adam(
                    memory?.doubles ?? start.values.map(Double.init)
                        + [Double](repeating: 0, count: 2 * start.values.count),
                    steps: memory?.optimizer.steps ?? 0, learningRate: learningRate)
            },
            next: { batches.next() },
            step: { adam, indexes, _ in
                let batch = indexes.map { records[$0] }
                let answers = members.map { $0.states(batch, positions: .all) }
                let masks = masks(batch.count, attention, seed: seeds.dropout, step: adam.steps)
                let (loss, gradient) = objective(
                    adam.theta, attention, batch: batch, answers: answers, masks: masks)
                adam.step(gradient)
                return (loss, batch.count)
            },
            memory: { adam, _ in
                .init(values: [], optimizer: .init(steps: adam.steps, first: [], second: []), doubles: adam.numbers)
            },
            validate: { _, _ in nil })
        return try AttentiveAggregator(
            members: members.count, width: width,
            values: trained.memory.doubles[..<start.values.count].map { Float($0) })
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
final class Adam {
    let learningRate: Double
    private(set) var steps: Int
    /// The weights.
    private(set) var theta: [Double]
    private var first: [Double]
    private var second: [Double]

    /// - Parameter numbers: weights, first and second moments, end to end.
    init(_ numbers: [Double], steps: Int, learningRate: Double) {
        self.learningRate = learningRate
        self.steps = steps
        let count = numbers.count / 3
        theta = Array(numbers[..<count])
        first = Array(numbers[count..<2 * count])
        second = Array(numbers[(2 * count)...])
    }

    /// Weights, first and second moments, end to end.
    var numbers: [Double] { theta + first + second }

    func step(_ gradient: [Double]) {
        steps += 1
        let (bias1, bias2) = (1 - pow(0.9, Double(steps)), 1 - pow(0.999, Double(steps)))
        for index in theta.indices {
            first[index] = 0.9 * first[index] + 0.1 * gradient[index]
            second[index] = 0.999 * second[index] + 0.001 * gradient[index] * gradient[index]
            theta[index] -= learningRate * (first[index] / bias1) / ((second[index] / bias2).squareRoot() + 1e-8)
        }
    }
}
