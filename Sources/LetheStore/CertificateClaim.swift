import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements

/// What ties a certificate to the log; the rest of it is the certificate verifier's business.
struct CertificateClaim: Sendable {
    let requestID: String
    let subjectCommitment: Digest
    let receivedIndex: UInt64
    let receivedLeafHash: Digest
    let previous: CertificateIndex.Link?
    let runID: String
    let verdict: String
    /// Field of the certificate, name of the artifact in the run's record, digest.
    let artifacts: [(field: String, artifact: String, digest: Digest)]

    /// What became of telling each recipient.
    let notifications: [String: String]

    // What follows is in every certificate that verifies; where it is missing, there is nothing to compare.

    /// The seed of the run, and the checkpoint that it was drawn from.
    let seed: UInt64?
    let seeds: SeedSource?
    /// The reference models, and the checkpoint that their seeds were drawn from.
    let references: [ReferenceModel]?
    let referenceSeeds: SeedSource?
    /// The envelope of the forgetting test.
    let testResult: Digest?

    init(_ statement: Statement) throws(FieldError) {
        let fields = statement.fields
        let request = try fields.member("request")
        let received = try request.member("receivedEntry")
        requestID = try request.member("requestId").string()
        subjectCommitment = try request.member("subjectCommitment").digest()
        receivedIndex = try received.member("index").wholeNumber()
        receivedLeafHash = try received.member("leafHash").digest()
        previous = try fields.nullable("previousCertificate").map { (previous) throws(FieldError) in
            CertificateIndex.Link(
                sha256: try previous.member("sha256").digest(), index: try previous.member("index").wholeNumber())
        }
        let unlearning = try fields.member("unlearning")
        let dataset = try fields.member("dataset")
        runID = try unlearning.member("runId").string()
        var notifications: [String: String] = [:]
        for notification in try fields.optional("notifications")?.array() ?? [] {
            notifications[try notification.member("recipient").string()] = try notification.member("outcome").string()
        }
        self.notifications = notifications
        let verification = try fields.member("verification")
        verdict = try verification.member("verdict").string()
        seed = try unlearning.optional("seed")?.wholeNumber()
        seeds = try Self.source(in: unlearning)
        references = try verification.optional("references")?.array().map { (item) throws(FieldError) in
            ReferenceModel(
                model: try item.member("model").member("sha256").digest(), seed: try item.member("seed").wholeNumber())
        }
        referenceSeeds = try Self.source(in: verification)
        var tests: [Digest] = []
        for attestation in try verification.optional("attestations")?.array() ?? []
        where try attestation.member("predicateType").string() == PredicateType.testResult {
            tests.append(try attestation.member("sha256").digest())
        }
        testResult = tests.first
        let subject = JSONFields(
            .string(statement.subjects[0].digest["sha256"] ?? ""), path: "subject[0].digest.sha256")
        artifacts = [
            ("subject", "candidate", try subject.digest()),
            ("unlearning.modelBefore", "original", try unlearning.member("modelBefore").member("sha256").digest()),
            ("dataset.before", "dataset-before", try dataset.member("before").member("sha256").digest()),
            ("dataset.after", "dataset-after", try dataset.member("after").member("sha256").digest()),
        ]
    }

    /// The checkpoint that seeds were drawn from; nil where none is named.
    private static func source(in fields: JSONFields) throws(FieldError) -> SeedSource? {
        guard let source = try fields.optional("seedCheckpoint"), case .object = source.value else { return nil }
        return SeedSource(
            checkpointSize: try source.member("size").wholeNumber(), rootHash: try source.member("rootHash").digest())
    }
}
