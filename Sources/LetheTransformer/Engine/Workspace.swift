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
        case weightPartials, biasPartials, spreadBias, adapterInput, adapterReduced, adapterGradient, adapterRows
    }

    private struct Key: Hashable {
        let stack: T5Names.Stack
        let role: Role
        let rows: Int
        let columns: Int
    }

    /// What the workers do with these buffers.
    let work = StepWork()
    private let arena = Arena()
    private var shared: [Key: Matrix] = [:]
    private let keepsActivations: Bool
    /// The batch of the pass, laid out in arrays that are kept from one to the next.
    private(set) var batch = PackedBatch()
    /// The last pass's gradient tasks: room for the next one's.
    private var tasks: [GradientTask] = []
    /// The last pass's sublayers of either stack, for the same reason.
    private var sublayers: (encoder: [Sublayer], decoder: [Sublayer]) = ([], [])
    let branches = AdapterBranches()
    private var bucketTables: [T5Names.Stack: (length: Int, table: [Int])] = [:]
    /// Whose buffers are handed out: a piece's rows differ between the stacks, so that they must never share.
    var stack = T5Names.Stack.encoder

    init(keepsActivations: Bool) {
        self.keepsActivations = keepsActivations
    }

    /// Takes back all buffers and lays out the examples of the next pass.
    func begin(
        _ examples: some Collection<Example>, configuration: T5Configuration, positions: LogitPositions = .all
    ) {
        // Before the arena, because these view its blocks, which must go where larger ones take their place.
        tasks.removeAll(keepingCapacity: true)
        branches.removeAll()
        sublayers.encoder.removeAll(keepingCapacity: true)
        sublayers.decoder.removeAll(keepingCapacity: true)
        shared.removeAll(keepingCapacity: true)
        arena.reset()
        batch.pack(examples, configuration: configuration, positions: positions)
    }

    /// The gradient tasks of a network that was bound in this workspace, the largest first.
    func gradientTasks(of network: BoundNetwork) -> [GradientTask] {
        network.collectGradientTasks(in: &tasks)
        return tasks
    }

    /// An empty array with the room that a stack's sublayers had in the last pass.
    func roomForSublayers(of stack: T5Names.Stack) -> [Sublayer] {
        var room: [Sublayer] = []
        if stack == .encoder { swap(&room, &sublayers.encoder) } else { swap(&room, &sublayers.decoder) }
        return room
    }

    /// Keeps a stack's sublayers for the room that they take.
    func keep(_ kept: [Sublayer], of stack: T5Names.Stack) {
        if stack == .encoder { sublayers.encoder = kept } else { sublayers.decoder = kept }
    }

    /// The buckets of all distances from -(length - 1) to length - 1: the middle of the longest table so far.
    func buckets(_ stack: T5Names.Stack, length: Int, _ configuration: T5Configuration) -> ArraySlice<Int> {
        let longest = bucketTables[stack]?.length ?? 0
        if length > longest {
            let buckets = RelativePositionBuckets(
                count: configuration.relativeAttentionNumBuckets,
                maxDistance: configuration.relativeAttentionMaxDistance, isBidirectional: stack == .encoder)
            bucketTables[stack] = (length, buckets.table(length: length))
        }
        guard length > 0, let (longest, table) = bucketTables[stack] else { return [] }
        return table[longest - length...longest + length - 2]
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
