import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheTensor
import LetheTransformer
import LetheUnlearning

/// What the repetition of a run starts from: its inputs, each held to the log, and what is kept of the run to lay it beside.
struct Repetition {
    let logged: LoggedRun
    /// The method, with the parameters in the log.
    let settings: Policy.Method
    let base: StoredModel
    /// The original; nil to train it again too, from the base model and its seeds in the log.
    let original: StoredModel?
    let records: DividedRecords
    let data: PreparedData
    /// The references to train again; nil for all.
    let drawn: ReplaySample?
    let kept: KeptRun
    /// What the certificates say of how the run was made; nil where there are none.
    let certified: UnlearningCertificate.Unlearning?
}

extension RunContext {
    /// The training records, divided as the run divided them.
    ///
    /// - Parameter file: what named the people, for errors.
    /// - Throws: `ServiceError.dataChanged`, `.subjectsRefused` where data or people are not those of the run.
    func removed(
        by run: LoggedRun, users: Set<Int>, listed file: String, data: PreparedData
    ) throws -> DividedRecords {
        let records = DividedRecords(data.split.training, forgetting: users)
        guard records.rootBefore == run.inputs.datasetBefore else {
            throw ServiceError.dataChanged(
                folder: dataFolder, expected: run.inputs.datasetBefore.hex, found: records.rootBefore.hex)
        }
        guard records.rootAfter == run.inputs.datasetAfter else {
            throw ServiceError.subjectsRefused(
                file: file,
                problem: "not the people whose records run \(run.runID) removed: they have "
                    + "\(records.forgotten.count) records, expected \(run.inputs.recordsRemoved); the rest has the root "
                    + "\(records.rootAfter), expected \(run.inputs.datasetAfter)")
        }
        return records
    }

    /// Makes everything that the log commits to again, and compares.
    ///
    /// - Parameter folder: where the repeated models go; nothing may be there. Gone again where the repetition does not come to its end.
    func repeated(
        _ repetition: Repetition, to folder: String, progress: (ServiceProgress) -> Void
    ) throws -> ReplayOutcome {
        guard !Files.exists(folder) else { throw ServiceError.outputExists(path: folder) }
        try Files.createFolder(folder, permissions: 0o700)
        do {
            return try compared(repetition, to: folder, progress: progress)
        } catch {
            // Half of a repetition is of no use to anybody.
            try? Files.remove(folder)
            throw error
        }
    }

    private func compared(
        _ repetition: Repetition, to folder: String, progress: (ServiceProgress) -> Void
    ) throws -> ReplayOutcome {
        let (logged, base, data, records) = (repetition.logged, repetition.base, repetition.data, repetition.records)
        var comparison = ReplayComparison(logged, beside: repetition.kept, repeated: folder)
        if let made = repetition.certified?.code, try made != environment.program() {
            comparison.limit(
                "the program: certificates name \(made), this is another; a difference may be the release's")
        }
        let family = ServiceEnvironment.linearAlgebra.name
        if let made = repetition.certified?.environment[family], let here = environment.description[family],
            made != here
        {
            comparison.limit(
                "the processor family: certificates name \(made), this is \(here); a difference may be the family's")
        }
        if let drawn = repetition.drawn { comparison.limit(drawn.text) }
        try comparison.compareSeeds()
        let originalSeeds = try originalSeeds(logged.original)
        func newSession() -> TrainingSession {
            TrainingSession(store: nil, shouldStop: environment.shouldStop, traceInterval: Trajectory.interval)
        }
        let original =
            try repetition.original
            ?? trainedOriginal(
                base, data: data, seeds: originalSeeds, to: folder, session: newSession(), progress: progress)
        if repetition.original == nil { comparison.compareOriginal(original.digest.digest) }
        let session = newSession()
        let method = try policy.unlearningMethod(repetition.settings) { try shardsToRead(repetition.settings) }
        let task = try task(
            for: method, base: base, original: original, records: records, data: data,
            seeds: logged.seeds.trainingSeeds(for: "unlearn", runID: logged.runID), originalSeeds: originalSeeds,
            session: session)
        let model = try method.unlearn(task) { progress(ServiceProgress($0)) }
        let candidate = try model.model.save(tokenizer: original.tokenizer, to: Files.join(folder, "candidate"))
        comparison.compare(model, candidate: candidate, trajectory: Trajectory(session))

        if let seeds = logged.referenceSeeds, logged.references != nil {
            let session = newSession()
            let models = try repeatedModels(
                repetition, seeds: seeds, to: folder, session: session, comparison: &comparison, progress: progress)
            if let judged = logged.judgement {
                // As verification judges: what the folder holds, be the model in memory put together otherwise.
                let unlearned = try loadCandidate(Files.join(folder, "candidate"), expecting: candidate)
                let repeated = try judge(
                    AuditedModels(
                        original: original.parameters, candidate: unlearned.model, references: models.references,
                        pool: pool, session: session),
                    originals: models.originals, removed: records.forgotten, data: data,
                    bootstrapSeed: seeds.seed(for: "bootstrap", runID: logged.runID)
                ) { progress(ServiceProgress($0)) }
                let test = TestResult(
                    modelName: Workspace.modelName(logged.runID), model: candidate, runID: logged.runID.text,
                    policy: policy.digest,
                    test: ForgettingTest(
                        repeated.judgement, references: comparison.references, originals: comparison.originals,
                        seeds: seeds))
                try comparison.compare(
                    judged, measurements: repeated.measurements, test: test.statement().canonicalBytes())
            }
        }
        comparison.compareDossier()
        return comparison.outcome(method: method.name, threads: pool.threads)
    }

    /// The references: those that are drawn, trained again, and the others out of the run's folder. Further originals are trained again
    /// whatever is drawn: they are kept nowhere.
    private func repeatedModels(
        _ repetition: Repetition, seeds: LetheRequests.SeedSource, to folder: String, session: TrainingSession,
        comparison: inout ReplayComparison, progress: (ServiceProgress) -> Void
    ) throws -> RetrainedModels {
        let (logged, base) = (repetition.logged, repetition.base)
        try Files.createFolder(Files.join(folder, "references"))
        comparison.compareReferenceCount(policy.verification.references)
        var models: [T5Parameters] = []
        for number in 1...policy.verification.references {
            if let drawn = repetition.drawn, !drawn.references.contains(number),
                let committed = logged.reference(number)?.model, let kept = repetition.kept.folder
            {
                let path = Files.join(kept, "references/\(number)")
                let model = try loadModel(path, role: "reference", expecting: committed, shapedAs: base)
                let seed = seeds.trainingSeeds(for: "reference/\(number)", runID: logged.runID).order
                comparison.take(ReferenceModel(model: committed, seed: seed), number: number)
                models.append(model.parameters)
            } else {
                let (model, reference) = try trainReference(
                    number, on: repetition.records.retained, base: base, data: repetition.data, seeds: seeds,
                    runID: logged.runID, to: Files.join(folder, "references/\(number)"), session: session
                ) { progress(ServiceProgress($0)) }
                comparison.compare(reference, number: number)
                models.append(model.parameters)
            }
        }
        let originals = try trainMembershipOriginals(
            base: base, data: repetition.data, seeds: seeds, runID: logged.runID, session: session
        ) { progress(ServiceProgress($0)) }
        comparison.compareOriginals(originals.map(\.logged))
        comparison.compareReferences(Trajectory(session), isSample: repetition.drawn != nil)
        return RetrainedModels(references: models, originals: originals.map(\.model))
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
}
