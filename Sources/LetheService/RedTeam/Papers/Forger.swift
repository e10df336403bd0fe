import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore
import LetheUnlearning

/// A controller who lies, on a copy of the honest workspace: whatever is false is signed with the right keys, logged and proved like
/// what is true. The commands would not do it; whoever owns the keys can.
struct Forger {
    let workspace: Workspace

    /// - Parameter honest: the workspace to copy.
    init(copying honest: String, to folder: String, environment: ServiceEnvironment) throws {
        try FileManager.default.copyItem(atPath: honest, toPath: folder)
        workspace = try Workspace.open(folder, environment: environment)
    }

    // MARK: Runs

    /// What the log says of an honest run.
    func logged(_ answer: HonestPapers.Answer) throws -> LoggedRun {
        guard let id = RunID(answer.run), let record = try workspace.store.run(id) else {
            throw ServiceError.unknownRun(id: answer.run)
        }
        return try LoggedRun(record, in: workspace)
    }

    /// A step of a run.
    func log(_ step: RunEvent.Step, of run: RunID, extra: [String: JSONValue] = [:]) throws {
        try workspace.record([.run(RunEvent(runID: run, at: workspace.environment.now(), step: step, extra: extra))])
    }

    /// Begins a run with the inputs of an honest one.
    ///
    /// - Parameter source: where its seeds are said to come from; nil for a checkpoint that is published now, as it should be.
    func begin(as honest: LoggedRun, seeds source: LetheRequests.SeedSource? = nil) throws -> (
        run: RunID, seeds: LetheRequests.SeedSource
    ) {
        var generator = SecureGenerator()
        let run = RunID.random(using: &generator)
        try log(.inputsCommitted(honest.inputs), of: run)
        let published = try workspace.seedSource()
        try log(.seedsDrawn(source ?? published), of: run)
        try Files.createFolder(workspace.paths.run(run.text))
        return (run, source ?? published)
    }

    /// Commits to the model in the run's folder, and has that folder say what the log says.
    func commitCandidate(
        of run: RunID, seeds: LetheRequests.SeedSource, trajectory: Trajectory, as honest: LoggedRun
    ) throws -> ModelDigest {
        let folder = workspace.paths.run(run.text)
        let model = try ModelDigest(folder: Files.join(folder, "candidate"))
        let trace = try trajectory.write(to: folder, as: Trajectory.candidateFile)
        let now = workspace.environment.now()
        try workspace.record(
            honest.modelsRead.map {
                .model(ModelEvent(.read, role: $0.role, digest: $0.digest, runID: run, at: now))
            } + [
                .run(
                    RunEvent(
                        runID: run, at: now, step: .candidateCommitted(model: model.digest),
                        extra: Trajectory.extra(trace)))
            ])
        var dossier = try RunDossier.read(from: workspace.paths.run(honest.runID.text))
        dossier.runID = run.text
        dossier.seeds = .init(size: seeds.checkpointSize, root: seeds.rootHash.hex)
        dossier.candidateDigest = model.digest.hex
        try dossier.write(to: folder)
        return model
    }

    /// Has the verifier sign that a candidate is an exact retraining, and certifies it: all that an honest run has.
    func pass(
        _ run: RunID, _ model: ModelDigest, seeds: LetheRequests.SeedSource, as honest: LoggedRun,
        certified: UnlearningCertificate
    ) throws -> CertificateFile {
        guard let judged = honest.judgement else { throw ServiceError.noJudgedRun }
        let test = try TestResult(
            modelName: Workspace.modelName(run), model: model.digest, runID: run.text, policy: certified.policy,
            test: certified.verification
        ).signed(by: workspace.keys.verifier)
        let entry = try append(test)
        try log(
            .verified(
                RunJudgement(verdict: judged.verdict, measurements: judged.measurements, testResultEntry: entry)),
            of: run)
        var dossier = try RunDossier.read(from: workspace.paths.run(run.text))
        dossier.testResultEntry = entry
        try dossier.write(to: workspace.paths.run(run.text))
        var certificate = certified
        certificate.modelName = Workspace.modelName(run)
        certificate.model = model
        certificate.unlearning = certified.unlearning.stating(
            run: run.text, seed: seeds.unlearningSeed(runID: run),
            source: .init(size: seeds.checkpointSize, rootHash: seeds.rootHash))
        return try issue(certificate, test: test)
    }

    // MARK: Certificates

    /// Appends a signed statement, and returns its entry.
    @discardableResult
    func append(_ envelope: DSSEEnvelope) throws -> UInt64 {
        let entry = try workspace.store.size()
        try workspace.store.append(
            entries: [envelope.canonicalBytes], expectedSize: entry,
            signer: workspace.keys.noteSigner(origin: workspace.origin))
        return entry
    }

    /// Signs a certificate, logs it behind the last one, and proves it.
    ///
    /// - Parameter key: the controller's; nil for the one that counts now.
    func issue(
        _ certificate: UnlearningCertificate, test: DSSEEnvelope, by key: SigningKey? = nil
    ) throws -> CertificateFile {
        var certificate = certificate
        if let last = try workspace.certificates().last {
            certificate.certificateID = IssuedCertificate.id(last.number + 1)
            certificate.previous = .init(envelope: last.envelope.digest, index: last.entry)
        }
        certificate.attestations = [.init(predicateType: PredicateType.testResult, sha256: test.digest)]
        let envelope = try certificate.signed(by: key ?? workspace.keys.controller)
        return CertificateFile(certificate: envelope, testResult: test, proof: try workspace.prove(append(envelope)))
    }
}

extension UnlearningCertificate.Unlearning {
    /// The same with another run and other seeds.
    func stating(run: String? = nil, seed: UInt64, source: LetheCertificates.SeedSource? = nil) -> Self {
        Self(
            runID: run ?? runID, method: method, code: code, parameters: parameters, seed: seed,
            seedSource: source ?? seedSource, modelBeforeName: modelBeforeName, modelBefore: modelBefore,
            startedAt: startedAt, finishedAt: finishedAt, environment: environment, precision: precision)
    }
}

extension Files {
    /// Flips one bit of a model's weights: of the last number's fraction, which no reader would see.
    static func flipBit(inModel folder: String) throws {
        let path = join(folder, "model.safetensors")
        var bytes = try read(path, limit: 1 << 30)
        guard bytes.count >= 4 else { throw FileError.malformed(path: path, reason: "too short for a number") }
        bytes[bytes.count - 4] ^= 1
        try write(bytes, to: path)
    }
}
