import LetheBytes
public import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// Writes an audit bundle: a folder with which certificate `number` can be checked without Lethe.
    ///
    /// - Parameters:
    ///   - replayable: whether to add what a stranger needs to repeat the run (`lethe replay --bundle`), the policy's text among it.
    ///   - people: a new file for the names of the people whose records the run removed, for whoever is to repeat it; nil for none.
    /// - Returns: the certificate, which was verified before anything was written.
    /// - Throws: `ServiceError.unknownCertificate`, `.outputExists`; `CertificateError` where the certificate's file does not hold;
    ///   `ServiceError.workspaceDamaged`, `.policyChanged`, `.subjectsRefused` where something that a repetition needs is not here.
    @discardableResult
    public func writeBundle(
        _ number: Int, to folder: String, replayable: Bool = false, people: String? = nil
    ) throws -> VerifiedCertificate {
        let issued = try certificates()
        guard issued.contains(where: { $0.number == number }) else {
            throw ServiceError.unknownCertificate(number: number, count: issued.count)
        }
        guard !Files.exists(folder) else { throw ServiceError.outputExists(path: folder) }
        let path = Files.join(paths.certificates, Self.certificateName(number))
        let file = try CertificateFile(
            parsing: Files.read(path, limit: CertificateFile.maximumByteCount + 1))
        let trust = try trust()
        let verified = try CertificateVerifier.verify(file, trusting: trust)
        let bundle = try bundle(file, verified, trust, replay: replayable ? replayFiles(for: verified) : [])
        // First, while there is no bundle that the file could lie in.
        if let people { try writePeople(of: verified.certificate.unlearning.runID, to: people) }
        do {
            try write(bundle, to: folder)
        } catch {
            if let people { try? Files.remove(people) }
            throw error
        }
        return verified
    }

    private func write(_ bundle: AuditBundle, to folder: String) throws {
        try Files.writeFolder(folder) { (temporary) throws(FileError) in
            for (name, bytes) in bundle.files {
                let isScript = name == "verify.sh"
                try Files.write(bytes, to: Files.join(temporary, name), permissions: isScript ? 0o755 : 0o644)
            }
        }
    }

    private func bundle(
        _ file: CertificateFile, _ verified: VerifiedCertificate, _ trust: TrustFile,
        replay: [(name: String, bytes: [UInt8])]
    ) throws -> AuditBundle {
        let note = file.proof.checkpoint
        let size = verified.inclusion.checkpoint.size
        func proof(_ index: UInt64) throws -> TransparencyProof {
            TransparencyProof(index: index, path: try store.inclusionProof(index, size: size), checkpoint: note)
        }
        let receivedIndex = verified.certificate.request.receivedEntry.index
        let received = try DSSEEnvelope(parsing: store.entry(receivedIndex))
        let receivers = try received.verify(trusting: keyRegistry().keys(.controller, at: receivedIndex)).signers
        guard let receiver = receivers.first else { throw ServiceError.unknownEntry(index: receivedIndex, size: size) }
        let runID = verified.certificate.unlearning.runID
        let testIndex = try RunDossier.read(from: paths.run(runID)).testResultEntry
        guard let testIndex, try store.entry(testIndex) == file.testResult.canonicalBytes else {
            throw ServiceError.workspaceDamaged(
                file: paths.run(runID), problem: "names another entry than that of the certificate's forgetting test")
        }
        let known =
            try trust.logs.map { try NoteVerifier(name: verified.origin, key: $0) } + trust.witnesses
        return AuditBundle(
            entries: [
                .init(
                    name: "certificate", envelope: file.certificate, signer: verified.controller, proof: file.proof),
                .init(name: "test", envelope: file.testResult, signer: verified.verifier, proof: try proof(testIndex)),
                .init(name: "request", envelope: received, signer: receiver, proof: try proof(receivedIndex)),
            ], checkpoint: note, signers: try note.verify(with: known),
            timestamps: try timestamps(of: note, size: size),
            replay: replay)
    }

    /// The stored timestamps of a checkpoint, each with a trusted certificate under which it verifies.
    private func timestamps(of note: SignedNote, size: UInt64) throws -> [AuditBundle.Timestamped] {
        let imprint = LedgerStore.timestampImprint(ofCheckpoint: note.text)
        let trusted = try timestampAuthorities().flatMap(\.certificatesAlone)
        return try store.timestamps(size: size).map { stored in
            AuditBundle.Timestamped(
                response: stored.response,
                authority: trusted.first { (try? $0.verify(stored.response, imprint: imprint)) != nil })
        }
    }
}
