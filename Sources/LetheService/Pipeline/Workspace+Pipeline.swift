import LetheBytes
public import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore

/// What a run that passed leaves for the data pipeline, as the verdict's entries name it.
struct PipelineFiles {
    /// SHA-256 of the manifest.
    let manifest: Digest
    /// The keyed digest of the list of rows; nil where the policy keeps none.
    let tombstones: Digest?
}

extension Workspace {
    private func manifestPath(_ id: String) -> String { Files.join(paths.run(id), "retained-manifest.json") }
    private func tombstonesPath(_ id: String) -> String { Files.join(paths.run(id), "tombstones.sealed") }

    /// Writes the manifest and, where the policy keeps one, the sealed list of rows; a verification that broke off writes both again.
    func writePipelineFiles(
        _ runID: RunID, requests: [RequestRecord], records: DividedRecords, dataset: InteractionDataset
    ) throws -> PipelineFiles {
        // Not whoever withdrew meanwhile: the model has forgotten them, the pipeline must not. Nor whoever the data no longer have.
        let people = try requests.filter { $0.state == .verifying && $0.runID == runID }.compactMap { request in
            try subjectUser(request).map { (request: request.requestID.text, user: $0) }
        }
        let manifest = try RetainedManifest(
            runID: runID.text, dataset: dataset, timedByRows: try isTimedByRows(profile.folder),
            rules: profile.splitting,
            records: records,
            without: Set(people.map(\.user))
        ).bytes()
        try Files.write(manifest, to: manifestPath(runID.text))
        guard policy.retention.tombstoneDays != nil, !people.isEmpty else {
            return PipelineFiles(manifest: Digest(sha256: manifest), tombstones: nil)
        }
        let list = try Tombstones(people, dataset: dataset, training: records.forgotten).bytes
        let key = secureRandomBytes(32)
        try Files.write(
            Array((Hex.encode(key) + "\n").utf8), to: paths.tombstoneKey(runID.text), permissions: 0o600)
        try Files.write(
            try AESGCM.seal(list, key: Tombstones.sealingKey(key), additionalData: Array(runID.text.utf8)),
            to: tombstonesPath(runID.text), permissions: 0o600)
        return PipelineFiles(
            manifest: Digest(sha256: manifest), tombstones: Tombstones.digest(list, under: key))
    }

    /// The list of the rows that the data pipeline must delete for a run: personal data, checked against the log.
    /// - Throws: `ServiceError.unknownRun`, `.runNotReady`, `.noTombstones`, `.workspaceDamaged`.
    public func tombstones(of id: String) throws -> [UInt8] {
        let (_, record) = try run(id, at: .verified)
        let path = tombstonesPath(id)
        guard Files.exists(path), Files.exists(paths.tombstoneKey(id)) else {
            throw ServiceError.noTombstones(run: id)
        }
        let key = try tombstoneKey(id)
        guard
            let list = try? AESGCM.open(
                Files.readPrivate(path, limit: Tombstones.maximumByteCount), key: Tombstones.sealingKey(key),
                additionalData: Array(id.utf8)),
            record.artifacts["residue"]?.contains(Tombstones.digest(list, under: key)) == true
        else { throw ServiceError.workspaceDamaged(file: path, problem: "not the list whose digest is in the log") }
        return list
    }

    private func tombstoneKey(_ id: String) throws -> [UInt8] {
        let path = paths.tombstoneKey(id)
        let text = String(decoding: try Files.readPrivate(path, limit: 1_024).dropLast(), as: UTF8.self)
        guard let key = try? Hex.decode(text), key.count == 32 else {
            throw ServiceError.workspaceDamaged(file: path, problem: "expected 64 hexadecimal digits and a newline")
        }
        return key
    }

    /// Destroys the list of a run, its key first, and says so in the log.
    /// - Throws: as `tombstones(of:)` does.
    public func destroyTombstones(of id: String) throws {
        let list = try tombstones(of: id)
        guard let runID = RunID(id) else { throw ServiceError.unknownRun(id: id) }
        let digest = Tombstones.digest(list, under: try tombstoneKey(id))
        try Files.remove(paths.tombstoneKey(id))
        try Files.remove(tombstonesPath(id))
        var dossier = try RunDossier.read(from: paths.run(id))
        dossier.residue = dossier.residue.map { residue in
            var residue = residue
            if residue.digest == digest.hex { residue.fate = LetheRequests.Residue.Fate.destroyed.rawValue }
            return residue
        }
        try dossier.write(to: paths.run(id))
        try record([
            .run(
                RunEvent(
                    runID: runID, at: environment.now(),
                    step: .residue(Residue(artifact: digest, kind: .forgottenRecords, fate: .destroyed))))
        ])
    }

    /// Destroys every list whose days are over.
    func sweepTombstones() throws {
        guard Files.kind(paths.runs) == .folder else { return }
        for id in try Files.names(in: paths.runs) where Files.exists(tombstonesPath(id)) {
            guard let record = try RunID(id).flatMap(store.run), record.stage == .verified,
                let judged = try RunDossier.read(from: paths.run(id)).verifiedAt.flatMap({ try? Timestamp($0) })
            else { continue }
            let days = Int64(policy.retention.tombstoneDays ?? 0)
            if judged.adding(seconds: days * 86_400) <= environment.now() { try destroyTombstones(of: id) }
        }
    }

    /// Whether the data in `folder` tell time by the order of their rows.
    private func isTimedByRows(_ folder: String) throws -> Bool {
        switch profile.kind {
        case .goodReads: try GoodReads.mapping(for: folder).format == .goodbooks
        case .mapping: profile.mapping?.log.interactions.time == .rowOrder
        case .synthetic, .movieLens1M: false
        }
    }

    /// What became of comparing a cleaned data set with a run's manifest.
    public struct CleanedData: Sendable, Equatable {
        /// The root that the log has of the records that stay.
        public let expected: Digest
        /// Their number.
        public let expectedRecords: Int
        /// The root that the cleaned data give.
        public let found: Digest
        /// Of so many records.
        public let foundRecords: Int

        /// Whether the cleaned data train on exactly those records.
        public var holds: Bool { expected == found }
    }

    /// Compares a cleaned data set, in the format of the workspace's own, with what a run said must be left.
    /// - Throws: `ServiceError.runNotReady`, `.noManifest`, `.workspaceDamaged`; the errors of reading data.
    public func checkCleanedData(of id: String, in folder: String) throws -> CleanedData {
        let (_, record) = try run(id, at: .verified)
        guard let index = record.indexes[RunStage.verified.rawValue],
            case .run(let event)? = try store.event(index),
            let digest = event.extra["retainedManifest"]?.stringValue.flatMap({ try? Digest(hex: $0) })
        else { throw ServiceError.noManifest(run: id, problem: "the log names none: it did not pass, or is older") }
        let manifest = try RetainedManifest.read(manifestPath(id), expecting: digest)
        guard try manifest.rows != nil || !isTimedByRows(folder) else {
            throw ServiceError.noManifest(
                run: id,
                problem:
                    "these data tell time by the order of rows, which deleting rows changes, and the run is older than "
                    + "manifests that say which rows stay")
        }
        let cleaned = DatasetProfile(
            kind: profile.kind, folder: folder, isQuick: profile.isQuick, mapping: profile.mapping)
        let found = try manifest.root(in: try cleaned.dataset(), rules: profile.splitting)
        return CleanedData(
            expected: manifest.after, expectedRecords: manifest.recordsAfter, found: found.root,
            foundRecords: found.records)
    }
}
