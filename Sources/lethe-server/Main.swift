import ArgumentParser
import Foundation
import LetheBytes
import LetheCrypto
import LetheMachine
import LetheServer
import LetheService

/// The command line of the server.
struct LetheServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lethe-server",
        abstract: "Serves a workspace of Lethe over HTTP: requests, the desk, runs, and the public log.",
        discussion: """
            Exit codes are those of lethe: 0 done; 2 wrong usage, bad configuration; 3 the machine failed (port, disk, permission).
            """,
        version: Program.version,
        subcommands: [Serve.self, Worker.self, Token.self, OpenAPI.self, Benchmark.self],
        defaultSubcommand: Serve.self)
}

@main
enum Main {
    static func main() async {
        Allocator.keepOneArenaPerCore()
        signal(SIGPIPE, SIG_IGN)
        Files.ignoreSizeLimitSignal()
        do {
            try CryptographyLibrary.check()
            var command = try LetheServerCommand.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            let status = status(of: error)
            let isParsers = LetheServerCommand.exitCode(for: error) == .success || error is ValidationError
            let text =
                isParsers || LetheServerCommand.exitCode(for: error) == .validationFailure
                ? LetheServerCommand.fullMessage(for: error) : "lethe-server: \(error)"
            FileHandle(fileDescriptor: status == 0 ? 1 : 2).write(Data((text + "\n").utf8))
            exit(status)
        }
    }

    private static func status(of error: any Error) -> Int32 {
        switch error {
        case let error as any MachineFailureReporting: error.isMachineFailure ? 3 : 2
        case is InputError, is ConfigurationError, is ValidationError: 2
        case _ where LetheServerCommand.exitCode(for: error) == .success: 0
        case _ where LetheServerCommand.exitCode(for: error) == .validationFailure: 2
        default: 3
        }
    }
}
