import CKernels

/// Merging of a low-rank adapter: weights (rows, columns) + scale * b (rows, rank) a (rank, columns).
///
/// The sums run in Double and round once, so a merged weight has the same bits on every processor.
public enum LowRankUpdate {
    /// Adds the update to the matrix that starts at `offset` of a flat buffer; traps where a shape does not fit.
    public static func add(
        to values: inout [Float], at offset: Int, rows: Int, columns: Int, rank: Int, scale: Float,
        a: ArraySlice<Float>,
        b: ArraySlice<Float>
    ) {
        precondition(a.count == rank * columns && b.count == rows * rank, "factors of another shape")
        precondition(offset >= 0 && offset + rows * columns <= values.count, "a matrix outside the buffer")
        values.withUnsafeMutableBufferPointer { values in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    guard let weights = values.baseAddress, let a = a.baseAddress, let b = b.baseAddress else { return }
                    lethe_low_rank_update(
                        weights + offset, a, b, weights + offset, rows, columns, rank, Double(scale))
                }
            }
        }
    }

    /// out = weights + scale * b a.
    package static func merge(_ weights: Matrix, a: Matrix, b: Matrix, scale: Float, into out: Matrix) {
        precondition(
            a.rows == b.columns && b.rows == weights.rows && a.columns == weights.columns && out.rows == weights.rows
                && out.columns == weights.columns,
            "[\(b.rows), \(b.columns)] times [\(a.rows), \(a.columns)] onto [\(weights.rows), \(weights.columns)]")
        for matrix in [weights, a, b, out] { precondition(matrix.isContiguous, "merging needs touching rows") }
        lethe_low_rank_update(
            weights.pointer, a.pointer, b.pointer, out.pointer, out.rows, out.columns, a.rows, Double(scale))
    }
}
