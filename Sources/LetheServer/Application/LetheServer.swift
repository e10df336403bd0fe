public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import LetheBytes
public import LetheService
import LetheStore
public import Logging
import NIOCore
import NIOSSL
public import ServiceLifecycle
import Synchronization
import UnixSignals

/// A server, ready to run.
public struct LetheServer: Sendable {
    /// What its handlers work with.
    public let services: Services
    /// Its routes.
    public let table: RouteTable

    /// A server of this configuration; opens nothing but its own state folder.
    public init(_ configuration: ServerConfiguration, environment: ServiceEnvironment, logger: Logger) throws {
        services = try Services(configuration, environment: environment, logger: logger)
        table = API.table(configuration)
    }

    /// The application, which tells `onRunning` the port that it listens at.
    public func application(
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> Application<Responder> {
        let configuration = services.configuration
        let limits = configuration.limits
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [SlowReaderHandler(seconds: limits.writeSeconds)],
                idleTimeout: .seconds(Int64(limits.idleSeconds)),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: limits.headerFields)))
        var logger = services.logger
        // What the frameworks say at lower levels may quote what a caller sent.
        logger.logLevel = max(.warning, services.logger.logLevel)
        return Application(
            responder: Responder(table, services),
            server: try configuration.isSecure ? .tls(http, tlsConfiguration: tls()) : http,
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? configuration.port) },
            logger: logger)
    }

    private func tls() throws -> TLSConfiguration {
        let configuration = services.configuration
        let chain = try NIOSSLCertificate.fromPEMFile(configuration.certificate ?? "")
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: configuration.certificateKey ?? "", format: .pem)))
        tls.minimumTLSVersion = .tlsv12
        return tls
    }

    /// Runs the server with `others` beside it until SIGTERM or SIGINT, and then until what is under way is answered.
    public func run(
        services others: [any Service] = [], onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        let services = services
        let callbacks = CallbackSender(services).map { [$0 as any Service] } ?? []
        // Asked to end, a group ends its services from the last to the first: first nothing is ready any more, then what is under way
        // is answered, then the others end.
        var configuration = ServiceGroupConfiguration(
            services: others + callbacks + [try application(onRunning: onRunning), Ending(services: services)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: services.logger)
        configuration.maximumGracefulShutdownDuration = .seconds(services.configuration.shutdownSeconds)
        let group = ServiceGroup(configuration: configuration)
        try await group.run()
    }

    /// Says that the server is no longer ready as soon as it is asked to end, so that who distributes calls sends it none.
    private struct Ending: Service {
        let services: Services

        func run() async throws {
            try await gracefulShutdown()
            services.isEnding.store(true, ordering: .relaxed)
        }
    }

    /// Opens the workspace on every thread that must not make the first caller wait, and reads the data that requests are judged by.
    /// - Throws: what keeps the workspace from being opened.
    public func warmUp() async throws {
        _ = try await services.pool.write { workspace in try workspace.prepareIntake() }
        _ = try await services.pool.read { try $0.store.size() }
    }
}
