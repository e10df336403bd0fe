import LetheBytes
public import LetheCrypto
import LetheStatements

/// What goes into a run.
public struct RunInputs: Sendable, Hashable {
    /// The training records before: root of their manifest.
    public let datasetBefore: Digest
    /// The training records after.
    public let datasetAfter: Digest
    /// How many records the requests remove.
    public let recordsRemoved: UInt64
    /// A commitment to these records under keys that are destroyed with the requests.
    public let recordsCommitment: Digest
    /// The pretrained model.
    public let baseModel: Digest
    /// The model that is to forget.
    public let originalModel: Digest
    /// The method, such as `urn:lethe:method:e2urec:v1`.
    public let method: String
    /// The digest of the method's parameters.
    public let parameters: Digest
    /// The digest of the policy.
    public let policy: Digest

    /// What goes into a run.
    public init(
        datasetBefore: Digest, datasetAfter: Digest, recordsRemoved: UInt64, recordsCommitment: Digest,
        baseModel: Digest, originalModel: Digest, method: String, parameters: Digest, policy: Digest
    ) {
        self.datasetBefore = datasetBefore
        self.datasetAfter = datasetAfter
        self.recordsRemoved = recordsRemoved
        self.recordsCommitment = recordsCommitment
        self.baseModel = baseModel
        self.originalModel = originalModel
        self.method = method
        self.parameters = parameters
        self.policy = policy
    }

    var json: JSONValue {
        [
            "datasetBefore": .code(datasetBefore), "datasetAfter": .code(datasetAfter),
            "recordsRemoved": .code(recordsRemoved), "recordsCommitment": .code(recordsCommitment),
            "baseModel": .code(baseModel), "originalModel": .code(originalModel), "method": .string(method),
            "parameters": .code(parameters), "policy": .code(policy),
        ]
    }

    init(_ fields: JSONFields) throws(FieldError) {
        datasetBefore = try fields.member("datasetBefore").digest()
        datasetAfter = try fields.member("datasetAfter").digest()
        recordsRemoved = try fields.member("recordsRemoved").wholeNumber()
        recordsCommitment = try fields.member("recordsCommitment").digest()
        baseModel = try fields.member("baseModel").digest()
        originalModel = try fields.member("originalModel").digest()
        method = try fields.member("method").nonEmptyString()
        parameters = try fields.member("parameters").digest()
        policy = try fields.member("policy").digest()
    }
}

/// The checkpoint that seeds were derived from: HMAC-SHA-256(root hash, run id || purpose) gives each seed (LEDGER 0.8).
public struct SeedSource: Sendable, Hashable {
    /// The checkpoint's tree size.
    public let checkpointSize: UInt64
    /// The checkpoint's root hash.
    public let rootHash: Digest

    /// A published checkpoint.
    public init(checkpointSize: UInt64, rootHash: Digest) {
        self.checkpointSize = checkpointSize
        self.rootHash = rootHash
    }

    /// Thirty-two bytes for `purpose` in the run `runID`: HMAC-SHA-256(root hash, run id || purpose).
    public func seedBytes(for purpose: String, runID: RunID) -> Digest {
        hmacSHA256(key: rootHash.bytes, message: Array(runID.text.utf8) + Array(purpose.utf8))
    }

    /// The first eight of these bytes as a big-endian number, for generators that take 64 bits.
    public func seed(for purpose: String, runID: RunID) -> UInt64 {
        seedBytes(for: purpose, runID: runID).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The seed that a certificate states of the run: the first of its training's, that of the order of records.
    public func unlearningSeed(runID: RunID) -> UInt64 { seed(for: "unlearn/order", runID: runID) }

    /// The seed that the log states of reference `number`, from one: that of the order of records.
    public func referenceSeed(_ number: Int, runID: RunID) -> UInt64 {
        seed(for: "reference/\(number)/order", runID: runID)
    }

    var json: JSONValue { ["size": .code(checkpointSize), "root": .code(rootHash)] }

    init(_ fields: JSONFields) throws(FieldError) {
        checkpointSize = try fields.member("size").wholeNumber()
        rootHash = try fields.member("root").digest()
    }
}

/// A model retrained without the forgotten records.
public struct ReferenceModel: Sendable, Hashable {
    /// Its digest.
    public let model: Digest
    /// The seed it was trained with.
    public let seed: UInt64

    /// A model and its seed.
    public init(model: Digest, seed: UInt64) {
        self.model = model
        self.seed = seed
    }

    var json: JSONValue { ["model": .code(model), "seed": .code(seed)] }

    init(_ fields: JSONFields) throws(FieldError) {
        model = try fields.member("model").digest()
        seed = try fields.member("seed").wholeNumber()
    }
}

/// The verdicts that a run can end with (VERIFICATION 3.5), as the log writes them.
public enum RunVerdict: String, Sendable, Hashable, CaseIterable {
    /// Retrained without the records, re-executed bit for bit.
    case passExact = "PASS-EXACT"
    /// Every gate of the policy holds.
    case passStatistical = "PASS-STATISTICAL"
    /// Nothing measurable.
    case inconclusive = "INCONCLUSIVE"
    /// A gate does not hold.
    case fail = "FAIL"
    /// The provenance is broken.
    case refuse = "REFUSE"
}

/// How a run was judged.
public struct RunJudgement: Sendable, Hashable {
    /// The verdict.
    public let verdict: RunVerdict
    /// The digest of the measurements it rests on.
    public let measurements: Digest
    /// The index of the entry with the test's results.
    public let testResultEntry: UInt64

    /// A judgement.
    public init(verdict: RunVerdict, measurements: Digest, testResultEntry: UInt64) {
        self.verdict = verdict
        self.measurements = measurements
        self.testResultEntry = testResultEntry
    }

    var json: JSONValue {
        ["verdict": .code(verdict), "measurements": .code(measurements), "testResultEntry": .code(testResultEntry)]
    }

    init(_ fields: JSONFields) throws(FieldError) {
        verdict = try fields.member("verdict").oneOf(RunVerdict.self)
        measurements = try fields.member("measurements").digest()
        testResultEntry = try fields.member("testResultEntry").wholeNumber()
    }
}

/// Something left over that remembers the forgotten records, and its fate.
public struct Residue: Sendable, Hashable {
    /// What kind of thing remembers.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The original model.
        case originalModel = "original-model"
        /// The model fine-tuned on the forgotten records.
        case augmentedModel = "augmented-model"
        /// The adapter before it was merged.
        case adapter
        /// Cached outputs of teachers.
        case teacherOutputs = "teacher-outputs"
        /// State of an optimiser.
        case optimizerState = "optimizer-state"
        /// A checkpoint of training.
        case trainingCheckpoint = "training-checkpoint"
        /// The forgotten records or prompts made of them.
        case forgottenRecords = "forgotten-records"
        /// The data set before.
        case datasetBefore = "dataset-before"
    }

    /// What became of it.
    public enum Fate: String, Sendable, Hashable, CaseIterable {
        /// It no longer exists.
        case destroyed
        /// It exists under a key that only an audit may use.
        case sealed
    }

    /// The digest it had.
    public let artifact: Digest
    /// What it was.
    public let kind: Kind
    /// What became of it.
    public let fate: Fate

    /// A residue.
    public init(artifact: Digest, kind: Kind, fate: Fate) {
        self.artifact = artifact
        self.kind = kind
        self.fate = fate
    }

    var json: JSONValue { ["artifact": .code(artifact), "kind": .code(kind), "fate": .code(fate)] }

    init(_ fields: JSONFields) throws(FieldError) {
        artifact = try fields.member("artifact").digest()
        kind = try fields.member("kind").oneOf(Kind.self)
        fate = try fields.member("fate").oneOf(Fate.self)
    }
}
