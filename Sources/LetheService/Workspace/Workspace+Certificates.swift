import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// Issues one certificate for each request of a judged run: statement, log entry, hash chain, file.
    ///
    /// A passing verdict fulfils the requests and, where the policy says so, destroys the keys of their personal data. Any
    /// other verdict is certified just as well, and leaves the requests open.
    /// - Returns: the certificates' paths, in the order of the requests.
    @discardableResult
    public func certify(_ id: String) throws -> [String] {
        let (runID, record) = try run(id, at: .verified)
        let folder = paths.run(id)
        var dossier = try RunDossier.read(from: folder)
        guard dossier.certificates.isEmpty else {
            throw ServiceError.runNotReady(id: id, found: "certified", expected: "verified and not yet certified")
        }
        let measured = try measurements(id)
        let statement = try DSSEEnvelope(
            parsing: Files.read(Files.join(folder, "test-result.dsse.json"), limit: 1 << 16))
        let first = try store.size()
        let drafts = try draft(dossier, measured, runID: runID, testResult: statement, firstEntry: first)

        var entries = drafts.map(\.envelope.canonicalBytes)
        if record.hasPassed { entries += try fulfilments(dossier, certificates: first) }
        let receipt = try store.append(
            entries: entries, expectedSize: first, signer: keys.noteSigner(origin: origin))
        guard let checkpoint = receipt.checkpoint else { throw ServiceError.unknownRun(id: id) }

        var written: [String] = []
        for (offset, draft) in drafts.enumerated() {
            let entry = first + UInt64(offset)
            let file = CertificateFile(
                certificate: draft.envelope, testResult: statement,
                proof: TransparencyProof(
                    index: entry, path: try store.inclusionProof(entry, size: receipt.indexes.upperBound),
                    checkpoint: checkpoint))
            let path = Files.join(paths.certificates, Self.certificateName(draft.number))
            try Files.write(try file.bytes(), to: path)
            dossier.certificates.append(.init(number: draft.number, request: draft.request, entry: entry))
            written.append(path)
        }
        try dossier.write(to: folder)
        return written
    }

    /// The file name of a certificate.
    public static func certificateName(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "." + CertificateFile.fileExtension
    }

    /// Every certificate that was issued: its number, request and entry, in order.
    public func certificates() throws -> [RunDossier.CertificateRecord] {
        try store.runs().filter { $0.stage == .verified }.flatMap {
            try RunDossier.read(from: paths.run($0.runID.text)).certificates
        }.sorted { $0.number < $1.number }
    }

    private struct Draft {
        let number: Int
        let request: String
        let envelope: DSSEEnvelope
    }

    private func draft(
        _ dossier: RunDossier, _ measured: Measurements, runID: RunID, testResult: DSSEEnvelope, firstEntry: UInt64
    ) throws -> [Draft] {
        let earlier = try certificates()
        var previous = try earlier.last.map {
            UnlearningCertificate.Previous(
                envelope: Digest(sha256: try store.entry($0.entry)), index: $0.entry)
        }
        let test = try verifiedTest(testResult)
        let folder = Files.join(paths.run(dossier.runID), "candidate")
        let model = try ModelDigest(folder: folder)
        let now = environment.now()
        let controller = try keys.controller
        var drafts: [Draft] = []
        for (offset, id) in dossier.requests.enumerated() {
            let number = (earlier.last?.number ?? 0) + 1 + offset
            let certificate = UnlearningCertificate(
                certificateID: "certificate-\(number)", tenant: origin, issuedAt: now, previous: previous,
                modelName: Self.modelName(runID), model: model, request: try certified(id),
                dataset: .init(
                    before: try Digest(hex: dossier.datasetBefore), after: try Digest(hex: dossier.datasetAfter),
                    recordsRemoved: UInt64(dossier.recordsRemoved[offset]),
                    recordsCommitment: try Digest(hex: dossier.recordsCommitments[offset])),
                unlearning: try certified(dossier), policy: policy.digest, verification: test.test,
                testResult: testResult, claim: measured.claim.asciiOnly)
            let envelope = try certificate.signed(by: controller)
            drafts.append(Draft(number: number, request: id, envelope: envelope))
            previous = .init(envelope: envelope.digest, index: firstEntry + UInt64(offset))
        }
        return drafts
    }

    private func verifiedTest(_ envelope: DSSEEnvelope) throws -> TestResult {
        let verifier = try keys.verifier.publicKey
        return try TestResult(Statement(verified: envelope.verify(trusting: [verifier])))
    }

    private func certified(_ id: String) throws -> UnlearningCertificate.Request {
        let record = try request(id)
        return UnlearningCertificate.Request(
            requestID: id, subjectCommitment: record.subjectCommitment,
            receivedEntry: .init(
                index: record.receivedIndex, leafHash: MerkleTree.leafHash(try store.entry(record.receivedIndex))))
    }

    private func certified(_ dossier: RunDossier) throws -> UnlearningCertificate.Unlearning {
        guard let seeds = dossier.seeds, let unlearnedAt = dossier.unlearnedAt, let runID = RunID(dossier.runID) else {
            throw ServiceError.runNotReady(id: dossier.runID, found: "without a candidate", expected: "verified")
        }
        let source = LetheRequests.SeedSource(checkpointSize: seeds.size, rootHash: try Digest(hex: seeds.root))
        return UnlearningCertificate.Unlearning(
            runID: dossier.runID, method: "urn:lethe:method:\(dossier.method):v1", code: try environment.program(),
            parameters: policy.methodDigest, seed: source.seed(for: "unlearn/order", runID: runID),
            seedSource: LetheCertificates.SeedSource(size: seeds.size, rootHash: source.rootHash),
            modelBeforeName: "recommender@original", modelBefore: try Digest(hex: dossier.originalDigest),
            startedAt: try Timestamp(dossier.startedAt), finishedAt: try Timestamp(unlearnedAt),
            environment: environment.description, precision: "float32")
    }

    /// The events that close fulfilled requests, and destroy the keys of their personal data where the policy says so.
    private func fulfilments(_ dossier: RunDossier, certificates first: UInt64) throws -> [[UInt8]] {
        let now = environment.now()
        var events: [LedgerEvent] = []
        for (offset, id) in dossier.requests.enumerated() {
            let request = try request(id)
            events.append(
                .request(
                    RequestEvent(
                        requestID: request.requestID, at: now, requestCommitment: request.requestCommitment,
                        kind: .changed(.fulfilled(certificateEntry: first + UInt64(offset)), clock: nil))))
            if policy.retention.shredAfterFulfilment {
                events.append(
                    .shred(
                        ShredEvent(
                            requestID: request.requestID, requestCommitment: request.requestCommitment, at: now)))
            }
        }
        let controller = try keys.controller
        return try events.map { try $0.sign(with: [controller]) }
    }
}
