import LetheTensor

/// The weights that a pass computes with, their gradients' places, and the adapter's.
struct WeightTable: Sendable {
    /// The adapter of one linear layer. a (R, in), b (out, R).
    struct Adapter: Sendable {
        let a: Matrix
        let b: Matrix
        let aGradient: Matrix
        let bGradient: Matrix
        let scale: Float
        /// On the adapter's input. At rate 0 the weights already contain `scale * b a`, and the forward pass has nothing to add.
        let dropoutRate: Float
    }

    let layout: ParameterLayout
    let weights: Storage<Float>
    /// Nil where the weights are frozen.
    let gradients: Storage<Float>?
    /// By the adapted layer's path.
    let adapters: [String: Adapter]

    /// One tensor as a matrix; a vector has one row. Traps on a name that the model's own layout lacks.
    func weight(_ name: String) -> Matrix { view(name, in: weights) }

    /// The gradient's place, nil where the weights are frozen.
    func gradient(_ name: String) -> Matrix? { gradients.map { view(name, in: $0) } }

    private func view(_ name: String, in storage: Storage<Float>) -> Matrix {
        guard let entry = layout[name] else { preconditionFailure("the layout has no tensor \(name)") }
        let columns = entry.shape[entry.shape.count - 1]
        return Matrix(storage, offset: entry.offset, rows: entry.count / columns, columns: columns)
    }

    /// Linear layers that read the same input and lie end to end, as one: their outputs stand side by side.
    func linear(_ modules: [String]) -> Linear {
        func joined(_ storage: Storage<Float>) -> Matrix {
            let parts = modules.map { view("\($0).weight", in: storage) }
            for (part, next) in zip(parts, parts.dropFirst()) {
                precondition(
                    next.offset == part.offset + part.count && next.columns == part.columns, "\(modules) do not touch")
            }
            return Matrix(
                storage, offset: parts[0].offset, rows: parts.map(\.rows).reduce(0, +), columns: parts[0].columns)
        }
        var columns: [Range<Int>] = []
        for module in modules {
            let start = columns.last?.upperBound ?? 0
            columns.append(start..<(start + weight("\(module).weight").rows))
        }
        let adapted = zip(modules, columns).compactMap { module, columns in
            adapters[module].map { Linear.Adapted(adapter: $0, columns: columns) }
        }
        return Linear(weight: joined(weights), gradient: gradients.map(joined), adapted: adapted)
    }
}
