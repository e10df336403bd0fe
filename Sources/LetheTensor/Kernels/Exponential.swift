import CKernels

/// The vectorised exponential that softmax and the losses are made of.
package enum Exponential {
    /// out (n) = e to the power of in (n); exactly 0 below -87.33.
    package static func apply(_ input: Matrix, into out: Matrix) {
        precondition(input.isContiguous && out.isContiguous && input.count == out.count, "shapes of the exponential")
        lethe_exponential(input.pointer, out.pointer, input.count)
    }
}
