import LetheTensor

/// The self-attention sublayer. I = inner width: q, k and v stand side by side in `projected` (T, 3 I).
struct SelfAttention: Sendable {
    private let norm: BoundNorm
    private let project: BoundLinear
    private let combine: BoundLinear
    private let join: ResidualJoin
    private let core: AttentionCore
    private let bias: RelativeBiasTable
    private let projectedGradient: Matrix
    private let normalizedGradient: Matrix
    private let stack: T5Names.Stack

    var output: Matrix { join.output }
    var outputGradient: Matrix { join.outputGradient }
    var isTrained: Bool { project.isTrained || combine.isTrained }

    init(
        _ weights: NetworkWeights.SelfAttention, _ stack: T5Names.Stack, bias: RelativeBiasTable, input: Matrix,
        isOdd: Bool, _ binder: inout Binder
    ) {
        let configuration = binder.configuration
        let (width, inner) = (configuration.dModel, configuration.innerWidth)
        self.stack = stack
        self.bias = bias
        norm = BoundNorm(
            weights.norm, input: input,
            output: binder.workspace.kept(.normalized, rows: input.rows, columns: width), &binder)
        project = BoundLinear(
            weights.project, input: norm.output,
            output: binder.workspace.kept(.projected, rows: input.rows, columns: 3 * inner), &binder)
        core = AttentionCore(
            spans: stack == .encoder ? binder.batch.encoder : binder.batch.decoder, isCausal: stack == .decoder,
            rows: input.rows, &binder)
        join = ResidualJoin(input: input, &binder, isOdd: isOdd)
        combine = BoundLinear(weights.combine, input: core.context, output: join.output, &binder)
        projectedGradient =
            binder.randomness == nil
            ? project.output : binder.workspace.kept(.projectedGradient, rows: input.rows, columns: 3 * inner)
        normalizedGradient = binder.workspace.scratch(.normalizedGradient, rows: input.rows, columns: width)
    }

    /// q, k or v of all rows.
    private func third(_ index: Int, of matrix: Matrix) -> Matrix {
        let inner = matrix.columns / 3
        return matrix.columns(index * inner..<(index + 1) * inner)
    }

    func forward(_ piece: PackedBatch.Piece) {
        let rows = piece.rows(of: stack)
        norm.forward(rows)
        project.forward(rows)
        core.forward(
            piece, queries: third(0, of: project.output), keys: third(1, of: project.output),
            values: third(2, of: project.output), bias: bias.bias)
        combine.forward(rows)
        join.forward(rows)
    }

    func backward(_ piece: PackedBatch.Piece, into inputGradient: Matrix?) {
        let rows = piece.rows(of: stack)
        join.backward(rows)
        combine.backward(rows, outGradient: join.branchGradient, into: core.contextGradient)
        core.backward(
            piece, queries: third(0, of: project.output), keys: third(1, of: project.output),
            values: third(2, of: project.output), queriesGradient: third(0, of: projectedGradient),
            keysGradient: third(1, of: projectedGradient), valuesGradient: third(2, of: projectedGradient),
            biasGradient: bias.gradient(piece: piece.index))
        project.backward(rows, outGradient: projectedGradient, into: inputGradient == nil ? nil : normalizedGradient)
        if let inputGradient {
            norm.backward(
                rows, piece: piece.index, outGradient: normalizedGradient, residual: outputGradient, into: inputGradient
            )
        }
    }

    func addGradientTasks(to tasks: inout [GradientTask]) {
        project.addGradientTasks(outGradient: projectedGradient, to: &tasks)
        combine.addGradientTasks(outGradient: join.branchGradient, to: &tasks)
        norm.addGradientTasks(to: &tasks)
    }
}
