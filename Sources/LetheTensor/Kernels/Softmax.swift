import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Softmax over attention scores with the relative position bias added to them.
package enum Softmax {
    // scores, probabilities, gradient (Q, K); bias (1, any) with the element for distance key - query = 0 at `origin`.

    /// scores become probabilities in place. Causal: query i sees the keys 0 to i, the others get probability 0.
    package static func forward(_ scores: Matrix, bias: Matrix? = nil, origin: Int = 0, causal: Bool = false) {
        checkBias(bias, origin, scores)
        precondition(scores.isContiguous, "scores must lie end to end")
        lethe_softmax_forward(
            scores.pointer, scores.rows, scores.columns, bias.map { $0.pointer + origin }, causal ? 1 : 0)
    }

    /// gradient turns from that of the probabilities into that of the scores; `biasGradient` grows by it.
    package static func backward(
        probabilities: Matrix, gradient: Matrix, biasGradient: Matrix? = nil, origin: Int = 0, causal: Bool = false
    ) {
        checkBias(biasGradient, origin, gradient)
        precondition(
            probabilities.rows == gradient.rows && probabilities.columns == gradient.columns, "shape of the gradient")
        precondition(probabilities.isContiguous && gradient.isContiguous, "both must lie end to end")
        lethe_softmax_backward(
            probabilities.pointer, gradient.pointer, gradient.rows, gradient.columns,
            biasGradient.map { $0.pointer + origin }, causal ? 1 : 0)
    }

    /// Row i reads bias[origin - i ... origin - i + columns).
    private static func checkBias(_ bias: Matrix?, _ origin: Int, _ scores: Matrix) {
        guard let bias, scores.rows > 0 else { return }
        precondition(
            origin - (scores.rows - 1) >= 0 && origin + scores.columns <= bias.count,
            "a bias of \(bias.count) around \(origin) is too short for [\(scores.rows), \(scores.columns)]")
    }

    /// What `forward` computes, plainly and in Double.
    package static func reference(_ scores: Matrix, bias: Matrix?, origin: Int, causal: Bool) {
        for row in 0..<scores.rows {
            let visible = causal ? min(row + 1, scores.columns) : scores.columns
            let values = (0..<visible).map { column in
                Double(scores[row, column]) + Double(bias?[0, origin + column - row] ?? 0)
            }
            let top = values.max() ?? 0
            let exponentials = values.map { exp($0 - top) }
            let sum = exponentials.reduce(0, +)
            for column in 0..<scores.columns {
                scores[row, column] = column < visible ? Float(exponentials[column] / sum) : 0
            }
        }
    }
}
