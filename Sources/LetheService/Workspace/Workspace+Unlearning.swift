import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheTransformer
import LetheUnlearning

extension Workspace {
    /// Runs the policy's method, or another that the policy has settings for, over every request that waits, up to the candidate
    /// in the log.
    ///
    /// The inputs are in the log before the seeds exist, the candidate is in it before any reference model's seed does.
    /// - Parameter name: such as `neggrad`; nil for the policy's own.
    /// - Throws: `ServiceError.methodNotInPolicy`, `.nothingDue`, `.modelMissing`, `.modelChanged`, `.dataChanged`. What was logged stays logged: a
    ///   run that cannot finish is logged as abandoned.
    @discardableResult
    public func unlearn(method name: String? = nil, progress: (ServiceProgress) -> Void) throws -> RunDossier {
        try unlearn(by: policyMethod(name), progress: progress)
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
        let text = String(decoding: try Files.readPrivate(paths.shardKey, limit: 1_024).dropLast(), as: UTF8.self)
        guard let key = try? Hex.decode(text), key.count == 32 else {
            throw ServiceError.workspaceDamaged(
                file: paths.shardKey, problem: "expected 64 hexadecimal digits and a newline")
        }
        return ShardKeeping(
            key: key, code: try environment.program().hex, checkpoints: CheckpointFolder(path: paths.checkpoints))
    }

    /// Runs a method over every request that waits.
    func unlearn(by settings: Policy.Method, progress: (ServiceProgress) -> Void) throws -> RunDossier {
        let due = try store.requests(in: RequestState.inProgress.name).prefix(policy.batching.maximumRequests)
        guard !due.isEmpty else { throw ServiceError.nothingDue }
        let base = try model(.base)
        let original = try model(.original)
        let data = try prepared(original)
        let method = try policy.unlearningMethod(settings, shards: shardKeeping)
        let removal = try Removal(requests: Array(due), data: data, vault: openVault)
        var generator = SecureGenerator()
        let runID = RunID.random(using: &generator)

        var dossier = RunDossier(
            runID: runID, method: settings, removal: removal, base: base.digest.digest,
            original: original.digest.digest, startedAt: environment.now())
        try record([
            .run(
                RunEvent(
                    runID: runID, at: environment.now(),
                    step: .inputsCommitted(
                        RunInputs(
                            datasetBefore: removal.rootBefore, datasetAfter: removal.rootAfter,
                            recordsRemoved: UInt64(removal.forgotten.count), recordsCommitment: removal.commitment,
                            baseModel: base.digest.digest, originalModel: original.digest.digest,
                            method: "urn:lethe:method:\(method.name):v1", parameters: settings.parametersDigest,
                            policy: policy.digest))))
        ])
        do {
            let seeds = try seedSource()
            dossier.seeds = .init(size: seeds.checkpointSize, root: seeds.rootHash.hex)
            try record([.run(RunEvent(runID: runID, at: environment.now(), step: .seedsDrawn(seeds)))])

            var stages = StageClock(environment)
            var curves = StageCurves()
            let task = UnlearningTask(
                base: base.parameters, original: original.parameters,
                forgotten: try data.examples(removal.forgotten), retained: try data.examples(removal.retained),
                validation: method.reads.contains(.validation) ? try validation(data, removal) : [],
                seeds: seeds.trainingSeeds(for: "unlearn", runID: runID), originalSeeds: try originalSeeds(),
                forgottenOrigins: removal.forgotten.map(RecordOrigin.init),
                retainedOrigins: removal.retained.map(RecordOrigin.init),
                answers: AnswerTokens(yes: data.decision.yes, no: data.decision.no), pool: pool)
            let model = try method.unlearn(task) {
                stages.note($0); curves.note($0); progress(ServiceProgress($0))
            }
            dossier.steps = stages.finish()
            try commit(model, of: runID, tokenizer: original.tokenizer, requests: Array(due), dossier: &dossier)
            try? curves.write(to: paths.run(runID.text))
            return dossier
        } catch {
            _ = try? record([.run(RunEvent(runID: runID, at: environment.now(), step: .abandoned))])
            try? Files.remove(paths.run(runID.text))
            throw error
        }
    }

    /// Saves the candidate, then logs it, the models that were read, the residue and the requests' new state together.
    private func commit(
        _ model: UnlearnedModel, of runID: RunID, tokenizer: SentencePieceTokenizer, requests: [RequestRecord],
        dossier: inout RunDossier
    ) throws {
        let now = environment.now()
        let folder = paths.run(runID.text)
        try Files.createFolder(folder)
        let candidate = Files.join(folder, "candidate")
        switch model.model {
        case .single(let parameters): try HuggingFaceFolder.saveModel(parameters, tokenizer: tokenizer, to: candidate)
        case .ensemble(let ensemble): try EnsembleFolder.save(ensemble, tokenizer: tokenizer, to: candidate)
        }
        let digest = try ModelDigest(folder: candidate).digest
        dossier.candidateDigest = digest.hex
        dossier.trainableParameters = model.trainableParameters
        dossier.unlearnedAt = "\(now)"

        var events: [LedgerEvent] = model.modelsRead.map { role in
            let read = role == .augmented ? model.residueDigest(.augmentedModel) : Digest(logged: role, dossier)
            return .model(
                ModelEvent(.read, role: role.logged, digest: read ?? digest, runID: runID, at: now))
        }
        events.append(.run(RunEvent(runID: runID, at: now, step: .candidateCommitted(model: digest))))
        for residue in model.residue {
            let logged = Residue(artifact: residue.digest, kind: residue.loggedKind, fate: .destroyed)
            dossier.residue.append(
                .init(kind: logged.kind.rawValue, digest: logged.artifact.hex, fate: logged.fate.rawValue))
            events.append(.run(RunEvent(runID: runID, at: now, step: .residue(logged))))
        }
        for request in requests {
            events.append(
                .request(
                    RequestEvent(
                        requestID: request.requestID, at: now, requestCommitment: request.requestCommitment,
                        kind: .changed(.unlearned(run: runID), clock: nil))))
        }
        try dossier.write(to: folder)
        try record(events)
    }

    /// What early stopping may watch: nothing of a person who asked to be forgotten.
    private func validation(_ data: PreparedData, _ removal: Removal) throws -> [Example] {
        guard policy.training.earlyStoppingPatience != nil else { return [] }
        let forgotten = Set(removal.forgotten.map(\.userID))
        return try data.examples(data.watchedValidation.filter { !forgotten.contains($0.userID) })
    }

    /// The seeds of the original's training, out of the log's entry on it.
    private func originalSeeds() throws -> TrainingSeeds {
        guard let extra = try registration(.original)?.extra, let size = extra["seedCheckpointSize"]?.stringValue,
            let size = UInt64(size), let root = extra["seedCheckpointRoot"]?.stringValue,
            let root = try? Digest(hex: root), let run = extra["training"]?.stringValue, let run = RunID(run)
        else {
            throw ServiceError.workspaceDamaged(
                file: paths.database, problem: "the entry on the original model does not say its seeds")
        }
        return SeedSource(checkpointSize: size, rootHash: root).trainingSeeds(for: "original", runID: run)
    }

    /// The subject's user and key of a request, out of the vault.
    private func openVault(_ request: RequestRecord) throws -> (user: Int, key: SubjectKey) {
        let item = try store.openVault(request.requestID, masterKey: masterKey)
        return (try trainingUser(item.identity), item.key)
    }
}

/// Which records a batch of requests removes, and the commitments to them.
struct Removal {
    /// The requests, in the order of receipt.
    let requests: [RequestRecord]
    /// How many records each removes.
    let counts: [Int]
    /// For each request, the root over its records' keyed hashes.
    let commitments: [Digest]
    /// Every training record of the subjects, in time order.
    let forgotten: [InteractionRecord]
    /// The other training records, in time order.
    let retained: [InteractionRecord]
    /// Root of the training records before and after.
    let rootBefore: Digest
    let rootAfter: Digest

    /// One digest over all requests' commitments.
    var commitment: Digest { MerkleTree.rootHash(of: commitments) }

    init(
        requests: [RequestRecord], data: PreparedData, vault: (RequestRecord) throws -> (user: Int, key: SubjectKey)
    ) throws {
        var users: Set<Int> = []
        var counts: [Int] = []
        var commitments: [Digest] = []
        for request in requests {
            let (user, key) = try vault(request)
            users.insert(user)
            let records = data.split.training.filter { $0.userID == user }
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
        forgotten = data.split.training.filter { users.contains($0.userID) }
        retained = data.split.training.filter { !users.contains($0.userID) }
        rootBefore = recordsRoot(data.split.training)
        rootAfter = recordsRoot(retained)
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
            recordsBefore: removal.forgotten.count + removal.retained.count, datasetBefore: removal.rootBefore.hex,
            datasetAfter: removal.rootAfter.hex, recordsCommitments: removal.commitments.map(\.hex),
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
