import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTensor
import LetheTransformer
import LetheUnlearning

/// What a run is computed with, whoever computes it: the controller in a workspace, or an auditor with a bundle, the data and the base model.
protocol RunContext {
    /// The policy that the run is under.
    var policy: Policy { get }
    /// Clocks, and the program that computes.
    var environment: ServiceEnvironment { get }
    /// Threads that models are trained on.
    var pool: WorkerPool { get }
    /// The file that entries of the log are read from, for errors.
    var ledgerFile: String { get }
    /// The file that the policy is read from, for errors.
    var policyFile: String { get }
    /// The folder of the data set's files.
    var dataFolder: String { get }

    /// The data set, refused where its training records are not those that the log commits to.
    func committedData() throws -> (dataset: InteractionDataset, split: RecommendationSplit)
    /// The people whom the data set has training records of.
    func subjects() throws -> DataSubjects
    /// The file of the key that says who is in which shard.
    func shardKeyFile() throws -> String
}

extension Workspace: RunContext {
    var ledgerFile: String { paths.database }
    var policyFile: String { paths.policy }
    var dataFolder: String { profile.folder }
    func shardKeyFile() -> String { paths.shardKey }
}

/// A model in the log, with the vocabulary beside it.
struct StoredModel {
    let parameters: T5Parameters
    let tokenizer: SentencePieceTokenizer
    let digest: ModelDigest
}

// MARK: - Models and data

extension RunContext {
    /// Loads the model in a folder and refuses it where its digest is another.
    func loadModel(_ path: String, role: String, expecting digest: Digest) throws -> StoredModel {
        let found = try ModelDigest(folder: path)
        guard found.digest == digest else {
            throw ServiceError.modelChanged(role: role, path: path, expected: digest.hex, found: found.digest.hex)
        }
        let loaded = try HuggingFaceFolder.loadModel(path)
        guard let tokenizer = loaded.tokenizer else {
            throw ServiceError.workspaceDamaged(file: path, problem: "no vocabulary beside the model")
        }
        return StoredModel(parameters: loaded.parameters, tokenizer: tokenizer, digest: found)
    }

    /// Loads a model that the log commits to, whoever made it: of another shape it would be read beyond its bounds.
    func loadModel(
        _ path: String, role: String, expecting digest: Digest, shapedAs base: StoredModel
    ) throws -> StoredModel {
        let model = try loadModel(path, role: role, expecting: digest)
        var shape = model.parameters.configuration
        shape.dropoutRate = base.parameters.configuration.dropoutRate
        guard shape == base.parameters.configuration else {
            throw ServiceError.workspaceDamaged(file: path, problem: "a model of another shape than the base model")
        }
        return model
    }

    /// The unlearned model: one T5, or an ensemble.
    func loadCandidate(
        _ path: String, expecting digest: Digest
    ) throws -> (model: RecommenderModel, digest: ModelDigest) {
        guard EnsembleFolder.isEnsemble(path) else {
            let stored = try loadModel(path, role: "unlearned", expecting: digest)
            return (.single(stored.parameters), stored.digest)
        }
        let found = try ModelDigest(folder: path)
        guard found.digest == digest else {
            throw ServiceError.modelChanged(
                role: "unlearned", path: path, expected: digest.hex, found: found.digest.hex)
        }
        return (.ensemble(try EnsembleFolder.load(path).ensemble), found)
    }

    /// The data in the tokens of a model's vocabulary.
    func prepared(_ model: StoredModel) throws -> PreparedData {
        let (dataset, split) = try committedData()
        return try PreparedData(dataset: dataset, split: split, tokenizer: model.tokenizer, policy: policy)
    }

    /// The user of the data set that an identity names.
    /// - Throws: `ServiceError.unsupportedSubjectType`, `.unknownSubject`; neither repeats the name.
    func trainingUser(_ identity: SubjectIdentity) throws -> Int {
        try subjects().user(identity)
    }

    /// The users whom a file names, one a line, as the data name them.
    /// - Throws: `ServiceError.subjectsRefused` with the line and without the name.
    func listedUsers(_ file: String) throws -> Set<Int> {
        let reader = try LineReader(path: file, maximumLineLength: 1 << 12)
        var users: Set<Int> = []
        while let line = try reader.next() {
            guard !line.isEmpty else { continue }
            guard let text = String(validating: line, as: UTF8.self),
                let identity = SubjectIdentity(type: DataSubjects.identityType, value: text),
                let user = try? trainingUser(identity)
            else {
                throw ServiceError.subjectsRefused(
                    file: file,
                    problem: "line \(reader.lineNumber): nobody in the data has this name and training records")
            }
            users.insert(user)
        }
        return users
    }
}
