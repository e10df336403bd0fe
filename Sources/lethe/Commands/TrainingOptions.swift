import ArgumentParser
import LetheMachine
import LetheService

/// How a command that trains survives an interruption.
struct TrainingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Seconds from one checkpoint of a training to the next; 0 after every step. Default 30. The result does not "
                + "depend on it.", valueName: "seconds"))
    var checkpointSeconds: Double?

    /// What all commands that train say about it.
    static let discussion = """
        Interrupted, it loses at most the work since the last checkpoint: the same command continues, to the same bits. Ctrl-C and \
        SIGTERM write a checkpoint first and then end the process by that signal (130 and 143 in a shell); a second one ends it at \
        once. Checkpoints are sealed under a key of their own, which is destroyed with them when the result is in the log.
        """

    func validate() throws {
        if let seconds = checkpointSeconds, !(0...1e9).contains(seconds) {
            throw ValidationError("--checkpoint-seconds is \(seconds), expected 0 to 1000000000")
        }
    }

    /// Opens the workspace and runs what trains on it; a stop that was asked for ends the process by the signal that asked.
    func run(
        _ workspaceOptions: WorkspaceOptions, _ body: (Workspace, ProgressDisplay) throws -> Void
    ) throws {
        var environment = Clock.environment(workspaceOptions.passphraseOptions)
        environment.shouldStop = { Interruption.isRequested }
        if let checkpointSeconds { environment.checkpointInterval = checkpointSeconds }
        let workspace = try Workspace.open(workspaceOptions.workspace, environment: environment)
        Interruption.watch()
        let display = ProgressDisplay()
        do {
            try body(workspace, display)
        } catch let stop as TrainingStopped {
            display.finish()
            StandardError.write("lethe: \(stop); the same command continues from there\n")
            Interruption.end()
        }
        display.finish()
    }
}
