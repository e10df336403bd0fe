import CKernels

/// How the products of linear layers are computed; weights, sums and the optimiser are float32 in any case.
public enum TrainingPrecision: String, Sendable, Equatable, CaseIterable {
    /// Operands as they are: the reference.
    case float32
    /// Operands rounded to bfloat16.
    case bfloat16
}

/// Matrix products whose operands are rounded to bfloat16 and whose sums are float32.
///
/// The order of the sums is part of the kernel's definition, so a processor with the instruction and one without it give the
/// same bits.
package enum BFloat16Product {
    /// Whether the processor has the instruction.
    package static var isNative: Bool { lethe_bf16_is_native() != 0 }

    /// out (M, N) = scale * a b, or out + scale * a b when `accumulate`; a (M, K) and b (K, N) as read.
    ///
    /// - Parameter portable: the plain loop even where the processor has the instruction: for tests.
    package static func multiply(
        _ a: Matrix, _ readingA: MatrixProduct.Reading, _ b: Matrix, _ readingB: MatrixProduct.Reading,
        into out: Matrix, scale: Float = 1, accumulate: Bool = false, portable: Bool = false
    ) {
        let (m, k) = readingA == .plain ? (a.rows, a.columns) : (a.columns, a.rows)
        let (inner, n) = readingB == .plain ? (b.rows, b.columns) : (b.columns, b.rows)
        precondition(
            k == inner && out.rows == m && out.columns == n,
            "product of [\(m), \(k)] and [\(inner), \(n)] into [\(out.rows), \(out.columns)]")
        guard m > 0, n > 0, k > 0 else { return }
        lethe_bf16_product(
            operand(a, readingA), operand(b, readingB), out.pointer, out.stride, m, n, k, scale, accumulate ? 1 : 0,
            portable ? 1 : 0)
    }

    private static func operand(_ matrix: Matrix, _ reading: MatrixProduct.Reading) -> lethe_operand {
        reading == .plain
            ? lethe_operand(start: matrix.pointer, row_stride: matrix.stride, column_stride: 1)
            : lethe_operand(start: matrix.pointer, row_stride: 1, column_stride: matrix.stride)
    }

    /// `value` rounded to bfloat16, written independently of the kernel.
    package static func rounded(_ value: Float) -> Float {
        guard value.magnitude >= Float.leastNormalMagnitude, value.isFinite else {
            return value.isFinite ? value * 0 : value
        }
        let bits = value.bitPattern
        let rest = bits & 0xFFFF
        let isUp = rest > 0x8000 || (rest == 0x8000 && bits & 0x1_0000 != 0)
        return Float(bitPattern: (bits & 0xFFFF_0000) &+ (isUp ? 0x1_0000 : 0))
    }

    /// What `multiply` computes, plainly and to the bit for numbers of ordinary size.
    package static func reference(
        _ a: Matrix, _ readingA: MatrixProduct.Reading, _ b: Matrix, _ readingB: MatrixProduct.Reading,
        into out: Matrix, scale: Float, accumulate: Bool
    ) {
        let depth = readingA == .plain ? a.columns : a.rows
        for row in 0..<out.rows {
            for column in 0..<out.columns {
                func term(_ k: Int) -> Float {
                    guard k < depth else { return 0 }
                    let left = readingA == .plain ? a[row, k] : a[k, row]
                    let right = readingB == .plain ? b[k, column] : b[column, k]
                    return rounded(left) * rounded(right)
                }
                var total = accumulate ? out[row, column] : 0
                for start in stride(from: 0, to: depth, by: 2048) {
                    var sum: Float = 0
                    for k in stride(from: start, to: min(start + 2048, depth), by: 2) {
                        sum += term(k + 1)
                        sum += term(k)
                    }
                    total = start == 0 && !accumulate ? scale * sum : total + scale * sum
                }
                out[row, column] = total
            }
        }
    }
}
