import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRequests
import LetheStatements
import LetheStore
import LetheUnlearning

extension Workspace {
    /// Repeats a run from what the log commits to, and compares everything that came of it, bit for bit.
    ///
    /// Data, policy, method, base and original model must be the log's; seeds come from the log's checkpoints. Of the run's own folder only
    /// what a sample leaves out goes into the repetition: what lies there is compared, and shows where two models part. Nothing is resumed,
    /// nothing below the workspace is written: open it with `openToRead`.
    /// - Parameters:
    ///   - file: the people whose records the run removed, one a line by the names that the data have for them; nil to read them out
    ///     of the vault, which needs its key and requests that are not shredded.
    ///   - fromBase: whether the original is trained again too, from the base model and its seeds in the log; its folder is not needed then.
    ///   - sample: how many of the references to train again; nil for all. The others' models are taken from the run's folder, where they
    ///     must be those in the log.
    ///   - seed: 64 hexadecimal digits that say which; nil to draw them here.
    ///   - folder: where the repeated models go; nothing may be there.
    /// - Throws: `ServiceError.unknownRun`, `.runNotReady`; `.policyChanged`, `.dataChanged`, `.modelChanged`, `.methodChanged` where an input
    ///   is not the log's; `.subjectsUnknown`, `.subjectsRefused`; `.outputExists`; `TrainingStopped` where the environment asks to stop.
    public func replay(
        _ id: String, subjects file: String? = nil, fromBase: Bool = false, sample: Int? = nil,
        seed: String? = nil, to folder: String, progress: (ServiceProgress) -> Void
    ) throws -> ReplayOutcome {
        let (_, record) = try run(
            id, at: .candidateCommitted, .referenceSeedsDrawn, .referencesCommitted, .verified)
        let logged = try LoggedRun(record, in: self)
        guard policy.digest == logged.inputs.policy else {
            return try under(policy(of: record)).replay(
                id, subjects: file, fromBase: fromBase, sample: sample, seed: seed, to: folder, progress: progress)
        }
        let drawn = try sample.map { try ReplaySample(of: policy.verification.references, count: $0, seed: seed) }
        let settings = try method(of: logged.inputs)
        let base = try loadModel(paths.model("base"), role: "base", expecting: logged.inputs.baseModel)
        let original =
            try fromBase
            ? nil
            : loadModel(
                paths.model("original"), role: "original", expecting: logged.inputs.originalModel, shapedAs: base)
        let data = try prepared(original ?? base)
        let users = try file.map { try listedUsers($0) } ?? usersInVault(of: logged.runID)
        let records = try removed(by: logged, users: users, listed: file ?? paths.database, data: data)
        return try repeated(
            Repetition(
                logged: logged, settings: settings, base: base, original: original, records: records,
                data: data, drawn: drawn, kept: KeptRun(logged.runID, in: paths),
                certified: certified(logged.runID)), to: folder, progress: progress)
    }

    /// What the run's certificates say of how it was made; nil where there are none.
    private func certified(_ run: RunID) throws -> UnlearningCertificate.Unlearning? {
        guard let record = try store.run(run), let certificate = try certificates(of: record).first else { return nil }
        return try UnlearningCertificate(Statement(parsingUnverified: certificate.envelope.payload)).unlearning
    }

    /// The users whose records a run removed.
    /// - Throws: `ServiceError.subjectsUnknown` where the vault cannot be opened any more.
    func usersInVault(of run: RunID) throws -> Set<Int> {
        func unknown(_ reason: String) -> ServiceError { .subjectsUnknown(run: run.text, reason: reason) }
        guard Files.exists(paths.vaultKey) else { throw unknown("\(paths.vaultKey) is not there") }
        guard let dossier = try? RunDossier.read(from: paths.run(run.text)) else {
            throw unknown("\(paths.run(run.text)) does not say which requests it answered")
        }
        return Set(
            try dossier.requests.compactMap { id in
                do { return try subjectUser(request(id)) } catch StoreError.vaultMissing {
                    throw unknown("the key of request \(id)'s personal data was destroyed")
                }
            })
    }
}
