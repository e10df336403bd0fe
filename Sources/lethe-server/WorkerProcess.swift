import Foundation
import LetheServer
import Logging
import ServiceLifecycle
import Synchronization

/// Keeps a worker running beside the server: a process of its own, so that a run can neither slow the server's memory management nor
/// bring it down. Where it ends, it is started again after a while; where the server ends, it is asked to.
final class WorkerProcess: Service {
    private let options: ServerOptions
    private let logger: Logger
    private let child = Mutex<Process?>(nil)

    init(options: ServerOptions, logger: Logger) {
        self.options = options
        self.logger = logger
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                let status = try await start()
                logger.info("worker ended", metadata: ["status": "\(status)"])
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(5)) }
            }
        } onGracefulShutdown: {
            self.child.withLock { $0?.terminate() }
        }
    }

    private func start() async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            let process = Process()
            process.executableURL = Bundle.main.executableURL
            process.arguments =
                ["worker"] + (options.config.map { ["--config", $0] } ?? [])
                + (options.workspace.map { ["--workspace", $0] } ?? [])
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
                child.withLock { $0 = process }
            } catch { continuation.resume(throwing: error) }
        }
    }
}
