import LetheTensor

/// One residual step of a stack, bound to a batch: output = input + dropout(f(norm(input))).
///
/// Workers call `forward` and `backward` with disjoint pieces; the weights' gradients follow as tasks over the whole batch.
enum Sublayer: Sendable {
    case selfAttention(SelfAttention)
    case crossAttention(CrossAttention)
    case feedForward(FeedForward)

    /// The residual stream after this step.
    var output: Matrix {
        switch self {
        case .selfAttention(let layer): layer.output
        case .crossAttention(let layer): layer.output
        case .feedForward(let layer): layer.output
        }
    }

    /// The gradient of `output`, complete before `backward`.
    var outputGradient: Matrix {
        switch self {
        case .selfAttention(let layer): layer.outputGradient
        case .crossAttention(let layer): layer.outputGradient
        case .feedForward(let layer): layer.outputGradient
        }
    }

    /// Whether anything in it learns.
    var isTrained: Bool {
        switch self {
        case .selfAttention(let layer): layer.isTrained
        case .crossAttention(let layer): layer.isTrained
        case .feedForward(let layer): layer.isTrained
        }
    }

    /// Whether it reads the encoder's output.
    var readsSource: Bool { if case .crossAttention = self { true } else { false } }

    func forward(_ piece: PackedBatch.Piece) {
        switch self {
        case .selfAttention(let layer): layer.forward(piece)
        case .crossAttention(let layer): layer.forward(piece)
        case .feedForward(let layer): layer.forward(piece)
        }
    }

    /// inputGradient, where wanted, = the gradient of the residual stream before this step.
    func backward(_ piece: PackedBatch.Piece, into inputGradient: Matrix?) {
        switch self {
        case .selfAttention(let layer): layer.backward(piece, into: inputGradient)
        case .crossAttention(let layer): layer.backward(piece, into: inputGradient)
        case .feedForward(let layer): layer.backward(piece, into: inputGradient)
        }
    }

    func addGradientTasks(to tasks: inout [GradientTask]) {
        switch self {
        case .selfAttention(let layer): layer.addGradientTasks(to: &tasks)
        case .crossAttention(let layer): layer.addGradientTasks(to: &tasks)
        case .feedForward(let layer): layer.addGradientTasks(to: &tasks)
        }
    }
}

/// The end of every sublayer: output = input + dropout(branch), and its way back.
struct ResidualJoin: Sendable {
    private let dropout: Dropout?
    private let branchGradientBuffer: Matrix?
    let input: Matrix
    /// The branch is computed here, and the input added.
    let output: Matrix
    let outputGradient: Matrix

    init(input: Matrix, _ binder: inout Binder, isOdd: Bool) {
        self.input = input
        dropout = binder.dropout()
        let (rows, columns) = (input.rows, input.columns)
        output = binder.workspace.kept(.residual(isOdd: isOdd), rows: rows, columns: columns)
        let isTraining = binder.randomness != nil
        outputGradient = isTraining ? binder.workspace.kept(.residualGradient, rows: rows, columns: columns) : output
        branchGradientBuffer =
            dropout == nil ? nil : binder.workspace.kept(.branchGradient, rows: rows, columns: columns)
    }

    /// The gradient of the branch's result: that of the output where nothing was dropped.
    var branchGradient: Matrix { branchGradientBuffer ?? outputGradient }

    func forward(_ rows: Range<Int>) {
        let part = output.rows(rows)
        dropout?.apply(part, into: part, first: rows.lowerBound * part.columns)
        part.add(input.rows(rows))
    }

    func backward(_ rows: Range<Int>) {
        dropout?.apply(
            outputGradient.rows(rows), into: branchGradient.rows(rows), first: rows.lowerBound * output.columns)
    }
}
