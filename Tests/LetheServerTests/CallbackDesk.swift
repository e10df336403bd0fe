import Foundation
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements
import Synchronization
import Testing

@testable import LetheServer
@testable import LetheService

/// A network that answers as a test says, and remembers what it was given.
final class FakeNetwork: Sendable {
    private struct State {
        var sent: [WebRequest] = []
        /// By host: what it answers with; nil for no answer.
        var answers: [String: Int?] = [:]
    }

    private let state = Mutex(State())

    /// What was sent since the last time that somebody asked.
    func take() -> [WebRequest] {
        state.withLock { state in
            defer { state.sent = [] }
            return state.sent
        }
    }

    /// From now on the host answers with this status, or not at all; 200 where nothing was said of it.
    func answer(_ host: String, with status: Int?) { state.withLock { $0.answers[host] = .some(status) } }

    @Sendable func post(_ request: WebRequest) throws -> WebAnswer {
        let host = request.url.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" }
        let status = state.withLock { state in
            state.sent.append(request)
            return state.answers[String(host)] ?? .some(200)
        }
        guard let status else { throw ServiceError.unreachable(url: request.url, problem: "nobody is there") }
        return WebAnswer(status: status, contentType: "text/plain", body: Array("ignored".utf8))
    }
}

/// A clock that a test moves.
final class FakeClock: Sendable {
    private let time: Mutex<Timestamp>

    init(_ text: String) throws { time = Mutex(try Timestamp(text)) }

    @Sendable func now() -> Timestamp { time.withLock { $0 } }
    func advance(_ seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// A server with both doors open that calls back to two hosts.
struct CallbackDesk {
    static let opendsrID = "a7551968-d5d6-44b2-9831-815ac9017798"

    let network = FakeNetwork()
    let clock: FakeClock
    let agent = SigningKey.generate()
    let desk: ServerDesk
    /// What looks for changes and tells them; the server of a test does not run by itself.
    let sender: CallbackSender

    init(attempts: Int = 3, hosts: String = "agent.example controller.example:8443") throws {
        let clock = try FakeClock(ServerDesk.noon)
        self.clock = clock
        var environment = ServerDesk.environment()
        environment.now = clock.now
        environment.post = network.post
        desk = try ServerDesk(environment: environment) { [agent] configuration in
            let folder = Files.folder(of: configuration.workspace)
            try Doors.open(&configuration, in: folder, agents: ["AGENT_A": agent.publicKey])
            configuration.callbacks.hosts = try #require([CallbackHost](hosts: hosts))
            configuration.callbacks.attempts = attempts
            configuration.callbacks.backoffSeconds = 30
        }
        try desk.workspace().registerKey(agent.publicKey, as: .requester)
        sender = try #require(CallbackSender(desk.server.services))
    }

    /// The environment of another server of this desk.
    func environment() -> ServiceEnvironment {
        var environment = ServerDesk.environment()
        environment.now = clock.now
        environment.post = network.post
        return environment
    }

    /// Where the server keeps what it knows of a request's callbacks, while they are watched and once they ended.
    func file(_ id: String, ended: Bool = false) -> String {
        Files.join(desk.configuration.stateFolder, "callbacks/\(ended ? "ended/" : "")\(id).json")
    }

    func openDSR(_ user: Int, callbacks: [String], id: String = opendsrID) throws -> [UInt8] {
        try Doors.openDSR(user: user, id: id, more: ["status_callback_urls": .array(callbacks.map { .string($0) })])
    }

    func drp(_ user: Int, callback: String, reference: String = "r-1") throws -> [UInt8] {
        try Doors.signed(
            Doors.message([
                "agent-request-id": .string(reference), "exercise": "deletion", "regime": "ccpa",
                "identifier": .string("\(user)"), "status_callback": .string(callback),
            ]), by: agent)
    }

    /// An agent's token, as the setup gives it.
    func agentToken() throws -> String {
        try desk.server.services.tokens.createForAgent("AGENT_A", days: 1, now: desk.server.services.now)
    }
}

/// What tests of the doors have in common.
enum Doors {
    /// Opens both doors of a server, with agents and a certificate of their own.
    static func open(
        _ configuration: inout ServerConfiguration, in folder: String, business: String = "BIZ_B",
        agents: [String: VerifyingKey]
    ) throws {
        let path = Files.join(folder, "agents.json")
        let directory = JSONValue.array(
            agents.sorted { $0.key < $1.key }.map { id, key in
                ["id": .string(id), "verify_key": .string(Base64.encode(key.rawBytes))]
            })
        try Files.write(directory.canonicalBytes(), to: path)
        (configuration.drpBusiness, configuration.drpAgents) = (business, path)
        let (certificate, key) = (Files.join(folder, "cert.pem"), Files.join(folder, "key.pem"))
        try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=desk.example", "-keyout", key, "-out", certificate,
        ])
        configuration.opendsrDomain = "desk.example"
        (configuration.opendsrCertificate, configuration.opendsrKey) = (certificate, key)
    }

    static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    /// Checks a signature as its receiver would: with openssl, over the bytes of the body.
    static func verify(_ body: [UInt8], signature: String, certificate: [UInt8]) throws {
        let folder = try TestFolder()
        try Files.write(certificate, to: folder.path("c.pem"))
        try Files.write(body, to: folder.path("body"))
        try Files.write(Base64.decode(signature), to: folder.path("sig"))
        try openssl(["x509", "-in", folder.path("c.pem"), "-pubkey", "-noout", "-out", folder.path("p.pem")])
        try openssl([
            "dgst", "-sha256", "-verify", folder.path("p.pem"), "-signature", folder.path("sig"), folder.path("body"),
        ])
    }

    /// The envelope of a DRP message.
    static func message(_ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        [
            "agent-id": "AGENT_A", "business-id": "BIZ_B", "issued-at": "2026-03-02T11:59:00Z",
            "expires-at": "2026-03-02T12:09:00Z", "drp.version": "1.0",
        ].merging(more) { $1 }
    }

    static func signed(_ members: [String: JSONValue], by key: SigningKey) throws -> [UInt8] {
        signed(try JSONValue.object(members).canonicalBytes(), by: key)
    }

    static func signed(_ content: [UInt8], by key: SigningKey) -> [UInt8] {
        Base64.encodedASCII(key.sign(content) + content)
    }

    /// An erasure request of OpenDSR that names a user of the data set.
    static func openDSR(user: Int, id: String, more: [String: JSONValue] = [:]) throws -> [UInt8] {
        let members: [String: JSONValue] = [
            "regulation": "gdpr", "subject_request_id": .string(id), "subject_request_type": "erasure",
            "submitted_time": "2026-03-02T11:00:00Z", "api_version": "2.0", "subject_identities": customer(user),
        ]
        return try JSONValue.object(members.merging(more) { $1 }).canonicalBytes()
    }

    /// The identity of OpenDSR that names a user of the data set.
    static func customer(_ user: Int) -> JSONValue {
        [
            [
                "identity_type": "controller_customer_id", "identity_value": .string("\(user)"),
                "identity_format": "raw",
            ]
        ]
    }
}
