public import LetheTransformer

/// Exact unlearning by shards and slices: SISA (Bourtoule et al., METHODS 1.3), and the same with adapters (METHODS 6.5).
///
/// A keyed hash puts every user into one slice of one shard. A shard's model learns its slices one after another and leaves a
/// checkpoint after each. To forget, every shard that knew the user restarts from the checkpoint before the first slice that did;
/// a checkpoint is found only under all of the surviving records that it learned, so a stale one cannot be taken. The result is bit
/// for bit that of a training that never saw the user, provided that `originalSeeds`, the key and the validation records are
/// the same and that none of the validation records is the user's.
///
/// - `sisa`: every shard trains all parameters of its own copy of the base.
/// - `adapters`: every shard trains a LoRA adapter on a base that no user ever trained; forgetting retrains one small adapter. With one
///   shard the adapter is merged, and the result is one T5; with several the result is an ensemble.
///
/// Training the original is `unlearn` of a task that forgets nobody, with the same store.
public struct ShardedRetraining: UnlearningMethod {
    /// Who is where.
    public let assignment: ShardAssignment
    /// How the shards' answers become one.
    public let aggregation: Aggregation
    /// How a shard is trained; the number of epochs is that of an unsliced training of equal cost.
    public let training: FineTuningConfiguration
    /// Where given, only adapters of this kind learn.
    public let adapter: LoRAConfiguration?
    /// The program's version, part of every checkpoint's key.
    public let code: String
    /// Where checkpoints are kept between the original's training and now.
    public let checkpoints: any CheckpointStore

    /// SISA, or with an adapter the method of that name.
    public init(
        assignment: ShardAssignment, aggregation: Aggregation = .meanProbability, training: FineTuningConfiguration,
        adapter: LoRAConfiguration? = nil, code: String, checkpoints: any CheckpointStore
    ) {
        self.assignment = assignment
        self.aggregation = aggregation
        self.training = training
        self.adapter = adapter
        self.code = code
        self.checkpoints = checkpoints
    }

    /// The name on the wire: sisa or adapters.
    public var name: String { adapter == nil ? "sisa" : "adapters" }
    /// True: what is served is what training without the forgotten records makes.
    public let isExact = true
    /// True with several shards.
    public var isEnsemble: Bool { assignment.shards > 1 }
    /// Never the forgotten records.
    public let reads: MethodInputs = [.base, .retained, .validation, .origins, .checkpoints]
    /// Checkpoints that learned the forgotten records; they are destroyed.
    public let residueKinds: [Residue.Kind] = [.trainingCheckpoint]

    /// All shards': the paper's 891,614,208 is four times T5-base.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int {
        guard let adapter else { return assignment.shards * shape.layout.count }
        return assignment.shards * (try LoRAParameters.count(configuration: adapter, model: shape))
    }

    /// Retrains what the forgotten records touched, and destroys the checkpoints that knew them.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        guard task.retainedOrigins.count == task.retained.count else {
            throw UnlearningError.originsMissing(
                method: name, records: task.retained.count, origins: task.retainedOrigins.count)
        }
        let trainer = ShardTrainer(
            start: task.base, adapter: adapter, configuration: training, slices: assignment.slices,
            seeds: task.originalSeeds, validation: task.validation, code: code, store: checkpoints, pool: task.pool,
            session: task.session)
        let trained = try trainer.trainAll(
            assignment.divide(task.retained, task.retainedOrigins), progress: progress)
        return UnlearnedModel(
            model: try trainer.model(trained.values, aggregation: aggregation),
            trainableParameters: try trainableParameters(of: task.base.configuration), modelsRead: [.base],
            residue: trained.residue, recordsTrained: trained.recordsTrained)
    }
}

extension ShardTrainer {
    /// Trains every shard and destroys the lineage's other checkpoints.
    func trainAll(
        _ shards: [[[Example]]], progress: ProgressHandler
    ) throws -> (values: [[Float]], residue: [Residue], recordsTrained: Int) {
        let outcomes = try shards.enumerated().map { try train(shard: $0.offset, $0.element, progress: progress) }
        let stale = try store.destroy(lineage: lineage, except: Set(outcomes.flatMap(\.live)))
        return (
            outcomes.map(\.values), stale.map { Residue(kind: .trainingCheckpoint, values: $0.values) },
            outcomes.reduce(0) { $0 + $1.recordsTrained }
        )
    }

    /// The shards' models with a rule; of a single shard, its model.
    func model(_ values: [[Float]], aggregation: Aggregation) throws -> RecommenderModel {
        guard let adapter else {
            let models = values.map(start.replacing)
            return models.count == 1
                ? .single(models[0]) : .ensemble(try EnsembleModel(members: .models(models), aggregation: aggregation))
        }
        let adapters = try values.map { values in
            var parameters = try LoRAParameters(configuration: adapter, model: start.configuration, seed: 0)
            parameters.values = values
            return parameters
        }
        return adapters.count == 1
            ? .single(adapters[0].merged(into: start))
            : .ensemble(
                try EnsembleModel(members: .adapters(base: start, adapters), aggregation: aggregation))
    }
}
