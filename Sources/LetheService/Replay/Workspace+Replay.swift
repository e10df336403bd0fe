import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheTensor
import LetheTransformer
import LetheUnlearning

extension Workspace {
    /// Repeats a run from what the log commits to, and compares everything that came of it, bit for bit.
    ///
    /// Data, policy, method, base and original model must be the log's; seeds come from the log's checkpoints. Of the run's own folder
    /// only what a sample leaves out goes into the repetition: what lies there is compared, and shows where two models part. Nothing is resumed, nothing below
    /// the workspace is written: open it with `openToRead`.
    /// - Parameters:
    ///   - file: the people whose records the run removed, one a line by the names that the data have for them; nil to read them out
    ///     of the vault, which needs its key and requests that are not shredded.
    ///   - fromBase: whether the original is trained again too, from the base model and its seeds in the log; its folder is not needed then.
    ///   - sample: how many of the references to train again, drawn at random here; nil for all. The others' models are taken from the
    ///     run's folder, where they must be those in the log.
    ///   - folder: where the repeated models go; nothing may be there.
    /// - Throws: `ServiceError.unknownRun`, `.runNotReady`; `.policyChanged`, `.dataChanged`, `.modelChanged`, `.methodChanged` where an input
    ///   is not the log's; `.subjectsUnknown`, `.subjectsRefused`; `.outputExists`; `TrainingStopped` where the environment asks to stop.
    public func replay(
        _ id: String, subjects file: String? = nil, fromBase: Bool = false, sample: Int? = nil,
        to folder: String, progress: (ServiceProgress) -> Void
    ) throws -> ReplayOutcome {
        let (_, record) = try run(
            id, at: .candidateCommitted, .referenceSeedsDrawn, .referencesCommitted, .verified)
        let logged = try LoggedRun(record, in: self)
        guard policy.digest == logged.inputs.policy else {
            return try under(policy(of: record)).replay(
                id, subjects: file, fromBase: fromBase, sample: sample, to: folder, progress: progress)
        }
        let all = 1...policy.verification.references
        if let sample { try ModelFolders.checkRange("--sample", sample, all) }
        var generator = SecureGenerator()
        let drawn = sample.map { Set(all.shuffled(using: &generator).prefix($0)) }
        let settings = try method(of: logged.inputs)
        let base = try loadModel(paths.model("base"), role: "base", expecting: logged.inputs.baseModel)
        let original =
            try fromBase
            ? nil
            : loadModel(
                paths.model("original"), role: "original", expecting: logged.inputs.originalModel, shapedAs: base)
        let data = try prepared(original ?? base)
        let records = try removed(by: logged, listed: file, data: data)
        guard !Files.exists(folder) else { throw ServiceError.outputExists(path: folder) }
        try Files.createFolder(folder, permissions: 0o700)
        do {
            return try repeated(
                logged, by: settings, base: base, original: original, records: records, data: data, drawn: drawn,
                to: folder, progress: progress)
        } catch {
            // Half of a repetition is of no use to anybody.
            try? Files.remove(folder)
            throw error
        }
    }

    private func repeated(
        _ logged: LoggedRun, by settings: Policy.Method, base: StoredModel, original given: StoredModel?,
        records: DividedRecords, data: PreparedData, drawn: Set<Int>?, to folder: String,
        progress: (ServiceProgress) -> Void
    ) throws -> ReplayOutcome {
        var comparison = ReplayComparison(logged, paths: paths, repeated: folder)
        if let made = try certifiedProgram(of: logged.runID), try made != environment.program() {
            comparison.limit(
                "the program: certificates name \(made), this is another; a difference may be the release's")
        }
        try comparison.compareSeeds()
        let originalSeeds = try originalSeeds(logged.original)
        func newSession() -> TrainingSession {
            TrainingSession(store: nil, shouldStop: environment.shouldStop, traceInterval: Trajectory.interval)
        }
        let original =
            try given
            ?? trainedOriginal(
                base, data: data, seeds: originalSeeds, to: folder, session: newSession(), progress: progress)
        if given == nil { comparison.compareOriginal(original.digest.digest, stored: paths.model("original")) }
        let session = newSession()
        let method = try policy.unlearningMethod(settings) { try shardsToRead(settings) }
        let task = try task(
            for: method, base: base, original: original, records: records, data: data,
            seeds: logged.seeds.trainingSeeds(for: "unlearn", runID: logged.runID), originalSeeds: originalSeeds,
            session: session)
        let model = try method.unlearn(task) { progress(ServiceProgress($0)) }
        let candidate = try model.model.save(tokenizer: original.tokenizer, to: Files.join(folder, "candidate"))
        comparison.compare(model, candidate: candidate, trajectory: Trajectory(session))

        if let seeds = logged.referenceSeeds, logged.references != nil {
            let session = newSession()
            let references = try repeatedReferences(
                logged, seeds: seeds, drawn: drawn, on: records.retained, base: base, data: data, to: folder,
                session: session, comparison: &comparison, progress: progress)
            if let judged = logged.judgement {
                // As verification judges: what the folder holds, be the model in memory put together otherwise.
                let unlearned = try loadCandidate(Files.join(folder, "candidate"), expecting: candidate)
                let repeated = try judge(
                    AuditedModels(
                        original: original.parameters, candidate: unlearned.model, references: references, pool: pool,
                        session: session),
                    removed: records.forgotten, data: data,
                    bootstrapSeed: seeds.seed(for: "bootstrap", runID: logged.runID)
                ) { progress(ServiceProgress($0)) }
                let test = TestResult(
                    modelName: Self.modelName(logged.runID), model: candidate, runID: logged.runID.text,
                    policy: policy.digest,
                    test: ForgettingTest(repeated.judgement, references: comparison.references, seeds: seeds))
                try comparison.compare(
                    judged, measurements: repeated.measurements, test: test.statement().canonicalBytes())
            }
        }
        comparison.compareDossier()
        return comparison.outcome(method: method.name, threads: pool.threads)
    }

    /// The references: those that are drawn, trained again, and the others out of the run's folder.
    private func repeatedReferences(
        _ logged: LoggedRun, seeds: LetheRequests.SeedSource, drawn: Set<Int>?, on kept: [InteractionRecord],
        base: StoredModel, data: PreparedData, to folder: String, session: TrainingSession,
        comparison: inout ReplayComparison, progress: (ServiceProgress) -> Void
    ) throws -> [T5Parameters] {
        try Files.createFolder(Files.join(folder, "references"))
        comparison.compareReferenceCount(policy.verification.references)
        var models: [T5Parameters] = []
        for number in 1...policy.verification.references {
            if drawn?.contains(number) == false, let committed = logged.reference(number)?.model {
                let path = Files.join(paths.run(logged.runID.text), "references/\(number)")
                let model = try loadModel(path, role: "reference", expecting: committed, shapedAs: base)
                let seed = seeds.trainingSeeds(for: "reference/\(number)", runID: logged.runID).order
                comparison.take(ReferenceModel(model: committed, seed: seed), number: number)
                models.append(model.parameters)
            } else {
                let (model, reference) = try trainReference(
                    number, on: kept, base: base, data: data, seeds: seeds, runID: logged.runID,
                    to: Files.join(folder, "references/\(number)"), session: session
                ) { progress(ServiceProgress($0)) }
                comparison.compare(reference, number: number)
                models.append(model.parameters)
            }
        }
        comparison.compareReferences(Trajectory(session), isSample: drawn != nil)
        return models
    }

    /// Loads a model that the log commits to, whoever made it: of another shape it would be read beyond its bounds.
    private func loadModel(
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

    /// The original as it was trained: from the base model, on all training records, with its seeds in the log.
    private func trainedOriginal(
        _ base: StoredModel, data: PreparedData, seeds: TrainingSeeds, to folder: String, session: TrainingSession,
        progress: (ServiceProgress) -> Void
    ) throws -> StoredModel {
        let model = try ModelTraining.fineTuned(
            base: base.parameters, on: data.split.training, data: data, policy: policy, seeds: seeds,
            pool: pool, stage: "original model", showsValidation: false, session: session
        ) { progress(ServiceProgress($0)) }
        let path = Files.join(folder, "original")
        try HuggingFaceFolder.saveModel(model.parameters, tokenizer: base.tokenizer, to: path)
        return StoredModel(
            parameters: model.parameters, tokenizer: base.tokenizer, digest: try ModelDigest(folder: path))
    }

    /// The program that the run's certificates name; nil where there are none.
    private func certifiedProgram(of run: RunID) throws -> Digest? {
        guard let record = try store.run(run), let certificate = try certificates(of: record).first else { return nil }
        return try UnlearningCertificate(Statement(parsingUnverified: certificate.envelope.payload)).unlearning.code
    }

    /// The settings of the method that the log names, whose parameters must be those in the log.
    func method(of inputs: RunInputs) throws -> Policy.Method {
        let name = inputs.method.split(separator: ":").dropLast().last.map(String.init) ?? ""
        let settings = Policy.MethodName(rawValue: name).flatMap { policy.method(named: $0) }
        guard let settings, "urn:lethe:method:\(name):v1" == inputs.method,
            settings.parametersDigest == inputs.parameters
        else {
            throw ServiceError.methodChanged(
                file: paths.policy, method: inputs.method, expected: inputs.parameters.hex,
                found: settings?.parametersDigest.hex ?? "no such method")
        }
        return settings
    }

    /// No checkpoint of a shard is read: all of it is trained. Who is in which shard is decided by a key, except where records are
    /// grouped by what they are about.
    func shardsToRead(_ settings: Policy.Method) throws -> ShardKeeping {
        guard settings.name != .receraser else {
            return ShardKeeping(key: [], code: try environment.program().hex, checkpoints: MemoryCheckpoints())
        }
        return try shardKeeping(MemoryCheckpoints())
    }

    /// The training records, divided as the run divided them.
    private func removed(by run: LoggedRun, listed file: String?, data: PreparedData) throws -> DividedRecords {
        let users = try file.map { try listedUsers($0) } ?? usersInVault(of: run.runID)
        let records = DividedRecords(data.split.training, forgetting: users)
        guard records.rootBefore == run.inputs.datasetBefore else {
            throw ServiceError.dataChanged(
                folder: profile.folder, expected: run.inputs.datasetBefore.hex, found: records.rootBefore.hex)
        }
        guard records.rootAfter == run.inputs.datasetAfter else {
            throw ServiceError.subjectsRefused(
                file: file ?? paths.database,
                problem: "not the people whose records run \(run.runID) removed: they have "
                    + "\(records.forgotten.count) records, expected \(run.inputs.recordsRemoved); the rest has the root "
                    + "\(records.rootAfter), expected \(run.inputs.datasetAfter)")
        }
        return records
    }

    private func listedUsers(_ file: String) throws -> Set<Int> {
        let reader = try LineReader(path: file, maximumLineLength: 1 << 12)
        var users: Set<Int> = []
        while let line = try reader.next() {
            guard !line.isEmpty else { continue }
            guard let text = String(validating: line, as: UTF8.self),
                let identity = SubjectIdentity(type: "user-id", value: text), let user = try? trainingUser(identity)
            else {
                throw ServiceError.subjectsRefused(
                    file: file,
                    problem: "line \(reader.lineNumber): nobody in the data has this name and training records")
            }
            users.insert(user)
        }
        return users
    }

    private func usersInVault(of run: RunID) throws -> Set<Int> {
        func unknown(_ reason: String) -> ServiceError { .subjectsUnknown(run: run.text, reason: reason) }
        guard Files.exists(paths.vaultKey) else { throw unknown("\(paths.vaultKey) is not there") }
        guard let dossier = try? RunDossier.read(from: paths.run(run.text)) else {
            throw unknown("\(paths.run(run.text)) does not say which requests it answered")
        }
        return Set(
            try dossier.requests.compactMap { id in
                do { return try subjectUser(request(id)) } catch StoreError.vaultMissing {
                    throw unknown("the key of request \(id)'s personal data was destroyed")
                }
            })
    }
}
