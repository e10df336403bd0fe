public import LetheTransformer

/// A method that reads an *augmented* model: the original, trained further on the forgotten data only (METHODS 1.8, stage A).
///
/// The stage stands apart so that two methods with the same settings can share one, as a benchmark does.
public protocol AugmentingMethod: UnlearningMethod {
    /// How the augmented model is trained.
    var augmentation: FineTuningConfiguration { get }
    /// Everything after the augmented model.
    /// - Throws: as `unlearn(_:progress:)` does.
    func unlearn(
        _ task: UnlearningTask, augmented: T5Parameters, progress: ProgressHandler
    ) throws -> UnlearnedModel
}

extension AugmentingMethod {
    /// Trains the augmented model of a task.
    /// - Throws: as `fineTune` does.
    public func augmentedModel(_ task: UnlearningTask, progress: ProgressHandler) throws -> T5Parameters {
        try fineTune(
            task.original, on: task.forgotten, configuration: augmentation, seeds: task.seeds, pool: task.pool,
            stage: "augmented model", session: task.session, progress: progress
        ).parameters
    }

    /// Trains the augmented model and does the rest.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        try unlearn(task, augmented: try augmentedModel(task, progress: progress), progress: progress)
    }
}
