import LetheTensor

/// The whole network bound to a batch: workers take pieces through `forward` and `backward`, then the gradient tasks are run.
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
            binder.weights.encoder, .encoder, ids: batch.inputIDs, longest: batch.longestSource, source: nil, &binder)
        let isTraining = binder.randomness != nil
        encodedGradient =
            isTraining && encoder.isTrained
            ? binder.workspace.scratch(.encodedGradient, rows: batch.inputIDs.count, columns: width) : nil
        decoder = BoundStack(
            binder.weights.decoder, .decoder, ids: batch.decoderIDs, longest: batch.longestTarget,
            source: (encoder, encodedGradient), &binder)
        head = binder.weights.head.weight
        headScale = isTied ? Float(1 / Double(width).squareRoot()) : 1
        headGradient = binder.weights.head.gradient
        embeddingGradient = binder.weights.embedding.gradient
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

    /// The gradients of all weights that learn, the largest tasks first, into an array that is kept from step to step.
    func collectGradientTasks(in tasks: inout [GradientTask]) {
        if let headGradient, embeddingGradient != nil {
            for rows in headGradient.rowBlocks(of: 512) {
                let cost = rows.count * decoder.output.count
                tasks.append(GradientTask(cost: cost, work: .vocabulary(rows)))
            }
        }
        encoder.addGradientTasks(to: &tasks)
        decoder.addGradientTasks(to: &tasks)
        tasks.sortLargestFirst()
    }

    /// The head's and the embedding's gradient of some tokens: a tied table gets both.
    func vocabularyGradient(_ rows: Range<Int>) {
        guard let headGradient, let embeddingGradient else { return }
        MatrixProduct.multiply(
            logits.columns(rows), .transposed, decoder.output, .plain, into: headGradient.rows(rows), scale: headScale,
            accumulate: accumulates, precision: precision)
        if !isTied && !accumulates { embeddingGradient.rows(rows).clear() }
        encoder.scatter(rows, into: embeddingGradient)
        decoder.scatter(rows, into: embeddingGradient)
    }
}
