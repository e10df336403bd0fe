import LetheTransformer

/// The first row of the paper's table: nothing is done. A verifier must never pass it.
public struct Original: UnlearningMethod {
    /// The row that forgets nothing.
    public init() {}

    public let name = "original"
    public let isExact = false

    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        UnlearnedModel(parameters: task.original, trainableParameters: 0, modelsRead: [.original], residue: [])
    }
}
