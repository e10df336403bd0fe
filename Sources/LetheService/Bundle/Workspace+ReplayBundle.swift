import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// Writes whose records a run removed, one name a line as the data have it: what an auditor is given apart from any bundle.
    ///
    /// Personal data, readable by the file's owner alone.
    /// - Throws: `FileError.alreadyExists`; `ServiceError.subjectsRefused` where the vault cannot say it any more.
    func writePeople(of run: String, to file: String) throws {
        guard !Files.exists(file) else { throw FileError.alreadyExists(path: file) }
        guard let runID = RunID(run) else { throw ServiceError.unknownRun(id: run) }
        let users: Set<Int>
        do {
            users = try usersInVault(of: runID)
        } catch ServiceError.subjectsUnknown(_, let reason) {
            throw ServiceError.subjectsRefused(file: file, problem: "not written: run \(run): \(reason)")
        }
        let dataset = try data().dataset
        // In the order of their names, which is not that of their requests.
        let names = users.compactMap { dataset.user($0)?.name }.sorted()
        try Files.write(Array(names.map { $0 + "\n" }.joined().utf8), to: file, permissions: 0o600)
    }

    /// What a stranger needs to repeat the run of a certificate, beside its audit bundle, the data, the base model and the names of the
    /// people: its steps in the log, the policy's text, and what learned every so many steps.
    ///
    /// - Throws: `ServiceError.policyChanged` where the policy's text is not kept, `.workspaceDamaged` where a file of the run is not the log's.
    func replayFiles(for verified: VerifiedCertificate) throws -> [(name: String, bytes: [UInt8])] {
        let (_, record) = try run(verified.certificate.unlearning.runID, at: .verified)
        let logged = try LoggedRun(record, in: self)
        let size = verified.inclusion.checkpoint.size
        let document = ReplayDocument(
            runID: logged.runID, dataset: profile,
            entries: try logged.indexes.map { index in
                .init(
                    index: index, envelope: try DSSEEnvelope(parsing: store.entry(index)),
                    path: try store.inclusionProof(index, size: size))
            },
            roots: try Set(logged.seedSources.map(\.source.checkpointSize)).sorted().map { old in
                .init(
                    size: old, rootHash: try store.rootHash(size: old),
                    path: try store.consistencyProof(from: old, to: size))
            })
        var files = [
            (name: ReplayDocument.fileName, bytes: try document.bytes()),
            (name: ReplayDocument.policyFile, bytes: try policyText(logged.inputs.policy)),
        ]
        for (name, committed) in [
            (Trajectory.candidateFile, logged.trajectory), (Trajectory.referencesFile, logged.referenceTrajectory),
        ] {
            guard let committed else { continue }
            let folder = paths.run(logged.runID.text)
            guard let bytes = Trajectory.stored(in: folder, as: name), Digest(sha256: bytes) == committed else {
                throw ServiceError.workspaceDamaged(
                    file: Files.join(folder, name), problem: "not the trajectory that the log commits to")
            }
            files.append((name, bytes))
        }
        return files
    }
}
