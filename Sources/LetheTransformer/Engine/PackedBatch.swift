/// Examples laid end to end, without padding, and cut into pieces for the workers.
///
/// The cut depends on the examples alone, never on the number of threads: that is what makes results bit-equal.
struct PackedBatch: Sendable {
    /// A run of neighbouring examples that one worker takes through the whole network.
    struct Piece: Sendable {
        let index: Int
        let examples: Range<Int>
        /// Rows of the encoder's buffers.
        let sources: Range<Int>
        /// Rows of the decoder's buffers.
        let targets: Range<Int>

        func rows(of stack: T5Names.Stack) -> Range<Int> { stack == .encoder ? sources : targets }
    }

    /// The sequences that attend to one another, and where their probabilities lie.
    struct Spans: Sendable {
        private(set) var queries: [Range<Int>] = []
        private(set) var keys: [Range<Int>] = []
        /// Index of each example's first probability; blocks start on cache lines.
        private(set) var offsets: [Int] = []
        /// Elements of the probabilities' buffer.
        private(set) var count = 0
        /// Elements of the largest example.
        private(set) var largest = 0

        mutating func append(queries: Range<Int>, keys: Range<Int>, heads: Int) {
            self.queries.append(queries)
            self.keys.append(keys)
            offsets.append(count)
            let size = heads * queries.count * keys.count
            count += (size + 15) & ~15
            largest = max(largest, size)
        }
    }

    let inputIDs: [Int32]
    let decoderIDs: [Int32]
    let pieces: [Piece]
    let encoder: Spans
    let decoder: Spans
    let cross: Spans
    let targetRows: [Range<Int>]
    let longestSource: Int
    let longestTarget: Int

    /// Tokens that a piece holds at least, where the batch is large enough: products of fewer rows waste time on their edges.
    private static let tokensPerPiece = 384
    /// Pieces come in multiples of this, so that 2, 4 and 8 threads all share them out evenly.
    private static let pieceGroup = 8

    init(_ examples: ArraySlice<Example>, configuration: T5Configuration, positions: LogitPositions = .all) {
        let heads = configuration.numHeads
        var inputIDs: [Int32] = []
        var decoderIDs: [Int32] = []
        var sources: [Range<Int>] = []
        var targets: [Range<Int>] = []
        var (encoder, decoder, cross) = (Spans(), Spans(), Spans())
        for example in examples {
            let source = inputIDs.count
            inputIDs += example.inputIDs.isEmpty ? [configuration.padTokenID] : example.inputIDs
            let target = decoderIDs.count
            let count = positions == .first ? min(1, example.labels.count) : example.labels.count
            for position in 0..<count {
                let previous = position == 0 ? configuration.decoderStartTokenID : example.labels[position - 1]
                decoderIDs.append(previous == Example.ignoredLabel ? configuration.padTokenID : previous)
            }
            sources.append(source..<inputIDs.count)
            targets.append(target..<decoderIDs.count)
            encoder.append(queries: source..<inputIDs.count, keys: source..<inputIDs.count, heads: heads)
            decoder.append(queries: target..<decoderIDs.count, keys: target..<decoderIDs.count, heads: heads)
            cross.append(queries: target..<decoderIDs.count, keys: source..<inputIDs.count, heads: heads)
        }
        pieces = PackedBatch.cut(sources: sources, targets: targets)
        longestSource = sources.map(\.count).max() ?? 0
        longestTarget = targets.map(\.count).max() ?? 0
        targetRows = targets
        self.inputIDs = inputIDs
        self.decoderIDs = decoderIDs
        self.encoder = encoder
        self.decoder = decoder
        self.cross = cross
    }

    /// Cuts the examples into runs of about the same number of tokens.
    private static func cut(sources: [Range<Int>], targets: [Range<Int>]) -> [Piece] {
        guard let total = sources.last?.upperBound else { return [] }
        let groups = max(1, total / (tokensPerPiece * pieceGroup))
        let count = min(sources.count, groups * pieceGroup)
        var pieces: [Piece] = []
        var start = 0
        for index in 0..<count {
            // The run ends where the tokens come nearest to their share, and leaves an example for every run to come.
            let goal = total * (index + 1) / count
            let last = sources.count - (count - 1 - index)
            var end = start + 1
            while end < last, sources[end].upperBound - goal < goal - sources[end].lowerBound { end += 1 }
            if index == count - 1 { end = sources.count }
            pieces.append(
                Piece(
                    index: index, examples: start..<end,
                    sources: sources[start].lowerBound..<sources[end - 1].upperBound,
                    targets: targets[start].lowerBound..<targets[end - 1].upperBound))
            start = end
        }
        return pieces
    }
}
