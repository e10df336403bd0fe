public import LetheTensor
import Synchronization

/// How many positions of the target get logits.
public enum LogitPositions: Sendable, Equatable {
    /// The first alone: where a recommender says yes or no. The decoder then runs over one position.
    case first
    /// All positions of the labels, teacher-forced.
    case all
}

/// Runs a model without dropout.
///
/// The same weights and examples give the same bits whatever the number of threads. Every call traps on token ids outside the
/// vocabulary: see `Example.validate`.
public struct Inference: Sendable {
    private let configuration: T5Configuration
    private let weights: NetworkWeights
    private let pool: WorkerPool
    private let spare = SpareWorkspaces()

    /// Source tokens that are in memory at once.
    private static let tokensPerChunk = 8_192

    /// Takes a copy of the weights. An adapter is merged into it, so that the logits are bit for bit those of the merged model.
    public init(parameters: T5Parameters, adapter: LoRAParameters? = nil, pool: WorkerPool) {
        let merged = adapter.map { $0.merged(into: parameters) } ?? parameters
        configuration = merged.configuration
        let table = WeightTable(
            layout: merged.layout, weights: Storage(merged.values), gradients: nil, adapters: [:])
        weights = NetworkWeights(table, configuration: merged.configuration)
        self.pool = pool
    }

    /// The logits of every example in the order of the input, each row-major [positions, vocabulary].
    public func logits(_ examples: [Example], positions: LogitPositions) -> [[Float]] {
        var all: [[Float]] = []
        all.reserveCapacity(examples.count)
        forEachLogits(examples, positions: positions) { _, logits in all.append(logits) }
        return all
    }

    /// Calls `body` with the index and the logits of every example in order, holding only some thousand tokens at a time.
    public func forEachLogits<Failure: Error>(
        _ examples: [Example], positions: LogitPositions, _ body: (Int, [Float]) throws(Failure) -> Void
    ) throws(Failure) {
        for chunk in chunks(examples) {
            let workspace = spare.take()
            defer { spare.putBack(workspace) }
            let network = run(examples[chunk], positions: positions, workspace)
            for (index, rows) in zip(chunk, network.batch.targetRows) {
                try body(index, network.logits.rows(rows).values)
            }
        }
    }

    /// Makes this model the teacher of some items: their teacher's logits become what it says at all label positions.
    ///
    /// The logits are written into the arrays that are there already where these have the size, so that a step whose items are kept
    /// takes nothing from the heap.
    public func teach(_ items: inout [TrainingItem], in range: Range<Int>) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = endOfChunk(from: start, to: range.upperBound) { items[$0].example.inputIDs.count }
            teachChunk(&items, in: start..<end)
            start = end
        }
    }

    private func teachChunk(_ items: inout [TrainingItem], in chunk: Range<Int>) {
        let workspace = spare.take()
        defer { spare.putBack(workspace) }
        let network = run(ItemExamples(items[chunk]), positions: .all, workspace)
        for (index, rows) in zip(chunk, network.batch.targetRows) {
            let logits = network.logits.rows(rows)
            if items[index].teacherLogits?.count == logits.count {
                items[index].teacherLogits?.withUnsafeMutableBufferPointer { logits.copy(to: $0) }
            } else {
                items[index].teacherLogits = logits.values
            }
        }
    }

    /// Calls `body` with the index, the logits, and the decoder's output at the first position (dModel numbers: what the head
    /// reads there) of every example in order. An aggregator of several models weighs them by these states.
    public func forEachState<Failure: Error>(
        _ examples: [Example], positions: LogitPositions,
        _ body: (_ index: Int, _ logits: [Float], _ state: [Float]) throws(Failure) -> Void
    ) throws(Failure) {
        for chunk in chunks(examples) {
            let workspace = spare.take()
            defer { spare.putBack(workspace) }
            let network = run(examples[chunk], positions: positions, workspace)
            for (index, rows) in zip(chunk, network.batch.targetRows) {
                let first = rows.lowerBound..<min(rows.lowerBound + 1, rows.upperBound)
                try body(index, network.logits.rows(rows).values, network.decoder.output.rows(first).values)
            }
        }
    }

    /// The mean of the encoder's output over the tokens of every source, dModel numbers each: where a text lies for this model.
    public func meanEncodings(_ examples: [Example]) -> [[Double]] {
        var means: [[Double]] = []
        means.reserveCapacity(examples.count)
        for chunk in chunks(examples) {
            let workspace = spare.take()
            defer { spare.putBack(workspace) }
            let network = run(examples[chunk], positions: .first, workspace)
            for rows in network.batch.encoder.queries {
                let values = network.encoder.output.rows(rows).values
                var mean = [Double](repeating: 0, count: configuration.dModel)
                for (index, value) in values.enumerated() { mean[index % configuration.dModel] += Double(value) }
                means.append(mean.map { $0 / Double(max(rows.count, 1)) })
            }
        }
        return means
    }

    /// The losses of all labels together, as early stopping watches them.
    public func labelLoss(_ examples: [Example]) -> LabelLoss {
        var loss = LabelLoss(sum: 0, count: 0)
        for chunk in chunks(examples) {
            let workspace = spare.take()
            defer { spare.putBack(workspace) }
            let network = run(examples[chunk], positions: .all, workspace)
            let items = examples[chunk].map { TrainingItem(example: $0) }
            let objective = Objective(items[...], network: network, vocabularySize: configuration.vocabularySize)
            let pieces = network.batch.pieces
            pool.run(pieces: pieces.count) { objective.turnLogitsIntoGradients(pieces[$0]) }
            var step = StepLoss(labelLoss: 0, teacherLoss: 0)
            objective.add(to: &step)
            loss.sum += step.labelLoss
            loss.count += items.map { $0.example.labels.count { $0 != Example.ignoredLabel } }.reduce(0, +)
        }
        return loss
    }

    /// The encoder's output of every example, row-major [tokens, dModel]. For tests.
    package func encodedForTesting(_ examples: [Example]) -> [[Float]] {
        let network = run(examples[...], positions: .all, Workspace(keepsActivations: false))
        return network.batch.encoder.queries.map { network.encoder.output.rows($0).values }
    }

    /// Runs of examples that are in memory together.
    private func chunks(_ examples: [Example]) -> [Range<Int>] {
        var chunks: [Range<Int>] = []
        var start = 0
        while start < examples.count {
            let end = endOfChunk(from: start, to: examples.count) { examples[$0].inputIDs.count }
            chunks.append(start..<end)
            start = end
        }
        return chunks
    }

    /// Where a chunk that begins at `start` ends, given the tokens of every example. One that is longer than a chunk has its own.
    private func endOfChunk(from start: Int, to count: Int, tokens: (Int) -> Int) -> Int {
        var (end, sum) = (start + 1, tokens(start))
        while end < count {
            sum += tokens(end)
            if sum > Inference.tokensPerChunk { break }
            end += 1
        }
        return end
    }

    private func run(
        _ examples: some Collection<Example>, positions: LogitPositions, _ workspace: Workspace
    ) -> BoundNetwork {
        workspace.begin(examples, configuration: configuration, positions: positions)
        var binder = Binder(
            configuration: configuration, weights: weights, batch: workspace.batch, randomness: nil,
            workspace: workspace)
        let network = BoundNetwork(&binder)
        workspace.work.run(.forward(network), pieces: network.batch.pieces.count, on: pool)
        return network
    }
}

/// The losses of many labels: -log p of each.
public struct LabelLoss: Sendable, Equatable {
    /// Over all labels.
    public var sum: Double
    /// How many labels there were.
    public var count: Int
    /// The mean, 0 without labels.
    public var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// Makes a loss of its parts.
    public init(sum: Double, count: Int) {
        self.sum = sum
        self.count = count
    }
}

/// Buffers of finished calls, for the next call to use.
private final class SpareWorkspaces: Sendable {
    private let workspaces = Mutex<[Workspace]>([])

    func take() -> Workspace {
        workspaces.withLock { $0.popLast() } ?? Workspace(keepsActivations: false)
    }

    func putBack(_ workspace: Workspace) {
        workspaces.withLock { $0.append(workspace) }
    }
}
