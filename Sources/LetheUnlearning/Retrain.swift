public import LetheTransformer

/// The gold standard (METHODS 1.2): train the base model on the retained data alone.
public struct Retrain: UnlearningMethod {
    /// The same hyper-parameters that made the original.
    public let configuration: FineTuningConfiguration

    /// Retraining as the original was trained.
    public init(configuration: FineTuningConfiguration) {
        self.configuration = configuration
    }

    /// The name on the wire: retrain.
    public let name = "retrain"
    /// True: the forgotten records are never read.
    public let isExact = true

    /// Never the forgotten records.
    public let reads: MethodInputs = [.base, .retained, .validation]
    /// Nothing.
    public let residueKinds: [Residue.Kind] = []

    /// All of the model's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int { shape.layout.count }

    /// Trains the base model on the retained records.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        // Measured where early stopping needs it alone: a curve is not worth its time in what others are compared with.
        let model = try fineTune(
            task.base, on: task.retained, validation: configuration.patience == nil ? [] : task.validation,
            configuration: configuration, seeds: task.seeds, pool: task.pool, stage: "retrain", session: task.session,
            progress: progress)
        return UnlearnedModel(
            parameters: model.parameters, trainableParameters: model.parameters.values.count, modelsRead: [.base],
            residue: [])
    }
}
