import LetheTensor

/// A part of the weights' gradient that any worker can compute once every piece has been through the network.
///
/// A value, not a closure: a step makes many of them and takes nothing from the heap.
struct GradientTask: Sendable {
    /// What is computed.
    enum Work: Sendable {
        /// Some rows of a linear layer's weight.
        case weight(BoundLinear, outGradient: Matrix, rows: Range<Int>)
        /// One of a linear layer's adapters.
        case adapter(BoundLinear, outGradient: Matrix, index: Int)
        case norm(BoundNorm)
        case relativeBias(RelativeBiasTable)
        /// Some rows of the head and of the embedding.
        case vocabulary(Range<Int>)
    }

    /// Multiplications, about: large tasks start first.
    let cost: Int
    let work: Work

    func run(in network: BoundNetwork) {
        switch work {
        case .weight(let layer, let outGradient, let rows): layer.weightGradient(rows, outGradient: outGradient)
        case .adapter(let layer, let outGradient, let index): layer.adapterGradient(index, outGradient: outGradient)
        case .norm(let norm): norm.weightGradient()
        case .relativeBias(let table): table.weightGradient()
        case .vocabulary(let rows): network.vocabularyGradient(rows)
        }
    }
}

extension [GradientTask] {
    /// Sorts by cost, the largest first, in place: a heap sort, because the library's takes room for half of the array each time.
    mutating func sortLargestFirst() {
        func sink(_ start: Int, below end: Int) {
            var root = start
            while 2 * root + 1 < end {
                var child = 2 * root + 1
                if child + 1 < end, self[child + 1].cost < self[child].cost { child += 1 }
                guard self[child].cost < self[root].cost else { return }
                swapAt(root, child)
                root = child
            }
        }
        for root in stride(from: count / 2 - 1, through: 0, by: -1) { sink(root, below: count) }
        for end in stride(from: count - 1, through: 1, by: -1) {
            swapAt(0, end)
            sink(0, below: end)
        }
    }
}
