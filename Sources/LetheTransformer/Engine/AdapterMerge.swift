import LetheTensor

/// Brings one adapted weight up to date before a step: weight = original + scale * b a.
///
/// With dropout on the adapter's input there is nothing to merge, because the branch sees another input than the weight.
struct AdapterMerge: Sendable {
    private let original: Matrix
    private let weight: Matrix
    private let adapter: WeightTable.Adapter

    func run() {
        LowRankUpdate.merge(original, a: adapter.a, b: adapter.b, scale: adapter.scale, into: weight)
    }

    /// Puts the weight as it was into a copy of the buffer that it lies in.
    func undo(in values: inout [Float]) {
        values.replaceSubrange(weight.offset..<weight.offset + weight.count, with: original.values)
    }

    /// The adapter's matrices by the adapted layer's path.
    static func views(
        of adapter: LoRAParameters, values: Storage<Float>, gradients: Storage<Float>
    ) -> [String: WeightTable.Adapter] {
        func view(_ key: String, _ storage: Storage<Float>) -> Matrix {
            guard let entry = adapter.layout[key] else { preconditionFailure("the adapter has no tensor \(key)") }
            return Matrix(storage, offset: entry.offset, rows: entry.shape[0], columns: entry.shape[1])
        }
        let pairs = adapter.modules.map { module in
            let (a, b) = (LoRAParameters.keyA(module), LoRAParameters.keyB(module))
            return (
                module,
                WeightTable.Adapter(
                    a: view(a, values), b: view(b, values), aGradient: view(a, gradients),
                    bGradient: view(b, gradients), scale: adapter.configuration.scale,
                    dropoutRate: adapter.configuration.dropout)
            )
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// One merge for every adapted layer; none with dropout.
    static func merges(of adapter: LoRAParameters, table: WeightTable) -> [AdapterMerge] {
        guard adapter.configuration.dropout == 0 else { return [] }
        return adapter.modules.compactMap { module in
            guard let own = table.adapters[module] else { return nil }
            let weight = table.weight("\(module).weight")
            let original = Matrix(rows: weight.rows, columns: weight.columns)
            original.copy(from: weight)
            return AdapterMerge(original: original, weight: weight, adapter: own)
        }
    }
}
