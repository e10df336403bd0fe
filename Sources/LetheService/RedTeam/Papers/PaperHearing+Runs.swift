import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheUnlearning

/// Papers whose run is false.
extension PaperHearing {
    /// A passing run that trained otherwise than it says: certificate and log are whole, and only a repetition can tell.
    func hearTraining(_ paper: FalsePaper, _ forger: Forger) throws -> ([String], [PaperVerifier: [String]]) {
        let workspace = forger.workspace
        let honestRun = try forger.logged(honest.current)
        let (run, seeds) = try forger.begin(as: honestRun)
        let candidate = Files.join(workspace.paths.run(run.text), "candidate")
        let trajectory: Trajectory
        if paper == .madeUpTraining {
            try FileManager.default.copyItem(atPath: workspace.paths.model("original"), toPath: candidate)
            try Files.flipBit(inModel: candidate)
            trajectory = try madeUpTrajectory(in: workspace)
        } else {
            trajectory = try trainInAnotherOrder(run, seeds, as: honestRun, to: candidate, in: workspace)
        }
        let model = try forger.commitCandidate(of: run, seeds: seeds, trajectory: trajectory, as: honestRun)
        let trust = try workspace.trust()
        let certified = try CertificateVerifier.verify(honest.certificate(honest.current), trusting: trust).certificate
        let file = try forger.pass(run, model, seeds: seeds, as: honestRun, certified: certified)
        return (
            try replay(run.text, in: workspace, people: honest.current.people),
            [.certificate: verify(file, trusting: trust), .audit: try audit(workspace)]
        )
    }

    /// As many digests as the honest run has, of nothing.
    private func madeUpTrajectory(in workspace: Workspace) throws -> Trajectory {
        let folder = workspace.paths.run(honest.current.run)
        guard let bytes = Trajectory.stored(in: folder, as: Trajectory.candidateFile),
            let trajectory = Trajectory(bytes)
        else {
            throw ServiceError.workspaceDamaged(file: folder, problem: "no \(Trajectory.candidateFile)")
        }
        return Trajectory(
            stages: trajectory.stages.map { stage in
                .init(
                    stage: stage.stage,
                    points: stage.points.map { .init(step: $0.step, digest: Digest(sha256: $0.digest.bytes)) })
            })
    }

    /// Trains as the run does, but for the order of the records.
    private func trainInAnotherOrder(
        _ run: RunID, _ source: LetheRequests.SeedSource, as honestRun: LoggedRun, to candidate: String,
        in workspace: Workspace
    ) throws -> Trajectory {
        let (base, original) = (try workspace.model(.base), try workspace.model(.original))
        let data = try workspace.prepared(original)
        let records = DividedRecords(
            data.split.training, forgetting: try workspace.listedUsers(honest.current.people))
        let settings = try workspace.method(of: honestRun.inputs)
        let method = try workspace.policy.unlearningMethod(settings) { try workspace.shardsToRead(settings) }
        var seeds = source.trainingSeeds(for: "unlearn", runID: run)
        seeds.order &+= 1
        let session = TrainingSession(
            store: nil, shouldStop: workspace.environment.shouldStop, traceInterval: Trajectory.interval)
        let task = try workspace.task(
            for: method, base: base, original: original, records: records, data: data, seeds: seeds,
            originalSeeds: workspace.originalSeeds(honestRun.original), session: session)
        _ = try method.unlearn(task) { progress(ServiceProgress($0)) }.model.save(
            tokenizer: original.tokenizer, to: candidate)
        return Trajectory(session)
    }

    /// References that are a choice: the run up to its candidate is the honest one.
    func hearReferences(_ paper: FalsePaper, _ forger: Forger) throws -> ([String], [PaperVerifier: [String]]) {
        let workspace = forger.workspace
        let run = try forger.logged(honest.compared)
        let source = try workspace.seedSource()
        try forger.log(.referenceSeedsDrawn(source), of: run.runID)
        let base = try workspace.model(.base)
        let data = try workspace.prepared(base)
        let kept = DividedRecords(
            data.split.training, forgetting: try workspace.listedUsers(honest.compared.people)
        ).retained
        let folder = Files.join(workspace.paths.run(run.runID.text), "references")
        try Files.createFolder(folder)
        // The first is what it should be; where there is a second, it was trained from the seed after its own.
        let trained = try (paper == .betterReference ? [(1, 1), (2, 3)] : [(1, 1)]).map { number, seed in
            let model = try workspace.trainReference(
                seed, on: kept, base: base, data: data, seeds: source, runID: run.runID,
                to: Files.join(folder, "\(number)"),
                session: TrainingSession(store: nil, shouldStop: workspace.environment.shouldStop)
            ) { progress(ServiceProgress($0)) }
            return ReferenceModel(
                model: model.logged.model, seed: source.referenceSeed(number, runID: run.runID))
        }
        try forger.log(.referencesCommitted(trained), of: run.runID)
        return (
            try replay(run.runID.text, in: workspace, people: honest.compared.people),
            [.audit: try audit(workspace)]
        )
    }
}
