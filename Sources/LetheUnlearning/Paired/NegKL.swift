public import LetheTransformer

/// NegKL (METHODS 1.6): stay near the original on retained data, leave it on forgotten data.
///
///     L = KL(p_o || p)[D_r] - lambda * KL(p_o || p)[D_f]
///
/// p_o is the frozen original, which is also the start. There p equals p_o, so both terms and both gradients are zero: the start
/// is a saddle, and without noise not one weight would ever move. Dropout in the student is what leaves it, so the student
/// trains with a dropout rate of its own, above zero, whatever rate the original was trained with.
public struct NegKL: UnlearningMethod {
    /// How it trains.
    public let training: PairedTraining
    /// The student's dropout rate, above 0 and below 1.
    public let dropout: Float

    /// NegKL with its hyper-parameters; the paper's optimiser and lambda are those of NegGrad.
    public init(training: PairedTraining = PairedTraining(), dropout: Float = 0.1) {
        self.training = training
        self.dropout = dropout
    }

    /// The name on the wire: negkl.
    public let name = "negkl"
    /// False: what was learned is pushed away, not removed.
    public let isExact = false
    /// Both kinds of data and the model in service.
    public let reads: MethodInputs = [.original, .forgotten, .retained]
    /// The optimiser's moments are sums of gradients of the forgotten data.
    public let residueKinds: [Residue.Kind] = [.optimizerState]

    /// All of the model's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int { shape.layout.count }

    /// Trains on pairs of batches.
    /// - Throws: `UnlearningError.invalidParameter` without dropout: nothing would be learned.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        guard dropout > 0, dropout < 1 else {
            throw UnlearningError.invalidParameter(
                method: name, name: "dropout", found: "\(dropout)",
                expected: "above 0 and below 1: the original is a saddle that only noise leaves")
        }
        let original = Inference(parameters: task.original, pool: task.pool)
        let student = try task.original.training(dropoutRate: dropout)
        return try trainOnPairs(
            from: student, task, training, settings: "\(dropout)", stage: "negative divergence", progress: progress
        ) {
            items(
                retained: $0.map { task.retained[$0] }, forgotten: $1.map { task.forgotten[$0] }, original: original)
        }
    }

    /// The objective of one step: both divergences are means over their batch's label positions.
    func items(retained: [Example], forgotten: [Example], original: Inference) -> [TrainingItem] {
        divergence(retained, from: original.logits(retained, positions: .all), weight: 1)
            + divergence(forgotten, from: original.logits(forgotten, positions: .all), weight: -training.lambda)
    }
}

/// A step's items whose objective is `weight` times the mean divergence from a teacher over the batch's label positions.
func divergence(_ batch: [Example], from teacher: [[Float]], weight: Float) -> [TrainingItem] {
    let positions = batch.reduce(0) { $0 + $1.labels.count }
    return zip(batch, teacher).map { example, logits in
        TrainingItem(
            example: example, labelWeight: 0, teacherLogits: logits, teacherWeight: weight / Float(max(positions, 1)))
    }
}
