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

        mutating func removeAll() {
            queries.removeAll(keepingCapacity: true)
            keys.removeAll(keepingCapacity: true)
            offsets.removeAll(keepingCapacity: true)
            (count, largest) = (0, 0)
        }

        mutating func append(queries: Range<Int>, keys: Range<Int>, heads: Int) {
            self.queries.append(queries)
            self.keys.append(keys)
            offsets.append(count)
            let size = heads * queries.count * keys.count
            count += (size + 15) & ~15
            largest = max(largest, size)
        }
    }

    private(set) var inputIDs: [Int32] = []
    private(set) var decoderIDs: [Int32] = []
    private(set) var pieces: [Piece] = []
    private(set) var encoder = Spans()
    private(set) var decoder = Spans()
    private(set) var cross = Spans()
    /// Each example's rows of the decoder's buffers.
    private(set) var targetRows: [Range<Int>] = []
    private(set) var longestSource = 0
    private(set) var longestTarget = 0

    /// Tokens that a piece holds at least, where the batch is large enough: products of fewer rows waste time on their edges.
    private static let tokensPerPiece = 384
    /// Pieces come in multiples of this, so that 2, 4 and 8 threads all share them out evenly.
    private static let pieceGroup = 8

    /// Lays out other examples in the arrays that are there already.
    mutating func pack(_ examples: some Collection<Example>, configuration: T5Configuration, positions: LogitPositions)
    {
        let heads = configuration.numHeads
        inputIDs.removeAll(keepingCapacity: true)
        decoderIDs.removeAll(keepingCapacity: true)
        targetRows.removeAll(keepingCapacity: true)
        encoder.removeAll()
        decoder.removeAll()
        cross.removeAll()
        (longestSource, longestTarget) = (0, 0)
        for example in examples {
            let source = inputIDs.count
            inputIDs += example.inputIDs
            if example.inputIDs.isEmpty { inputIDs.append(configuration.padTokenID) }
            let target = decoderIDs.count
            let count = positions == .first ? min(1, example.labels.count) : example.labels.count
            for position in 0..<count {
                let previous = position == 0 ? configuration.decoderStartTokenID : example.labels[position - 1]
                decoderIDs.append(previous == Example.ignoredLabel ? configuration.padTokenID : previous)
            }
            let (sources, targets) = (source..<inputIDs.count, target..<decoderIDs.count)
            targetRows.append(targets)
            longestSource = max(longestSource, sources.count)
            longestTarget = max(longestTarget, targets.count)
            encoder.append(queries: sources, keys: sources, heads: heads)
            decoder.append(queries: targets, keys: targets, heads: heads)
            cross.append(queries: targets, keys: sources, heads: heads)
        }
        cut()
    }

    /// Cuts the examples into runs of about the same number of tokens.
    private mutating func cut() {
        pieces.removeAll(keepingCapacity: true)
        let (sources, targets) = (encoder.queries, targetRows)
        let total = inputIDs.count
        let groups = max(1, total / (PackedBatch.tokensPerPiece * PackedBatch.pieceGroup))
        let count = min(sources.count, groups * PackedBatch.pieceGroup)
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
    }
}
