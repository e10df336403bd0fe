import LetheBytes
import LetheCertificates
public import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheTransformer
import LetheUnlearning

extension Workspace {
    /// Runs the policy's method, the next one of its ladder where it has one, or another that the policy has settings for, over every
    /// request that waits, up to the candidate in the log.
    ///
    /// The inputs are in the log before the seeds exist, the candidate is in it before any reference model's seed does.
    /// Interrupted, in whatever way, the next call goes on with the same run: its requests, its seeds in the log, and the last states
    /// of its trainings. Requests that came meanwhile wait for the run after.
    /// - Parameters:
    ///   - name: such as `neggrad`; nil for the policy's choice.
    ///   - actor: the key of who decides, where the policy has roles.
    /// - Throws: `ServiceError.notPermitted`, `.methodNotInPolicy`, `.nothingDue`, `.modelMissing`, `.modelChanged`, `.dataChanged`, `.busy`; `TrainingStopped`
    ///   where the environment asks to stop. What was logged stays logged: a run that cannot finish is logged as abandoned.
    @discardableResult
    public func unlearn(
        method name: String? = nil, as actor: SigningKey? = nil, progress: (ServiceProgress) -> Void
    ) throws -> RunDossier {
        try holdingRuns {
            let step = name == nil ? try ladderStep() : nil
            return try unlearn(
                by: policyMethod(name ?? step?.method.rawValue), at: step, as: actor, progress: progress)
        }
    }

    /// The policy's settings of a method.
    private func policyMethod(_ name: String?) throws -> Policy.Method {
        guard let name else { return policy.method }
        guard let method = Policy.MethodName(rawValue: name).flatMap({ policy.method(named: $0) }) else {
            let known = Set([policy.method.name, .retrain] + policy.methods.map(\.name)).map(\.rawValue).sorted()
            throw ServiceError.methodNotInPolicy(found: name, known: known)
        }
        return method
    }

    /// What methods need that train shards: a key that stays, and a place for checkpoints.
    private func shardKeeping() throws -> ShardKeeping {
        if !Files.exists(paths.shardKey) {
            let key = Hex.encode(secureRandomBytes(32)) + "\n"
            try Files.write(Array(key.utf8), to: paths.shardKey, permissions: 0o600)
        }
        return try shardKeeping(CheckpointFolder(path: paths.checkpoints))
    }

    /// Runs a method over every request that waits, or goes on with the run that was interrupted.
    func unlearn(
        by settings: Policy.Method, at step: LadderStep? = nil, as actor: SigningKey? = nil,
        progress: (ServiceProgress) -> Void
    ) throws -> RunDossier {
        _ = try authority(.run, of: actor)
        try sweepTrainings()
        try sweepTombstones()
        let due = try store.requests(in: RequestState.inProgress.name, limit: policy.batching.maximumRequests)
        guard !due.isEmpty else { throw ServiceError.nothingDue }
        let base = try model(.base)
        let original = try model(.original)
        let data = try prepared(original)
        let method = try policy.unlearningMethod(settings, shards: shardKeeping)
        func inputs(_ removal: Removal) -> RunInputs {
            RunInputs(
                datasetBefore: removal.records.rootBefore, datasetAfter: removal.records.rootAfter,
                recordsRemoved: UInt64(removal.records.forgotten.count), recordsCommitment: removal.commitment,
                baseModel: base.digest.digest, originalModel: original.digest.digest,
                method: "urn:lethe:method:\(method.name):v1", parameters: settings.parametersDigest,
                policy: policy.digest)
        }
        let run: OpenRun
        if let interrupted = try interruptedRun(inputs, due: due, data: data, progress: progress) {
            progress(.notice("continues run \(interrupted.dossier.runID)"))
            run = interrupted
        } else {
            let removal = try Removal(requests: due, data: data, vault: openVault)
            guard !removal.records.forgotten.isEmpty else { throw ServiceError.nothingHeld(requests: due.count) }
            run = try beginRun(
                removal, inputs: inputs(removal), settings: settings, at: step, base: base, original: original,
                remembers: !method.isExact, actor: actor)
        }
        var dossier = run.dossier
        let (runID, removal) = (run.runID, run.removal)
        var curves = StageCurves()
        do {
            let seeds = try trainingSeeds(of: runID)
            dossier.seeds = .init(size: seeds.checkpointSize, root: seeds.rootHash.hex)
            var stages = StageClock(environment)
            let notices = Notices()
            let session = try run.kept.session(
                context: [
                    "run \(runID.text)", "seeds \(seeds.checkpointSize) \(seeds.rootHash.hex)",
                    "method \(method.name) \(settings.parametersDigest.hex)", "policy \(policy.digest.hex)",
                    "base \(base.digest.digest.hex)", "original \(original.digest.digest.hex)",
                    "records \(removal.records.rootAfter.hex) \(removal.commitment.hex)",
                ], environment: environment, traceInterval: Trajectory.interval, notice: notices.add)
            let task = try task(
                for: method, base: base, original: original, records: removal.records, data: data,
                seeds: seeds.trainingSeeds(for: "unlearn", runID: runID),
                originalSeeds: originalSeeds(registration(.original, of: original.digest.digest)?.event),
                session: session)
            let model = try method.unlearn(task) {
                for notice in notices.take() { progress(.notice(notice)) }
                stages.note($0); curves.note($0); progress(ServiceProgress($0))
            }
            dossier.steps = stages.finish()
            try commit(
                model, of: run, tokenizer: original.tokenizer, trajectory: Trajectory(session),
                remembers: !method.isExact, dossier: &dossier)
            try? curves.write(to: paths.run(runID.text))
            return dossier
        } catch {
            // What a stop or a failure of the machine left is gone on with by the next call; anything else would happen again.
            if error is TrainingStopped || (error as? any MachineFailureReporting)?.isMachineFailure == true {
                try? curves.write(to: paths.run(runID.text))
            } else {
                _ = try? abandon(runID, run.kept, remembers: !method.isExact)
            }
            throw error
        }
    }

    /// A run between its beginning and its candidate.
    private struct OpenRun {
        let runID: RunID
        let removal: Removal
        let dossier: RunDossier
        let kept: TrainingKeeping
    }

    /// Commits to the inputs, before any seed exists; the folder says which requests the run answers.
    private func beginRun(
        _ removal: Removal, inputs: RunInputs, settings: Policy.Method, at step: LadderStep?, base: StoredModel,
        original: StoredModel, remembers: Bool, actor: SigningKey?
    ) throws -> OpenRun {
        var generator = SecureGenerator()
        let runID = RunID.random(using: &generator)
        let kept = try keeping(runID, "unlearn")
        var dossier = RunDossier(
            runID: runID, method: settings, removal: removal, base: base.digest.digest,
            original: original.digest.digest, startedAt: environment.now())
        dossier.ladder = step.map { .init($0) }
        if remembers {
            dossier.residue = [
                .init(
                    kind: LetheRequests.Residue.Kind.trainingCheckpoint.rawValue, digest: "",
                    fate: "kept sealed in \(kept.folder) while the run trains")
            ]
        }
        try Files.createFolder(paths.run(runID.text))
        do {
            try dossier.write(to: paths.run(runID.text))
            try recordDecision(by: actor) {
                .run(
                    RunEvent(
                        runID: runID, at: environment.now(), step: .inputsCommitted(inputs),
                        extra: dossier.ladder.map { ["ladder": $0.json] } ?? [:]))
            }
        } catch {
            try? Files.remove(paths.run(runID.text))
            try? kept.destroy()
            throw error
        }
        return OpenRun(runID: runID, removal: removal, dossier: dossier, kept: kept)
    }

    func keeping(_ runID: RunID, _ purpose: String) throws -> TrainingKeeping {
        let name = "\(runID.text)-\(purpose)"
        return try TrainingKeeping(folder: paths.training(name), keyFile: paths.trainingKey(name))
    }

    /// The run that has no candidate yet and would have the very inputs that a new one would have; others are ended in the log.
    private func interruptedRun(
        _ inputs: (Removal) -> RunInputs, due: [RequestRecord], data: PreparedData,
        progress: (ServiceProgress) -> Void
    ) throws -> OpenRun? {
        var found: OpenRun?
        for record in try store.runs() where [.inputsCommitted, .seedsDrawn].contains(record.stage) {
            let kept = try keeping(record.runID, "unlearn")
            if found == nil, let dossier = try? RunDossier.read(from: paths.run(record.runID.text)) {
                let requests = dossier.requests.compactMap { id in due.first { $0.requestID.text == id } }
                if requests.count == dossier.requests.count, !requests.isEmpty {
                    let removal = try Removal(requests: requests, data: data, vault: openVault)
                    if case .inputsCommitted(let logged)? = try step("inputs-committed", of: record),
                        logged == inputs(removal)
                    {
                        found = OpenRun(runID: record.runID, removal: removal, dossier: dossier, kept: kept)
                        continue
                    }
                }
            }
            progress(.notice("run \(record.runID.text) was interrupted and has other inputs: it is abandoned"))
            try abandon(record.runID, kept, remembers: true)
        }
        return found
    }

    /// The seeds of a run's training: those in the log, or drawn now and logged.
    private func trainingSeeds(of runID: RunID) throws -> LetheRequests.SeedSource {
        if let run = try store.run(runID), case .seedsDrawn(let seeds)? = try step("seeds-drawn", of: run) {
            return seeds
        }
        let seeds = try seedSource()
        try record([.run(RunEvent(runID: runID, at: environment.now(), step: .seedsDrawn(seeds)))])
        return seeds
    }

    /// A step that a run has taken, out of its entry in the log; nil where it has not.
    func step(_ name: String, of run: LetheRequests.RunRecord) throws -> RunEvent.Step? {
        try runEvent(name, of: run)?.step
    }

    /// The event of a step that a run has taken, out of its entry in the log; nil where it has not.
    func runEvent(_ name: String, of run: LetheRequests.RunRecord) throws -> RunEvent? {
        guard let index = run.indexes[name] else { return nil }
        let statement = try Statement(parsingUnverified: DSSEEnvelope(parsing: try store.entry(index)).payload)
        guard case .run(let event) = try LedgerEvent(statement) else {
            throw ServiceError.workspaceDamaged(file: paths.database, problem: "entry \(index) is no step of a run")
        }
        return event
    }

    /// Ends a run without a candidate: its states are destroyed, then the log says both.
    func abandon(_ runID: RunID, _ kept: TrainingKeeping, remembers: Bool) throws {
        let states = try destroyed(kept, remembers: remembers)
        try Files.remove(paths.run(runID.text))
        try record(
            (states.map { .residue($0) } + [.abandoned]).map {
                .run(RunEvent(runID: runID, at: environment.now(), step: $0))
            })
    }

    /// Destroys a run's training states; what remembered the forgotten is named.
    private func destroyed(_ kept: TrainingKeeping, remembers: Bool) throws -> [LetheRequests.Residue] {
        let states = try remembers ? kept.states() : []
        try kept.destroy()
        return states.map { Residue(artifact: $0, kind: .trainingCheckpoint, fate: .destroyed) }
    }

    /// Saves the candidate, then logs it, the models that were read, the residue and the requests' new state together.
    private func commit(
        _ model: UnlearnedModel, of run: OpenRun, tokenizer: SentencePieceTokenizer, trajectory: Trajectory,
        remembers: Bool, dossier: inout RunDossier
    ) throws {
        let now = environment.now()
        let runID = run.runID
        let folder = paths.run(runID.text)
        let candidate = Files.join(folder, "candidate")
        try Files.remove(candidate)
        let digest = try model.model.save(tokenizer: tokenizer, to: candidate)
        dossier.candidateDigest = digest.hex
        dossier.trainableParameters = model.trainableParameters
        dossier.unlearnedAt = "\(now)"

        var events: [LedgerEvent] = model.modelsRead.map { role in
            let read = role == .augmented ? model.residueDigest(.augmentedModel) : Digest(logged: role, dossier)
            return .model(
                ModelEvent(.read, role: role.logged, digest: read ?? digest, runID: runID, at: now))
        }
        let trace = try trajectory.write(to: folder, as: Trajectory.candidateFile)
        events.append(
            .run(
                RunEvent(
                    runID: runID, at: now, step: .candidateCommitted(model: digest), extra: Trajectory.extra(trace))))
        dossier.residue = []
        let residues =
            model.residue.map { Residue(artifact: $0.digest, kind: $0.loggedKind, fate: .destroyed) }
            + (try destroyed(run.kept, remembers: remembers))
        for logged in residues {
            dossier.residue.append(
                .init(kind: logged.kind.rawValue, digest: logged.artifact.hex, fate: logged.fate.rawValue))
            events.append(.run(RunEvent(runID: runID, at: now, step: .residue(logged))))
        }
        // Not one that was withdrawn, refused or doubted while the run trained.
        for request in try run.removal.requests.filter({ try store.request($0.requestID)?.state == .inProgress }) {
            events.append(
                .request(
                    RequestEvent(
                        requestID: request.requestID, at: now, requestCommitment: request.requestCommitment,
                        kind: .changed(.unlearned(run: runID), clock: nil))))
        }
        try dossier.write(to: folder)
        try record(events)
    }

    /// The subject's user and key of a request, out of the vault; no user where the data have no training record of the subject any more.
    private func openVault(_ request: RequestRecord) throws -> (user: Int?, key: SubjectKey) {
        let (subject, key) = try openSubject(request)
        return (try knownUser(subject), key)
    }
}

/// The training records, divided by whether their subjects are to be forgotten; both parts in time order.
struct DividedRecords {
    /// Every training record of these users.
    let forgotten: [InteractionRecord]
    /// The other training records.
    let retained: [InteractionRecord]
    /// Root of the training records before.
    let rootBefore: Digest
    /// Root of the retained ones.
    let rootAfter: Digest

    init(_ training: [InteractionRecord], forgetting users: Set<Int>) {
        forgotten = training.filter { users.contains($0.userID) }
        retained = training.filter { !users.contains($0.userID) }
        rootBefore = recordsRoot(training)
        rootAfter = recordsRoot(retained)
    }
}

/// Which records a batch of requests removes, and the commitments to them.
struct Removal {
    /// The requests, in the order of receipt.
    let requests: [RequestRecord]
    /// How many records each removes: none of a person whom the data do not have any more.
    let counts: [Int]
    /// For each request, the root over its records' keyed hashes.
    let commitments: [Digest]
    /// Theirs and the others'.
    let records: DividedRecords

    /// One digest over all requests' commitments.
    var commitment: Digest { MerkleTree.rootHash(of: commitments) }

    init(
        requests: [RequestRecord], data: PreparedData, vault: (RequestRecord) throws -> (user: Int?, key: SubjectKey)
    ) throws {
        var users: Set<Int> = []
        var counts: [Int] = []
        var commitments: [Digest] = []
        let byUser = Dictionary(grouping: data.split.training, by: \.userID)
        for request in requests {
            let (user, key) = try vault(request)
            if let user { users.insert(user) }
            let records = user.flatMap { byUser[$0] } ?? []
            counts.append(records.count)
            // Keyed, so that destroying the subject's key leaves nothing to guess against.
            commitments.append(
                MerkleTree.rootHash(
                    of: records.map {
                        MerkleTree.leafHash(hmacSHA256(key: key.bytes, message: $0.canonicalBytes).bytes)
                    }))
        }
        self.requests = requests
        self.counts = counts
        self.commitments = commitments
        records = DividedRecords(data.split.training, forgetting: users)
    }
}

extension ModelEvent {
    /// Where the seeds of a registered model's training came from, and what they were drawn for; nil where the entry does not say.
    var trainingSeeds: (source: LetheRequests.SeedSource, training: RunID)? {
        guard let size = extra["seedCheckpointSize"]?.stringValue.flatMap(UInt64.init),
            let root = extra["seedCheckpointRoot"]?.stringValue.flatMap({ try? Digest(hex: $0) }),
            let training = extra["training"]?.stringValue.flatMap(RunID.init)
        else { return nil }
        return (LetheRequests.SeedSource(checkpointSize: size, rootHash: root), training)
    }
}

extension RecommenderModel {
    /// Writes the model as a new folder, and returns the folder's digest.
    func save(tokenizer: SentencePieceTokenizer, to folder: String) throws -> Digest {
        switch self {
        case .single(let parameters): try HuggingFaceFolder.saveModel(parameters, tokenizer: tokenizer, to: folder)
        case .ensemble(let ensemble): try EnsembleFolder.save(ensemble, tokenizer: tokenizer, to: folder)
        }
        return try ModelDigest(folder: folder).digest
    }
}

extension RunDossier {
    /// The dossier of a run that begins.
    init(
        runID: RunID, method: Policy.Method, removal: Removal, base: Digest, original: Digest,
        startedAt: Timestamp
    ) {
        self.init(
            runID: runID.text, method: method.name.rawValue, parameters: method.parameters,
            requests: removal.requests.map(\.requestID.text), recordsRemoved: removal.counts,
            recordsBefore: removal.records.forgotten.count + removal.records.retained.count,
            datasetBefore: removal.records.rootBefore.hex, datasetAfter: removal.records.rootAfter.hex,
            recordsCommitments: removal.commitments.map(\.hex),
            baseDigest: base.hex, originalDigest: original.hex, references: [], residue: [], steps: [],
            startedAt: "\(startedAt)")
    }
}

extension RecordOrigin {
    /// Whom and what a record is about.
    init(_ record: InteractionRecord) { self.init(user: record.userID, item: record.itemID) }
}

extension LetheUnlearning.Residue {
    /// SHA-256 of the values as little-endian floats.
    var digest: Digest {
        let hasher = SHA256Hasher()
        for start in stride(from: 0, to: values.count, by: 1 << 16) {
            var bytes: [UInt8] = []
            for value in values[start..<min(start + 1 << 16, values.count)] {
                let bits = value.bitPattern
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
            }
            hasher.update(bytes)
        }
        return hasher.finalize()
    }

    /// The kind as the log writes it.
    var loggedKind: LetheRequests.Residue.Kind {
        switch kind {
        case .augmentedModel: .augmentedModel
        case .teacherOutputs: .teacherOutputs
        case .adapter: .adapter
        case .optimizerState: .optimizerState
        case .trainingCheckpoint: .trainingCheckpoint
        }
    }
}

extension UnlearnedModel {
    fileprivate func residueDigest(_ kind: LetheUnlearning.Residue.Kind) -> Digest? {
        residue.first { $0.kind == kind }?.digest
    }
}

extension LetheUnlearning.ModelRole {
    /// The role as the log writes it.
    fileprivate var logged: LetheRequests.ModelRole {
        switch self {
        case .base: .base
        case .original: .original
        case .augmented: .augmented
        }
    }
}

extension Digest {
    /// The digest of a model that the run was given.
    fileprivate init?(logged role: LetheUnlearning.ModelRole, _ dossier: RunDossier) {
        let text =
            switch role {
            case .base: dossier.baseDigest
            case .original: dossier.originalDigest
            case .augmented: ""
            }
        guard let digest = try? Digest(hex: text) else { return nil }
        self = digest
    }
}
