@testable import LetheTensor

extension SeededGenerator {
    /// Normal numbers.
    mutating func matrix(_ rows: Int, _ columns: Int, deviation: Double = 1) -> Matrix {
        Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(nextNormal() * deviation) })
    }

    /// A matrix of the same kind inside a wider one, so that its rows do not touch.
    mutating func stridedMatrix(_ rows: Int, _ columns: Int) -> Matrix {
        matrix(rows, columns + 5).columns(2..<columns + 2)
    }
}

/// The largest difference relative to the larger of 1 and the expected value.
func relativeDistance(_ found: Matrix, _ expected: Matrix) -> Float {
    guard found.rows == expected.rows, found.columns == expected.columns else { return .infinity }
    return zip(found.values, expected.values).map { $0.isNaN ? .infinity : abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
}

/// One float rounding in each of some dozen additions.
let singlePrecision: Float = 2e-6
