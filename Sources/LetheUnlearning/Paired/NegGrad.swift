public import LetheTransformer

/// NegGrad (METHODS 1.5): down on retained data, up on forgotten data.
///
///     L = CE(D_r) - lambda * CE(D_f)
///
/// all parameters, from the original. -CE has no minimum, so the plain form ruins the model when it runs too long; the bounds
/// are this project's choice of remedies and off in the paper's profile.
public struct NegGrad: UnlearningMethod {
    /// What is done about the missing minimum.
    public enum Bound: Sendable, Equatable {
        /// Nothing: the paper's method.
        case none
        /// A record is left alone once its loss is this many nats a label token.
        case cap(Double)
        /// Negative preference optimisation with this beta: -CE becomes -(2 / beta) log sigmoid(-beta log(p / p_original)).
        case preference(beta: Double)
    }

    /// How it trains.
    public let training: PairedTraining
    /// What bounds the loss on forgotten data.
    public let bound: Bound

    /// NegGrad with its hyper-parameters.
    public init(training: PairedTraining = PairedTraining(), bound: Bound = .none) {
        self.training = training
        self.bound = bound
    }

    /// The name on the wire: neggrad.
    public let name = "neggrad"
    /// False: what was learned is pushed away, not removed.
    public let isExact = false
    /// Both kinds of data and the model in service.
    public let reads: MethodInputs = [.original, .forgotten, .retained]
    /// The optimiser's moments are sums of gradients of the forgotten data.
    public let residueKinds: [Residue.Kind] = [.optimizerState]

    /// All of the model's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int { shape.layout.count }

    /// Trains on pairs of batches.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        let original = Inference(parameters: task.original, pool: task.pool)
        return try trainOnPairs(
            from: task.original, task, training, settings: "\(bound)", stage: "negative gradient", progress: progress
        ) {
            items(
                retained: $0.map { task.retained[$0] }, forgotten: $1.map { task.forgotten[$0] }, original: original)
        }
    }

    /// The objective of one step.
    func items(retained: [Example], forgotten: [Example], original: Inference) -> [TrainingItem] {
        var pushed = meanLabelLoss(forgotten, weight: -training.lambda)
        switch bound {
        case .none: break
        case .cap(let nats):
            for index in pushed.indices {
                pushed[index].bound = .capped(maximum: nats * Double(pushed[index].example.keptLabelCount))
            }
        case .preference(let beta):
            original.forEachLogits(forgotten, positions: .all) { index, logits in
                // A mean over records: the bound is a property of a record, not of a token.
                pushed[index].labelWeight = -training.lambda / Float(forgotten.count)
                pushed[index].bound = .preference(
                    reference: labelLoss(of: forgotten[index], under: logits), beta: beta)
            }
        }
        return meanLabelLoss(retained) + pushed
    }
}

/// The sum over labels of -log p under logits [labels, vocabulary].
func labelLoss(of example: Example, under logits: [Float]) -> Double {
    let vocabulary = logits.count / max(example.labels.count, 1)
    return example.labels.enumerated().reduce(0.0) { sum, next in
        let (position, label) = next
        guard label != Example.ignoredLabel else { return sum }
        return sum
            + negativeLogProbability(of: label, under: logits[position * vocabulary..<(position + 1) * vocabulary])
    }
}
