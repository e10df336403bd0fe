public import LetheTensor
public import LetheTransformer

/// The models that a run may read; every one a method reads is named in the log.
public enum ModelRole: String, Sendable, Equatable, CaseIterable {
    /// Trained on nobody of the data set at hand (the paper's pretrained T5).
    case base
    /// Trained on retained and forgotten data: the model in service when the request came.
    case original
    /// The original, trained further on the forgotten data only.
    case augmented
}

/// What a method is given: models, data and seeds. Values only; nothing here knows where they came from.
public struct UnlearningTask: Sendable {
    /// The model that saw no user of this data set.
    public var base: T5Parameters
    /// The model that learned the forgotten data.
    public var original: T5Parameters
    /// Every training record of the data subjects who asked.
    public var forgotten: [Example]
    /// The other training records.
    public var retained: [Example]
    /// Records for early stopping.
    public var validation: [Example]
    /// Seeds drawn from the ledger.
    public var seeds: TrainingSeeds
    /// Threads to compute on; the bits do not depend on how many.
    public var pool: WorkerPool

    /// A task from its parts.
    public init(
        base: T5Parameters, original: T5Parameters, forgotten: [Example], retained: [Example],
        validation: [Example], seeds: TrainingSeeds, pool: WorkerPool
    ) {
        self.base = base
        self.original = original
        self.forgotten = forgotten
        self.retained = retained
        self.validation = validation
        self.seeds = seeds
        self.pool = pool
    }
}

/// Something a method made on the way that remembers forgotten data: it must be destroyed or sealed, and said.
public struct Residue: Sendable, Equatable {
    /// What it is, in the words of METHODS.
    public enum Kind: String, Sendable, Equatable {
        /// The augmented model, which remembers the forgotten data more than the original does.
        case augmentedModel = "augmented-model"
        /// Teacher outputs on forgotten records.
        case teacherOutputs = "teacher-outputs"
        /// The adapter apart from the merged weights.
        case adapter
        /// AdamW's moments.
        case optimizerState = "optimizer-state"
    }

    /// What it is.
    public let kind: Kind
    /// The values, as they were in memory; their digest is logged, then they are dropped.
    public let values: [Float]
}

/// What a method hands back: merged weights, and what it left behind.
public struct UnlearnedModel: Sendable {
    /// The weights to serve; an adapter is merged, so that nothing can be switched off.
    public let parameters: T5Parameters
    /// How many parameters were trained.
    public let trainableParameters: Int
    /// Models the method read.
    public let modelsRead: [ModelRole]
    /// What remembers the forgotten data and must go.
    public let residue: [Residue]
}

/// A way to make a model forget (METHODS 1).
public protocol UnlearningMethod: Sendable {
    /// The name in policies, logs and certificates.
    var name: String { get }
    /// True where the result never depended on the forgotten data (retraining), so that nothing need be measured to know it.
    var isExact: Bool { get }
    /// Makes a model that has forgotten `task.forgotten`. The same task gives the same bits at any number of threads.
    /// - Throws: `ModelError` when the hyper-parameters do not fit the model.
    func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel
}
