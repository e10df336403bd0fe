public import LetheCrypto
public import LetheTransformer

/// Mean losses of one epoch, nats a label token or whatever the method descends.
public struct TrainedEpoch: Sendable, Equatable {
    /// Counted from one.
    public let number: Int
    /// Over the training records, as the steps saw them.
    public let trainingLoss: Double
    /// Over the validation records after the epoch; nil where none were measured.
    public let validationLoss: Double?

    /// An epoch with its losses.
    public init(number: Int, trainingLoss: Double, validationLoss: Double?) {
        self.number = number
        self.trainingLoss = trainingLoss
        self.validationLoss = validationLoss
    }
}

/// A training between two steps: with it the training goes on, or is over, with the same bits.
///
/// Randomness needs no state of its own: orders and dropout masks are functions of seeds, passes and steps.
public struct TrainingState: Sendable, Equatable {
    /// Everything that learns, and how it learns.
    public struct Memory: Sendable, Equatable {
        /// The weights: a model's, an adapter's, or other numbers that took long to compute.
        public var values: [Float]
        /// AdamW's moments and step count; without moments where nobody goes on from them.
        public var optimizer: OptimizerState
        /// What learns in double precision: the attention over shards.
        public var doubles: [Double]

        /// What learns, with its optimiser.
        public init(
            values: [Float], optimizer: OptimizerState = OptimizerState(steps: 0, first: [], second: []),
            doubles: [Double] = []
        ) {
            self.values = values
            self.optimizer = optimizer
            self.doubles = doubles
        }
    }

    /// The best epoch so far.
    public struct Best: Sendable, Equatable {
        /// What was learned by its end.
        public var memory: Memory
        /// Its validation loss.
        public var loss: Double
        /// Its number.
        public var epoch: Int
    }

    /// What learns, after a step, by its digest: two trainings that part are seen to part there.
    public struct TracePoint: Sendable, Equatable {
        /// Steps taken.
        public let step: Int
        /// SHA-256 over the bits of all numbers that learn, little-endian, floats before doubles.
        public let digest: Digest

        /// A point of its parts.
        public init(step: Int, digest: Digest) {
            self.step = step
            self.digest = digest
        }

        init(step: Int, _ memory: Memory) {
            let hasher = SHA256Hasher()
            // As it lies in memory, which is little-endian on every supported machine.
            memory.values.withUnsafeBytes { hasher.update($0) }
            memory.doubles.withUnsafeBytes { hasher.update($0) }
            self.init(step: step, digest: hasher.finalize())
        }
    }

    /// What was learned; of a finished training what it keeps.
    public var memory: Memory
    /// Steps taken.
    public var steps = 0
    /// The sum of the losses since the last epoch's end.
    public var lossSum = 0.0
    /// The curve so far.
    public var epochs: [TrainedEpoch] = []
    /// What was learned at steps that the session wants noted, and at the end.
    public var trace: [TracePoint] = []
    /// What early stopping would keep.
    public var best: Best?
    /// Whether no step is left.
    public var isFinished = false

    /// A training that begins with, or has come to, `memory`.
    public init(memory: Memory) { self.memory = memory }
}
