import ArgumentParser
import LetheBytes
import LetheService

/// `lethe run notify`
struct RunNotify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify", abstract: "Tell the recipients of the data that were not told yet, then certify.",
        discussion: """
            Every recipient is tried as often as the policy says, with the notice that it got before; one that cannot be reached when the \
            policy's days are over is given up, and the certificate says so. Exits 1 while one is still to be told, and where one was \
            given up. Safe to repeat, and meant to be run by a timer.
            """)

    @Argument(help: ArgumentHelp("One run; without it all that wait.", valueName: "run"))
    var runID: String?

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let workspace = try openWorkspace(workspaceOptions)
        let runs = try runID.map { [$0] } ?? workspace.runsWaitingForRecipients()
        let open = try workspace.certify(runs, ProgressDisplay().show)
        try showNotified(runs, open, in: workspace, outputOptions)
    }
}

/// Prints where the recipients of these runs stand; throws where one of them was not told.
func showNotified(
    _ runs: [String], _ open: [ServiceError], in workspace: Workspace, _ options: OutputOptions
) throws {
    let standings = try runs.map { (run: $0, recipients: try workspace.recipients(ofRun: $0)) }
    try options.show(
        .array(
            standings.map { standing in
                ["run": .string(standing.run), "recipients": .array(standing.recipients.map(\.json))]
            }),
        standings.isEmpty
            ? "no run waits for a recipient"
            : standings.map { standing in
                (["run  \(standing.run)"] + standing.recipients.map { "  " + $0.line }).joined(separator: "\n")
            }.joined(separator: "\n"))
    if let first = open.first { throw first }
    try requireEverybodyTold(runs, in: workspace)
}

/// A recipient that was given up is no success, whatever else was done.
func requireEverybodyTold(_ runs: [String], in workspace: Workspace) throws {
    let failed = try runs.flatMap { try workspace.recipients(ofRun: $0) }.filter(\.isOpenOrFailed)
    guard failed.isEmpty else {
        throw DoesNotHold(reason: "lethe: not every recipient was told: \(failed.map(\.line).joined(separator: "; "))")
    }
}
