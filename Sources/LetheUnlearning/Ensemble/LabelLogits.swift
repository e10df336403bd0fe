public import LetheTransformer

/// What an audit needs of a model: its logits at the label positions. One T5 gives them, and so do several that answer together.
public protocol LabelLogits: Sendable {
    /// Calls `body` with the index and the logits, row-major [positions, vocabulary], of every example in order.
    ///
    /// The bits do not depend on the number of threads. Traps on token ids outside the vocabulary, as `Inference` does.
    func forEachLogits<Failure: Error>(
        _ examples: [Example], positions: LogitPositions, _ body: (Int, [Float]) throws(Failure) -> Void
    ) throws(Failure)
}

extension LabelLogits {
    /// The logits of every example in the order of the input.
    public func logits(_ examples: [Example], positions: LogitPositions) -> [[Float]] {
        var all: [[Float]] = []
        all.reserveCapacity(examples.count)
        forEachLogits(examples, positions: positions) { _, logits in all.append(logits) }
        return all
    }
}

extension Inference: LabelLogits {}
