public import LetheTensor

/// How many positions of the target get logits.
public enum LogitPositions: Sendable, Equatable {
    /// The first alone: where a recommender says yes or no. The decoder then runs over one position.
    case first
    /// All positions of the labels, teacher-forced.
    case all
}

/// Runs a model without dropout.
///
/// The same weights and examples give the same bits whatever the number of threads.
public struct Inference: Sendable {
    private let configuration: T5Configuration
    private let table: WeightTable
    private let pool: WorkerPool

    /// Source tokens that are in memory at once.
    private static let tokensPerChunk = 8_192

    /// Takes a copy of the weights. An adapter is merged into it, so that the logits are bit for bit those of the merged model.
    public init(parameters: T5Parameters, adapter: LoRAParameters? = nil, pool: WorkerPool) {
        let merged = adapter.map { $0.merged(into: parameters) } ?? parameters
        configuration = merged.configuration
        table = WeightTable(
            layout: merged.layout, weights: Storage(merged.values), gradients: nil, adapters: [:])
        self.pool = pool
    }

    /// The logits of every example in the order of the input, each row-major [positions, vocabulary].
    ///
    /// Traps on token ids outside the vocabulary: see `Example.validate`.
    public func logits(_ examples: [Example], positions: LogitPositions) -> [[Float]] {
        var all: [[Float]] = []
        all.reserveCapacity(examples.count)
        forEachLogits(examples, positions: positions) { _, logits in all.append(logits) }
        return all
    }

    /// Calls `body` with the index and the logits of every example in order, holding only a few thousand tokens' logits at a time.
    public func forEachLogits<Failure: Error>(
        _ examples: [Example], positions: LogitPositions, _ body: (Int, [Float]) throws(Failure) -> Void
    ) throws(Failure) {
        var workspace = Workspace(keepsActivations: false)
        var start = 0
        while start < examples.count {
            var end = start
            var tokens = 0
            while end < examples.count,
                end == start || tokens + examples[end].inputIDs.count <= Inference.tokensPerChunk
            {
                tokens += examples[end].inputIDs.count
                end += 1
            }
            let network = bind(examples[start..<end], positions: positions, &workspace)
            pool.run(pieces: network.batch.pieces.count) { network.forward(network.batch.pieces[$0]) }
            for (index, rows) in network.batch.targetRows.enumerated() {
                try body(start + index, network.logits.rows(rows).values)
            }
            start = end
        }
    }

    /// The encoder's output of every example, row-major [tokens, dModel]. For tests.
    package func encodedForTesting(_ examples: [Example]) -> [[Float]] {
        var workspace = Workspace(keepsActivations: false)
        let network = bind(examples[...], positions: .all, &workspace)
        pool.run(pieces: network.batch.pieces.count) { network.forward(network.batch.pieces[$0]) }
        return network.batch.encoder.queries.map { network.encoder.output.rows($0).values }
    }

    private func bind(_ examples: ArraySlice<Example>, positions: LogitPositions, _ workspace: inout Workspace)
        -> BoundNetwork
    {
        workspace.reset()
        var binder = Binder(
            configuration: configuration, weights: table,
            batch: PackedBatch(examples, configuration: configuration, positions: positions), randomness: nil,
            workspace: workspace)
        let network = BoundNetwork(&binder)
        workspace = binder.workspace
        return network
    }
}
