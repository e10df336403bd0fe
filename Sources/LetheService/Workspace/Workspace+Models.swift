import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheTransformer
import LetheUnlearning

extension Workspace {
    /// Trains the vocabulary and the base model on records of people outside the training window, and logs the model.
    /// - Throws: `ServiceError.modelExists` where it was trained before.
    public func pretrain(progress: (ServiceProgress) -> Void) throws {
        let path = paths.model("base")
        guard !Files.exists(path) else { throw ServiceError.modelExists(role: "base", path: path) }
        let (dataset, split) = try committedData()
        let tokenizer = try ModelTraining.tokenizer(dataset: dataset, split: split, policy: policy)
        let prepared = try PreparedData(dataset: dataset, split: split, tokenizer: tokenizer, policy: policy)
        let (source, runID) = try drawTrainingSeeds()
        var curves = StageCurves()
        let model = try ModelTraining.base(
            data: prepared, policy: policy, seeds: source.trainingSeeds(for: "base", runID: runID),
            initialization: source.seed(for: "base/initialization", runID: runID), pool: pool
        ) {
            curves.note($0); progress(ServiceProgress($0))
        }
        try register(model.parameters, as: .base, tokenizer: tokenizer, source: source, runID: runID)
        try curves.write(to: paths.models)
    }

    /// Fine-tunes the base model on everybody's training records: the model in service.
    /// - Throws: `ServiceError.modelExists` where it was trained before, `.modelMissing` without a base model.
    public func trainOriginal(progress: (ServiceProgress) -> Void) throws {
        let path = paths.model("original")
        guard !Files.exists(path) else { throw ServiceError.modelExists(role: "original", path: path) }
        let base = try model(.base)
        let prepared = try prepared(base)
        let (source, runID) = try drawTrainingSeeds()
        var curves = StageCurves()
        let model = try ModelTraining.fineTuned(
            base: base.parameters, on: prepared.split.training, data: prepared, policy: policy,
            seeds: source.trainingSeeds(for: "original", runID: runID), pool: pool, stage: "original model"
        ) {
            curves.note($0); progress(ServiceProgress($0))
        }
        try register(model.parameters, as: .original, tokenizer: prepared.tokenizer, source: source, runID: runID)
        try curves.write(to: paths.models)
    }

    /// The data set, refused where its training records are no longer those that the log commits to.
    func committedData() throws -> (dataset: InteractionDataset, split: RecommendationSplit) {
        let (dataset, split) = try data()
        let found = recordsRoot(split.training).hex
        let expected = try committedTrainingRoot()
        guard found == expected else {
            throw ServiceError.dataChanged(folder: profile.folder, expected: expected, found: found)
        }
        return (dataset, split)
    }

    /// A model in the log, with the vocabulary beside it.
    struct StoredModel {
        let parameters: T5Parameters
        let tokenizer: SentencePieceTokenizer
        let digest: ModelDigest
    }

    /// Loads a model whose files must be those whose digest is in the log.
    func model(_ role: LetheRequests.ModelRole) throws -> StoredModel {
        let path = paths.model(role.rawValue)
        guard Files.exists(path), let registered = try registeredDigest(role) else {
            throw ServiceError.modelMissing(
                role: role.rawValue, remedy: role == .base ? "lethe model pretrain" : "lethe model train")
        }
        return try loadModel(path, role: role.rawValue, expecting: registered)
    }

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

    /// The data in the tokens of a model's vocabulary.
    func prepared(_ model: StoredModel) throws -> PreparedData {
        let (dataset, split) = try committedData()
        return try PreparedData(dataset: dataset, split: split, tokenizer: model.tokenizer, policy: policy)
    }

    /// A training run's name, and a checkpoint published after the log committed to what is trained on.
    private func drawTrainingSeeds() throws -> (LetheRequests.SeedSource, RunID) {
        var generator = SecureGenerator()
        return (try seedSource(), .random(using: &generator))
    }

    private func register(
        _ parameters: T5Parameters, as role: LetheRequests.ModelRole, tokenizer: SentencePieceTokenizer,
        source: LetheRequests.SeedSource, runID: RunID
    ) throws {
        let path = paths.model(role.rawValue)
        try HuggingFaceFolder.saveModel(parameters, tokenizer: tokenizer, to: path)
        do {
            try record([
                .model(
                    ModelEvent(
                        .registered, role: role, digest: ModelDigest(folder: path).digest, at: environment.now(),
                        extra: [
                            "training": .string(runID.text), "seedCheckpointSize": .string("\(source.checkpointSize)"),
                            "seedCheckpointRoot": .string(source.rootHash.hex),
                        ]))
            ])
        } catch {
            // A model that the log does not know must not look like one that it does.
            try? Files.remove(path)
            throw error
        }
    }

    private func registeredDigest(_ role: LetheRequests.ModelRole) throws -> Digest? { try registration(role)?.digest }

    /// The newest entry by which a model of this role is known.
    func registration(_ role: LetheRequests.ModelRole) throws -> ModelEvent? {
        for entry in try store.registrations(PredicateType.modelEvent).reversed() {
            if case .model(let event)? = try Self.event(entry.bytes), event.role == role, event.action == .registered {
                return event
            }
        }
        return nil
    }

    private func committedTrainingRoot() throws -> String {
        guard let root = try adoptedPolicy()?.extra["trainingRecordsRoot"]?.stringValue else {
            throw ServiceError.workspaceDamaged(
                file: paths.database, problem: "no entry commits to the training records")
        }
        return root
    }

    /// The event by which the policy in force took effect; nil in a log that has none.
    func adoptedPolicy() throws -> PolicyEvent? {
        guard let entry = try store.registrations(PredicateType.policyEvent).last,
            case .policy(let event)? = try Self.event(entry.bytes)
        else { return nil }
        return event
    }

    private static func event(_ entry: [UInt8]) throws -> LedgerEvent? {
        try LedgerEvent(Statement(parsingUnverified: DSSEEnvelope(parsing: entry).payload))
    }

    /// Every event of the log with its index, in order.
    func forEachEvent(_ body: (LedgerEvent, UInt64) throws -> Void) throws {
        for index in 0..<(try store.size()) {
            if let event = try Self.event(store.entry(index)) { try body(event, index) }
        }
    }
}
