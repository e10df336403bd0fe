import CKernels

extension Matrix {
    /// This matrix grows by another of its shape; both lie end to end.
    package func add(_ other: Matrix) {
        precondition(
            isContiguous && other.isContiguous && rows == other.rows && columns == other.columns,
            "[\(other.rows), \(other.columns)] added to [\(rows), \(columns)]")
        lethe_add(pointer, other.pointer, count)
    }

    /// The sum of the rows, in their order, into (or, when `accumulate`, onto) `out` (1, columns).
    package func sumRows(into out: Matrix, accumulate: Bool = false) {
        precondition(out.count == columns && out.isContiguous, "the sum of rows of \(columns) into \(out.count)")
        lethe_sum_rows(out.pointer, pointer, columns, rows, stride, accumulate ? 1 : 0)
    }
}
