/// A dense row-major array of 32-bit floats with its shape: what a named tensor of a model file becomes in memory.
public struct Tensor: Sendable, Equatable {
    /// The extents, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The elements in row-major order; as many as the product of `shape`.
    public var values: [Float]

    /// Makes a tensor of `values` in row-major order; traps unless their number is the product of `shape`.
    public init(shape: [Int], values: [Float]) {
        precondition(
            shape.reduce(1, *) == values.count, "a tensor of shape \(shape) cannot hold \(values.count) values")
        self.shape = shape
        self.values = values
    }
}
