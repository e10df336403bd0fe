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
import LetheVerification

extension Workspace {
    /// Retrains reference models without the forgotten records, compares, and judges the run by the policy; a run of an exact method of the
    /// policy's ladder is repeated instead.
    ///
    /// The references' seeds come from a checkpoint published after the candidate was logged. The verifier signs what was
    /// measured; the run's verdict names its statement. A verification that broke off goes on with the seeds in the log, and with
    /// the references that are finished and the last state of the one that is not.
    /// - Throws: `ServiceError.unknownRun`, `.runNotReady`, `.busy`, the errors of loading models; `TrainingStopped` where the
    ///   environment asks to stop.
    public func verify(_ id: String, progress: (ServiceProgress) -> Void) throws -> Measurements {
        try holdingRuns { try verifyHeld(id, progress: progress) }
    }

    private func verifyHeld(_ id: String, progress: (ServiceProgress) -> Void) throws -> Measurements {
        try sweepTrainings()
        let (runID, record) = try run(id, at: .candidateCommitted, .referenceSeedsDrawn, .referencesCommitted)
        let folder = paths.run(id)
        var dossier = try RunDossier.read(from: folder)
        let base = try model(.base)
        let original = try model(.original)
        guard let candidateDigest = record.candidate else {
            throw ServiceError.runNotReady(id: id, found: record.stage.rawValue, expected: "candidate-committed")
        }
        let candidate = try loadCandidate(Files.join(folder, "candidate"), expecting: candidateDigest)
        let data = try prepared(original)
        let requests = try dossier.requests.map { try request($0) }
        let records = DividedRecords(data.split.training, forgetting: Set(try requests.compactMap(subjectUser)))
        guard records.rootAfter.hex == dossier.datasetAfter else {
            throw ServiceError.dataChanged(
                folder: profile.folder, expected: dossier.datasetAfter, found: records.rootAfter.hex)
        }

        let name = "\(id)-verify"
        let kept = try TrainingKeeping(folder: paths.training(name), keyFile: paths.trainingKey(name))
        var stages = StageClock(environment)
        var curves = StageCurves()
        // Curves are written however this ends.
        defer { try? curves.write(to: folder) }
        let notices = Notices()
        func session(_ context: [String]) throws -> TrainingSession {
            try kept.session(
                context: context + [
                    "base \(base.digest.digest.hex)", "records \(dossier.datasetAfter)", "policy \(policy.digest.hex)",
                ], environment: environment, traceInterval: Trajectory.interval, notice: notices.add)
        }
        func note(_ event: Progress) {
            for notice in notices.take() { progress(.notice(notice)) }
            stages.note(event)
            curves.note(event)
            progress(ServiceProgress(event))
        }
        let judgement: (judgement: Judgement, measurements: Measurements)
        if let (logged, settings) = try repeatableRun(record) {
            judgement = try repeated(
                logged, by: settings, base: base, original: original, records: records, data: data,
                in: Files.join(folder, "repetition"),
                session: session(["re-execution of run \(id)", "candidate \(candidateDigest.hex)"]), progress: note)
        } else {
            let seeds = try referenceSeeds(record)
            dossier.referenceSeeds = .init(size: seeds.checkpointSize, root: seeds.rootHash.hex)
            let session = try session(
                ["verification of run \(id)", "seeds \(seeds.checkpointSize) \(seeds.rootHash.hex)"])
            let models = try retrain(
                on: records.retained, base: base, data: data, seeds: seeds, run: record, folder: folder,
                session: session, dossier: &dossier, progress: note)
            judgement = try judge(
                AuditedModels(
                    original: original.parameters, candidate: candidate.model, references: models.references,
                    pool: pool, session: session),
                originals: models.originals, removed: records.forgotten, data: data,
                bootstrapSeed: seeds.seed(for: "bootstrap", runID: runID), progress: note)
        }
        dossier.steps += stages.finish()
        let files =
            judgement.judgement.verdict.isPass
            ? try writePipelineFiles(
                runID, requests: try dossier.requests.map { try request($0) }, records: records, dataset: data.dataset)
            : nil
        try conclude(
            judgement.measurements, judgement.judgement, model: candidate.digest, runID: runID, files: files,
            dossier: &dossier)
        try kept.destroy()
        try accountForOriginals(of: runID)
        return judgement.measurements
    }

    /// The newest run that has a candidate and no verdict, where no request waits for another run: what `lethe run` goes on with.
    public func interruptedVerification() throws -> String? {
        guard try store.count(in: RequestState.inProgress.name) == 0 else { return nil }
        let open: [RunStage] = [.candidateCommitted, .referenceSeedsDrawn, .referencesCommitted]
        return try store.runs().last { open.contains($0.stage) }?.runID.text
    }

    /// What a run has measured, checked against the log.
    /// - Throws: `ServiceError.unknownRun`, `.runNotReady`, `.workspaceDamaged`.
    public func measurements(_ id: String) throws -> Measurements {
        let (_, record) = try run(id, at: .verified)
        guard let digest = record.artifacts["measurements"]?.first else {
            throw ServiceError.runNotReady(id: id, found: record.stage.rawValue, expected: "verified")
        }
        return try Measurements.read(from: paths.run(id), expecting: digest)
    }

    /// A run that has come to one of `stages`.
    func run(_ id: String, at stages: RunStage...) throws -> (RunID, LetheRequests.RunRecord) {
        guard let runID = RunID(id), let record = try store.run(runID) else { throw ServiceError.unknownRun(id: id) }
        guard stages.contains(record.stage) else {
            throw ServiceError.runNotReady(
                id: id, found: record.stage.rawValue, expected: stages.map(\.rawValue).joined(separator: " or "))
        }
        return (runID, record)
    }

    /// The references' seeds: drawn now and logged, or those in the log where they were drawn before.
    private func referenceSeeds(_ run: LetheRequests.RunRecord) throws -> LetheRequests.SeedSource {
        if case .referenceSeedsDrawn(let seeds)? = try step("reference-seeds-drawn", of: run) { return seeds }
        let seeds = try seedSource()
        try record([.run(RunEvent(runID: run.runID, at: environment.now(), step: .referenceSeedsDrawn(seeds)))])
        return seeds
    }

    /// The user whom a request is about; nil where the data have no training record of its subject any more.
    func subjectUser(_ request: RequestRecord) throws -> Int? {
        try knownUser(openSubject(request).subject)
    }

    private func retrain(
        on kept: [InteractionRecord], base: StoredModel, data: PreparedData, seeds: LetheRequests.SeedSource,
        run: LetheRequests.RunRecord, folder: String, session: TrainingSession,
        dossier: inout RunDossier, progress: ProgressHandler
    ) throws -> RetrainedModels {
        var models: [T5Parameters] = []
        var logged: [ReferenceModel] = []
        let references = Files.join(folder, "references")
        // Finished references are among the session's states; their folders are written again, from the same bits.
        try Files.remove(references)
        try Files.createFolder(references)
        dossier.references = []
        for number in 1...policy.verification.references {
            let (model, reference) = try trainReference(
                number, on: kept, base: base, data: data, seeds: seeds, runID: run.runID,
                to: Files.join(references, "\(number)"), session: session, progress: progress)
            dossier.references.append(
                .init(
                    digest: reference.model.hex, seed: reference.seed,
                    losses: model.epochs.map { $0.validationLoss ?? $0.trainingLoss }))
            logged.append(reference)
            models.append(model.parameters)
        }
        let originals = try trainMembershipOriginals(
            base: base, data: data, seeds: seeds, runID: run.runID, session: session, progress: progress)
        dossier.take(originals.map(\.logged))
        try session.flush()
        if let committed = run.artifacts["references"] {
            let others = try runEvent("references-committed", of: run)?.membershipOriginals()
            guard committed == logged.map(\.model), others == originals.map(\.logged) else {
                throw ServiceError.workspaceDamaged(
                    file: references, problem: "trained again, the models are not those in the log")
            }
        } else {
            let trace = try Trajectory(session).write(to: folder, as: Trajectory.referencesFile)
            let extra = RunEvent.extra(membershipOriginals: originals.map(\.logged))
            try record(
                [
                    .run(
                        RunEvent(
                            runID: run.runID, at: environment.now(), step: .referencesCommitted(logged),
                            extra: Trajectory.extra(trace).merging(extra) { $1 }))
                ] + sealedResidue(originals.map(\.logged), of: run.runID))
        }
        return RetrainedModels(references: models, originals: originals.map(\.model))
    }

    /// Writes the measurements, has the verifier sign them, and logs statement and verdict together.
    private func conclude(
        _ measured: Measurements, _ judgement: Judgement, model: ModelDigest, runID: RunID, files: PipelineFiles?,
        dossier: inout RunDossier
    ) throws {
        let now = environment.now()
        let folder = paths.run(runID.text)
        let digest = try measured.write(to: folder)
        let test = TestResult(
            modelName: Self.modelName(runID), model: model.digest, runID: runID.text, policy: policy.digest,
            test: ForgettingTest(
                judgement,
                references: try dossier.references.map {
                    ReferenceModel(model: try Digest(hex: $0.digest), seed: $0.seed)
                },
                originals: try (dossier.membershipOriginals ?? []).map {
                    ReferenceModel(model: try Digest(hex: $0.digest), seed: $0.seed)
                },
                seeds: try dossier.referenceSeeds.map {
                    LetheRequests.SeedSource(checkpointSize: $0.size, rootHash: try Digest(hex: $0.root))
                }))
        let statement = try test.signed(by: keys.verifier)
        try Files.write(statement.canonicalBytes, to: Files.join(folder, "test-result.dsse.json"))

        let entry = try store.size()
        guard let verdict = RunVerdict(rawValue: measured.verdict) else {
            throw ServiceError.workspaceDamaged(file: folder, problem: "unknown verdict \(measured.verdict)")
        }
        var events: [LedgerEvent] = [
            .run(
                RunEvent(
                    runID: runID, at: now,
                    step: .verified(RunJudgement(verdict: verdict, measurements: digest, testResultEntry: entry)),
                    extra: files.map { ["retainedManifest": .string($0.manifest.hex)] } ?? [:]))
        ]
        if let list = files?.tombstones {
            let residue = Residue(artifact: list, kind: .forgottenRecords, fate: .sealed)
            events.append(.run(RunEvent(runID: runID, at: now, step: .residue(residue))))
            // A verification that broke off has made another list.
            dossier.residue.removeAll { $0.kind == residue.kind.rawValue }
            dossier.residue.append(
                .init(
                    kind: residue.kind.rawValue, digest: list.hex,
                    fate:
                        "sealed for the data pipeline, until \(policy.retention.tombstoneDays ?? 0) days after the verdict"
                ))
        }
        if !judgement.verdict.isPass {
            for request in try requestsInVerification(by: runID, of: dossier) {
                events.append(
                    .request(
                        RequestEvent(
                            requestID: request.requestID, at: now, requestCommitment: request.requestCommitment,
                            kind: .changed(.verificationFailed, clock: nil))))
            }
        }
        dossier.verifiedAt = "\(now)"
        dossier.testResultEntry = entry
        try dossier.write(to: folder)
        let controller = try keys.controller
        try store.append(
            entries: [statement.canonicalBytes] + events.map { try $0.sign(with: [controller]) }, expectedSize: entry,
            signer: keys.noteSigner(origin: origin))
    }

    /// The requests that the run answers, but for those that ended or were blocked while it was verified; those that wait for nothing but
    /// a recipient are among them.
    func requestsInVerification(by runID: RunID, of dossier: RunDossier) throws -> [RequestRecord] {
        try dossier.requests.map { try request($0) }.filter {
            try $0.runID == runID && ($0.state == .verifying || isWaitingForRecipients($0))
        }
    }

    /// What the model of a run is called.
    static func modelName(_ runID: RunID) -> String { "recommender@\(runID.text)" }
}

extension Policy.Verification.Thresholds {
    /// The thresholds in the judge's own terms.
    func judging(required: [LetheRequests.Gate]) -> Thresholds {
        var thresholds = Thresholds()
        thresholds.residualMargin = rrmMargin
        thresholds.shapeMargin = jgMargin
        if let membershipMargin { thresholds.membershipMargin = membershipMargin }
        thresholds.userMembershipMargin = userMembershipMargin
        thresholds.areaLoss = aucMargin
        thresholds.logLossRise = logLossMargin
        thresholds.bootstrapReplicates = bootstrapReplicates
        thresholds.requiredGates = Set(
            [.provenance] + required.compactMap { LetheVerification.Gate(rawValue: $0.rawValue) })
        return thresholds
    }
}

extension ForgettingTest {
    /// A judgement in the form that is signed: exact decimals, comparators, printable ASCII.
    init(
        _ judgement: Judgement, references: [ReferenceModel], originals: [ReferenceModel],
        seeds: LetheRequests.SeedSource?
    ) {
        let records = UInt64(judgement.forgetting?.users ?? 0)
        let floor = judgement.forgetting?.distances(.gated)?.floor?.value
        let measurements = judgement.gates.map { gate -> Measurement in
            let interval = gate.interval.flatMap { interval -> Interval? in
                guard let lower = DecimalNumber(interval.lower), let upper = DecimalNumber(interval.upper) else {
                    return nil
                }
                return Interval(lower: lower, upper: upper)
            }
            let (comparator, threshold): (Comparator, Double) =
                switch (gate.accepted.lower.isFinite, gate.accepted.upper.isFinite) {
                case (true, true): (.within, gate.accepted.upper)
                case (true, false): (.above, gate.accepted.lower)
                case (false, true): (.below, gate.accepted.upper)
                case (false, false): (.equal, 0)
                }
            // P0 is a count of faults; every other gate has a statistic.
            let value = gate.statistic ?? (gate.gate == .provenance ? (gate.passed ? 0 : 1) : nil)
            return Measurement(
                name: "\(gate.gate.rawValue) \(gate.name)", metric: gate.name,
                value: value.flatMap { DecimalNumber($0) },
                interval: interval, comparator: comparator, threshold: DecimalNumber(threshold) ?? DecimalNumber(0),
                baseline: gate.name == "D(o) - D0" ? floor.flatMap { DecimalNumber($0) } : nil, sampleSize: records)
        }
        self.init(
            verdict: Verdict(rawValue: judgement.verdict.rawValue) ?? .refuse, measurements: measurements,
            references: references.map { Reference(model: $0.model, seed: $0.seed) },
            originals: originals.map { Reference(model: $0.model, seed: $0.seed) },
            referenceSeedSource: seeds.map {
                LetheCertificates.SeedSource(size: $0.checkpointSize, rootHash: $0.rootHash)
            },
            notAssessed: judgement.notAssessed.map { $0.name.asciiOnly })
    }
}

extension String {
    /// The text with every other character than printable ASCII replaced by "?".
    var asciiOnly: String {
        String(map { $0.isASCII && !$0.isNewline && ($0.asciiValue ?? 0) >= 0x20 ? $0 : "?" })
    }
}
