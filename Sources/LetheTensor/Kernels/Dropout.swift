import CKernels

/// One dropout mask: which elements of a stream stay is a function of the seed, the step, the operation and the element's index.
package struct Dropout: Sendable {
    private let key: UInt64
    private let threshold: UInt32
    private let scale: Float

    /// The mask of one operation in one step, or nil for rate 0, which must cost nothing.
    package init?(rate: Float, seed: UInt64, step: Int, operation: Int) {
        guard rate > 0 else { return nil }
        precondition(rate < 1, "a dropout rate of \(rate)")
        var key = SplitMix.scramble(seed &+ SplitMix.increment)
        key = SplitMix.scramble(key ^ UInt64(truncatingIfNeeded: step) &* SplitMix.increment)
        key = SplitMix.scramble(key ^ (UInt64(truncatingIfNeeded: operation) &+ 1) &* 0xD6E8_FEB8_6659_FD93)
        self.key = key
        threshold = UInt32((Double(rate) * 0x1p32).rounded())
        scale = Float(1 / (1 - Double(rate)))
    }

    // input, out (T, D), lying end to end; the element [0, 0] has the stream's index `first`. Backward is the same call on gradients.

    /// out = input / (1 - rate) where the element stays, else 0. Both may be the same matrix.
    package func apply(_ input: Matrix, into out: Matrix, first: Int) {
        precondition(
            input.isContiguous && out.isContiguous && input.rows == out.rows && input.columns == out.columns
                && first >= 0,
            "dropout from [\(input.rows), \(input.columns)] to [\(out.rows), \(out.columns)]")
        lethe_dropout(input.pointer, out.pointer, input.count, key, UInt64(first), threshold, scale)
    }

    /// The factor of one element: 0 or 1 / (1 - rate), written independently of the kernel.
    package func reference(at index: Int) -> Float {
        let word = SplitMix.scramble(key &+ UInt64(index / 2 + 1) &* SplitMix.increment)
        let bits = UInt32(truncatingIfNeeded: index % 2 == 0 ? word : word >> 32)
        return bits >= threshold ? scale : 0
    }
}
