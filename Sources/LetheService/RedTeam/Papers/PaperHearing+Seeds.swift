import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

/// Papers whose seeds somebody chose.
extension PaperHearing {
    /// Seeds that no checkpoint of the log gives.
    func hearSeeds(_ paper: FalsePaper, _ forger: Forger) throws -> [String] {
        let workspace = forger.workspace
        if paper == .inventedRoot {
            let size = try workspace.store.size()
            _ = try forger.begin(
                as: forger.logged(honest.current),
                // The checkpoint over the inputs, which come next.
                seeds: .init(checkpointSize: size + 1, rootHash: Digest(sha256: Array("a root to one's liking".utf8))))
        } else {
            let run = try forger.logged(honest.compared).runID
            let source = try workspace.seedSource()
            try forger.log(.referenceSeedsDrawn(source), of: run)
            try forger.log(
                .referencesCommitted(
                    (1...workspace.policy.verification.references).map { number in
                        ReferenceModel(
                            model: Digest(sha256: Array("reference \(number)".utf8)),
                            seed: source.referenceSeed(number, runID: run) &+ 1)
                    }), of: run)
        }
        return try audit(workspace)
    }

    /// A log that was written anew from the run's seeds on, every signature and proof in it fresh: no ledger takes such an entry, so that
    /// only who holds a bundle can be shown it.
    func hearRewrittenLog(_ forger: Forger) throws -> [String] {
        let workspace = forger.workspace
        let trust = try workspace.trust()
        let bundle = Files.join(folder, "rewritten-bundle")
        defer { try? Files.remove(bundle) }
        let verified = try workspace.writeBundle(honest.current.number, to: bundle, replayable: true)
        let run = try forger.logged(honest.current)
        guard let record = try workspace.store.run(run.runID), let inputs = record.indexes["inputs-committed"],
            let drawn = record.indexes["seeds-drawn"], let test = run.judgement?.testResultEntry
        else { throw ServiceError.noJudgedRun }
        var entries = try (0..<workspace.store.size()).map { try workspace.store.entry($0) }
        func leaves() -> [Digest] { entries.map { MerkleTree.leafHash($0) } }
        let early = LetheRequests.SeedSource(
            checkpointSize: inputs, rootHash: MerkleTree.rootHash(of: leaves().prefix(Int(inputs))))
        let controller = try workspace.keys.controller
        entries[Int(drawn)] = try LedgerEvent.run(
            RunEvent(runID: run.runID, at: workspace.environment.now(), step: .seedsDrawn(early))
        ).sign(with: [controller])
        var certificate = verified.certificate
        certificate.unlearning = certificate.unlearning.stating(
            seed: early.unlearningSeed(runID: run.runID),
            source: .init(size: early.checkpointSize, rootHash: early.rootHash))
        let envelope = try certificate.signed(by: controller)
        entries[Int(verified.index)] = envelope.canonicalBytes

        let hashes = leaves()
        let head = try Checkpoint(
            origin: workspace.origin, size: UInt64(hashes.count), rootHash: MerkleTree.rootHash(of: hashes))
        let note = try SignedNote(
            text: head.text, signers: [workspace.keys.noteSigner(origin: workspace.origin)])
        func proof(_ index: UInt64) throws -> TransparencyProof {
            TransparencyProof(
                index: index, path: try MerkleTree.inclusionProof(of: index, in: hashes), checkpoint: note)
        }
        let path = Files.join(bundle, ReplayDocument.fileName)
        let document = try ReplayDocument(
            parsing: Files.read(path, limit: ReplayDocument.maximumByteCount), from: path, data: honest.data)
        let sizes = Set(document.roots.map(\.size)).subtracting([run.seeds.checkpointSize]).union([inputs])
        let rewritten = ReplayDocument(
            runID: run.runID, dataset: document.dataset,
            entries: try document.entries.map { entry in
                .init(
                    index: entry.index, envelope: try DSSEEnvelope(parsing: entries[Int(entry.index)]),
                    path: try MerkleTree.inclusionProof(of: entry.index, in: hashes))
            },
            roots: try sizes.sorted().map { size in
                .init(
                    size: size, rootHash: MerkleTree.rootHash(of: hashes.prefix(Int(size))),
                    path: try MerkleTree.consistencyProof(from: size, in: hashes))
            })
        for (name, bytes) in [
            ("certificate.dsse.json", envelope.canonicalBytes),
            ("certificate.tlog-proof", Array(try proof(verified.index).text.utf8)),
            ("test.tlog-proof", Array(try proof(test).text.utf8)),
            (ReplayDocument.fileName, try rewritten.bytes()),
        ] {
            try Files.write(bytes, to: Files.join(bundle, name))
        }
        return try open(bundle, trusting: trust)
    }
}
