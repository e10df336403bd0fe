import LetheBytes
import LetheCertificates
import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning
import LetheVerification

extension RunContext {
    /// Trains reference model `number`, from one, and writes it to `path`.
    func trainReference(
        _ number: Int, on kept: [InteractionRecord], base: StoredModel, data: PreparedData,
        seeds: LetheRequests.SeedSource, runID: RunID, to path: String, session: TrainingSession,
        progress: ProgressHandler
    ) throws -> (model: FineTunedModel, logged: ReferenceModel) {
        let training = seeds.trainingSeeds(for: "reference/\(number)", runID: runID)
        let model = try ModelTraining.fineTuned(
            base: base.parameters, on: kept, data: data, policy: policy, seeds: training, pool: pool,
            stage: "reference model \(number) of \(policy.verification.references)", showsValidation: false,
            session: session, progress: progress)
        try HuggingFaceFolder.saveModel(model.parameters, tokenizer: base.tokenizer, to: path)
        return (model, ReferenceModel(model: try ModelDigest(folder: path).digest, seed: training.order))
    }

    /// Trains the further originals that the policy asks for, on all training records like the original, each from seeds of its own.
    ///
    /// Nothing of them is written but the states of a session that keeps them, sealed: what they know is in no folder.
    func trainMembershipOriginals(
        base: StoredModel, data: PreparedData, seeds: LetheRequests.SeedSource, runID: RunID, session: TrainingSession,
        progress: ProgressHandler
    ) throws -> [(model: T5Parameters, logged: ReferenceModel)] {
        guard let count = policy.verification.membershipOriginals else { return [] }
        return try (0..<count).map { place in
            let training = seeds.trainingSeeds(for: "membership-original/\(place + 1)", runID: runID)
            let model = try ModelTraining.fineTuned(
                base: base.parameters, on: data.split.training, data: data, policy: policy, seeds: training,
                pool: pool, stage: "further original \(place + 1) of \(count)", showsValidation: false,
                session: session, progress: progress
            ).parameters
            return (model, ReferenceModel(model: weightsDigest([model]), seed: training.order))
        }
    }

    /// Compares the models on the removed records and on the test records, and judges by the policy.
    ///
    /// - Parameter originals: further ones, for the membership test by user.
    func judge(
        _ models: AuditedModels, originals: [T5Parameters], removed: [InteractionRecord], data: PreparedData,
        bootstrapSeed: UInt64,
        progress: ProgressHandler
    ) throws -> (judgement: Judgement, measurements: Measurements) {
        let audit = try models.audit(removed, data: data, progress: progress)
        let forgotten = Set(removed.map(\.userID))
        let test = try models.evaluate(
            data.split.test, data: data, stage: "usefulness on test records", progress: progress)
        let trained = Set(data.split.trainingUsers)
        var retained = try EvaluationMatrix(referenceCount: models.references.count)
        var unseen = try EvaluationMatrix(referenceCount: models.references.count)
        for record in test.records where !forgotten.contains(record.user) {
            if trained.contains(record.user) { try retained.add(record) } else { try unseen.add(record) }
        }
        // A gate that was measured counts, so that G3 is measured only where the policy asks for it.
        let control = policy.verification.require.contains(.g3) && !unseen.records.isEmpty ? unseen : nil
        let asksForReturn = policy.verification.require.contains(.g4)
        func returning(_ trial: () throws -> (any ReturnTrial)?) throws -> EvaluationMatrix? {
            asksForReturn ? try models.returning(in: try trial(), progress: progress) : nil
        }
        let relearned = try returning {
            try RelearningTrial(
                removed, by: policy.relearning, data: data, seed: bootstrapSeed &+ 8, pool: models.pool,
                session: models.session)
        }
        let rounded = try returning {
            try RoundingTrial(removed, data: data, pool: models.pool, session: models.session)
        }
        let known = try models.margins(of: originals, on: removed, data: data, progress: progress)
        progress(.began(stage: "intervals and gates", units: 1))
        let judgement = Judge.judge(
            Evidence(
                provenance: .verified, forgotten: audit, utility: retained, control: control,
                furtherOriginals: known, relearned: relearned, rounded: rounded, seed: bootstrapSeed),
            by: policy.verification.thresholds.judging(required: policy.verification.require))
        let performance = [
            Measurements.Performance(test, records: "All test records"),
            Measurements.Performance(retained, records: "Test records of people who stay"),
            Measurements.Performance(try EvaluationMatrix(audit), records: "Forgotten records"),
        ].compactMap(\.self)
        return (
            judgement,
            Measurements(
                judgement, audit: audit, performance: performance, alpha: policy.verification.thresholds.alpha)
        )
    }
}
