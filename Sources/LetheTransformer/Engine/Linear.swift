import LetheTensor

/// A linear layer without bias: y = x Wᵀ, W [out, in].
struct Linear: Sendable {
    /// An adapter and the columns of the output that it adds to.
    struct Adapted: Sendable {
        let adapter: WeightTable.Adapter
        let columns: Range<Int>
    }

    let weight: Matrix
    /// Nil where the weight is frozen.
    let gradient: Matrix?
    let adapted: [Adapted]

    /// Whether anything in the layer learns.
    var isTrained: Bool { gradient != nil || !adapted.isEmpty }
}

/// The adapters' branches of all layers of a pass, in one array that is kept from step to step.
///
/// Safety of `@unchecked Sendable`: it changes only while a pass is prepared; workers read it.
final class AdapterBranches: @unchecked Sendable {
    /// An adapter's own buffers: reduced (T, R) = dropped input Aᵀ, reducedGradient (T, R) = scale * outGradient B.
    struct Branch: Sendable {
        let adapter: WeightTable.Adapter
        let columns: Range<Int>
        let dropout: Dropout?
        let reduced: Matrix
        let reducedGradient: Matrix
        /// With dropout: some rows of the input, dropped again for the gradient.
        let droppedRows: Matrix?
        /// Whether the branch is computed by itself; otherwise the weight contains it.
        var isSeparate: Bool { dropout != nil }
    }

    private(set) var all: [Branch] = []

    func append(_ branch: Branch) { all.append(branch) }

    func removeAll() { all.removeAll(keepingCapacity: true) }
}

/// A linear layer with its buffers for one batch: input (T, in), output and outGradient (T, out), pieces working on their rows.
struct BoundLinear: Sendable {
    /// How many rows of a dropped input are made again at a time.
    private static var block: Int { 256 }
    private let linear: Linear
    /// The branches of all layers, and which are this one's.
    private let table: AdapterBranches
    private let range: Range<Int>
    private let droppedInput: Matrix?
    private let accumulates: Bool
    private let precision: TrainingPrecision
    let input: Matrix
    let output: Matrix

    var isTrained: Bool { linear.isTrained }

    init(_ linear: Linear, input: Matrix, output: Matrix, _ binder: inout Binder) {
        precondition(
            input.columns == linear.weight.columns && output.columns == linear.weight.rows, "shapes of a layer")
        self.linear = linear
        self.input = input
        self.output = output
        accumulates = binder.accumulates
        precision = binder.precision
        table = binder.workspace.branches
        let first = table.all.count
        for adapted in linear.adapted where binder.randomness != nil {
            let rank = adapted.adapter.a.rows
            let dropout = binder.dropout(rate: adapted.adapter.dropoutRate)
            table.append(
                .init(
                    adapter: adapted.adapter, columns: adapted.columns,
                    dropout: dropout,
                    reduced: binder.workspace.kept(.adapterReduced, rows: input.rows, columns: rank),
                    reducedGradient: binder.workspace.kept(.adapterGradient, rows: input.rows, columns: rank),
                    droppedRows: dropout.map { _ in
                        binder.workspace.kept(.adapterRows, rows: min(Self.block, input.rows), columns: input.columns)
                    }))
        }
        range = first..<table.all.count
        droppedInput =
            table.all[range].contains { $0.isSeparate }
            ? binder.workspace.kept(.adapterInput, rows: input.rows, columns: input.columns) : nil
    }

    private var branches: ArraySlice<AdapterBranches.Branch> { table.all[range] }

    func forward(_ rows: Range<Int>) {
        MatrixProduct.multiply(
            input.rows(rows), .plain, linear.weight, .transposed, into: output.rows(rows), precision: precision)
        guard let droppedInput else { return }
        for branch in branches where branch.isSeparate {
            drop(input, into: droppedInput, branch, rows)
            MatrixProduct.multiply(
                droppedInput.rows(rows), .plain, branch.adapter.a, .transposed, into: branch.reduced.rows(rows))
            MatrixProduct.multiply(
                branch.reduced.rows(rows), .plain, branch.adapter.b, .transposed,
                into: output.rows(rows).columns(branch.columns), scale: branch.adapter.scale, accumulate: true)
        }
    }

    /// inputGradient (T, in), where wanted, = (or +=) the gradient of these rows.
    func backward(_ rows: Range<Int>, outGradient: Matrix, into inputGradient: Matrix?, accumulate: Bool = false) {
        if let inputGradient {
            MatrixProduct.multiply(
                outGradient.rows(rows), .plain, linear.weight, .plain, into: inputGradient.rows(rows),
                accumulate: accumulate, precision: precision)
        }
        for branch in branches where branch.isSeparate {
            MatrixProduct.multiply(
                outGradient.rows(rows).columns(branch.columns), .plain, branch.adapter.b, .plain,
                into: branch.reducedGradient.rows(rows), scale: branch.adapter.scale)
            guard let inputGradient, let droppedInput else { continue }
            MatrixProduct.multiply(
                branch.reducedGradient.rows(rows), .plain, branch.adapter.a, .plain, into: droppedInput.rows(rows))
            drop(droppedInput, into: droppedInput, branch, rows)
            inputGradient.rows(rows).add(droppedInput.rows(rows))
        }
    }

    private func drop(_ from: Matrix, into out: Matrix, _ branch: AdapterBranches.Branch, _ rows: Range<Int>) {
        branch.dropout?.apply(from.rows(rows), into: out.rows(rows), first: rows.lowerBound * from.columns)
    }

    /// The weight's gradient over all rows of the batch at once, cut by the weight's rows; the adapters' besides.
    func addGradientTasks(outGradient: Matrix, to tasks: inout [GradientTask]) {
        if let gradient = linear.gradient {
            // A product packs the whole input for every block: fewer of them where the layer is large enough for all workers.
            let size =
                switch gradient.count {
                case (1 << 20)...: 512
                case (1 << 18)...: precision == .bfloat16 ? 384 : 256
                default: precision == .bfloat16 ? 384 : 128
                }
            for rows in gradient.rowBlocks(of: size) {
                tasks.append(
                    GradientTask(
                        cost: rows.count * gradient.columns * input.rows,
                        work: .weight(self, outGradient: outGradient, rows: rows)))
            }
        }
        for (index, branch) in branches.enumerated() {
            tasks.append(
                GradientTask(
                    cost: 4 * input.rows * input.columns * branch.adapter.a.rows,
                    work: .adapter(self, outGradient: outGradient, index: index)))
        }
    }

    /// Some rows of the weight's gradient: dW = dYᵀ x.
    func weightGradient(_ rows: Range<Int>, outGradient: Matrix) {
        guard let gradient = linear.gradient else { return }
        MatrixProduct.multiply(
            outGradient.columns(rows), .transposed, input, .plain, into: gradient.rows(rows), accumulate: accumulates,
            precision: precision)
    }

    /// dB = scale * dYᵀ (x Aᵀ), dA = (scale * dY B)ᵀ x, with x as the adapter saw it.
    func adapterGradient(_ index: Int, outGradient: Matrix) {
        let branch = table.all[range.lowerBound + index]
        let (adapter, outGradient) = (branch.adapter, outGradient.columns(branch.columns))
        if !branch.isSeparate {
            MatrixProduct.multiply(input, .plain, adapter.a, .transposed, into: branch.reduced)
            MatrixProduct.multiply(
                outGradient, .plain, adapter.b, .plain, into: branch.reducedGradient, scale: adapter.scale)
        }
        MatrixProduct.multiply(
            outGradient, .transposed, branch.reduced, .plain, into: adapter.bGradient, scale: adapter.scale,
            accumulate: accumulates)
        guard let dropout = branch.dropout, let block = branch.droppedRows else {
            MatrixProduct.multiply(
                branch.reducedGradient, .transposed, input, .plain, into: adapter.aGradient, accumulate: accumulates)
            return
        }
        // The dropped input is made again, some rows at a time.
        for rows in input.rowBlocks(of: Self.block) {
            let dropped = block.rows(0..<rows.count)
            dropout.apply(input.rows(rows), into: dropped, first: rows.lowerBound * input.columns)
            MatrixProduct.multiply(
                branch.reducedGradient.rows(rows), .transposed, dropped, .plain, into: adapter.aGradient,
                accumulate: accumulates || rows.lowerBound > 0)
        }
    }
}

extension Matrix {
    /// The rows in runs of at most `size`.
    func rowBlocks(of size: Int) -> some Sequence<Range<Int>> {
        Swift.stride(from: 0, to: rows, by: size).lazy.map { $0..<min($0 + size, rows) }
    }
}
