import CKernels

/// T5's norm: `x * inverse * weight` with `inverse = 1 / sqrt(mean(x²) + ε)`; no mean is taken away and no bias added.
package enum RMSNorm {
    // x, out, gradients (T, D); weight, weightGradient (1, D); inverse (1, T), kept for the backward pass.

    package static func forward(_ x: Matrix, weight: Matrix, epsilon: Float, into out: Matrix, inverse: Matrix) {
        precondition(
            x.isContiguous && out.isContiguous && out.rows == x.rows && out.columns == x.columns, "shape of out")
        precondition(
            weight.count == x.columns && inverse.count == x.rows, "[\(x.rows), \(x.columns)] needs other buffers")
        lethe_rms_norm_forward(
            x.pointer, weight.pointer, out.pointer, inverse.pointer, x.rows, x.columns, epsilon)
    }

    /// xGradient = residual + the norm's gradient; `weightGradient` grows by the weight's.
    package static func backward(
        _ x: Matrix, weight: Matrix, inverse: Matrix, outGradient: Matrix, residual: Matrix?, into xGradient: Matrix,
        weightGradient: Matrix?
    ) {
        for matrix in [outGradient, xGradient, residual ?? xGradient] {
            precondition(
                matrix.isContiguous && matrix.rows == x.rows && matrix.columns == x.columns, "shape of a gradient")
        }
        precondition(weight.count == x.columns && inverse.count == x.rows && x.isContiguous, "shapes of the norm")
        precondition(weightGradient.map { $0.count == x.columns } ?? true, "shape of the weight's gradient")
        lethe_rms_norm_backward(
            x.pointer, weight.pointer, inverse.pointer, outGradient.pointer, residual?.pointer, xGradient.pointer,
            weightGradient?.pointer, x.rows, x.columns)
    }

    /// What `forward` computes, plainly and in Double.
    package static func reference(_ x: Matrix, weight: Matrix, epsilon: Float, into out: Matrix) {
        for row in 0..<x.rows {
            var square = 0.0
            for column in 0..<x.columns { square += Double(x[row, column]) * Double(x[row, column]) }
            let inverse = 1 / (square / Double(x.columns) + Double(epsilon)).squareRoot()
            for column in 0..<x.columns {
                out[row, column] = Float(Double(x[row, column]) * inverse * Double(weight[0, column]))
            }
        }
    }
}
