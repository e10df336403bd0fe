import LetheCrypto
import LetheRequests
import LetheTransformer
import LetheUnlearning

// A policy holds plain values, so that the trust layer need not know the engine; here they become the engine's own types.

extension Policy {
    /// How the original and every reference model is trained.
    var fineTuning: FineTuningConfiguration {
        FineTuningConfiguration(
            epochs: training.epochs, batchSize: training.batchSize, learningRate: training.learningRate,
            weightDecay: training.weightDecay, patience: training.earlyStoppingPatience,
            schedule: training.learningRateDecay.schedule)
    }

    /// How the base model is trained: a fixed number of passes, no early stopping.
    var pretraining: FineTuningConfiguration {
        var configuration = fineTuning
        configuration.epochs = training.pretrainingEpochs
        configuration.patience = nil
        return configuration
    }

    /// The unlearning method with its hyper-parameters.
    var unlearningMethod: any UnlearningMethod {
        LetheUnlearning.E2URec(
            configuration: LetheUnlearning.E2URec.Configuration(
                alpha: Float(method.alpha), beta: Float(method.beta),
                augmentation: FineTuningConfiguration(
                    epochs: method.augmented.epochs, batchSize: method.batchSize,
                    learningRate: method.augmented.learningRate, weightDecay: training.weightDecay, patience: nil),
                forgetOnlyEpochs: method.forgetOnlyEpochs, jointSteps: method.jointSteps, batchSize: method.batchSize,
                learningRate: method.learningRate, weightDecay: training.weightDecay,
                adapter: LoRAConfiguration(
                    rank: method.rank, alpha: Float(method.loraAlpha), dropout: Float(method.loraDropout))))
    }

    /// The shape of the recommender over a vocabulary of `size` ids.
    func modelConfiguration(vocabularySize size: Int) -> T5Configuration {
        var configuration =
            switch model.shape {
            case .mini:
                T5Configuration(vocabularySize: size, dModel: 64, dKV: 16, dFF: 256, numLayers: 2, numHeads: 4)
            case .tiny: T5Configuration.tiny(vocabularySize: size)
            }
        configuration.dropoutRate = Float(training.dropout)
        return configuration
    }
}

extension LearningRateDecay {
    fileprivate var schedule: LearningRateSchedule {
        switch self {
        case .none: .constant
        case .linear: .linear
        }
    }
}

extension Policy {
    /// The method's hyper-parameters as reports show them, in the policy's order.
    var methodParameters: [RunDossier.Parameter] {
        func parameter(_ name: String, _ value: some CustomStringConvertible) -> RunDossier.Parameter {
            RunDossier.Parameter(name: name, value: value.description)
        }
        return [
            parameter("alpha", method.alpha), parameter("beta", method.beta),
            parameter("forget-only epochs", method.forgetOnlyEpochs), parameter("joint steps", method.jointSteps),
            parameter("learning rate", method.learningRate), parameter("batch size", method.batchSize),
            parameter("LoRA rank", method.rank), parameter("LoRA alpha", method.loraAlpha),
            parameter("LoRA dropout", method.loraDropout),
            parameter("augmented learning rate", method.augmented.learningRate),
            parameter("augmented epochs", method.augmented.epochs),
        ]
    }

    /// The digest of the method with its hyper-parameters.
    var methodDigest: Digest {
        let lines = methodParameters.map { "\($0.name)=\($0.value)\n" }
        return Digest(sha256: Array("lethe-method-parameters-v1\ne2urec\n".utf8) + Array(lines.joined().utf8))
    }
}
