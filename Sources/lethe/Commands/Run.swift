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

/// `lethe run`: everything that waits, unless a part of it is named.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Unlearn, verify and certify all that waits.",
        discussion: "lethe run alone is short for lethe run all.", subcommands: [RunAll.self, RunNotify.self],
        defaultSubcommand: RunAll.self)
}

/// `lethe run all`, or `lethe run` alone
struct RunAll: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "all", abstract: "Unlearn, verify and certify all that waits.",
        discussion: """
            Recipients that earlier runs could not reach are tried first. Exits 1 where the verdict is not a pass (the certificates then \
            say so), while a recipient is still to be told, and where one was given up.

            \(TrainingOptions.discussion)
            """)

    @OptionGroup var methodOptions: MethodOptions
    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var actorOptions: ActorOptions
    @OptionGroup var trainingOptions: TrainingOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let actor = try actorOptions.key(workspaceOptions.passphraseOptions)
        try trainingOptions.run(workspaceOptions) { workspace, display in
            let earlier = try workspace.runsWaitingForRecipients()
            let open = try certify(earlier, in: workspace, note: display.note)
            let run: String
            if let interrupted = try workspace.interruptedVerification() {
                run = interrupted
                display.note("  continues with the verification of run \(run)")
            } else {
                do {
                    run = try workspace.unlearn(method: methodOptions.method, as: actor, progress: display.show).runID
                } catch ServiceError.nothingDue where !earlier.isEmpty {
                    display.finish()
                    try showNotified(earlier, open, in: workspace, outputOptions)
                    return
                }
            }
            let measured = try workspace.verify(run, progress: display.show)
            display.finish()
            let stillOpen = try open + certify([run], in: workspace, note: display.note)
            try showVerdict(run, measured, outputOptions)
            if let first = stillOpen.first { throw first }
            try requireEverybodyTold(earlier + [run], in: workspace)
        }
    }
}

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
        let open = try certify(runs, in: workspace) { StandardError.write($0 + "\n") }
        try showNotified(runs, open, in: workspace, outputOptions)
    }
}

/// Certifies each run; returns what keeps those from it whose recipients are still to be told.
private func certify(
    _ runs: [String], in workspace: Workspace, note: (String) -> Void
) throws -> [ServiceError] {
    var open: [ServiceError] = []
    for run in runs {
        do {
            for file in try workspace.certify(run) { note(file) }
        } catch let error as ServiceError {
            guard case .recipientsPending = error else { throw error }
            open.append(error)
        }
    }
    return open
}

/// Prints where the recipients of these runs stand; throws where one of them was not told.
private func showNotified(
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
private func requireEverybodyTold(_ runs: [String], in workspace: Workspace) throws {
    let failed = try runs.flatMap { try workspace.recipients(ofRun: $0) }.filter(\.isOpenOrFailed)
    guard failed.isEmpty else {
        throw DoesNotHold(reason: "lethe: not every recipient was told: \(failed.map(\.line).joined(separator: "; "))")
    }
}

extension RecipientStanding {
    /// For programs.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "recipient": .string(name), "outcome": .string(word), "attempts": .string("\(attempts)"),
        ]
        members["at"] = at.map { .string("\($0)") }
        members["entry"] = entry.map { .string("\($0)") }
        if !problem.isEmpty { members["problem"] = .string(problem) }
        return .object(members)
    }
}

/// Prints a verdict; throws where it is not a pass.
private func showVerdict(_ run: String, _ measured: Measurements, _ options: OutputOptions) throws {
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
