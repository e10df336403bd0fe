import ArgumentParser
import LetheBytes
import LetheService

/// The method of a run.
struct MethodOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A method of the policy's section methods, or retrain, in place of the policy's own.", valueName: "name"))
    var method: String?
}

/// `lethe unlearn`
struct Unlearn: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlearn", abstract: "Make the model forget everybody who asked, up to the candidate in the log.",
        discussion: TrainingOptions.discussion)

    @OptionGroup var methodOptions: MethodOptions
    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var actorOptions: ActorOptions
    @OptionGroup var trainingOptions: TrainingOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let actor = try actorOptions.key(workspaceOptions.passphraseOptions)
        try trainingOptions.run(workspaceOptions) { workspace, display in
            let dossier = try workspace.unlearn(method: methodOptions.method, as: actor, progress: display.show)
            display.finish()
            try outputOptions.show(
                [
                    "run": .string(dossier.runID), "requests": .string("\(dossier.requests.count)"),
                    "candidate": .string(dossier.candidateDigest ?? ""),
                ],
                """
                run        \(dossier.runID)
                requests   \(dossier.requests.count), \(dossier.recordsRemoved.reduce(0, +)) training records
                candidate  \(dossier.candidateDigest ?? "")
                next       lethe verify \(dossier.runID)
                """)
        }
    }
}

/// `lethe verify`: a run unless another kind of verification is named.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Judge whether a model has forgotten, by the policy.",
        discussion: "lethe verify RUN is short for lethe verify run RUN.",
        subcommands: [VerifyRun.self, VerifyDistances.self, VerifySimulate.self],
        defaultSubcommand: VerifyRun.self)
}

/// `lethe verify run`, or `lethe verify` alone
struct VerifyRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Retrain reference models, compare, and judge a run by the policy.",
        discussion: "Exits 1 where the verdict is not a pass.\n\n" + TrainingOptions.discussion)

    @Argument(help: ArgumentHelp("The run.", valueName: "run"))
    var runID: String

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var trainingOptions: TrainingOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        try trainingOptions.run(workspaceOptions) { workspace, display in
            let measured = try workspace.verify(runID, progress: display.show)
            display.finish()
            try showVerdict(runID, measured, outputOptions)
        }
    }
}

/// `lethe certify`
struct Certify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certify", abstract: "Issue the certificates of a judged run, one a request.",
        discussion: """
            Where the policy names recipients, they are told first. Exits 1 while one is still to be told, and where one was given up.
            """)

    @Argument(help: ArgumentHelp("The run.", valueName: "run"))
    var runID: String

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let workspace = try openWorkspace(workspaceOptions)
        let files = try workspace.certify(runID)
        try outputOptions.show(.array(files.map { .string($0) }), files.joined(separator: "\n"))
        try requireEverybodyTold([runID], in: workspace)
    }
}

/// Prints a verdict; throws where it is not a pass.
func showVerdict(_ run: String, _ measured: Measurements, _ options: OutputOptions) throws {
    try options.show(
        [
            "run": .string(run), "verdict": .string(measured.verdict), "claim": .string(measured.claim),
            "reasons": .array(measured.reasons.map { .string($0) }),
        ],
        (["run      \(run)", "verdict  \(measured.verdict)", "claim    \(measured.claim)"]
            + measured.gates.map { "\($0.gate.padding(3)) \($0.outcome.padding(10)) \($0.explanation)" })
            .joined(separator: "\n"))
    guard measured.verdict.hasPrefix("PASS") else { throw DoesNotHold() }
}

extension String {
    /// The text, filled up with spaces to `width`.
    func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
