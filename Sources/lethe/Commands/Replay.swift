import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheService

/// `lethe replay`
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Repeat a run from what the log commits to, and compare every digest.",
        discussion: """
            Exits 1 where a digest differs, and says which artifact, file and tensor, as far as what is there tells. Data, policy, base \
            and original model must be those in the log; seeds come from the log's checkpoints. Needs no private key but for methods \
            that train shards (keys/sharding.key), writes nothing in the workspace, and takes nothing from an earlier training. The same \
            processor family and release give the same bits, on any number of threads.

            Whose records the run removed is read from the vault while it can be opened. After a request is fulfilled its key is \
            destroyed: then --subjects names the people, and the log's root over the other records tells whether they are those.
            """)

    @Argument(help: ArgumentHelp("The run.", valueName: "run"))
    var runID: String

    @Option(help: ArgumentHelp("Threads to compute on. Default: the policy's.", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "The folder with the data set's files. Default: the one the workspace was made with.", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The people whose records the run removed, one a line, as the data name them. Default: out of the vault.",
            valueName: "file"))
    var subjects: String?

    @Flag(help: "Train the original model again too, from the base model: it need not be there then.")
    var fromBase = false

    @Option(
        help: ArgumentHelp(
            "Train only m of the references again, drawn at random; the others' models are the run's. Default: all.",
            valueName: "m"))
    var sample: Int?

    @Option(
        help: ArgumentHelp(
            "Keep the repeated models in a new folder. Default: a temporary one, removed at the end.",
            valueName: "dir"))
    var output: String?

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        var environment = Clock.environment(workspaceOptions.passphraseOptions)
        environment.shouldStop = { Interruption.isRequested }
        let workspace = try Workspace.openToRead(
            workspaceOptions.workspace, data: data, threads: threads, environment: environment)
        let folder = output ?? FileManager.default.temporaryDirectory.appending(path: "lethe-replay-\(UUID())").path
        Interruption.watch()
        let display = ProgressDisplay()
        let outcome: ReplayOutcome
        do {
            defer { if output == nil { try? Files.remove(folder) } }
            outcome = try workspace.replay(
                runID, subjects: subjects, fromBase: fromBase, sample: sample, to: folder, progress: display.show)
        } catch let stop as TrainingStopped {
            display.finish()
            StandardError.write("lethe: \(stop); a replay keeps nothing and begins anew\n")
            Interruption.end()
        }
        display.finish()
        try outputOptions.show(outcome.json, outcome.text)
        guard outcome.holds else { throw DoesNotHold() }
    }
}
