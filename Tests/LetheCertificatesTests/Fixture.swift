import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements

/// A small log with certificates in it, made of fixed keys; every part can be replaced before it is signed.
struct Fixture {
    static let origin = "lethe.example/acme"
    static let controller = key(1)
    static let verifier = key(2)
    static let logKey = key(3)
    static let witnessKey = key(4)
    static let stranger = key(5)

    static func key(_ number: UInt8) -> SigningKey {
        guard let key = try? SigningKey(seed: [UInt8](repeating: number, count: 32)) else { fatalError("fixture key") }
        return key
    }

    static func digest(_ text: String) -> Digest { Digest(sha256: Array(text.utf8)) }

    static func decimal(_ text: String) -> DecimalNumber {
        guard let number = DecimalNumber(text) else { fatalError("fixture number \(text)") }
        return number
    }

    static func time(_ text: String) -> Timestamp {
        guard let time = try? Timestamp(text) else { fatalError("fixture time \(text)") }
        return time
    }

    static func trust(witnesses: [NoteVerifier] = []) throws -> TrustFile {
        try TrustFile(
            origin: origin, controllers: [controller.publicKey], verifiers: [verifier.publicKey],
            logs: [logKey.publicKey], witnesses: witnesses)
    }

    static func measurement(
        name: String = "G1 RRM", value: String? = "0.031000", interval: (String, String)? = ("-0.020000", "0.082000"),
        comparator: ForgettingTest.Comparator = .within, threshold: String = "0.200000"
    ) -> ForgettingTest.Measurement {
        ForgettingTest.Measurement(
            name: name, metric: "relative residual memorisation", value: value.map(decimal),
            interval: interval.map { .init(lower: decimal($0.0), upper: decimal($0.1)) }, comparator: comparator,
            threshold: decimal(threshold), baseline: decimal("0.000000"), sampleSize: 20)
    }

    static func test(
        verdict: ForgettingTest.Verdict = .passStatistical, measurements: [ForgettingTest.Measurement]? = nil
    ) -> ForgettingTest {
        ForgettingTest(
            verdict: verdict,
            measurements: measurements ?? [
                measurement(name: "P0 provenance", value: "0", interval: nil, comparator: .equal, threshold: "0"),
                measurement(
                    name: "G0 S(o)", value: "0.61", interval: ("0.41", "0.80"), comparator: .above, threshold: "0"),
                measurement(),
                measurement(
                    name: "G2 JG", value: "0.1", interval: ("0.01", "0.2"), comparator: .below, threshold: "0.25"),
            ],
            references: [.init(model: digest("r1"), seed: 17), .init(model: digest("r2"), seed: .max)],
            referenceSeedSource: SeedSource(size: 2, rootHash: digest("root")),
            notAssessed: ["G3 membership", "G4 relearning"])
    }

    static func model() throws -> ModelDigest {
        try ModelDigest(resources: [
            .init(name: "config.json", digest: digest("config")),
            .init(name: "model.safetensors", digest: digest("weights")),
        ])
    }

    static func testResult(_ test: ForgettingTest = test(), signer: SigningKey = verifier) throws -> DSSEEnvelope {
        try TestResult(
            modelName: "recommender@run-1", model: model().digest, runID: "run-1", policy: digest("policy"), test: test
        ).signed(by: signer)
    }

    static func certificate(
        _ number: Int = 1, previous: UnlearningCertificate.Previous? = nil, test: ForgettingTest = test(),
        testResult: DSSEEnvelope? = nil
    ) throws -> UnlearningCertificate {
        UnlearningCertificate(
            certificateID: "c-2026-\(number)", tenant: "acme", issuedAt: time("2026-03-02T09:00:00Z"),
            previous: previous, modelName: "recommender@run-1", model: try model(),
            request: .init(
                requestID: "a7551968-d5d6-44b2-9831-815ac901779\(number)",
                subjectCommitment: digest("subject \(number)"),
                receivedEntry: .init(index: 0, leafHash: digest("entry"))),
            dataset: .init(
                before: digest("before"), after: digest("after"), recordsRemoved: 17,
                recordsCommitment: digest("records")),
            unlearning: .init(
                runID: "run-1", method: "urn:lethe:method:e2urec:v1", code: digest("code"),
                parameters: digest("parameters"),
                seed: 18_446_744_073_709_551_615, seedSource: SeedSource(size: 1, rootHash: digest("seed root")),
                modelBeforeName: "recommender@base", modelBefore: digest("model before"),
                startedAt: time("2026-03-02T07:00:00Z"), finishedAt: time("2026-03-02T08:10:00Z"),
                environment: ["os": "Debian 12", "threads": "2"], precision: "float32"),
            policy: digest("policy"), verification: test, testResult: try testResult ?? Self.testResult(test),
            claim:
                "outputs equivalent to retraining within margins 0.2 on the forgotten records, alpha 0.05, 2 references",
            notifications: [
                .init(recipient: "processor-1", at: time("2026-03-02T08:30:00Z"), outcome: .acknowledged)
            ],
            retained: [.init(category: "invoices", ground: "GDPR-17-3-b", until: time("2031-01-01T00:00:00Z"))],
            backups: [.init(system: "nightly", purgeBy: time("2026-04-01T00:00:00Z"))])
    }

    /// A log that starts with three other entries.
    struct Log {
        var entries: [[UInt8]] = (0..<3).map { Array("entry \($0)".utf8) }

        mutating func append(_ envelope: DSSEEnvelope) -> UInt64 {
            entries.append(envelope.canonicalBytes)
            return UInt64(entries.count - 1)
        }

        func proof(
            of index: UInt64, size: Int? = nil, origin: String = Fixture.origin, signers: [NoteSigner]? = nil
        ) throws -> TransparencyProof {
            let hashes = entries.prefix(size ?? entries.count).map { MerkleTree.leafHash($0) }
            let head = try Checkpoint(
                origin: origin, size: UInt64(hashes.count), rootHash: MerkleTree.rootHash(of: hashes))
            let signers = try signers ?? [NoteSigner(name: origin, key: Fixture.logKey)]
            return TransparencyProof(
                index: index, path: try MerkleTree.inclusionProof(of: index, in: hashes),
                checkpoint: try SignedNote(text: head.text, signers: signers, seconds: 1_772_442_000))
        }
    }

    /// The file of one certificate in a log of five entries.
    static func file(
        _ certificate: UnlearningCertificate? = nil, testResult: DSSEEnvelope? = nil,
        controller: SigningKey = controller,
        origin: String = origin, signers: [NoteSigner]? = nil
    ) throws -> CertificateFile {
        var log = Log()
        let envelope = try (certificate ?? Self.certificate()).signed(by: controller)
        let index = log.append(envelope)
        log.entries.append(Array("later".utf8))
        return CertificateFile(
            certificate: envelope, testResult: try testResult ?? Self.testResult(),
            proof: try log.proof(of: index, origin: origin, signers: signers))
    }
}

/// Runs `body` with a fresh folder and removes the folder afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.path + "/lethe-test-" + Hex.encode(secureRandomBytes(8))
    try Files.createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}
