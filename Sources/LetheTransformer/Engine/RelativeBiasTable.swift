import LetheTensor

/// A stack's relative position bias for one batch: spread by distance, with the pieces' gradients.
struct RelativeBiasTable: Sendable {
    /// H heads, L the longest sequence: (H, 2 L - 1).
    let bias: Attention.Bias
    private let buckets: ArraySlice<Int>
    private let gradient: Matrix?
    /// One row of H (2 L - 1) per piece; nil where the table is frozen.
    private let partials: Matrix?
    private let accumulates: Bool

    init(_ stack: T5Names.Stack, length: Int, _ binder: inout Binder) {
        let configuration = binder.configuration
        let parameter = stack == .encoder ? binder.weights.encoder.relativeBias : binder.weights.decoder.relativeBias
        buckets = binder.workspace.buckets(stack, length: length, configuration)
        let spread = binder.workspace.kept(.spreadBias, rows: configuration.numHeads, columns: buckets.count)
        RelativeBias.spread(parameter.weight, buckets: buckets, into: spread)
        bias = Attention.Bias(values: spread, origin: max(length - 1, 0))
        gradient = parameter.gradient
        partials =
            gradient == nil
            ? nil : binder.workspace.kept(.biasPartials, rows: binder.batch.pieces.count, columns: spread.count)
        accumulates = binder.accumulates
    }

    /// Where a piece adds its gradient.
    func gradient(piece: Int) -> Attention.Bias? {
        partials.map {
            let row = $0.rows(piece..<piece + 1)
            return Attention.Bias(
                values: row.block(at: 0, rows: bias.values.rows, columns: bias.values.columns), origin: bias.origin)
        }
    }

    /// Sets a piece's gradient to zero, before its first layer adds.
    func clearGradient(piece: Int) {
        partials?.rows(piece..<piece + 1).clear()
    }

    func addGradientTasks(to tasks: inout [GradientTask]) {
        if let partials { tasks.append(GradientTask(cost: partials.count, work: .relativeBias(self))) }
    }

    /// The sum of the pieces' parts, gathered by bucket.
    func weightGradient() {
        guard let gradient, let partials else { return }
        if !accumulates { gradient.clear() }
        for piece in 0..<partials.rows {
            let part = partials.rows(piece..<piece + 1)
                .block(at: 0, rows: bias.values.rows, columns: buckets.count)
            RelativeBias.gather(part, buckets: buckets, onto: gradient)
        }
    }
}
