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
