import LetheTensor

/// The feed-forward sublayer: wo(dropout(act(wi x))), or gated wo(dropout(act(wi_0 x) * wi_1 x)). F = dFF.
struct FeedForward: Sendable {
    private let norm: BoundNorm
    private let expand: BoundLinear
    private let contract: BoundLinear
    private let join: ResidualJoin
    private let dropout: Dropout?
    private let activation: Activation
    private let isGated: Bool
    /// Whether the activation overwrites its input: the rectifier needs nothing else on the way back.
    private let isInPlace: Bool
    /// (T, F) and (T, F or 2 F).
    private let hiddenGradient: Matrix
    private let expandedGradient: Matrix
    private let normalizedGradient: Matrix
    private let stack: T5Names.Stack

    var output: Matrix { join.output }
    var outputGradient: Matrix { join.outputGradient }
    var isTrained: Bool { expand.isTrained || contract.isTrained }

    init(
        _ weights: NetworkWeights.FeedForward, _ stack: T5Names.Stack, input: Matrix, isOdd: Bool,
        _ binder: inout Binder
    ) {
        let configuration = binder.configuration
        let (width, inner) = (configuration.dModel, configuration.dFF)
        self.stack = stack
        isGated = configuration.feedForwardProjection.isGated
        activation = configuration.feedForwardProjection.activation
        isInPlace = configuration.feedForwardProjection == .relu
        norm = BoundNorm(
            weights.norm, input: input,
            output: binder.workspace.kept(.normalized, rows: input.rows, columns: width), &binder)
        let expanded = isGated ? 2 * inner : inner
        expand = BoundLinear(
            weights.expand, input: norm.output,
            output: binder.workspace.kept(.hidden, rows: input.rows, columns: expanded), &binder)
        let hidden =
            isInPlace
            ? expand.output : binder.workspace.kept(.activated, rows: input.rows, columns: inner)
        dropout = binder.dropout()
        join = ResidualJoin(input: input, &binder, isOdd: isOdd)
        contract = BoundLinear(weights.contract, input: hidden, output: join.output, &binder)
        let isTraining = binder.randomness != nil
        expandedGradient =
            isTraining ? binder.workspace.kept(.hiddenGradient, rows: input.rows, columns: expanded) : expand.output
        hiddenGradient =
            isInPlace || !isTraining
            ? expandedGradient : binder.workspace.scratch(.hiddenGradient, rows: input.rows, columns: inner)
        normalizedGradient = binder.workspace.scratch(.normalizedGradient, rows: input.rows, columns: width)
    }

    func forward(_ piece: PackedBatch.Piece) {
        let rows = piece.rows(of: stack)
        norm.forward(rows)
        expand.forward(rows)
        let hidden = contract.input.rows(rows)
        if isInPlace {
            Activation.rectify(hidden)
        } else {
            activation.forward(expand.output.rows(rows), gated: isGated, into: hidden)
        }
        dropout?.apply(hidden, into: hidden, first: rows.lowerBound * hidden.columns)
        contract.forward(rows)
        join.forward(rows)
    }

    func backward(_ piece: PackedBatch.Piece, into inputGradient: Matrix?) {
        let rows = piece.rows(of: stack)
        join.backward(rows)
        contract.backward(rows, outGradient: join.branchGradient, into: hiddenGradient)
        let gradient = hiddenGradient.rows(rows)
        dropout?.apply(gradient, into: gradient, first: rows.lowerBound * gradient.columns)
        if isInPlace {
            Activation.rectifyBackward(out: contract.input.rows(rows), gradient: gradient)
        } else {
            activation.backward(
                expand.output.rows(rows), gated: isGated, outGradient: gradient, into: expandedGradient.rows(rows))
        }
        expand.backward(rows, outGradient: expandedGradient, into: inputGradient == nil ? nil : normalizedGradient)
        if let inputGradient {
            norm.backward(
                rows, piece: piece.index, outGradient: normalizedGradient, residual: outputGradient, into: inputGradient
            )
        }
    }

    func addGradientTasks(to tasks: inout [GradientTask]) {
        expand.addGradientTasks(outGradient: expandedGradient, to: &tasks)
        contract.addGradientTasks(outGradient: join.branchGradient, to: &tasks)
        norm.addGradientTasks(to: &tasks)
    }
}

extension FeedForwardProjection {
    fileprivate var activation: Activation {
        switch self {
        case .relu, .gatedRelu: .relu
        case .gelu: .gelu
        case .geluNew, .gatedGelu: .geluNew
        case .silu, .gatedSilu: .silu
        }
    }
}
