/// AdamW's memory between steps: with it and the weights a training continues with the same bits.
public struct OptimizerState: Sendable, Equatable {
    /// Steps taken so far.
    public let steps: Int
    /// First moments, in the order of the trained buffer.
    public let first: [Float]
    /// Second moments, in the same order.
    public let second: [Float]

    /// Makes a state of its parts; a trainer takes it where both have as many numbers as it trains.
    public init(steps: Int, first: [Float], second: [Float]) {
        self.steps = steps
        self.first = first
        self.second = second
    }
}
