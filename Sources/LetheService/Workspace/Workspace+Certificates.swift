import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheReports
import LetheRequests
import LetheStatements
import LetheStore

/// A certificate as the log has it.
public struct IssuedCertificate: Sendable, Equatable {
    /// The certificate's number in its log, from one.
    public let number: Int
    /// The request it answers.
    public let request: String
    /// Its entry in the log.
    public let entry: UInt64
    /// Backups that still hold the data, as it says.
    let backups: [AuditReport.Backup]
    let envelope: DSSEEnvelope

    fileprivate init?(_ envelope: DSSEEnvelope, of run: RunID, at entry: UInt64) throws {
        let statement = try Statement(parsingUnverified: envelope.payload)
        guard statement.predicateType == PredicateType.unlearningCertificate else { return nil }
        let certificate = try UnlearningCertificate(statement)
        guard certificate.unlearning.runID == run.text,
            let number = Int(certificate.certificateID.dropFirst(Self.prefix.count))
        else { return nil }
        self.number = number
        self.request = certificate.request.requestID
        self.entry = entry
        backups = certificate.backups.map { .init(system: $0.system, purgeBy: "\($0.purgeBy)") }
        self.envelope = envelope
    }

    private static let prefix = "certificate-"

    /// What certificate `number` is called in its statement.
    static func id(_ number: Int) -> String { prefix + "\(number)" }
}

extension Workspace {
    /// Issues one certificate for each request that a judged run answers: statement, log entry, hash chain, file. Requests that were
    /// withdrawn or ended otherwise meanwhile get none: nobody waits for it.
    ///
    /// A passing verdict fulfils the requests and, where the policy says so, destroys the keys of their personal data. Any
    /// other verdict is certified just as well, and leaves the requests open. The log decides what was issued: where it has
    /// the run's certificates already, only files that are missing are written, so a call that broke off is repeated.
    ///
    /// Recipients that the policy names are told first; certificates are issued once each of them was told, or given up.
    /// - Returns: the certificates' paths, in the order of the requests.
    /// - Throws: `ServiceError.recipientsPending` where a recipient is still to be told: the run's requests are blocked in part then, and the
    ///   next call goes on; `.quorumMissed` where witnesses must cosign and did not, `.timestampsMissed` where authorities must stamp
    ///   and did not: the certificates are in the log then, no file of one is handed out, and the next call writes them.
    @discardableResult
    public func certify(_ id: String) throws -> [String] {
        try holdingRuns { try certifyHeld(id) }
    }

    private func certifyHeld(_ id: String) throws -> [String] {
        let (_, record) = try run(id, at: .verified)
        let dossier = try RunDossier.read(from: paths.run(id))
        guard let testEntry = dossier.testResultEntry else {
            throw ServiceError.workspaceDamaged(file: paths.run(id), problem: "names no entry of its forgetting test")
        }
        let test = try DSSEEnvelope(parsing: store.entry(testEntry))
        var issued = try certificates(of: record)
        try sweepTombstones()
        if issued.isEmpty {
            try settleRecipients(of: record, dossier)
            try issue(try store.run(record.runID) ?? record, dossier, test: test)
            issued = try certificates(of: record)
        }
        return try write(issued, test: test)
    }

    /// Appends the certificates of a run, and what follows from a pass, in one transaction.
    private func issue(_ run: LetheRequests.RunRecord, _ dossier: RunDossier, test: DSSEEnvelope) throws {
        let first = try store.size()
        let known = Set(try requestsToCertify(run.runID).map(\.requestID.text))
        let answered = dossier.requests.enumerated().filter { known.contains($0.element) }.map(\.offset)
        guard !answered.isEmpty else { return }
        var entries = try draft(
            dossier, of: answered, measurements(dossier.runID), run: run, testResult: test, firstEntry: first
        ).map(\.canonicalBytes)
        if run.hasPassed { entries += try fulfilments(run.runID, dossier, of: answered, certificates: first) }
        try store.append(entries: entries, expectedSize: first, signer: keys.noteSigner(origin: origin))
    }

    /// Writes the file of each certificate that has none, under a checkpoint that is cosigned and stamped as the workspace demands.
    private func write(_ issued: [IssuedCertificate], test: DSSEEnvelope) throws -> [String] {
        func path(_ certificate: IssuedCertificate) -> String {
            Files.join(paths.certificates, Self.certificateName(certificate.number))
        }
        let missing = issued.filter { !Files.exists(path($0)) }
        guard let last = missing.map(\.entry).max() else { return issued.map(path) }
        let checkpoint = try certificateCheckpoint(covering: last)
        let size = try Checkpoint(parsing: checkpoint.text).size
        for certificate in missing {
            let file = CertificateFile(
                certificate: certificate.envelope, testResult: test,
                proof: TransparencyProof(
                    index: certificate.entry, path: try store.inclusionProof(certificate.entry, size: size),
                    checkpoint: checkpoint))
            try Files.write(try file.bytes(), to: path(certificate))
        }
        return issued.map(path)
    }

    /// The file name of a certificate.
    public static func certificateName(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "." + CertificateFile.fileExtension
    }

    /// Every certificate that was issued, in order.
    public func certificates() throws -> [IssuedCertificate] {
        try store.runs().filter { $0.stage == .verified }.flatMap { try certificates(of: $0) }
            .sorted { $0.number < $1.number }
    }

    /// The certificates of a run: entries that follow its verdict, one after the other.
    func certificates(of run: LetheRequests.RunRecord) throws -> [IssuedCertificate] {
        let size = try store.size()
        guard let verdict = run.indexes[RunStage.verified.rawValue], verdict < size else { return [] }
        var issued: [IssuedCertificate] = []
        for index in verdict + 1..<size {
            let envelope = try DSSEEnvelope(parsing: try store.entry(index))
            if let certificate = try IssuedCertificate(envelope, of: run.runID, at: index) {
                issued.append(certificate)
            } else if !issued.isEmpty {
                break
            }
        }
        return issued
    }

    private func draft(
        _ dossier: RunDossier, of answered: [Int], _ measured: Measurements, run: LetheRequests.RunRecord,
        testResult: DSSEEnvelope,
        firstEntry: UInt64
    ) throws -> [DSSEEnvelope] {
        let last = try certificates().last
        var previous = last.map { UnlearningCertificate.Previous(envelope: $0.envelope.digest, index: $0.entry) }
        let test = try verifiedTest(testResult)
        let folder = Files.join(paths.run(dossier.runID), "candidate")
        let model = try ModelDigest(folder: folder)
        let now = environment.now()
        let controller = try keys.controller
        let notifications = try outcomes(of: run).compactMap { UnlearningCertificate.Notification($0.event) }
        // What did not pass has erased nothing: no backup's purge is promised for it.
        let backups = (run.hasPassed ? policy.backups : []).map {
            UnlearningCertificate.Backup(
                system: $0.system, purgeBy: now.adding(seconds: Int64($0.purgeDays) * 86_400))
        }
        let kept = run.hasPassed ? policy.retained : []
        var drafts: [DSSEEnvelope] = []
        for (place, offset) in answered.enumerated() {
            let law = try request(dossier.requests[offset]).lifecycle.regulation
            let retained = kept.filter { $0.ground.regulation == law }.map { item in
                UnlearningCertificate.Retained(
                    category: item.category, ground: item.ground.rawValue,
                    until: item.days.map { now.adding(seconds: Int64($0) * 86_400) })
            }
            let certificate = UnlearningCertificate(
                certificateID: IssuedCertificate.id((last?.number ?? 0) + 1 + place), tenant: origin, issuedAt: now,
                previous: previous,
                modelName: Self.modelName(run.runID), model: model, request: try certified(dossier.requests[offset]),
                dataset: .init(
                    before: try Digest(hex: dossier.datasetBefore), after: try Digest(hex: dossier.datasetAfter),
                    recordsRemoved: UInt64(dossier.recordsRemoved[offset]),
                    recordsCommitment: try Digest(hex: dossier.recordsCommitments[offset])),
                unlearning: try certified(dossier), policy: policy.digest, verification: test.test,
                testResult: testResult, claim: measured.claim.asciiOnly, notifications: notifications,
                retained: retained, backups: backups)
            let envelope = try certificate.signed(by: controller)
            drafts.append(envelope)
            previous = .init(envelope: envelope.digest, index: firstEntry + UInt64(place))
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
            parameters: dossier.methodDigest, seed: source.unlearningSeed(runID: runID),
            seedSource: LetheCertificates.SeedSource(size: seeds.size, rootHash: source.rootHash),
            modelBeforeName: "recommender@original", modelBefore: try Digest(hex: dossier.originalDigest),
            startedAt: try Timestamp(dossier.startedAt), finishedAt: try Timestamp(unlearnedAt),
            environment: environment.description, precision: "float32")
    }

    /// The events that close fulfilled requests, and destroy the keys of their personal data where the policy says so: theirs, and
    /// those of their duplicates, which hold the same person's.
    private func fulfilments(
        _ runID: RunID, _ dossier: RunDossier, of answered: [Int], certificates first: UInt64
    ) throws -> [[UInt8]] {
        let now = environment.now()
        let fulfilled = Set(try requestsInVerification(by: runID, of: dossier).map(\.requestID))
        let duplicates = try duplicates()
        var events: [LedgerEvent] = []
        for (place, offset) in answered.enumerated() {
            let request = try request(dossier.requests[offset])
            guard fulfilled.contains(request.requestID) else { continue }
            // What waited for a recipient goes on where it stood: with the run that has passed.
            let steps: [LifecycleEvent] = request.state == .blockedPartial ? [.resumed, .unlearned(run: runID)] : []
            for step in steps + [.fulfilled(certificateEntry: first + UInt64(place))] {
                events.append(
                    .request(
                        RequestEvent(
                            requestID: request.requestID, at: now, requestCommitment: request.requestCommitment,
                            kind: .changed(step, clock: nil))))
            }
            events += destructions(after: request, duplicates, at: now)
        }
        let controller = try keys.controller
        return try events.map { try $0.sign(with: [controller]) }
    }
    /// The requests that ended behind another one and whose personal data are in the vault, by that one.
    func duplicates() throws -> [RequestID: [RequestRecord]] {
        guard policy.retention.shredAfterFulfilment else { return [:] }
        var duplicates: [RequestID: [RequestRecord]] = [:]
        for record in try store.requests(in: "duplicate") where record.shreddedIndex == nil {
            if case .duplicate(let original) = record.state { duplicates[original, default: []].append(record) }
        }
        return duplicates
    }

    /// The keys that go with the fulfilment of a request, where the policy says so: its own, and those of its duplicates.
    func destructions(
        after request: RequestRecord, _ duplicates: [RequestID: [RequestRecord]], at now: Timestamp
    ) -> [LedgerEvent] {
        guard policy.retention.shredAfterFulfilment else { return [] }
        return ([request] + (duplicates[request.requestID] ?? [])).map { closed in
            .shred(ShredEvent(requestID: closed.requestID, requestCommitment: closed.requestCommitment, at: now))
        }
    }
}
