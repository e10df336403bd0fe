import LetheTensor

/// The decoder's attention to the encoder's output, without relative bias. S source rows, T target rows, I = inner width.
struct CrossAttention: Sendable {
    private let norm: BoundNorm
    /// (T, I)
    private let queries: BoundLinear
    /// k and v side by side, (S, 2 I)
    private let keysAndValues: BoundLinear
    private let combine: BoundLinear
    private let join: ResidualJoin
    private let core: AttentionCore
    private let queriesGradient: Matrix
    private let keysAndValuesGradient: Matrix
    private let normalizedGradient: Matrix
    /// The gradient of the encoder's output, nil where nothing below it learns.
    private let sourceGradient: Matrix?
    private let isFirstToAdd: Bool

    var output: Matrix { join.output }
    var outputGradient: Matrix { join.outputGradient }
    var isTrained: Bool { queries.isTrained || keysAndValues.isTrained || combine.isTrained }

    /// - Parameter isFirstToAdd: whether this layer's backward pass is the first to write `sourceGradient`.
    init(
        _ weights: NetworkWeights.CrossAttention, source: Matrix, sourceGradient: Matrix?, isFirstToAdd: Bool,
        input: Matrix, isOdd: Bool, _ binder: inout Binder
    ) {
        let configuration = binder.configuration
        let (width, inner) = (configuration.dModel, configuration.innerWidth)
        self.sourceGradient = sourceGradient
        self.isFirstToAdd = isFirstToAdd
        norm = BoundNorm(
            weights.norm, input: input,
            output: binder.workspace.kept(.normalized, rows: input.rows, columns: width), &binder)
        queries = BoundLinear(
            weights.queries, input: norm.output,
            output: binder.workspace.kept(.projected, rows: input.rows, columns: inner), &binder)
        keysAndValues = BoundLinear(
            weights.keysAndValues, input: source,
            output: binder.workspace.kept(.sourceProjected, rows: source.rows, columns: 2 * inner), &binder)
        core = AttentionCore(spans: binder.batch.cross, isCausal: false, rows: input.rows, &binder)
        join = ResidualJoin(input: input, &binder, isOdd: isOdd)
        combine = BoundLinear(weights.combine, input: core.context, output: join.output, &binder)
        if binder.randomness == nil {
            (queriesGradient, keysAndValuesGradient) = (queries.output, keysAndValues.output)
        } else {
            queriesGradient = binder.workspace.kept(.projectedGradient, rows: input.rows, columns: inner)
            keysAndValuesGradient = binder.workspace.kept(
                .sourceProjectedGradient, rows: source.rows, columns: 2 * inner)
        }
        normalizedGradient = binder.workspace.scratch(.normalizedGradient, rows: input.rows, columns: width)
    }

    private func half(_ index: Int, of matrix: Matrix) -> Matrix {
        let inner = matrix.columns / 2
        return matrix.columns(index * inner..<(index + 1) * inner)
    }

    func forward(_ piece: PackedBatch.Piece) {
        norm.forward(piece.targets)
        queries.forward(piece.targets)
        keysAndValues.forward(piece.sources)
        core.forward(
            piece, queries: queries.output, keys: half(0, of: keysAndValues.output),
            values: half(1, of: keysAndValues.output), bias: nil)
        combine.forward(piece.targets)
        join.forward(piece.targets)
    }

    func backward(_ piece: PackedBatch.Piece, into inputGradient: Matrix?) {
        join.backward(piece.targets)
        combine.backward(piece.targets, outGradient: join.branchGradient, into: core.contextGradient)
        let needsSource = sourceGradient != nil || keysAndValues.isTrained
        core.backward(
            piece, queries: queries.output, keys: half(0, of: keysAndValues.output),
            values: half(1, of: keysAndValues.output), queriesGradient: queriesGradient,
            keysGradient: needsSource ? half(0, of: keysAndValuesGradient) : nil,
            valuesGradient: needsSource ? half(1, of: keysAndValuesGradient) : nil, biasGradient: nil)
        if needsSource {
            keysAndValues.backward(
                piece.sources, outGradient: keysAndValuesGradient, into: sourceGradient, accumulate: !isFirstToAdd)
        }
        queries.backward(
            piece.targets, outGradient: queriesGradient, into: inputGradient == nil ? nil : normalizedGradient)
        if let inputGradient {
            norm.backward(
                piece.targets, piece: piece.index, outGradient: normalizedGradient, residual: outputGradient,
                into: inputGradient)
        }
    }

    func addGradientTasks(to tasks: inout [GradientTask]) {
        queries.addGradientTasks(outGradient: queriesGradient, to: &tasks)
        keysAndValues.addGradientTasks(outGradient: keysAndValuesGradient, to: &tasks)
        combine.addGradientTasks(outGradient: join.branchGradient, to: &tasks)
        norm.addGradientTasks(to: &tasks)
    }
}
