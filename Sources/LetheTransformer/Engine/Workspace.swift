import LetheTensor

/// The buffers of one pass. While training every layer keeps its own; in inference layers share them by role.
///
/// Safety of `@unchecked Sendable`: one owner at a time prepares a pass with it; workers see only the buffers.
final class Workspace: @unchecked Sendable {
    /// What a buffer is for.
    enum Role: Hashable {
        case residual(isOdd: Bool)
        case normalized, inverse, projected, sourceProjected, probabilities, dropped, context, hidden, activated
        case encoded, decoded, logits
        case residualGradient, branchGradient, normalizedGradient, contextGradient, projectedGradient
        case sourceProjectedGradient, hiddenGradient, probabilitiesGradient, encodedGradient
        case weightPartials, biasPartials, spreadBias, adapterInput, adapterReduced, adapterGradient
    }

    private struct Key: Hashable {
        let stack: T5Names.Stack
        let role: Role
        let rows: Int
        let columns: Int
    }

    private let arena = Arena()
    private var shared: [Key: Matrix] = [:]
    private let keepsActivations: Bool
    /// Whose buffers are handed out: a piece's rows differ between the stacks, so that they must never share.
    var stack = T5Names.Stack.encoder

    init(keepsActivations: Bool) {
        self.keepsActivations = keepsActivations
    }

    /// Takes back all buffers.
    func reset() {
        arena.reset()
        shared.removeAll(keepingCapacity: true)
    }

    /// A buffer that the backward pass reads: one per call while training.
    func kept(_ role: Role, rows: Int, columns: Int) -> Matrix {
        keepsActivations ? arena.matrix(rows: rows, columns: columns) : scratch(role, rows: rows, columns: columns)
    }

    /// A buffer whose content nobody needs after the layer: the same one for the same role and shape.
    func scratch(_ role: Role, rows: Int, columns: Int) -> Matrix {
        let key = Key(stack: stack, role: role, rows: rows, columns: columns)
        if let matrix = shared[key] { return matrix }
        let matrix = arena.matrix(rows: rows, columns: columns)
        shared[key] = matrix
        return matrix
    }
}
