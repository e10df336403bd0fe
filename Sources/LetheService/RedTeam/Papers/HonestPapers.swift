import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests

/// What an honest controller has: a workspace with invented data in which two people were answered by three runs, each with its certificate.
///
/// The first run is approximate and was compared with references; of a single person it decides nothing. The second retrains for
/// the same person and passes by being repeated. The third does so for another person, and its model replaces the second's.
struct HonestPapers {
    /// A run and what goes with it.
    struct Answer {
        let run: String
        /// The people whose records it removed.
        let people: String
        /// The number of its certificate.
        let number: Int
    }

    static let origin = "red-team.lethe.example/ledger"
    /// Another tenant of the same operator.
    static let otherOrigin = "red-team.lethe.example/other"

    let data: String
    /// The workspace.
    let root: String
    /// The same when the first run had its candidate and no verdict.
    let beforeReferences: String
    let compared: Answer
    let replaced: Answer
    let current: Answer
    let environment: ServiceEnvironment

    init(in folder: String, environment: ServiceEnvironment, progress: (ServiceProgress) -> Void) throws {
        (data, root) = (Files.join(folder, "data"), Files.join(folder, "workspace"))
        beforeReferences = Files.join(folder, "before-references")
        self.environment = environment
        try DataSynthesizer(configuration: .small, seed: 3).write(to: data)
        let workspace = try Workspace.create(
            at: root, policy: Array(Self.policy.utf8), profile: DatasetProfile(kind: .synthetic, folder: data),
            origin: Self.origin, environment: environment)
        try workspace.pretrain(progress: progress)
        try workspace.trainOriginal(progress: progress)
        let people = try workspace.data().split.trainingUsers.prefix(2).map { user in
            guard let name = try workspace.data().dataset.user(user)?.name else { throw ServiceError.unknownSubject }
            return name
        }
        guard people.count == 2 else { throw ServiceError.unknownSubject }
        let files = people.indices.map { Files.join(folder, "person-\($0 + 1).txt") }
        for (name, file) in zip(people, files) { try Files.write(Array("\(name)\n".utf8), to: file) }

        try Self.ask(people[0], workspace, environment)
        var run = try workspace.unlearn(progress: progress).runID
        try FileManager.default.copyItem(atPath: root, toPath: beforeReferences)
        try Self.conclude(run, workspace, progress)
        compared = Answer(run: run, people: files[0], number: 1)
        run = try workspace.unlearn(progress: progress).runID
        try Self.conclude(run, workspace, progress)
        replaced = Answer(run: run, people: files[0], number: 2)
        try Self.ask(people[1], workspace, environment)
        run = try workspace.unlearn(method: Policy.MethodName.retrain.rawValue, progress: progress).runID
        try Self.conclude(run, workspace, progress)
        current = Answer(run: run, people: files[1], number: 3)
    }

    private static func ask(_ name: String, _ workspace: Workspace, _ environment: ServiceEnvironment) throws {
        guard let subject = SubjectIdentity(type: DataSubjects.identityType, value: name) else {
            throw ServiceError.unknownSubject
        }
        var generator = SecureGenerator()
        let request = try DeletionRequest(
            regulation: .gdpr, subject: subject, audience: origin, issuedAt: environment.now(),
            agent: "privacy-portal",
            identity: IdentityProof(level: .accountAuthenticated, method: .accountSession), using: &generator)
        try workspace.submit(request.sign(with: workspace.keys.portal))
    }

    private static func conclude(
        _ run: String, _ workspace: Workspace, _ progress: (ServiceProgress) -> Void
    ) throws {
        _ = try workspace.verify(run, progress: progress)
        try workspace.certify(run)
    }

    /// The workspace itself, to be looked at.
    func open() throws -> Workspace { try Workspace.open(root, environment: environment) }

    /// The file of an answer's certificate.
    func certificate(_ answer: Answer) throws -> [UInt8] {
        let path = Files.join(
            WorkspacePaths(root: root).certificates, Workspace.certificateName(answer.number))
        return try Files.read(path, limit: CertificateFile.maximumByteCount)
    }

    /// Everything as short as it may be: what papers say does not depend on what a model has learned.
    private static let policy = """
        version: 1
        name: red-team
        regulation: gdpr
        requests:
          identityLevel: email-verified
        batching:
          maximumRequests: 100
          marginDays: 7
        model:
          shape: mini
          promptTemplate: compact
          maximumTokens: 96
          vocabularySize: 512
        training:
          pretrainingEpochs: 1
          epochs: 1
          batchSize: 64
          learningRate: 0.001
          weightDecay: 0.01
          dropout: 0
          earlyStoppingPatience: none
          learningRateDecay: linear
        method:
          name: e2urec
          alpha: 1.5
          beta: 0.4
          forgetOnlyEpochs: 1
          jointSteps: 2
          learningRate: 0.001
          batchSize: 16
          rank: 4
          loraAlpha: 8
          loraDropout: 0
          augmented:
            learningRate: 0.0001
            epochs: 1
        ladder:
          methods: [e2urec, retrain]
          assumedHours: 1
        verification:
          references: 2
          require: [G0, G1, G2, G5]
          thresholds:
            rrmMargin: 1
            jgMargin: 1
            aucMargin: 0.5
            logLossMargin: 1
            alpha: 0.05
            bootstrapReplicates: 100
        retention:
          shredAfterFulfilment: true
        threads: 2

        """
}
