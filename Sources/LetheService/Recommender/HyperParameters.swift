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

    /// How the models that are compared learn forgotten records again.
    var relearning: Relearning {
        Relearning(
            batchSize: training.batchSize, learningRate: training.learningRate, weightDecay: training.weightDecay)
    }

    /// How the base model is trained: a fixed number of passes, no early stopping.
    var pretraining: FineTuningConfiguration {
        var configuration = fineTuning
        configuration.epochs = training.pretrainingEpochs
        configuration.learningRate = training.pretrainingLearningRate ?? training.learningRate
        configuration.patience = nil
        return configuration
    }

    /// A method with its hyper-parameters.
    ///
    /// - Parameter shards: what methods need that train shards; asked only by them.
    func unlearningMethod(
        _ method: Method, shards: () throws -> ShardKeeping
    ) throws -> any UnlearningMethod {
        switch method {
        case .retrain: return Retrain(configuration: fineTuning)
        case .sisa(let sharding): return try sharded(sharding, training: fineTuning, adapter: nil, shards())
        case .receraser(let eraser):
            let kept = try shards()
            return LetheUnlearning.RecEraser(
                configuration: eraser.configuration(training: fineTuning), code: kept.code,
                checkpoints: kept.checkpoints)
        case .negKL(let pairs, let dropout):
            return NegKL(training: paired(pairs), dropout: Float(dropout))
        case .negGrad(let pairs, let cap, let beta):
            let bound: NegGrad.Bound = cap.map { .cap($0) } ?? beta.map { .preference(beta: $0) } ?? .none
            return NegGrad(training: paired(pairs), bound: bound)
        case .badTeacher(let teacher):
            return LetheUnlearning.BadTeacher(
                configuration: .init(
                    retainedShare: teacher.retainedShare, epochs: teacher.epochs, learningRate: teacher.learningRate,
                    weightDecay: training.weightDecay, batchSize: teacher.batchSize))
        case .badTeacherReference(let pairs): return LabelReplacement(rule: .opposite, training: paired(pairs))
        case .randomLabel(let pairs): return LabelReplacement(rule: .coin, training: paired(pairs))
        case .e2urec(let method): return e2urec(method)
        case .calibratedE2URec(let method):
            return LetheUnlearning.CalibratedE2URec(
                configuration: .init(
                    beta: Float(method.beta), maximumAlpha: method.maximumAlpha, steps: method.steps,
                    interval: method.interval, anchors: method.anchors, batchSize: method.batchSize,
                    learningRate: method.learningRate, weightDecay: training.weightDecay,
                    adapter: LoRAConfiguration(
                        rank: method.rank, alpha: Float(method.loraAlpha), dropout: Float(method.loraDropout)),
                    augmentation: augmentation(method.augmented, batchSize: method.batchSize)))
        case .rewind(let rewind):
            return LetheUnlearning.Rewind(
                configuration: .init(
                    share: Float(rewind.share), passes: rewind.passes, batchSize: rewind.batchSize,
                    learningRate: rewind.learningRate, weightDecay: training.weightDecay))
        case .adapters(let adapters):
            return try sharded(
                adapters.sharding,
                training: FineTuningConfiguration(
                    epochs: adapters.epochs, batchSize: adapters.batchSize, learningRate: adapters.learningRate,
                    weightDecay: training.weightDecay, patience: nil, schedule: training.learningRateDecay.schedule),
                adapter: LoRAConfiguration(
                    rank: adapters.rank, alpha: Float(adapters.loraAlpha), dropout: Float(adapters.loraDropout)),
                shards())
        }
    }

    private func sharded(
        _ sharding: Sharding, training: FineTuningConfiguration, adapter: LoRAConfiguration?, _ kept: ShardKeeping
    ) throws -> any UnlearningMethod {
        ShardedRetraining(
            assignment: try ShardAssignment(
                shards: sharding.shards, slices: sharding.slices,
                unit: sharding.unit == .user ? .user : .interaction, key: kept.key),
            aggregation: sharding.aggregation.rule, training: training, adapter: adapter, code: kept.code,
            checkpoints: kept.checkpoints)
    }

    private func paired(_ pairs: Paired) -> PairedTraining {
        PairedTraining(
            lambda: Float(pairs.lambda), learningRate: pairs.learningRate, weightDecay: training.weightDecay,
            batchSize: pairs.batchSize, steps: pairs.steps)
    }

    private func e2urec(_ method: E2URec) -> LetheUnlearning.E2URec {
        LetheUnlearning.E2URec(
            configuration: LetheUnlearning.E2URec.Configuration(
                alpha: Float(method.alpha), beta: Float(method.beta),
                augmentation: augmentation(method.augmented, batchSize: method.batchSize),
                forgetOnlyEpochs: method.forgetOnlyEpochs, jointSteps: method.jointSteps, batchSize: method.batchSize,
                learningRate: method.learningRate, weightDecay: training.weightDecay,
                adapter: LoRAConfiguration(
                    rank: method.rank, alpha: Float(method.loraAlpha), dropout: Float(method.loraDropout))))
    }

    private func augmentation(_ augmented: E2URec.Augmented, batchSize: Int) -> FineTuningConfiguration {
        FineTuningConfiguration(
            epochs: augmented.epochs, batchSize: batchSize, learningRate: augmented.learningRate,
            weightDecay: training.weightDecay, patience: nil)
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

/// What a workspace keeps for methods that train shards.
struct ShardKeeping {
    /// The key that says who is in which shard.
    let key: [UInt8]
    /// The program's digest.
    let code: String
    /// Where checkpoints are kept.
    let checkpoints: any CheckpointStore
}

extension Policy.Aggregation {
    fileprivate var rule: LetheUnlearning.Aggregation {
        switch self {
        case .meanProbability: .meanProbability
        case .meanLogProbability: .meanLogProbability
        case .vote: .vote
        case .meanLogit: .meanLogit
        }
    }
}

extension Policy.RecEraser {
    fileprivate func configuration(training: FineTuningConfiguration) -> LetheUnlearning.RecEraser.Configuration {
        let combination: LetheUnlearning.RecEraser.Combination =
            if let attention {
                .attention(
                    AttentionTraining(
                        epochs: attention.epochs, batchSize: attention.batchSize, learningRate: attention.learningRate,
                        dropout: attention.dropout, penalty: attention.penalty))
            } else {
                switch aggregation {
                case .attention, .meanProbability: .fixed(.meanProbability)
                case .meanLogProbability: .fixed(.meanLogProbability)
                case .vote: .fixed(.vote)
                case .meanLogit: .fixed(.meanLogit)
                }
            }
        let by: LetheUnlearning.RecEraser.Partition =
            switch partition {
            case .user: .user
            case .item: .item
            case .interaction: .interaction
            case .shuffled: .shuffled
            }
        return .init(
            partition: by, shards: shards, slack: capacity, rounds: rounds, combination: combination,
            training: training)
    }
}

extension Policy.Method {
    /// The hyper-parameters as reports show them, in the policy's order.
    var parameters: [RunDossier.Parameter] {
        fields.map { field in
            RunDossier.Parameter(name: Self.label(field.name), value: field.value)
        }
    }

    /// The digest of the method with its hyper-parameters.
    var parametersDigest: Digest {
        RunDossier.parametersDigest(method: name.rawValue, parameters)
    }

    /// A field's name as words: `loraAlpha` reads "LoRA alpha", `attention.batchSize` "attention batch size".
    private static func label(_ field: String) -> String {
        if field == "forgetOnlyEpochs" { return "forget-only epochs" }
        if field.hasPrefix("lora") { return "LoRA " + field.dropFirst(4).lowercased() }
        if field == "rank" { return "LoRA rank" }
        var words = ""
        for character in field {
            if character == "." {
                words += " "
            } else if character.isUppercase {
                words += " " + character.lowercased()
            } else {
                words.append(character)
            }
        }
        return words
    }
}

extension RunDossier {
    /// The digest of a method's name and its hyper-parameters as reports show them.
    static func parametersDigest(method: String, _ parameters: [Parameter]) -> Digest {
        let lines = parameters.map { "\($0.name)=\($0.value)\n" }
        return Digest(
            sha256: Array("lethe-method-parameters-v1\n\(method)\n".utf8) + Array(lines.joined().utf8))
    }

    /// The digest of the method of this run with its hyper-parameters.
    var methodDigest: Digest { Self.parametersDigest(method: method, parameters) }
}
