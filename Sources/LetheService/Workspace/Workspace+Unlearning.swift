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
    /// Runs the policy's method over every request that waits, up to the candidate in the log.
    ///
    /// The inputs are in the log before the seeds exist, the candidate is in it before any reference model's seed does.
    /// - Throws: `ServiceError.nothingDue`, `.modelMissing`, `.modelChanged`, `.dataChanged`. What was logged stays logged: a
    ///   run that cannot finish is logged as abandoned.
    @discardableResult
    public func unlearn(progress: (ServiceProgress) -> Void) throws -> RunDossier {
        try unlearn(by: policy.unlearningMethod, progress: progress)
    }

    /// Runs `method` over every request that waits.
    func unlearn(by method: any UnlearningMethod, progress: (ServiceProgress) -> Void) throws -> RunDossier {
        let due = try store.requests(in: RequestState.inProgress.name).prefix(policy.batching.maximumRequests)
        guard !due.isEmpty else { throw ServiceError.nothingDue }
        let base = try model(.base)
        let original = try model(.original)
        let data = try prepared(original)
        let removal = try Removal(requests: Array(due), data: data, vault: openVault)
        var generator = SecureGenerator()
        let runID = RunID.random(using: &generator)

        var dossier = RunDossier(
            runID: runID, method: method.name, policy: policy, removal: removal, base: base.digest.digest,
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
                            method: "urn:lethe:method:\(method.name):v1", parameters: policy.methodDigest,
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
                validation: [], seeds: seeds.trainingSeeds(for: "unlearn", runID: runID), pool: pool)
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
        try HuggingFaceFolder.saveModel(model.parameters, tokenizer: tokenizer, to: candidate)
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
        runID: RunID, method: String, policy: Policy, removal: Removal, base: Digest, original: Digest,
        startedAt: Timestamp
    ) {
        self.init(
            runID: runID.text, method: method, parameters: policy.methodParameters,
            requests: removal.requests.map(\.requestID.text), recordsRemoved: removal.counts,
            recordsBefore: removal.forgotten.count + removal.retained.count, datasetBefore: removal.rootBefore.hex,
            datasetAfter: removal.rootAfter.hex, recordsCommitments: removal.commitments.map(\.hex),
            baseDigest: base.hex, originalDigest: original.hex, references: [], residue: [], steps: [],
            startedAt: "\(startedAt)")
    }
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
