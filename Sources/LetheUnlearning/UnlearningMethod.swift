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
    /// The seeds that the original's training had: what retrains a part of it needs them to reproduce the rest.
    public var originalSeeds: TrainingSeeds
    /// Whom and what each forgotten record is about, as many as `forgotten`; only methods that shard the data read it.
    public var forgottenOrigins: [RecordOrigin]
    /// Whom and what each retained record is about, as many as `retained`.
    public var retainedOrigins: [RecordOrigin]
    /// Records of users without any training record, of the validation period: what the original makes of people it never saw.
    public var unseen: [Example]
    /// The first tokens of the two answers; only methods that change or weigh answers read it.
    public var answers: AnswerTokens?
    /// Threads to compute on; the bits do not depend on how many.
    public var pool: WorkerPool
    /// How the method survives being interrupted; the bits do not depend on it.
    public var session: TrainingSession

    /// A task from its parts.
    public init(
        base: T5Parameters, original: T5Parameters, forgotten: [Example], retained: [Example],
        validation: [Example], seeds: TrainingSeeds, originalSeeds: TrainingSeeds? = nil,
        forgottenOrigins: [RecordOrigin] = [], retainedOrigins: [RecordOrigin] = [], unseen: [Example] = [],
        answers: AnswerTokens? = nil, pool: WorkerPool, session: TrainingSession = .unkept
    ) {
        self.base = base
        self.original = original
        self.forgotten = forgotten
        self.retained = retained
        self.validation = validation
        self.seeds = seeds
        self.originalSeeds = originalSeeds ?? seeds
        self.forgottenOrigins = forgottenOrigins
        self.retainedOrigins = retainedOrigins
        self.unseen = unseen
        self.answers = answers
        self.pool = pool
        self.session = session
    }
}

/// Whom and what a training record is about. Stays in memory: it decides the shard, never leaves it.
public struct RecordOrigin: Sendable, Hashable {
    /// The data subject.
    public let user: Int
    /// The item in question.
    public let item: Int

    /// A user's record about an item.
    public init(user: Int, item: Int) {
        self.user = user
        self.item = item
    }
}

/// The tokens that a recommender decides between at the first position.
public struct AnswerTokens: Sendable, Hashable {
    /// Of "yes".
    public let yes: Int32
    /// Of "no".
    public let no: Int32

    /// The two answers.
    public init(yes: Int32, no: Int32) {
        self.yes = yes
        self.no = no
    }
}

/// Something a method made on the way that remembers forgotten data: it must be destroyed or sealed, and said.
public struct Residue: Sendable, Equatable {
    /// What it is, in the words of METHODS.
    public enum Kind: String, Sendable, Equatable, CaseIterable {
        /// The augmented model, which remembers the forgotten data more than the original does.
        case augmentedModel = "augmented-model"
        /// Teacher outputs on forgotten records.
        case teacherOutputs = "teacher-outputs"
        /// The adapter apart from the merged weights.
        case adapter
        /// AdamW's moments.
        case optimizerState = "optimizer-state"
        /// Checkpoints of shards that learned the forgotten data.
        case trainingCheckpoint = "training-checkpoint"
    }

    /// What it is.
    public let kind: Kind
    /// The values, as they were in memory; their digest is logged, then they are dropped.
    public let values: [Float]
}

/// What a method hands back: the model to serve, and what was left behind.
public struct UnlearnedModel: Sendable {
    /// What to serve; an adapter is merged where one model results, so that nothing can be switched off.
    public let model: RecommenderModel
    /// How many parameters were trained.
    public let trainableParameters: Int
    /// Models the method read.
    public let modelsRead: [ModelRole]
    /// What remembers the forgotten data and must go.
    public let residue: [Residue]
    /// Training records that were learned anew, counted once a pass: what the request cost where parts were reused.
    public let recordsTrained: Int?

    /// The result of a method.
    public init(
        model: RecommenderModel, trainableParameters: Int, modelsRead: [ModelRole], residue: [Residue],
        recordsTrained: Int? = nil
    ) {
        self.model = model
        self.trainableParameters = trainableParameters
        self.modelsRead = modelsRead
        self.residue = residue
        self.recordsTrained = recordsTrained
    }

    /// The result of a method that makes one set of weights.
    init(parameters: T5Parameters, trainableParameters: Int, modelsRead: [ModelRole], residue: [Residue]) {
        self.init(
            model: .single(parameters), trainableParameters: trainableParameters, modelsRead: modelsRead,
            residue: residue)
    }
}

/// What a method reads: of models and of data.
public struct MethodInputs: OptionSet, Sendable, Hashable {
    /// One bit an input.
    public let rawValue: Int

    /// Inputs from their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The model that saw no user.
    public static let base = MethodInputs(rawValue: 1)
    /// The model in service.
    public static let original = MethodInputs(rawValue: 2)
    /// The forgotten records. An exact method never learns from them; it may read whose they are, to know what to retrain.
    public static let forgotten = MethodInputs(rawValue: 4)
    /// The retained records.
    public static let retained = MethodInputs(rawValue: 8)
    /// The validation records.
    public static let validation = MethodInputs(rawValue: 16)
    /// Who and what each record is about.
    public static let origins = MethodInputs(rawValue: 32)
    /// The tokens of the two answers.
    public static let answers = MethodInputs(rawValue: 64)
    /// Checkpoints that an earlier training left.
    public static let checkpoints = MethodInputs(rawValue: 128)
    /// Records of users whom no model saw.
    public static let unseen = MethodInputs(rawValue: 256)
}

/// A way to make a model forget (METHODS 1).
public protocol UnlearningMethod: Sendable {
    /// The name in policies, logs and certificates.
    var name: String { get }
    /// True where the result never depended on the forgotten data (retraining), so that nothing need be measured to know it.
    var isExact: Bool { get }
    /// True where the result is several models that answer together: no single T5 computes what they do.
    var isEnsemble: Bool { get }
    /// What the method reads.
    var reads: MethodInputs { get }
    /// What it leaves behind that remembers the forgotten data.
    var residueKinds: [Residue.Kind] { get }
    /// How many parameters it trains on a model of this shape, the augmented model of E2URec not counted, as the paper does.
    /// - Throws: `ModelError` when the hyper-parameters do not fit the shape.
    func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int
    /// Makes a model that has forgotten `task.forgotten`. The same task gives the same bits at any number of threads.
    /// - Throws: `ModelError` when the hyper-parameters do not fit the model, `UnlearningError` when the task lacks an input,
    ///   `TrainingStopped` where the task's session asks for it: the same task with the same states goes on from there.
    func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel
}

extension UnlearningMethod {
    /// Most methods make one model.
    public var isEnsemble: Bool { false }
}

/// Why a method cannot do its work on a task.
public enum UnlearningError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A method that shards the data was not told whom the records are about.
    case originsMissing(method: String, records: Int, origins: Int)
    /// A method that changes labels was not told the answers' tokens.
    case answersMissing(method: String)
    /// A method that calibrates itself on unseen users was given none with this answer.
    case unseenMissing(method: String, answer: String)
    /// A forgotten record's first label is neither answer; counted from zero.
    case labelIsNoAnswer(record: Int)
    /// A hyper-parameter is out of its range.
    case invalidParameter(method: String, name: String, found: String, expected: String)
    /// One T5 was asked for where several answer together.
    case isEnsemble(members: Int)
    /// A file of an ensemble or a checkpoint is damaged, or of another training.
    case damaged(path: String, problem: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .originsMissing(let method, let records, let origins):
            "\(method) needs to know whom each of \(records) records is about, found \(origins) origins"
        case .answersMissing(let method): "\(method) needs the tokens of the two answers"
        case .unseenMissing(let method, let answer):
            "\(method) calibrates itself on validation records of users without training records, found none whose answer is "
                + answer
        case .labelIsNoAnswer(let record): "forgotten record \(record) begins with neither answer"
        case .invalidParameter(let method, let name, let found, let expected):
            "\(method): \(name) is \(found), expected \(expected)"
        case .isEnsemble(let members):
            "\(members) models answer together; the mean of nonlinear networks is not a T5, so there is no merged one"
        case .damaged(let path, let problem): "\(path): \(problem)"
        }
    }
}
