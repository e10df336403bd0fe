import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

/// A ledger of its own for measuring: real keys, real policy, requests of people who exist only as numbers.
struct BenchmarkLedger: Sendable {
    static let origin = "benchmark.lethe.example/ledger"

    let store: LedgerStore
    let keys: Keys
    let signer: NoteSigner
    let masterKey: MasterKey
    let policy: Policy
    let environment: ServiceEnvironment

    /// Keys that live in memory only.
    struct Keys: Sendable {
        let root = SigningKey.generate()
        let log = SigningKey.generate()
        let controller = SigningKey.generate()
        let verifier = SigningKey.generate()
        let portal = SigningKey.generate()
    }

    /// Makes the ledger at `path`.
    init(path: String, environment: ServiceEnvironment) throws {
        self.environment = environment
        keys = Keys()
        masterKey = MasterKey.generate()
        policy = try Policy(yaml: BuiltInPolicy.demo)
        signer = try NoteSigner(name: Self.origin, key: keys.log)
        store = try LedgerStore.create(path, origin: Self.origin)
        var entries: [[UInt8]] = []
        let roles: [(SigningKey, KeyRole)] = [
            (keys.root, .root), (keys.log, .log), (keys.controller, .controller), (keys.verifier, .verifier),
            (keys.portal, .requester),
        ]
        for (index, (key, role)) in roles.enumerated() {
            let event = KeyEvent(
                .add(validFrom: UInt64(index)), key: key.publicKey, role: role, origin: Self.origin,
                at: environment.now())
            entries.append(try LedgerEvent.key(event).sign(with: [keys.root]))
        }
        let adoption = PolicyEvent(adopting: policy, at: environment.now())
        entries.append(try LedgerEvent.policy(adoption).sign(with: [keys.controller]))
        try store.append(entries: entries, signer: signer)
    }

    /// Whom an auditor of this ledger trusts.
    var trust: AuditTrust { AuditTrust(roots: [keys.root.publicKey], noteVerifiers: [signer.verifier]) }

    /// Signed requests of the people `users`, as the portal sends them.
    func sign(_ users: Range<Int>) throws -> [[UInt8]] {
        let now = environment.now()
        return try Array(users).concurrentMap { user in
            Result<[UInt8], any Error> {
                var generator = SecureGenerator()
                guard let subject = SubjectIdentity(type: DataSubjects.identityType, value: "\(user)") else {
                    throw ServiceError.unknownSubject
                }
                return try DeletionRequest(
                    regulation: .gdpr, subject: subject, audience: Self.origin, issuedAt: now, validSeconds: 86_400,
                    agent: "privacy-portal",
                    identity: IdentityProof(level: .accountAuthenticated, method: .accountSession), using: &generator
                ).sign(with: keys.portal)
            }
        }.map { try $0.get() }
    }

    /// Receives requests; every one of them must be accepted.
    func receive(_ requests: [[UInt8]], groupSize: Int, of subjects: DataSubjects) throws {
        let reception = RequestReception(store: store, signer: signer)
        try reception.receive(
            requests, groupSize: groupSize,
            judging: {
                RequestIntake(
                    checker: RequestChecker(
                        audience: Self.origin, requesterKeys: [keys.portal.publicKey], policy: policy),
                    rules: PolicyInForce(policy), subjects: subjects, controller: keys.controller,
                    masterKey: masterKey, now: environment.now())
            }
        ) { outcomes in
            for case .refused(let error) in outcomes { throw error }
        }
    }

    private func trustFile() throws -> TrustFile {
        try TrustFile(
            origin: Self.origin, controllers: [keys.controller.publicKey], verifiers: [keys.verifier.publicKey],
            logs: [keys.log.publicKey])
    }

    /// The file of a certificate in this log, and the public keys that verify it.
    func certificate() throws -> (file: [UInt8], trust: TrustFile) {
        func digest(_ text: String) -> Digest { Digest(sha256: Array(text.utf8)) }
        func number(_ text: String) throws -> DecimalNumber {
            guard let number = DecimalNumber(text) else { throw ServiceError.noJudgedRun }
            return number
        }
        let size = try store.size()
        let model = try ModelDigest(resources: [.init(name: "model.safetensors", digest: digest("weights"))])
        let source = LetheCertificates.SeedSource(size: 1, rootHash: digest("root"))
        let measurement = ForgettingTest.Measurement(
            name: "G1 RRM", metric: "relative residual memorisation", value: try number("0.031000"),
            interval: .init(lower: try number("-0.020000"), upper: try number("0.082000")), comparator: .within,
            threshold: try number("0.200000"), baseline: try number("0.000000"), sampleSize: 20)
        let test = ForgettingTest(
            verdict: .passStatistical, measurements: [measurement],
            references: (1...5).map { .init(model: digest("reference \($0)"), seed: UInt64($0)) },
            referenceSeedSource: source, notAssessed: [])
        let result = try TestResult(
            modelName: "recommender@run", model: model.digest, runID: "run", policy: policy.digest, test: test
        ).signed(by: keys.verifier)
        let now = environment.now()
        let certificate = try UnlearningCertificate(
            certificateID: "certificate-1", tenant: Self.origin, issuedAt: now, previous: nil,
            modelName: "recommender@run", model: model,
            request: .init(
                requestID: "00000000-0000-4000-8000-000000000000", subjectCommitment: digest("subject"),
                receivedEntry: .init(index: 0, leafHash: digest("entry"))),
            dataset: .init(
                before: digest("before"), after: digest("after"), recordsRemoved: 17,
                recordsCommitment: digest("records")),
            unlearning: .init(
                runID: "run", method: "urn:lethe:method:e2urec:v1", code: digest("code"),
                parameters: policy.method.parametersDigest, seed: 1, seedSource: source,
                modelBeforeName: "recommender@original",
                modelBefore: digest("model"), startedAt: now, finishedAt: now, environment: environment.description,
                precision: "float32"),
            policy: policy.digest, verification: test, testResult: result, claim: "measured for a benchmark"
        ).signed(by: keys.controller)
        let receipt = try store.append(entries: [certificate.canonicalBytes], signer: signer)
        guard let checkpoint = receipt.checkpoint else { throw ServiceError.unknownEntry(index: size, size: size) }
        let proof = TransparencyProof(
            index: size, path: try store.inclusionProof(size, size: receipt.indexes.upperBound), checkpoint: checkpoint)
        let file = CertificateFile(certificate: certificate, testResult: result, proof: proof)
        return (try file.bytes(), try trustFile())
    }
}
