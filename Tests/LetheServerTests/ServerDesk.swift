import Foundation
import Hummingbird
import HummingbirdTesting
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import Logging
import Synchronization
import Testing

@testable import LetheServer
@testable import LetheService

/// A folder that is gone when its last owner is.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "lethe-server-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { Files.join(path, name) }
}

/// A fresh workspace with a server, for tests that may change it: a copy of one that is made once.
struct ServerDesk: Sendable {
    static let origin = "test.lethe.example/server"
    static let noon = "2026-03-02T12:00:00Z"

    let folder: TestFolder
    var configuration: ServerConfiguration
    let server: LetheServer
    let log: Lines
    private let time: String

    /// The lines that a server logged.
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        var text: String { lines.withLock { $0.joined() } }
    }

    /// The workspace that every desk is a copy of, and the data that all of them read.
    static let model = makeModel(at: noon)

    /// A workspace with its data, made at a time that nothing in it may be before.
    static func makeModel(at now: String) -> Result<TestFolder, any Error> {
        Result {
            let folder = try TestFolder()
            try DataSynthesizer(configuration: .small, seed: 3).write(to: folder.path("data"))
            _ = try Workspace.create(
                at: folder.path("workspace"), policy: BuiltInPolicy.demo,
                profile: DatasetProfile(kind: .synthetic, folder: folder.path("data")), origin: origin,
                environment: environment(now: now))
            return folder
        }
    }

    init(
        now: String = noon, of model: Result<TestFolder, any Error> = model, environment: ServiceEnvironment? = nil,
        _ change: (inout ServerConfiguration) throws -> Void = { _ in }
    ) throws {
        folder = try TestFolder()
        try FileManager.default.copyItem(atPath: model.get().path("workspace"), toPath: folder.path("workspace"))
        var configuration = ServerConfiguration()
        configuration.workspace = folder.path("workspace")
        configuration.port = 0
        configuration.limits.perMinuteAndAddress = 0
        configuration.limits.perMinuteAndToken = 0
        try change(&configuration)
        self.configuration = configuration
        log = Lines()
        (server, time) = (try Self.server(configuration, environment ?? Self.environment(now: now), log), now)
    }

    /// Another server of the same workspace, as after a restart.
    func restarted(_ environment: ServiceEnvironment) throws -> LetheServer {
        try Self.server(configuration, environment, log)
    }

    private static func server(
        _ configuration: ServerConfiguration, _ environment: ServiceEnvironment, _ log: Lines
    ) throws -> LetheServer {
        try LetheServer(
            configuration, environment: environment,
            logger: Logger(label: "test") { JSONLog(label: $0, level: .info, environment: environment, write: log.add) }
        )
    }

    /// A clock that stands still.
    static func environment(now: String = noon) -> ServiceEnvironment {
        ServiceEnvironment(
            now: { (try? Timestamp(now)) ?? .epoch }, seconds: { 0 },
            program: { Digest(sha256: Array("the program under test".utf8)) }, description: ["lethe": "test"])
    }

    func workspace() throws -> Workspace {
        try Workspace.open(configuration.workspace, environment: Self.environment(now: time))
    }

    /// A token's text.
    func token(_ role: AccessRole, name: String = "somebody", days: Int = 1, made: String = noon) throws -> String {
        try server.services.tokens.create(name: name, role: role, days: days, now: Timestamp(made)).text
    }

    /// A request as the portal of the workspace signs it.
    func sign(user: Int? = nil, key: SigningKey? = nil, audience: String = origin, at: String = noon) throws -> [UInt8]
    {
        let workspace = try workspace()
        var generator = SecureGenerator()
        let number = try user ?? #require(try workspace.data().split.trainingUsers.first)
        let request = try DeletionRequest(
            regulation: .gdpr, subject: #require(SubjectIdentity(type: "user-id", value: "\(number)")),
            audience: audience, issuedAt: Timestamp(at), validSeconds: 600, agent: "privacy-portal",
            identity: IdentityProof(level: .accountAuthenticated, method: .accountSession), using: &generator)
        let portal = try WorkspaceKeys.read(from: workspace.paths).portal
        return try request.sign(with: key ?? portal)
    }

    /// The people of the data set.
    func users() throws -> [Int] { try workspace().data().split.trainingUsers.sorted() }

    /// Runs `body` with a client of the server.
    func run<Value: Sendable>(
        _ setup: TestingSetup = .router, _ body: @Sendable (any TestClientProtocol) async throws -> Value
    ) async throws -> Value {
        try await server.application().test(setup, body)
    }
}

/// An answer, read.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        body = Array(response.body.readableBytesView)
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { get throws { try StrictJSON.parse(body) } }
    var code: String? { (try? json)?["code"]?.stringValue }
}

extension TestClientProtocol {
    func call(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, body: [UInt8]? = nil,
        type: String = "application/json", headers: HTTPFields = [:]
    ) async throws -> Answer {
        var fields = headers
        if let token { fields[.authorization] = "Bearer \(token)" }
        if body != nil { fields[.contentType] = type }
        if let body { fields[.contentLength] = "\(body.count)" }
        return try await execute(
            uri: path, method: method, headers: fields, body: body.map { ByteBuffer(bytes: $0) }
        ) { Answer($0) }
    }

    func get(_ path: String, token: String? = nil) async throws -> Answer { try await call(.get, path, token: token) }

    func post(
        _ path: String, _ body: [UInt8], token: String? = nil, type: String = "application/json"
    ) async throws -> Answer {
        try await call(.post, path, token: token, body: body, type: type)
    }
}
