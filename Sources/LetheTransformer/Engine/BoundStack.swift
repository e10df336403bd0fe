import LetheTensor

/// The encoder or the decoder, bound to a batch: embedded tokens, sublayers, final norm. T rows, D = dModel.
struct BoundStack: Sendable {
    private let ids: [Int32]
    private let table: Matrix
    private let embedded: Matrix
    private let embeddingDropout: Dropout?
    private let outputDropout: Dropout?
    private let sublayers: [Sublayer]
    private let bias: RelativeBiasTable
    private let finalNorm: BoundNorm
    private let normalizedGradient: Matrix
    private let stack: T5Names.Stack
    /// The first sublayer that a gradient must reach; nil where nothing in the stack learns.
    private let lowest: Int?
    /// Whether gradients go on to the embedding.
    private let trainsEmbedding: Bool
    /// The gradient of the embedded tokens.
    let embeddedGradient: Matrix

    /// (T, D), after the final norm and its dropout.
    var output: Matrix { finalNorm.output }
    /// Whether a backward pass has to enter the stack.
    var isTrained: Bool { lowest != nil || trainsEmbedding }

    /// - Parameter source: the encoder, for the decoder's attention to it, and its output's gradient where it learns.
    init(
        _ weights: NetworkWeights.Stack, _ stack: T5Names.Stack, ids: [Int32], longest: Int,
        source: (encoder: BoundStack, gradient: Matrix?)?, _ binder: inout Binder
    ) {
        let width = binder.configuration.dModel
        binder.workspace.stack = stack
        self.ids = ids
        self.stack = stack
        table = binder.weights.embedding.weight
        trainsEmbedding = binder.weights.embedding.gradient != nil
        embedded = binder.workspace.kept(.residual(isOdd: false), rows: ids.count, columns: width)
        let isTraining = binder.randomness != nil
        embeddedGradient =
            isTraining ? binder.workspace.kept(.residualGradient, rows: ids.count, columns: width) : embedded
        embeddingDropout = binder.dropout()
        bias = RelativeBiasTable(stack, length: longest, &binder)
        var sublayers = binder.workspace.roomForSublayers(of: stack)
        sublayers.reserveCapacity(3 * weights.blocks.count)
        var stream = embedded
        func isOdd() -> Bool { sublayers.count % 2 == 0 }
        for (index, block) in weights.blocks.enumerated() {
            let attention = SelfAttention(
                block.selfAttention, stack, bias: bias, input: stream, isOdd: isOdd(), &binder)
            sublayers.append(.selfAttention(attention))
            stream = attention.output
            if let source, let weightsAcross = block.crossAttention {
                let across = CrossAttention(
                    weightsAcross, source: source.encoder.output, sourceGradient: source.gradient,
                    isFirstToAdd: index == weights.blocks.count - 1, input: stream, isOdd: isOdd(), &binder)
                sublayers.append(.crossAttention(across))
                stream = across.output
            }
            let feedForward = FeedForward(block.feedForward, stack, input: stream, isOdd: isOdd(), &binder)
            sublayers.append(.feedForward(feedForward))
            stream = feedForward.output
        }
        self.sublayers = sublayers
        binder.workspace.keep(sublayers, of: stack)
        let feedsEncoder = source?.gradient != nil
        lowest = sublayers.firstIndex { $0.isTrained || (feedsEncoder && $0.readsSource) }
        finalNorm = BoundNorm(
            weights.finalNorm, input: stream,
            output: binder.workspace.kept(
                stack == .encoder ? .encoded : .decoded, rows: ids.count, columns: width), &binder)
        outputDropout = binder.dropout()
        normalizedGradient = binder.workspace.scratch(.normalizedGradient, rows: ids.count, columns: width)
    }

    func forward(_ piece: PackedBatch.Piece) {
        let rows = piece.rows(of: stack)
        let embedded = embedded.rows(rows)
        Embedding.gather(table, ids: ids[rows], into: embedded)
        embeddingDropout?.apply(embedded, into: embedded, first: rows.lowerBound * embedded.columns)
        for sublayer in sublayers { sublayer.forward(piece) }
        finalNorm.forward(rows)
        let output = output.rows(rows)
        outputDropout?.apply(output, into: output, first: rows.lowerBound * output.columns)
    }

    /// outGradient (T, D) is used up.
    func backward(_ piece: PackedBatch.Piece, outGradient: Matrix) {
        guard isTrained else { return }
        let rows = piece.rows(of: stack)
        let outer = outGradient.rows(rows)
        outputDropout?.apply(outer, into: outer, first: rows.lowerBound * outer.columns)
        bias.clearGradient(piece: piece.index)
        let lowest = lowest ?? sublayers.count
        finalNorm.backward(
            rows, piece: piece.index, outGradient: outGradient, residual: nil,
            into: sublayers.last?.outputGradient ?? embeddedGradient)
        for index in sublayers.indices.reversed() where trainsEmbedding || index >= lowest {
            let below = index > 0 ? sublayers[index - 1].outputGradient : embeddedGradient
            sublayers[index].backward(piece, into: trainsEmbedding || index > lowest ? below : nil)
        }
        if trainsEmbedding {
            let gradient = embeddedGradient.rows(rows)
            embeddingDropout?.apply(gradient, into: gradient, first: rows.lowerBound * gradient.columns)
        }
    }

    /// Adds the tokens' gradients to some rows of the embedding's.
    func scatter(_ range: Range<Int>, into gradient: Matrix) {
        Embedding.scatter(embeddedGradient, ids: ids[...], range: range, into: gradient)
    }

    func addGradientTasks(to tasks: inout [GradientTask]) {
        guard isTrained else { return }
        let lowest = trainsEmbedding ? 0 : lowest ?? sublayers.count
        for sublayer in sublayers[lowest...] { sublayer.addGradientTasks(to: &tasks) }
        finalNorm.addGradientTasks(to: &tasks)
        bias.addGradientTasks(to: &tasks)
    }
}
