import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The constants of one AdamW step, and the step over part of a flat buffer.
///
/// The order of operations is that of PyTorch's `torch.optim.AdamW` without `foreach` or `fused`.
package struct AdamW: Sendable {
    private let constants: lethe_adamw

    /// - Parameter step: counted from 1.
    package init(
        learningRate: Double, betas: (first: Double, second: Double), epsilon: Double, weightDecay: Double, step: Int
    ) {
        precondition(step > 0, "steps are counted from 1")
        constants = lethe_adamw(
            beta1: Float(betas.first), beta2: Float(betas.second), one_minus_beta1: Float(1 - betas.first),
            one_minus_beta2: Float(1 - betas.second), decay: Float(1 - learningRate * weightDecay),
            step_size: Float(learningRate / (1 - pow(betas.first, Double(step)))),
            root_correction: Float((1 - pow(betas.second, Double(step))).squareRoot()), epsilon: Float(epsilon))
    }

    // weights, gradient, first, second: blocks of one length; only `range` is touched.

    package func update(
        _ weights: Storage<Float>, gradient: Storage<Float>, first: Storage<Float>, second: Storage<Float>,
        range: Range<Int>
    ) {
        for block in [weights, gradient, first, second] {
            precondition(range.lowerBound >= 0 && range.upperBound <= block.count, "\(range) of \(block.count)")
        }
        let start = range.lowerBound
        withUnsafePointer(to: constants) { constants in
            lethe_adamw_step(
                weights.base + start, gradient.base + start, first.base + start, second.base + start, range.count,
                constants)
        }
    }
}
