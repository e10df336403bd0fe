import LetheTensor

/// An RMS norm with its buffers for one batch: input, output (T, D).
struct BoundNorm: Sendable {
    private let weight: Matrix
    private let gradient: Matrix?
    private let epsilon: Float
    private let inverse: Matrix
    /// The weight's gradient, one row per piece; nil where the weight is frozen.
    private let partials: Matrix?
    private let accumulates: Bool
    let input: Matrix
    let output: Matrix

    init(_ parameter: NetworkWeights.Parameter, input: Matrix, output: Matrix, _ binder: inout Binder) {
        weight = parameter.weight
        gradient = parameter.gradient
        epsilon = binder.configuration.layerNormEpsilon
        inverse = binder.workspace.kept(.inverse, rows: 1, columns: input.rows)
        partials =
            gradient == nil
            ? nil : binder.workspace.kept(.weightPartials, rows: binder.batch.pieces.count, columns: input.columns)
        accumulates = binder.accumulates
        self.input = input
        self.output = output
    }

    func forward(_ rows: Range<Int>) {
        RMSNorm.forward(
            input.rows(rows), weight: weight, epsilon: epsilon, into: output.rows(rows), inverse: inverse.columns(rows))
    }

    /// inputGradient = residual + the gradient through the norm.
    func backward(_ rows: Range<Int>, piece: Int, outGradient: Matrix, residual: Matrix?, into inputGradient: Matrix) {
        let partial = partials?.rows(piece..<piece + 1)
        partial?.clear()
        RMSNorm.backward(
            input.rows(rows), weight: weight, inverse: inverse.columns(rows), outGradient: outGradient.rows(rows),
            residual: residual?.rows(rows), into: inputGradient.rows(rows), weightGradient: partial)
    }

    func addGradientTasks(to tasks: inout [GradientTask]) {
        if let partials { tasks.append(GradientTask(cost: partials.count, work: .norm(self))) }
    }

    /// The sum of the pieces' parts.
    func weightGradient() {
        guard let gradient, let partials else { return }
        partials.sumRows(into: gradient, accumulate: accumulates)
    }
}
