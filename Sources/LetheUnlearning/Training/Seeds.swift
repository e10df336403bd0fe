import LetheTensor

/// The random seeds of one training or unlearning run.
///
/// Nobody chooses them: the ledger derives each from the root of a checkpoint that was published after the inputs were
/// committed. Separate seeds keep one use of randomness from shifting another.
public struct TrainingSeeds: Sendable, Equatable {
    /// Order of the training records.
    public var order: UInt64
    /// Dropout masks.
    public var dropout: UInt64
    /// Initial values of a LoRA adapter.
    public var adapter: UInt64

    /// Seeds for each use of randomness.
    public init(order: UInt64, dropout: UInt64, adapter: UInt64) {
        self.order = order
        self.dropout = dropout
        self.adapter = adapter
    }
}

extension SeededGenerator {
    /// The generator of pass `pass` over data whose order has seed `order`: every pass has an order of its own.
    init(order: UInt64, pass: Int) {
        var mixer = SeededGenerator(seed: order ^ (UInt64(truncatingIfNeeded: pass) &* 0xD1B5_4A32_D192_ED03))
        self.init(seed: mixer.next())
    }
}
