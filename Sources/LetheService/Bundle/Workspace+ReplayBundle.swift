import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
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
