import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheServer
import LetheService
import Logging

/// Where the configuration comes from.
struct ServerOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A configuration file. Variables LETHE_SERVER_… win over it, --workspace and --port over both.",
            valueName: "file"))
    var config: String?

    @Option(name: .long, help: ArgumentHelp("The workspace.", valueName: "dir"))
    var workspace: String?

    /// The configuration.
    func configuration() throws -> ServerConfiguration {
        var configuration = try ServerConfiguration.read(
            file: config, environment: ProcessInfo.processInfo.environment)
        if let workspace { configuration.workspace = workspace }
        return configuration
    }

    /// Clocks, and the passphrase as the configuration says.
    func environment(_ configuration: ServerConfiguration) -> ServiceEnvironment {
        Clock.environment(passphraseFile: configuration.passphraseFile)
    }
}

extension ServerConfiguration {
    /// A log of JSON lines on standard error.
    func logger(_ label: String, _ environment: ServiceEnvironment) -> Logger {
        let level = Logger.Level(rawValue: logLevel.rawValue) ?? .info
        return Logger(label: label) { label in
            JSONLog(label: label, level: level, environment: environment) { line in
                FileHandle.standardError.write(Data(line))
            }
        }
    }
}
