import COpenBLAS

/// Matrix products over OpenBLAS, each on the calling thread alone.
package enum MatrixProduct {
    /// How an operand is read.
    package enum Reading: Sendable {
        case plain, transposed
    }

    /// OpenBLAS must not start threads of its own: workers call it side by side, and its split would change the bits.
    private static let isSingleThreaded: Bool = {
        openblas_set_num_threads(1)
        return true
    }()

    /// out (M, N) = scale * a b, or out + scale * a b when `accumulate`; a (M, K) and b (K, N) as read.
    package static func multiply(
        _ a: Matrix, _ readingA: Reading = .plain, _ b: Matrix, _ readingB: Reading = .plain, into out: Matrix,
        scale: Float = 1, accumulate: Bool = false, precision: TrainingPrecision = .float32
    ) {
        let (m, k) = readingA == .plain ? (a.rows, a.columns) : (a.columns, a.rows)
        let (inner, n) = readingB == .plain ? (b.rows, b.columns) : (b.columns, b.rows)
        precondition(
            k == inner && out.rows == m && out.columns == n,
            "product of [\(m), \(k)] and [\(inner), \(n)] into [\(out.rows), \(out.columns)]")
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            if !accumulate { for row in 0..<m { (out.pointer + row * out.stride).update(repeating: 0, count: n) } }
            return
        }
        if precision == .bfloat16 {
            return BFloat16Product.multiply(a, readingA, b, readingB, into: out, scale: scale, accumulate: accumulate)
        }
        precondition(isSingleThreaded)
        cblas_sgemm(
            CblasRowMajor, readingA == .plain ? CblasNoTrans : CblasTrans,
            readingB == .plain ? CblasNoTrans : CblasTrans, blasint(m), blasint(n), blasint(k), scale, a.pointer,
            blasint(max(a.stride, 1)), b.pointer, blasint(max(b.stride, 1)), accumulate ? 1 : 0, out.pointer,
            blasint(max(out.stride, 1)))
    }

    /// What `multiply` computes, plainly and in Double.
    package static func reference(
        _ a: Matrix, _ readingA: Reading, _ b: Matrix, _ readingB: Reading, into out: Matrix, scale: Float,
        accumulate: Bool
    ) {
        for row in 0..<out.rows {
            for column in 0..<out.columns {
                var sum = 0.0
                for k in 0..<(readingA == .plain ? a.columns : a.rows) {
                    let left = readingA == .plain ? a[row, k] : a[k, row]
                    let right = readingB == .plain ? b[k, column] : b[column, k]
                    sum += Double(left) * Double(right)
                }
                out[row, column] = Float(Double(scale) * sum + (accumulate ? Double(out[row, column]) : 0))
            }
        }
    }
}

/// The linear algebra library at work, for the record of a run.
public enum LinearAlgebra {
    /// Version and build of OpenBLAS, such as `OpenBLAS 0.3.21 DYNAMIC_ARCH …`.
    public static var library: String { String(cString: openblas_get_config()) }
    /// The processor family whose kernels it has chosen, such as `Cooperlake`.
    public static var coreType: String { String(cString: openblas_get_corename()) }
}
