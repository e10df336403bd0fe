import LetheTensor

/// The part of attention between its projections, over all sequences of a batch. I = inner width.
struct AttentionCore: Sendable {
    private let attention: Attention
    private let spans: PackedBatch.Spans
    /// While training all probabilities end to end, (1, spans.count); in inference one row per piece, used again and again.
    private let probabilities: Matrix
    private let dropped: Matrix
    private let keepsProbabilities: Bool
    private let dropout: Dropout?
    /// One row per piece, as long as the largest sequence's probabilities.
    private let scratch: Matrix
    /// (T, I)
    let context: Matrix
    let contextGradient: Matrix

    init(spans: PackedBatch.Spans, isCausal: Bool, rows: Int, _ binder: inout Binder) {
        let inner = binder.configuration.innerWidth
        self.spans = spans
        attention = Attention(heads: binder.configuration.numHeads, isCausal: isCausal)
        let isTraining = binder.randomness != nil
        keepsProbabilities = isTraining
        let pieces = binder.batch.pieces.count
        dropout = binder.dropout()
        context = binder.workspace.kept(.context, rows: rows, columns: inner)
        if isTraining {
            probabilities = binder.workspace.kept(.probabilities, rows: 1, columns: spans.count)
            dropped =
                dropout == nil ? probabilities : binder.workspace.kept(.dropped, rows: 1, columns: spans.count)
            contextGradient = binder.workspace.scratch(.contextGradient, rows: rows, columns: inner)
            scratch = binder.workspace.scratch(.probabilitiesGradient, rows: pieces, columns: spans.largest)
        } else {
            probabilities = binder.workspace.scratch(.probabilities, rows: pieces, columns: spans.largest)
            (dropped, contextGradient, scratch) = (probabilities, context, probabilities)
        }
    }

    private func probabilities(of example: Int, _ piece: PackedBatch.Piece) -> Attention.Probabilities {
        let rows = attention.heads * spans.queries[example].count
        let columns = spans.keys[example].count
        let offset = spans.offsets[example]
        func block(_ matrix: Matrix) -> Matrix {
            keepsProbabilities
                ? matrix.block(at: offset, rows: rows, columns: columns)
                : matrix.rows(piece.index..<piece.index + 1).block(at: 0, rows: rows, columns: columns)
        }
        return Attention.Probabilities(
            kept: block(probabilities), dropped: block(dropped), dropout: dropout, first: offset)
    }

    func forward(_ piece: PackedBatch.Piece, queries: Matrix, keys: Matrix, values: Matrix, bias: Attention.Bias?) {
        for example in piece.examples {
            let (own, other) = (spans.queries[example], spans.keys[example])
            attention.forward(
                queries: queries.rows(own), keys: keys.rows(other), values: values.rows(other), bias: bias,
                probabilities: probabilities(of: example, piece), into: context.rows(own))
        }
    }

    func backward(
        _ piece: PackedBatch.Piece, queries: Matrix, keys: Matrix, values: Matrix, queriesGradient: Matrix,
        keysGradient: Matrix?, valuesGradient: Matrix?, biasGradient: Attention.Bias?
    ) {
        for example in piece.examples {
            let (own, other) = (spans.queries[example], spans.keys[example])
            let rows = attention.heads * own.count
            attention.backward(
                queries: queries.rows(own), keys: keys.rows(other), values: values.rows(other),
                probabilities: probabilities(of: example, piece), contextGradient: contextGradient.rows(own),
                queriesGradient: queriesGradient.rows(own), keysGradient: keysGradient?.rows(other),
                valuesGradient: valuesGradient?.rows(other), biasGradient: biasGradient,
                scratch: scratch.rows(piece.index..<piece.index + 1).block(at: 0, rows: rows, columns: other.count))
        }
    }
}
