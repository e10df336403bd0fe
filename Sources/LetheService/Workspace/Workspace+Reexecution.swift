import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRequests
import LetheTensor
import LetheUnlearning
import LetheVerification

extension Workspace {
    /// A run with the settings of its method, where the policy's ladder has that as an exact one: such a run is verified by being repeated. No
    /// statistic could show more, and none could be had where a person alone asked.
    func repeatableRun(_ record: LetheRequests.RunRecord) throws -> (LoggedRun, Policy.Method)? {
        guard let ladder = policy.ladder, record.indexes["reference-seeds-drawn"] == nil else { return nil }
        let logged = try LoggedRun(record, in: self)
        guard let name = logged.inputs.methodName, name.isExact, ladder.methods.contains(name) else { return nil }
        return (logged, try method(of: logged.inputs))
    }

    /// Trains the candidate of an exact method a second time, from what the log commits to and from nothing that the first time left, and
    /// compares: PASS-EXACT where every bit is equal, REFUSE where one is not.
    ///
    /// - Parameters:
    ///   - folder: where the repetition goes; it is removed in the end.
    ///   - session: keeps the states of the repetition, so that it can be gone on with.
    func repeated(
        _ logged: LoggedRun, by settings: Policy.Method, base: StoredModel, original: StoredModel,
        records: DividedRecords, data: PreparedData, in folder: String, session: TrainingSession,
        progress: ProgressHandler
    ) throws -> (judgement: Judgement, measurements: Measurements) {
        try Files.remove(folder)
        try Files.createFolder(folder, permissions: 0o700)
        defer { try? Files.remove(folder) }
        let method = try policy.unlearningMethod(settings) { try shardsToRead(settings) }
        let task = try task(
            for: method, base: base, original: original, records: records, data: data,
            seeds: logged.seeds.trainingSeeds(for: "unlearn", runID: logged.runID),
            originalSeeds: originalSeeds(logged.original), session: session)
        let model = try method.unlearn(task, progress: progress)
        let found = try model.model.save(tokenizer: original.tokenizer, to: Files.join(folder, "candidate"))
        var comparison = ReplayComparison(
            logged, beside: KeptRun(logged.runID, in: paths), repeated: folder)
        try comparison.compareSeeds()
        comparison.compare(model, candidate: found, trajectory: Trajectory(session))
        let differing = comparison.outcome(method: method.name, threads: pool.threads).comparisons.filter {
            !$0.isEqual
        }
        let faults = differing.map { difference in
            "re-execution: \(difference.artifact) is \(difference.found), the log has \(difference.committed)"
                + (difference.places.first.map { "; \($0)" } ?? "")
        }
        progress(.began(stage: "verdict by re-execution", units: 1))
        let judgement = Judge.judge(
            Evidence(
                provenance: faults.isEmpty ? .verifiedExactRetraining : .violated(faults), forgotten: nil, seed: 0),
            by: policy.verification.thresholds.judging(required: policy.verification.require))
        return (judgement, Measurements(judgement, alpha: policy.verification.thresholds.alpha))
    }
}
