import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheTransformer
import LetheUnlearning
import Synchronization

extension Workspace {
    /// Trains the vocabulary and the base model on records of people outside the training window, and logs the model.
    ///
    /// Interrupted, it goes on where it was, with the same seeds and to the same bits.
    /// - Throws: `ServiceError.modelExists` where it was trained before; `TrainingStopped` where the environment asks to stop.
    public func pretrain(progress: (ServiceProgress) -> Void) throws {
        try train(.base, progress: progress) { [self] source, runID, session, note in
            let (dataset, split) = try committedData()
            let tokenizer = try ModelTraining.tokenizer(dataset: dataset, split: split, policy: policy)
            let prepared = try PreparedData(dataset: dataset, split: split, tokenizer: tokenizer, policy: policy)
            let model = try ModelTraining.base(
                data: prepared, policy: policy, seeds: source.trainingSeeds(for: "base", runID: runID),
                initialization: source.seed(for: "base/initialization", runID: runID), pool: pool, session: session,
                progress: note)
            return (model, tokenizer)
        }
    }

    /// Fine-tunes the base model on everybody's training records: the model in service.
    ///
    /// Interrupted, it goes on where it was, with the same seeds and to the same bits.
    /// - Throws: `ServiceError.modelExists` where it was trained before, `.modelMissing` without a base model; `TrainingStopped`
    ///   where the environment asks to stop.
    public func trainOriginal(progress: (ServiceProgress) -> Void) throws {
        try train(.original, progress: progress) { [self] source, runID, session, note in
            let base = try model(.base)
            let prepared = try prepared(base)
            let model = try ModelTraining.fineTuned(
                base: base.parameters, on: prepared.split.training, data: prepared, policy: policy,
                seeds: source.trainingSeeds(for: "original", runID: runID), pool: pool, stage: "original model",
                showsValidation: true, session: session, progress: note)
            return (model, prepared.tokenizer)
        }
    }

    private typealias Training = (
        LetheRequests.SeedSource, RunID, TrainingSession, ProgressHandler
    ) throws -> (FineTunedModel, SentencePieceTokenizer)

    /// Trains a model of the workspace, keeps its states until it is in the log, and logs it.
    private func train(
        _ role: LetheRequests.ModelRole, progress: (ServiceProgress) -> Void, by training: @escaping Training
    ) throws {
        try sweepTrainings()
        let path = paths.model(role.rawValue)
        if Files.exists(path) {
            guard try registeredDigest(role) == nil else {
                throw ServiceError.modelExists(role: role.rawValue, path: path)
            }
            // Written by a training that ended before the log knew of it; it is written again.
            try Files.remove(path)
        }
        let kept = try TrainingKeeping(
            folder: paths.training(role.rawValue), keyFile: paths.trainingKey(role.rawValue))
        let (source, runID) = try trainingSeeds(kept)
        var curves = StageCurves()
        do {
            let notices = Notices()
            let session = try kept.session(
                context: [
                    "model \(role.rawValue)", "run \(runID.text)",
                    "seeds \(source.checkpointSize) \(source.rootHash.hex)",
                    "policy \(policy.digest.hex)",
                ], environment: environment, notice: notices.add)
            let (model, tokenizer) = try training(source, runID, session) { event in
                for notice in notices.take() { progress(.notice(notice)) }
                curves.note(event)
                progress(ServiceProgress(event))
            }
            try register(model.parameters, as: role, tokenizer: tokenizer, source: source, runID: runID)
        } catch {
            try? curves.write(to: paths.models)
            // Nothing was trained: what was missing comes first.
            if curves.isEmpty { try? kept.destroy() }
            throw error
        }
        try kept.destroy()
        try curves.write(to: paths.models)
    }

    /// Destroys what is left of computations whose end is in the log: a process may have been killed right after.
    func sweepTrainings() throws {
        guard Files.exists(paths.trainings) else { return }
        for name in try Files.names(in: paths.trainings) where Files.kind(paths.training(name)) == .folder {
            let parts = name.split(separator: "-")
            let isOver: Bool
            if let role = LetheRequests.ModelRole(rawValue: name) {
                isOver = try registeredDigest(role) != nil
            } else if let runID = RunID(parts.dropLast().joined(separator: "-")), let run = try store.run(runID) {
                let open: [RunStage] =
                    parts.last == "unlearn"
                    ? [.inputsCommitted, .seedsDrawn]
                    : [.candidateCommitted, .referenceSeedsDrawn, .referencesCommitted]
                isOver = !open.contains(run.stage)
            } else {
                isOver = false
            }
            // One that is locked is being ended by its own process.
            guard isOver,
                let kept = try? TrainingKeeping(folder: paths.training(name), keyFile: paths.trainingKey(name))
            else { continue }
            try kept.destroy()
        }
        // A verification that was cut off after its verdict: its states are gone now, and what lay in them is said to be.
        for run in try store.runs()
        where run.stage == .verified && run.artifacts["residue"] != nil
            && !Files.exists(paths.training("\(run.runID.text)-verify"))
        {
            try accountForOriginals(of: run.runID)
        }
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

    /// Loads a model whose files must be those whose digest is in the log.
    func model(_ role: LetheRequests.ModelRole) throws -> StoredModel {
        let path = paths.model(role.rawValue)
        guard Files.exists(path), let registered = try registeredDigest(role) else {
            throw ServiceError.modelMissing(
                role: role.rawValue, remedy: role == .base ? "lethe model pretrain" : "lethe model train")
        }
        return try loadModel(path, role: role.rawValue, expecting: registered)
    }

    /// A training run's name, and a checkpoint published after the log committed to what is trained on: those of the training that
    /// was interrupted, where they are still this log's, or new ones.
    private func trainingSeeds(_ kept: TrainingKeeping) throws -> (LetheRequests.SeedSource, RunID) {
        let path = Files.join(kept.folder, "seeds.json")
        if Files.exists(path), let json = try? StrictJSON.parse(Files.read(path, limit: 1 << 12)),
            let runID = json["run"]?.stringValue.flatMap(RunID.init),
            let size = json["size"]?.stringValue.flatMap(UInt64.init),
            let root = json["root"]?.stringValue.flatMap({ try? Digest(hex: $0) }), size > 0, try size <= store.size(),
            try store.rootHash(size: size) == root
        {
            return (LetheRequests.SeedSource(checkpointSize: size, rootHash: root), runID)
        }
        var generator = SecureGenerator()
        let (source, runID) = (try seedSource(), RunID.random(using: &generator))
        let json: JSONValue = [
            "run": .string(runID.text), "size": .string("\(source.checkpointSize)"),
            "root": .string(source.rootHash.hex),
        ]
        try Files.createFolders(kept.folder, permissions: 0o700)
        try Files.write(try json.canonicalBytes() + [0x0A], to: path)
        return (source, runID)
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

    private func registeredDigest(_ role: LetheRequests.ModelRole) throws -> Digest? {
        try registration(role)?.event.digest
    }

    /// The newest entry by which a model of this role is known, or the model of this digest.
    func registration(
        _ role: LetheRequests.ModelRole, of digest: Digest? = nil
    ) throws -> (event: ModelEvent, index: UInt64)? {
        for entry in try store.registrations(PredicateType.modelEvent).reversed() {
            if case .model(let event)? = try Self.event(entry.bytes), event.role == role, event.action == .registered,
                digest == nil || event.digest == digest
            {
                return (event, entry.index)
            }
        }
        return nil
    }

    private func committedTrainingRoot() throws -> String {
        guard let root = try adoptions().last?.event.extra["trainingRecordsRoot"]?.stringValue else {
            throw ServiceError.workspaceDamaged(
                file: paths.database, problem: "no entry commits to the training records")
        }
        return root
    }

    /// The event of an entry.
    static func event(_ entry: [UInt8]) throws -> LedgerEvent? {
        try LedgerEvent(Statement(parsingUnverified: DSSEEnvelope(parsing: entry).payload))
    }

    /// Every event of the log with its index, in order.
    func forEachEvent(_ body: (LedgerEvent, UInt64) throws -> Void) throws {
        for index in 0..<(try store.size()) {
            if let event = try Self.event(store.entry(index)) { try body(event, index) }
        }
    }
}

/// Lines that come up where nobody can be told yet.
final class Notices: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }

    /// The lines since the last call.
    func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}
