import LetheBytes
public import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheTensor

/// A run out of a certificate's audit bundle: what a stranger repeats, without the controller's workspace and without any key.
///
/// Everything that is signed or proved was verified with the trusted keys before there is one.
public final class BundledRun {
    /// The certificate.
    public let certificate: VerifiedCertificate
    let policy: Policy
    let environment: ServiceEnvironment
    let pool: WorkerPool
    private let folder: String
    private let logged: LoggedRun
    private let profile: DatasetProfile
    private let shardKey: String?
    private let loaded: Lazy<(dataset: InteractionDataset, split: RecommendationSplit)>
    private var knownSubjects: DataSubjects?

    /// Opens a bundle that was written with what a repetition needs, and verifies it.
    ///
    /// - Parameters:
    ///   - folder: the bundle.
    ///   - data: the folder with the data set's files.
    ///   - trust: the keys that the auditor trusts.
    ///   - threads: as many threads to compute on, in place of the policy's; no bit depends on it.
    ///   - shardKey: the file of the key that says who is in which shard, for methods that train shards.
    /// - Throws: `ServiceError.bundleDoesNotHold` for what is not signed, not proved, or says something else than the certificate;
    ///   `FileError` for a file that is missing or malformed; `EngineError` for a number of threads out of range.
    public static func open(
        _ folder: String, data: String, trusting trust: TrustFile, threads: Int? = nil, shardKey: String? = nil,
        environment: ServiceEnvironment
    ) throws -> BundledRun {
        if let threads { try ModelFolders.checkRange("--threads", threads, 1...1024) }
        let bundle = BundleFolder(path: folder)
        let (file, testProof) = (try bundle.certificateFile(), try bundle.proof("test.tlog-proof"))
        func refused(_ name: String, _ problem: String) -> ServiceError {
            .bundleDoesNotHold(file: Files.join(folder, name), problem: problem)
        }
        let verified: VerifiedCertificate
        do {
            verified = try CertificateVerifier.verify(file, trusting: trust)
            let test = try CertificateVerifier.verifyInclusion(
                testProof, leafHash: MerkleTree.leafHash(file.testResult.canonicalBytes), trusting: trust)
            guard test.checkpoint == verified.inclusion.checkpoint else {
                throw refused("test.tlog-proof", "ends in another checkpoint than the certificate's")
            }
        } catch let error as CertificateError {
            throw refused("certificate.dsse.json", "\(error)")
        }
        let path = Files.join(folder, ReplayDocument.fileName)
        guard Files.exists(path) else {
            throw FileError.malformed(
                path: folder,
                reason: "no \(ReplayDocument.fileName): made without what a repetition needs; "
                    + "lethe certificate bundle --replay writes it")
        }
        let document = try ReplayDocument(
            parsing: Files.read(path, limit: ReplayDocument.maximumByteCount), from: path, data: data)
        let entries = try BundledEntries(
            document, test: (file.testResult, testProof), certificate: verified, trusting: trust, file: path)
        let runID = verified.certificate.unlearning.runID
        guard document.runID.text == runID else {
            throw refused(
                ReplayDocument.fileName, "run: expected \(runID) as in the certificate, found \(document.runID)")
        }
        for step in [RunStage.inputsCommitted, .seedsDrawn, .candidateCommitted]
        where entries.steps[step.rawValue] == nil {
            throw refused(ReplayDocument.fileName, "no entry \(step.rawValue) of run \(runID)")
        }
        let logged = try LoggedRun(document.runID, at: "unknown", indexes: entries.steps, in: entries)
        if let part = disagreement(verified.certificate, logged, test: testProof.index) {
            throw refused(
                ReplayDocument.fileName,
                "\(part.name): expected \(part.expected) as in the certificate, found \(part.found)")
        }
        guard logged.indexes == document.entries.map(\.index) else {
            throw refused(ReplayDocument.fileName, "holds an entry that is no part of run \(logged.runID)")
        }
        for source in logged.seedSources.map(\.source) { _ = try logged.root(at: source.checkpointSize) }
        return BundledRun(
            certificate: verified, policy: try bundle.policy(logged.inputs.policy), environment: environment,
            threads: threads, folder: folder, logged: logged, profile: document.dataset, shardKey: shardKey)
    }

    private init(
        certificate: VerifiedCertificate, policy: Policy, environment: ServiceEnvironment, threads: Int?,
        folder: String,
        logged: LoggedRun, profile: DatasetProfile, shardKey: String?
    ) {
        self.certificate = certificate
        self.policy = policy
        self.environment = environment
        pool = WorkerPool(threads: threads ?? policy.threads)
        (self.folder, self.logged, self.profile, self.shardKey) = (folder, logged, profile, shardKey)
        loaded = Lazy { try profile.load() }
    }

    /// Repeats the run and compares everything that the log commits to, bit for bit.
    ///
    /// - Parameters:
    ///   - base: the folder of the base model.
    ///   - candidate: a folder that should hold the model of the certificate, such as the one in use, to be compared too; nil for none.
    ///   - original: the folder of the original model; nil to train it again too, from the base model and its seeds in the log.
    ///   - file: the people whose records the run removed, one a line by the names that the data have for them. It is personal data, and
    ///     in no bundle.
    ///   - output: where the repeated models go; nothing may be there.
    /// - Throws: as `Workspace.replay` does.
    public func replay(
        base: String, original: String? = nil, candidate: String? = nil, subjects file: String, to output: String,
        progress: (ServiceProgress) -> Void
    ) throws -> ReplayOutcome {
        let settings = try method(of: logged.inputs)
        let base = try loadModel(base, role: "base", expecting: logged.inputs.baseModel)
        let given = try original.map {
            try loadModel($0, role: "original", expecting: logged.inputs.originalModel, shapedAs: base)
        }
        let data = try prepared(base)
        let records = try removed(by: logged, users: listedUsers(file), listed: file, data: data)
        let kept = KeptRun(
            trajectories: folder, place: "the bundle", original: original, candidate: candidate,
            limits: [
                "models and measurements: the bundle holds their digests alone, so that a difference is placed by the trajectory",
                "the rest of the log, and whether a key was revoked since: lethe log audit does",
            ])
        var outcome = try repeated(
            Repetition(
                logged: logged, settings: settings, base: base, original: given, records: records, data: data,
                drawn: nil, kept: kept, certified: certificate.certificate.unlearning),
            to: output, progress: progress)
        outcome.verified =
            certificate.checked + [
                "\(logged.indexes.count) entries of the run, each signed by a controller and in the same log",
                "\(logged.seedSources.count) checkpoints that seeds come from, each a beginning of that log",
            ]
        return outcome
    }

    /// The first thing that the certificate and the run's own entries do not say alike.
    private static func disagreement(
        _ certificate: UnlearningCertificate, _ run: LoggedRun, test: UInt64
    ) -> (name: String, expected: String, found: String)? {
        let (made, inputs, tested) = (certificate.unlearning, run.inputs, certificate.verification)
        func text(_ size: UInt64, _ root: Digest) -> String { "\(root) at size \(size)" }
        let parts: [(name: String, expected: String, found: String)] = [
            ("policy", certificate.policy.hex, inputs.policy.hex),
            ("method", made.method, inputs.method), ("parameters", made.parameters.hex, inputs.parameters.hex),
            ("data set before", certificate.dataset.before.hex, inputs.datasetBefore.hex),
            ("data set after", certificate.dataset.after.hex, inputs.datasetAfter.hex),
            ("model before", made.modelBefore.hex, inputs.originalModel.hex),
            (
                "seeds", made.seedSource.map { text($0.size, $0.rootHash) } ?? "none",
                text(run.seeds.checkpointSize, run.seeds.rootHash)
            ), ("seed", "\(made.seed)", "\(run.seeds.unlearningSeed(runID: run.runID))"),
            ("model", certificate.model.digest.hex, run.candidate.hex),
            (
                "references' seeds", tested.referenceSeedSource.map { text($0.size, $0.rootHash) } ?? "none",
                run.references == nil
                    ? "none" : run.referenceSeeds.map { text($0.checkpointSize, $0.rootHash) } ?? "none"
            ),
            (
                "references", tested.references.map { "\($0.model) \($0.seed)" }.joined(separator: ", "),
                (run.references ?? []).map { "\($0.model) \($0.seed)" }.joined(separator: ", ")
            ),
            (
                "further originals", tested.originals.map { "\($0.model) \($0.seed)" }.joined(separator: ", "),
                (run.membershipOriginals ?? []).map { "\($0.model) \($0.seed)" }.joined(separator: ", ")
            ), ("verdict", tested.verdict.rawValue, run.judgement?.verdict.rawValue ?? "none"),
            ("forgetting test's entry", "\(test)", run.judgement.map { "\($0.testResultEntry)" } ?? "none"),
            (
                "the original's registration", "one that says its seeds",
                run.original?.trainingSeeds.map { _ in
                    "one that says its seeds"
                } ?? "none"
            ),
        ]
        return parts.first { $0.expected != $0.found }
    }
}

extension BundledRun: RunContext {
    var ledgerFile: String { Files.join(folder, ReplayDocument.fileName) }
    var policyFile: String { Files.join(folder, ReplayDocument.policyFile) }
    var dataFolder: String { profile.folder }

    func committedData() throws -> (dataset: InteractionDataset, split: RecommendationSplit) {
        let (dataset, split) = try loaded.value
        let found = recordsRoot(split.training)
        guard found == logged.inputs.datasetBefore else {
            throw ServiceError.dataChanged(
                folder: profile.folder, expected: logged.inputs.datasetBefore.hex, found: found.hex)
        }
        return (dataset, split)
    }

    func subjects() throws -> DataSubjects {
        if let knownSubjects { return knownSubjects }
        let (dataset, split) = try committedData()
        let subjects = DataSubjects(dataset, split)
        knownSubjects = subjects
        return subjects
    }

    func shardKeyFile() throws -> String {
        guard let shardKey else { throw ServiceError.shardKeyUnknown(method: logged.inputs.method) }
        return shardKey
    }
}

/// The files of a bundle that a repetition reads.
private struct BundleFolder {
    let path: String

    func certificateFile() throws -> CertificateFile {
        CertificateFile(
            certificate: try envelope("certificate.dsse.json"), testResult: try envelope("test.dsse.json"),
            proof: try proof("certificate.tlog-proof"))
    }

    func proof(_ name: String) throws -> TransparencyProof {
        let file = Files.join(path, name)
        let bytes = try Files.read(file, limit: CertificateFile.maximumByteCount)
        do {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw FileError.malformed(path: file, reason: "expected UTF-8")
            }
            return try TransparencyProof(parsing: text)
        } catch let error as ProofFormatError {
            throw FileError.malformed(path: file, reason: "\(error)")
        }
    }

    /// The policy, which must be the one that the run is under.
    func policy(_ digest: Digest) throws -> Policy {
        let file = Files.join(path, ReplayDocument.policyFile)
        let policy: Policy
        do {
            policy = try Policy(yaml: Files.read(file, limit: Policy.maximumFileSize + 1))
        } catch let error as PolicyError {
            throw FileError.malformed(path: file, reason: "\(error)")
        }
        guard policy.digest == digest else {
            throw ServiceError.policyChanged(file: file, expected: digest.hex, found: policy.digest.hex)
        }
        let alpha = policy.verification.thresholds.alpha
        guard alpha == Workspace.judgedLevel else {
            throw ServiceError.unsupportedLevel(found: alpha, expected: Workspace.judgedLevel)
        }
        return policy
    }

    private func envelope(_ name: String) throws -> DSSEEnvelope {
        let file = Files.join(path, name)
        do {
            return try DSSEEnvelope(
                parsing: Files.read(file, limit: DSSEEnvelope.defaultMaximumByteCount + 1))
        } catch let error as EnvelopeError {
            throw FileError.malformed(path: file, reason: "\(error)")
        }
    }
}
