import LetheTransformer

/// The first row of the paper's table: nothing is done. A verifier must never pass it.
public struct Original: UnlearningMethod {
    /// The row that forgets nothing.
    public init() {}

    /// The name on the wire: original.
    public let name = "original"
    /// False: nothing was retrained.
    public let isExact = false

    /// Returns the original as it is.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        UnlearnedModel(parameters: task.original, trainableParameters: 0, modelsRead: [.original], residue: [])
    }
}
