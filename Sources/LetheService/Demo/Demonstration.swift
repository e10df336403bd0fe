public import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements

/// The main job on real steps: keys, signed requests, unlearning, references, verdict, certificates, report, offline checks.
///
/// Every step is the one that the separate commands take; nothing here is staged but the people who ask, the forger and the
/// replayer.
public struct Demonstration {
    /// What the caller chose.
    public struct Options: Sendable {
        /// What the data are.
        public var kind: DatasetProfile.Kind
        /// The folder with the data; nil makes synthetic data.
        public var dataFolder: String?
        /// The folder that receives everything; must not exist, or be empty.
        public var output: String
        /// How to read the data, for the kind `mapping`.
        public var mapping: DatasetMapping?
        /// A subsample of users instead of all.
        public var isQuick: Bool
        /// The seed of the synthetic data.
        public var seed: UInt64
        /// The policy as YAML.
        public var policy: [UInt8]

        /// Options for a demonstration.
        public init(
            kind: DatasetProfile.Kind, dataFolder: String?, mapping: DatasetMapping? = nil, output: String,
            isQuick: Bool,
            seed: UInt64, policy: [UInt8]
        ) {
            self.kind = kind
            self.dataFolder = dataFolder
            self.mapping = mapping
            self.output = output
            self.isQuick = isQuick
            self.seed = seed
            self.policy = policy
        }
    }

    /// What the demonstration tells while it runs.
    public enum Event: Sendable {
        /// A new part of the way begins.
        case heading(String)
        /// Something that happened.
        case fact(String)
        /// A request that was turned away, as it should be.
        case refused(what: String, why: String)
        /// A long computation moves on.
        case progress(ServiceProgress)
    }

    /// What came out, with paths relative to the output folder.
    public struct Summary: Sendable, Equatable {
        /// The certificates' files.
        public var certificates: [String]
        /// The trust file.
        public var trust: String
        /// The report's page.
        public var report: String
        /// The verdict's wire name.
        public var verdict: String
        /// Named measurements.
        public var metrics: [String: Double]
        /// Durations by step.
        public var seconds: [(name: String, seconds: Double)]

        /// Two summaries are equal when all they say is.
        public static func == (left: Summary, right: Summary) -> Bool { left.json == right.json }

        /// The document that `summary.json` holds.
        public var json: JSONValue {
            [
                "certificates": .array(certificates.map { .string($0) }), "trust": .string(trust),
                "report": .string(report), "verdict": .string(verdict),
                "metrics": .object(metrics.mapValues { .number(Self.decimal($0)) }),
                "seconds": .object(
                    Dictionary(seconds.map { ($0.name, .number(Self.decimal($0.seconds))) }) { first, _ in first }),
            ]
        }

        private static func decimal(_ value: Double) -> String {
            value.isFinite ? "\((value * 1e6).rounded() / 1e6)" : "0"
        }
    }

    private let options: Options
    private let environment: ServiceEnvironment
    private let tell: (Event) -> Void

    /// A demonstration that reports to `tell`.
    public init(options: Options, environment: ServiceEnvironment, tell: @escaping (Event) -> Void) {
        self.options = options
        self.environment = environment
        self.tell = tell
    }

    /// Runs the whole way and writes `summary.json`.
    public func run() throws -> Summary {
        guard try !Files.exists(options.output) || Files.names(in: options.output).isEmpty else {
            throw ServiceError.outputExists(path: options.output)
        }
        try Files.createFolders(options.output)
        var stopwatch = Stopwatch(environment)

        let workspace = try prepareWorkspace()
        stopwatch.lap("prepare")
        try trainModels(workspace)
        stopwatch.lap("train")
        try fileRequests(workspace)
        stopwatch.lap("requests")

        tell(.heading("Unlearning"))
        let run = try workspace.unlearn { tell(.progress($0)) }
        tell(
            .fact(
                "candidate \(run.candidateDigest?.prefix(16) ?? "")… is in the log before any reference seed is known"))
        stopwatch.lap("unlearn")

        tell(.heading("Verification"))
        let measured = try workspace.verify(run.runID) { tell(.progress($0)) }
        tell(.fact("verdict \(measured.verdict): \(measured.claim)"))
        for reason in measured.reasons { tell(.fact("  \(reason)")) }
        stopwatch.lap("verify")

        tell(.heading("Certificates and report"))
        let certificates = try workspace.certify(run.runID)
        let report = try workspace.report(run.runID, to: workspace.paths.reports, formats: ReportFormat.allCases)
        tell(.fact("\(certificates.count) certificates, \(report.count) report files"))
        stopwatch.lap("certify")

        try check(certificates, workspace)
        stopwatch.lap("check")

        let summary = Summary(
            certificates: certificates.map(relative), trust: relative(workspace.paths.trust),
            report: relative(report[.html] ?? ""), verdict: measured.verdict, metrics: metrics(measured),
            seconds: stopwatch.laps)
        try Files.write(
            try summary.json.canonicalBytes() + [0x0A], to: Files.join(options.output, "summary.json"))
        return summary
    }

    private func prepareWorkspace() throws -> Workspace {
        tell(.heading("Data and ledger"))
        let folder: String
        if let given = options.dataFolder {
            folder = given
        } else {
            folder = Files.join(options.output, "data")
            try DataSynthesizer(seed: options.seed).write(to: folder)
        }
        let workspace = try Workspace.create(
            at: Files.join(options.output, "workspace"), policy: options.policy,
            profile: DatasetProfile(
                kind: options.kind, folder: folder, isQuick: options.isQuick, mapping: options.mapping),
            origin: "demo.lethe.example/ledger", environment: environment)
        let split = try workspace.data().split
        tell(
            .fact(
                "\(split.training.count) training records of \(split.trainingUsers.count) people; "
                    + "keys, policy and the records' root are in the log"))
        return workspace
    }

    private func trainModels(_ workspace: Workspace) throws {
        tell(.heading("The recommender that learned from everybody"))
        try workspace.pretrain { tell(.progress($0)) }
        try workspace.trainOriginal { tell(.progress($0)) }
    }

    /// People ask to be forgotten; a forger and a replayer try their luck.
    private func fileRequests(_ workspace: Workspace) throws {
        tell(.heading("Signed deletion requests"))
        let subjects = try workspace.data().split.forgottenUsers
        let keys = try WorkspaceKeys.read(from: workspace.paths)
        var filed: [[UInt8]] = []
        for subject in subjects {
            filed.append(try sign(subject, with: keys.portal, for: workspace))
        }
        for bytes in filed { _ = try workspace.submit(bytes) }
        tell(.fact("\(filed.count) people asked; each request is an entry that holds a commitment, no name"))
        if let subject = subjects.first, let replay = filed.first {
            try expectRefusal("a request signed by a key that nobody registered") {
                _ = try workspace.submit(try sign(subject, with: .generate(), for: workspace))
            }
            try expectRefusal("a copy of the first request") { _ = try workspace.submit(replay) }
        }
    }

    private func sign(_ subject: Int, with key: SigningKey, for workspace: Workspace) throws -> [UInt8] {
        var generator = SecureGenerator()
        guard let name = try workspace.data().dataset.user(subject)?.name,
            let identity = SubjectIdentity(type: DataSubjects.identityType, value: name)
        else {
            throw ServiceError.unknownSubject
        }
        return try DeletionRequest(
            regulation: .gdpr, subject: identity, audience: workspace.origin, issuedAt: environment.now(),
            agent: "privacy-portal",
            identity: IdentityProof(level: .accountAuthenticated, method: .accountSession), using: &generator
        ).sign(with: key)
    }

    private func expectRefusal(_ what: String, _ action: () throws -> Void) throws {
        do {
            try action()
        } catch {
            tell(.refused(what: what, why: "\(error)"))
            return
        }
        throw DemonstrationError.accepted(what)
    }

    /// What an outsider does: verify every certificate offline, see that a changed one is refused, audit the log.
    private func check(_ certificates: [String], _ workspace: Workspace) throws {
        tell(.heading("Checking it without trusting anybody"))
        let trust = try workspace.trust()
        for path in certificates {
            _ = try CertificateVerifier.verify(Files.read(path, limit: 1 << 20), trusting: trust)
        }
        tell(.fact("\(certificates.count) of \(certificates.count) certificates verify offline"))
        if let path = certificates.first {
            let tampered = Files.join(options.output, "tampered-certificate.json")
            var bytes = try Files.read(path, limit: 1 << 20)
            bytes[bytes.count / 3] ^= 0x01
            try Files.write(bytes, to: tampered)
            try expectRefusal("a certificate with one bit changed (\(relative(tampered)))") {
                _ = try CertificateVerifier.verify(Files.read(tampered, limit: 1 << 20), trusting: trust)
            }
        }
        let findings = try workspace.audit()
        guard findings.isEmpty else { throw DemonstrationError.auditFailed(findings.map { "\($0)" }) }
        tell(.fact("log audit: every entry, signature, state and vault row agrees"))
    }

    private func metrics(_ measured: Measurements) -> [String: Double] {
        var metrics: [String: Double] = [:]
        for distance in measured.distances where distance.space == "vocabulary" {
            metrics[distance.divergence] = distance.unlearned.value
            metrics[distance.divergence + "_original"] = distance.original.value
            metrics[distance.divergence + "_floor"] = distance.floor?.value
        }
        metrics["rrm"] = measured.residualMemory?.value
        if let test = measured.performance.first {
            metrics["auc"] = test.unlearned.auc
            metrics["auc_original"] = test.original.auc
            metrics["acc"] = test.unlearned.accuracy
            metrics["log_loss"] = test.unlearned.logLoss
        }
        return metrics
    }

    private func relative(_ path: String) -> String {
        let prefix = options.output.hasSuffix("/") ? options.output : options.output + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }
}

/// The demonstration itself went wrong: what should have been refused was accepted, or the audit found damage.
public enum DemonstrationError: Error, CustomStringConvertible {
    /// Something that must be refused was accepted.
    case accepted(String)
    /// The audit of an untouched log found something.
    case auditFailed([String])

    /// One line.
    public var description: String {
        switch self {
        case .accepted(let what): "\(what) was accepted; it must be refused"
        case .auditFailed(let findings): "the log audit found: \(findings.joined(separator: "; "))"
        }
    }
}

/// Durations between laps.
struct Stopwatch {
    private let environment: ServiceEnvironment
    private var last: Double
    private(set) var laps: [(name: String, seconds: Double)] = []

    init(_ environment: ServiceEnvironment) {
        self.environment = environment
        last = environment.seconds()
    }

    mutating func lap(_ name: String) {
        let now = environment.seconds()
        laps.append((name, now - last))
        last = now
    }
}
