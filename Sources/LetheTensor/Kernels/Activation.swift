import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The nonlinear function of the feed-forward layer.
package enum Activation: Sendable {
    /// max(x, 0).
    case relu
    /// x Φ(x), with the error function.
    case gelu
    /// x Φ(x), with the hyperbolic tangent's approximation.
    case geluNew
    /// x sigmoid(x).
    case silu

    private var kind: Int32 {
        switch self {
        case .relu: Int32(LETHE_RELU.rawValue)
        case .gelu: Int32(LETHE_GELU.rawValue)
        case .geluNew: Int32(LETHE_GELU_NEW.rawValue)
        case .silu: Int32(LETHE_SILU.rawValue)
        }
    }

    // input (T, F), or gated (T, 2 F) with the activated half first; out, outGradient (T, F); inputGradient has input's shape.

    /// out = act(input), or, gated, act(input[:, 0..<F]) * input[:, F..<2F].
    package func forward(_ input: Matrix, gated: Bool, into out: Matrix) {
        check(input, gated, out)
        lethe_activation_forward(input.pointer, out.pointer, out.rows, out.columns, kind, gated ? 1 : 0)
    }

    package func backward(_ input: Matrix, gated: Bool, outGradient: Matrix, into inputGradient: Matrix) {
        check(input, gated, outGradient)
        check(inputGradient, gated, outGradient)
        lethe_activation_backward(
            input.pointer, outGradient.pointer, inputGradient.pointer, outGradient.rows, outGradient.columns, kind,
            gated ? 1 : 0)
    }

    private func check(_ input: Matrix, _ gated: Bool, _ out: Matrix) {
        precondition(
            input.rows == out.rows && input.columns == (gated ? 2 : 1) * out.columns && input.isContiguous
                && out.isContiguous,
            "activation from [\(input.rows), \(input.columns)] to [\(out.rows), \(out.columns)]")
    }

    /// x (T, F) = max(x, 0) in place: the plain rectifier keeps nothing but its output.
    package static func rectify(_ x: Matrix) {
        precondition(x.isContiguous, "rows must touch")
        lethe_rectify_forward(x.pointer, x.count)
    }

    /// gradient (T, F) = 0 in place where the rectifier gave 0.
    package static func rectifyBackward(out: Matrix, gradient: Matrix) {
        precondition(
            out.isContiguous && gradient.isContiguous && out.rows == gradient.rows && out.columns == gradient.columns,
            "shape of the gradient")
        lethe_rectify_backward(out.pointer, gradient.pointer, out.count)
    }

    /// The function itself in Double.
    package func reference(_ x: Double) -> Double {
        switch self {
        case .relu: max(x, 0)
        case .gelu: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
        case .geluNew: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .silu: x / (1 + exp(-x))
        }
    }
}
