import ArgumentParser
import Foundation
import LetheMachine
import LetheServer
import LetheService
import Logging

/// `lethe-server serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the workspace until SIGTERM or SIGINT.",
        discussion: """
            Prints one line with the address when it listens. On SIGTERM or SIGINT it takes no more connections, answers what is under way \
            and ends. --worker runs `lethe-server worker` beside it, as a process of its own, and ends that too.
            """)

    @Flag(help: "Print the configuration as a file that says all of it, and do nothing.")
    var printConfig = false

    @Option(name: .long, help: "The port, in place of the configuration's; 0 for any.")
    var port: Int?

    @Flag(help: "Run a worker too, as a process of its own.")
    var worker = false

    @OptionGroup var options: ServerOptions

    func run() async throws {
        if let port, !(0...65_535).contains(port) { throw ValidationError("--port: expected 0 to 65535") }
        var chosen = try options.configuration()
        if let port { chosen.port = port }
        let configuration = chosen
        guard !printConfig else {
            return print(configuration.yaml, terminator: "")
        }
        let environment = options.environment(configuration)
        let logger = configuration.logger("lethe-server", environment)
        let server = try LetheServer(configuration, environment: environment, logger: logger)
        // Before anything listens: a passphrase that must be typed is asked for, a workspace that does not open is said.
        try await server.warmUp()
        let supervisor = worker ? WorkerProcess(options: options, logger: logger) : nil
        let scheme = configuration.isSecure ? "https" : "http"
        try await server.run(services: supervisor.map { [$0] } ?? []) { port in
            print("listening at \(scheme)://\(configuration.host):\(port)")
            fflush(nil)
        }
    }
}
