public import LetheTensor
public import LetheTransformer

/// What a method makes and a company serves: one set of weights, or several models that answer together.
public enum RecommenderModel: Sendable, Equatable {
    /// One T5.
    case single(T5Parameters)
    /// Several, with a rule that makes one answer of theirs.
    case ensemble(EnsembleModel)

    /// The one T5 that this is.
    /// - Throws: `UnlearningError.isEnsemble`: an average of the members' weights computes something else than they do together.
    public func singleModel() throws(UnlearningError) -> T5Parameters {
        switch self {
        case .single(let parameters): return parameters
        case .ensemble(let model): throw .isEnsemble(members: model.count)
        }
    }

    /// The model without dropout, for audits and service.
    public func inference(pool: WorkerPool) -> any LabelLogits {
        switch self {
        case .single(let parameters): Inference(parameters: parameters, pool: pool)
        case .ensemble(let model): EnsembleInference(model, pool: pool)
        }
    }
}
