public import LetheTransformer

/// The first row of the paper's table: nothing is done. A verifier must never pass it.
public struct Original: UnlearningMethod {
    /// The row that forgets nothing.
    public init() {}

    /// The name on the wire: original.
    public let name = "original"
    /// False: nothing was retrained.
    public let isExact = false

    /// The model in service alone.
    public let reads: MethodInputs = .original
    /// Nothing new remembers; the original itself does.
    public let residueKinds: [Residue.Kind] = []

    /// Zero.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int { 0 }

    /// Returns the original as it is.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        UnlearnedModel(parameters: task.original, trainableParameters: 0, modelsRead: [.original], residue: [])
    }
}
