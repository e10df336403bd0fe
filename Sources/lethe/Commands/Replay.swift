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

            With --bundle nothing is read of any workspace: the run is that of a certificate's audit bundle (lethe certificate bundle \
            --replay), and --trust, --data, --base and --subjects give the rest. Signatures and proofs are verified before anything is \
            computed; what does not hold is exit code 1.
            """)

    @Argument(help: ArgumentHelp("The run; left out with --bundle.", valueName: "run"))
    var runID: String?

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
            "Train only m of the references again, drawn by a seed; the others' models are the run's. Default: all.",
            valueName: "m"))
    var sample: Int?

    @Option(
        help: ArgumentHelp(
            "What draws the sample, 64 hexadecimal digits. Default: drawn here, and printed.", valueName: "hex"))
    var sampleSeed: String?

    @OptionGroup(title: "With a bundle") var bundleOptions: ReplayBundleOptions

    @Option(
        help: ArgumentHelp(
            "Keep the repeated models in a new folder. Default: a temporary one, removed at the end.",
            valueName: "dir"))
    var output: String?

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        try bundleOptions.require(run: runID, data: data, subjects: subjects)
        if bundleOptions.bundle != nil, sample != nil || fromBase {
            throw ValidationError(
                "--sample and --from-base are for a workspace: a bundle has no models, and without --original that is trained again"
            )
        }
        if sampleSeed != nil, sample == nil { throw ValidationError("--sample-seed draws the sample of --sample") }
    }

    func run() throws {
        var environment = Clock.environment(workspaceOptions.passphraseOptions)
        environment.shouldStop = { Interruption.isRequested }
        let repeated = try repetition(environment)
        let folder = output ?? FileManager.default.temporaryDirectory.appending(path: "lethe-replay-\(UUID())").path
        Interruption.watch()
        let display = ProgressDisplay()
        let outcome: ReplayOutcome
        do {
            defer { if output == nil { try? Files.remove(folder) } }
            outcome = try repeated(folder, display.show)
        } catch let stop as TrainingStopped {
            display.finish()
            StandardError.write("lethe: \(stop); a replay keeps nothing and begins anew\n")
            Interruption.end()
        }
        display.finish()
        try outputOptions.show(outcome.json, outcome.text)
        guard outcome.holds else { throw DoesNotHold() }
    }

    private typealias Repetition = (_ folder: String, _ progress: (ServiceProgress) -> Void) throws -> ReplayOutcome

    /// What is to be repeated, opened and verified.
    private func repetition(_ environment: ServiceEnvironment) throws -> Repetition {
        if let bundle = bundleOptions.bundle, let trust = bundleOptions.trust, let base = bundleOptions.base, let data,
            let subjects
        {
            let run = try BundledRun.open(
                bundle, data: data, trusting: readTrustFile(trust), threads: threads,
                shardKey: bundleOptions.shardingKey, environment: environment)
            return { [bundleOptions] folder, progress in
                try run.replay(
                    base: base, original: bundleOptions.original, candidate: bundleOptions.candidate,
                    subjects: subjects, to: folder, progress: progress)
            }
        }
        let workspace = try Workspace.openToRead(
            workspaceOptions.workspace, data: data, threads: threads, environment: environment)
        return { [self] folder, progress in
            try workspace.replay(
                runID ?? "", subjects: subjects, fromBase: fromBase, sample: sample, seed: sampleSeed, to: folder,
                progress: progress)
        }
    }
}

/// What `lethe replay` needs in place of a workspace.
struct ReplayBundleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The audit bundle of a certificate of the run, made with --replay.", valueName: "dir"))
    var bundle: String?

    @Option(
        help: ArgumentHelp(
            "A trust file, or one public key in PEM: what the bundle must be signed by.", valueName: "keyfile"))
    var trust: String?

    @Option(help: ArgumentHelp("The folder of the base model.", valueName: "dir"))
    var base: String?

    @Option(
        help: ArgumentHelp(
            "The folder of the original model. Default: trained again, from the base model.", valueName: "dir"))
    var original: String?

    @Option(
        help: ArgumentHelp(
            "A folder that should hold the certificate's model, such as the one in use: it is compared too, tensor by tensor.",
            valueName: "dir"))
    var candidate: String?

    @Option(
        help: ArgumentHelp(
            "The key that says who is in which shard, for methods that train shards.", valueName: "file"))
    var shardingKey: String?

    /// Refuses options without the others that they need.
    func require(run: String?, data: String?, subjects: String?) throws {
        guard bundle != nil else {
            let given = [
                ("--trust", trust), ("--base", base), ("--original", original), ("--candidate", candidate),
                ("--sharding-key", shardingKey),
            ]
            if let (name, _) = given.first(where: { $0.1 != nil }) { throw ValidationError("\(name) needs --bundle") }
            guard run != nil else { throw ValidationError("Missing expected argument '<run>', or --bundle") }
            return
        }
        guard run == nil else { throw ValidationError("--bundle says which run it is: expected no argument") }
        let needed = [("--trust", trust), ("--data", data), ("--base", base), ("--subjects", subjects)]
        if let (name, _) = needed.first(where: { $0.1 == nil }) { throw ValidationError("--bundle needs \(name)") }
    }
}
