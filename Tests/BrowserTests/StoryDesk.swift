import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import Logging
import Testing

@testable import LetheServer
@testable import LetheService

/// A controller's workspace with trained models, small enough to be made while a test waits, and a server that shows it.
struct StoryDesk {
    let folder: URL
    let workspace: Workspace
    let server: LetheServer
    let environment = ServiceEnvironment(
        now: { (try? Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))) ?? .epoch },
        seconds: { Date().timeIntervalSince1970 }, program: { Digest(sha256: Array("the program under test".utf8)) },
        description: ["lethe": "test"])

    init(in folder: URL) throws {
        self.folder = folder
        let data = folder.appending(path: "data").path
        try DataSynthesizer(configuration: .small, seed: 3).write(to: data)
        workspace = try Workspace.create(
            at: folder.appending(path: "workspace").path, policy: Array(Self.policy.utf8),
            profile: DatasetProfile(kind: .synthetic, folder: data), origin: "test.lethe.example/story",
            environment: environment)
        try workspace.pretrain { _ in }
        try workspace.trainOriginal { _ in }
        var configuration = ServerConfiguration()
        configuration.workspace = workspace.paths.root
        configuration.port = 0
        server = try LetheServer(
            configuration, environment: environment, logger: Logger(label: "story") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A request that an agent sends for somebody of whom it knows no more than the address.
    func fileByAddress() throws -> RequestRecord {
        let agent = SigningKey.generate()
        _ = try workspace.registerKey(agent.publicKey, as: .requester)
        let now = environment.now()
        let message: JSONValue = [
            "agent-id": "AGENT_A", "business-id": "BIZ_B", "issued-at": .string("\(now.adding(seconds: -60))"),
            "expires-at": .string("\(now.adding(seconds: 540))"), "agent-request-id": "r-1", "drp.version": "1.0",
            "exercise": "deletion", "regime": "gdpr", "email": "ana@example.org", "email_verified": true,
        ]
        let bytes = try message.canonicalBytes()
        let directory: JSONValue = [
            ["id": "AGENT_A", "verify_key": .string(Base64.encode(agent.publicKey.rawBytes))]
        ]
        let door = RequestDoor.drp(
            businessID: "BIZ_B", agentID: "AGENT_A", agents: try AgentDirectory(parsing: directory.canonicalBytes()))
        return try workspace.submit(
            Base64.encodedASCII(agent.sign(bytes) + bytes), through: door, mayWaitForName: true
        ).record
    }

    /// Puts a benchmark's result where the pages look for some.
    func writeBenchmark() throws {
        let folder = server.services.configuration.benchmarkFolder.path
        try Files.createFolders(folder)
        try Files.write(
            Array("# The story\n\nMade up.\n\n| What | Seconds |\n| --- | ---: |\n| a page | 0.1 |\n".utf8),
            to: Files.join(folder, "story.md"))
    }

    func token(_ role: AccessRole, _ name: String) throws -> String {
        try server.services.tokens.create(name: name, role: role, days: 1, now: environment.now()).text
    }

    /// A product that was built with this test, begun.
    static func start(_ name: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: name)
        process.arguments = arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        return process
    }

    /// A worker that is killed once the first training has begun, and the one that goes on with what it left.
    static func workersOfWhomOneIsKilled(_ root: String, _ jobs: JobFolder) async throws -> Process {
        let worker = ["worker", "--workspace", root]
        let first = try start("lethe-server", worker)
        while true {
            if let job = try jobs.jobs().first {
                let path = jobs.progressFile(job.id)
                if Files.exists(path), try Files.size(path) > 0 { break }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        kill(first.processIdentifier, SIGKILL)
        return try start("lethe-server", worker)
    }

    /// One person alone is too few for any statistic, so the second method of the ladder decides: retraining, repeated bit for bit.
    private static let policy = """
        version: 1
        name: story
        regulation: gdpr
        requests: {identityLevel: email-verified}
        batching: {maximumRequests: 100, marginDays: 7}
        model: {shape: mini, promptTemplate: compact, maximumTokens: 96, vocabularySize: 512}
        training:
          pretrainingEpochs: 1
          epochs: 2
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
          augmented: {learningRate: 0.0001, epochs: 1}
        ladder: {methods: [e2urec, retrain], assumedHours: 1}
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
        retention: {shredAfterFulfilment: true}
        threads: 2

        """
}
