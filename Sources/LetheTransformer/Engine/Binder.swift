import LetheTensor

/// What the layers need to prepare one pass over one packed batch: buffers, masks, and where gradients go.
struct Binder {
    /// The seed and step that dropout masks depend on.
    struct Randomness {
        let seed: UInt64
        let step: Int
        /// Which part of the step's batch this pass is.
        let round: Int
    }

    let configuration: T5Configuration
    let weights: NetworkWeights
    let batch: PackedBatch
    /// Nil in inference: nothing is dropped.
    let randomness: Randomness?
    /// Whether gradients add to what is there, as in every round but the first.
    let accumulates: Bool
    let workspace: Workspace
    /// How linear layers multiply.
    let precision: TrainingPrecision
    private var operation: Int

    init(
        configuration: T5Configuration, weights: NetworkWeights, batch: PackedBatch, randomness: Randomness?,
        workspace: Workspace, precision: TrainingPrecision = .float32
    ) {
        self.precision = precision
        self.configuration = configuration
        self.weights = weights
        self.batch = batch
        self.randomness = randomness
        self.workspace = workspace
        accumulates = (randomness?.round ?? 0) > 0
        operation = (randomness?.round ?? 0) << 20
    }

    /// The mask of the next place where something is dropped, nil where nothing is.
    ///
    /// Places are counted in the order of binding, so the same model has the same masks at the same step.
    mutating func dropout(rate: Float? = nil) -> Dropout? {
        operation += 1
        return randomness.flatMap {
            Dropout(rate: rate ?? configuration.dropoutRate, seed: $0.seed, step: $0.step, operation: operation)
        }
    }
}
