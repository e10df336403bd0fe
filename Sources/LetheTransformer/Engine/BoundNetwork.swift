import LetheTensor

/// The whole network bound to a batch: workers take pieces through `forward` and `backward`, then `gradientTasks` are run.
struct BoundNetwork: Sendable {
    let batch: PackedBatch
    let encoder: BoundStack
    let decoder: BoundStack
    /// (T, V): logits, and after `backward` their gradients.
    let logits: Matrix
    private let head: Matrix
    private let headScale: Float
    private let encodedGradient: Matrix?
    private let decodedGradient: Matrix
    private let headGradient: Matrix?
    private let embeddingGradient: Matrix?
    private let isTied: Bool
    private let accumulates: Bool
    private let precision: TrainingPrecision

    init(_ binder: inout Binder) {
        let configuration = binder.configuration
        let width = configuration.dModel
        batch = binder.batch
        isTied = configuration.tieWordEmbeddings
        accumulates = binder.accumulates
        precision = binder.precision
        encoder = BoundStack(
            .encoder, ids: batch.inputIDs, blocks: configuration.numLayers, longest: batch.longestSource, source: nil,
            &binder)
        let isTraining = binder.randomness != nil
        encodedGradient =
            isTraining && encoder.isTrained
            ? binder.workspace.scratch(.encodedGradient, rows: batch.inputIDs.count, columns: width) : nil
        decoder = BoundStack(
            .decoder, ids: batch.decoderIDs, blocks: configuration.numDecoderLayers, longest: batch.longestTarget,
            source: (encoder, encodedGradient), &binder)
        head = binder.weights.weight(isTied ? T5Names.embedding : T5Names.head)
        headScale = isTied ? Float(1 / Double(width).squareRoot()) : 1
        headGradient = binder.weights.gradient(isTied ? T5Names.embedding : T5Names.head)
        embeddingGradient = binder.weights.gradient(T5Names.embedding)
        logits = binder.workspace.kept(.logits, rows: batch.decoderIDs.count, columns: configuration.vocabularySize)
        decodedGradient =
            isTraining
            ? binder.workspace.scratch(.contextGradient, rows: batch.decoderIDs.count, columns: width) : decoder.output
    }

    func forward(_ piece: PackedBatch.Piece) {
        encoder.forward(piece)
        decoder.forward(piece)
        MatrixProduct.multiply(
            decoder.output.rows(piece.targets), .plain, head, .transposed, into: logits.rows(piece.targets),
            scale: headScale, precision: precision)
    }

    /// Expects the gradient in the place of the logits.
    func backward(_ piece: PackedBatch.Piece) {
        MatrixProduct.multiply(
            logits.rows(piece.targets), .plain, head, .plain, into: decodedGradient.rows(piece.targets),
            scale: headScale, precision: precision)
        decoder.backward(piece, outGradient: decodedGradient)
        if let encodedGradient { encoder.backward(piece, outGradient: encodedGradient) }
    }

    /// The gradients of all weights that learn, the largest tasks first.
    func gradientTasks() -> [GradientTask] {
        (embeddingTasks() + encoder.gradientTasks() + decoder.gradientTasks()).sorted { $0.cost > $1.cost }
    }

    /// The head's and the embedding's gradient by ranges of the vocabulary: a tied table gets both in one task.
    private func embeddingTasks() -> [GradientTask] {
        guard let headGradient, let embeddingGradient else { return [] }
        let (logits, hidden, scale, accumulates, isTied) = (logits, decoder.output, headScale, accumulates, isTied)
        let (encoder, decoder, precision) = (encoder, decoder, precision)
        return headGradient.rowBlocks(of: 512).map { range in
            GradientTask(cost: range.count * hidden.columns * hidden.rows) {
                MatrixProduct.multiply(
                    logits.columns(range), .transposed, hidden, .plain, into: headGradient.rows(range), scale: scale,
                    accumulate: accumulates, precision: precision)
                if !isTied && !accumulates { embeddingGradient.rows(range).clear() }
                encoder.scatter(range, into: embeddingGradient)
                decoder.scatter(range, into: embeddingGradient)
            }
        }
    }
}
