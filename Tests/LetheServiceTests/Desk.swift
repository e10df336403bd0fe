import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheUnlearning
import Testing

@testable import LetheService

/// A folder that is gone when its last owner is.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "lethe-service-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { Files.join(path, name) }
}

/// A controller's desk at three moments: just made, with trained models, and after a run that passed.
///
/// Made once for the whole suite; a test that changes anything works on a copy.
struct Desk: Sendable {
    static let origin = "test.lethe.example/ledger"
    static let noon = "2026-03-02T12:00:00Z"

    /// Where a desk is and who asked.
    struct Moment: Sendable {
        let folder: TestFolder
        /// The requests that were filed, as bytes, in their order.
        var filed: [Filed] = []

        var root: String { folder.path("workspace") }

        /// The workspace itself; only for tests that change nothing.
        func open(now: String = noon) throws -> Workspace {
            try Workspace.open(root, environment: environment(now: now, keeping: folder))
        }

        /// A copy to work on.
        func copy() throws -> Moment {
            let copy = Moment(folder: try TestFolder(), filed: filed)
            try FileManager.default.copyItem(atPath: root, toPath: copy.root)
            return copy
        }
    }

    /// A request that was filed.
    struct Filed: Sendable {
        let user: Int
        let request: DeletionRequest
        let bytes: [UInt8]
    }

    let data: TestFolder
    let fresh: Moment
    let trained: Moment
    let answered: Moment
    /// The run that `answered` went through.
    let runID: String
    /// What the run measured.
    let measured: Measurements

    @TaskLocal private static var shared: Desk?

    /// The desk of the suite that runs.
    static var current: Desk { get throws { try #require(shared) } }

    static func withShared(_ body: @Sendable () async throws -> Void) async throws {
        try await $shared.withValue(try Desk()) { try await body() }
    }

    private init() throws {
        data = try TestFolder()
        try DataSynthesizer(configuration: .small, seed: 3).write(to: data.path)
        fresh = Moment(folder: try TestFolder())
        _ = try Self.create(in: fresh.folder, data: data)

        // The seeds come from the log, so no two desks are alike: one in ten remembers too little to measure. Then another.
        var (trained, answer) = try Self.answer(from: fresh)
        for _ in 0..<3 where !answer.measured.verdict.hasPrefix("PASS") {
            (trained, answer) = try Self.answer(from: fresh)
        }
        self.trained = trained
        (answered, runID, measured) = (answer.moment, answer.runID, answer.measured)
    }

    private typealias Answer = (moment: Moment, runID: String, measured: Measurements)

    /// Trains, then answers twenty people's requests by retraining without their records: what the audit must let pass.
    private static func answer(from fresh: Moment) throws -> (trained: Moment, answer: Answer) {
        let trained = try fresh.copy()
        var workspace = try trained.open()
        try workspace.pretrain { _ in }
        try workspace.trainOriginal { _ in }

        var answered = try trained.copy()
        workspace = try answered.open()
        for user in try workspace.data().split.trainingUsers.prefix(20) {
            let filed = try sign(for: user, workspace: workspace)
            _ = try workspace.submit(filed.bytes)
            answered.filed.append(filed)
        }
        let run = try workspace.unlearn(method: "retrain") { _ in }
        let measured = try workspace.verify(run.runID) { _ in }
        try workspace.certify(run.runID)
        _ = try workspace.report(run.runID, to: workspace.paths.reports, formats: ReportFormat.allCases)
        return (trained, (answered, run.runID, measured))
    }

    /// A clock that stands still. Who holds it, such as a workspace, keeps its folder from being taken away.
    static func environment(now: String = noon, keeping folder: TestFolder? = nil) -> ServiceEnvironment {
        ServiceEnvironment(
            now: { withExtendedLifetime(folder) { (try? Timestamp(now)) ?? .epoch } }, seconds: { 0 },
            program: { Digest(sha256: Array("the program under test".utf8)) },
            description: ["lethe": "test", ServiceEnvironment.linearAlgebra.name: "kernels of the desk"])
    }

    static func create(in folder: TestFolder, data: TestFolder, policy: String = DeskPolicy().yaml) throws -> Workspace
    {
        try Workspace.create(
            at: folder.path("workspace"), policy: Array(policy.utf8),
            profile: DatasetProfile(kind: .synthetic, folder: data.path), origin: origin,
            environment: environment(keeping: folder))
    }

    /// A request as the portal of the workspace signs it; every argument after the first can be wrong on purpose.
    static func sign(
        for user: Int, workspace: Workspace, regulation: Regulation = .gdpr, type: String = "user-id",
        value: String? = nil, audience: String = origin, issuedAt: String = noon, validSeconds: Int64 = 600,
        level: IdentityLevel = .accountAuthenticated,
        key: SigningKey? = nil
    ) throws -> Filed {
        var generator = SecureGenerator()
        let subject = try #require(SubjectIdentity(type: type, value: value ?? "\(user)"))
        let request = try DeletionRequest(
            regulation: regulation, subject: subject, audience: audience, issuedAt: try Timestamp(issuedAt),
            validSeconds: validSeconds, agent: "privacy-portal",
            identity: IdentityProof(level: level, method: .accountSession), using: &generator)
        let portal = try WorkspaceKeys.read(from: workspace.paths).portal
        return Filed(user: user, request: request, bytes: try request.sign(with: key ?? portal))
    }
}

/// The policy of the tests: everything short, but for enough epochs to remember.
struct DeskPolicy {
    var epochs = 16
    var references = 3
    var identityLevel = "email-verified"
    var gates = "G0, G1, G2, G5"
    /// Further originals, with G3 among the gates.
    var membershipOriginals: Int?

    var yaml: String {
        """
        version: 1
        name: test
        regulation: gdpr
        requests:
          identityLevel: \(identityLevel)
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
          epochs: \(epochs)
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
          jointSteps: 4
          learningRate: 0.001
          batchSize: 16
          rank: 4
          loraAlpha: 8
          loraDropout: 0
          augmented:
            learningRate: 0.0001
            epochs: 1
        methods:
          sisa: {shards: 2, slices: 2, unit: user, aggregation: mean-probability}
          receraser:
            partition: user
            shards: 2
            capacity: 1.2
            rounds: 50
            aggregation: attention
            attention: {epochs: 1, batchSize: 64, learningRate: 0.001, dropout: 0.3, penalty: 0.00001}
          negkl: {lambda: 0.2, learningRate: 0.0001, batchSize: 16, steps: 2, dropout: 0.1}
          neggrad: {lambda: 0.2, learningRate: 0.0001, batchSize: 16, steps: 2, cap: none, preferenceBeta: none}
          bad-t: {retainedShare: 0.2, epochs: 1, learningRate: 0.0001, batchSize: 32}
          bad-t-reference: {lambda: 0.2, learningRate: 0.0001, batchSize: 16, steps: 2}
          random-label: {lambda: 0.2, learningRate: 0.0001, batchSize: 16, steps: 2}
          e2urec-calibrated:
            beta: 0.5
            maximumAlpha: 20
            steps: 6
            interval: 2
            anchors: 32
            learningRate: 0.001
            batchSize: 16
            rank: 4
            loraAlpha: 8
            loraDropout: 0
            augmented: {learningRate: 0.0001, epochs: 1}
          rewind: {share: 0.5, passes: 0.5, learningRate: 0.001, batchSize: 16}
          adapters:
            shards: 1
            slices: 3
            unit: user
            aggregation: mean-probability
            epochs: 3
            learningRate: 0.001
            batchSize: 64
            rank: 4
            loraAlpha: 8
            loraDropout: 0
        verification:
          references: \(references)\(membershipOriginals.map { "\n  membershipOriginals: \($0)" } ?? "")
          require: [\(gates)]
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
}

/// Makes the desk before the first test of the suite and takes it away after the last.
struct SharedDesk: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Desk.withShared(function)
    }
}

/// Every test of the service: they share a desk.
@Suite(SharedDesk()) struct ServiceTests {}
