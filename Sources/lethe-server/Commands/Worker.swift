import ArgumentParser
import LetheMachine
import LetheServer
import LetheService

/// `lethe-server worker`
struct Worker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Do the runs that the API was asked for, and those that the policy wants.",
        discussion: """
            One worker a workspace works at a time; others wait. Killed, in whatever way, the next one goes on with the same run. SIGTERM and \
            SIGINT stop it at the next place where a training can stop.
            """)

    @Flag(help: "Do only what was asked for, never what the policy alone would have done.")
    var onlyAsked = false

    @Flag(help: "Do what waits now, then end.")
    var once = false

    @OptionGroup var options: ServerOptions

    func run() throws {
        let configuration = try options.configuration()
        var environment = options.environment(configuration)
        Interruption.watch()
        environment.shouldStop = { Interruption.isRequested }
        let worker = try RunWorker(
            configuration, environment: environment, logger: configuration.logger("lethe-worker", environment))
        try worker.work(onlyAsked: onlyAsked, once: once) { Interruption.isRequested }
    }
}
