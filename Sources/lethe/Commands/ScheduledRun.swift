import ArgumentParser
import LetheBytes
import LetheRequests
import LetheService

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
            Made to be run by a schedule, again and again: where nobody waits it says so and exits 0, where a run was cut off it goes on with \
            that, and where another process is at it, it changes nothing and exits 2. With --when-due it begins a new run only when the \
            policy's batch is full or a deadline is within the policy's margin. Where the policy has a ladder of methods, a verdict that is not a \
            pass is followed by the next method, until one passes; the last verdict is shown. Recipients that earlier runs could not reach are tried first. \
            Exits 1 where the verdict is not a pass (the certificates then say so), while a recipient is still to be told, and where one was \
            given up. --plan says what it would do, and does nothing.
            """ + "\n\n" + TrainingOptions.discussion)

    @Flag(help: "Begin a new run only when the policy wants one today.")
    var whenDue = false

    @Flag(help: "Say what would be done, and do nothing.")
    var plan = false

    @OptionGroup var methodOptions: MethodOptions
    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var actorOptions: ActorOptions
    @OptionGroup var trainingOptions: TrainingOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        if plan {
            let plan = try openWorkspace(workspaceOptions).runPlan()
            return try outputOptions.show(plan.json, plan.text)
        }
        let actor = try actorOptions.key(workspaceOptions.passphraseOptions)
        try trainingOptions.run(workspaceOptions) { workspace, display in
            let turn = try workspace.takeTurn(
                whenDue: whenDue, method: methodOptions.method, as: actor, progress: display.show)
            display.finish()
            try show(turn, in: workspace)
        }
    }

    private func show(_ turn: RunTurn, in workspace: Workspace) throws {
        if let last = turn.judged.last {
            try showVerdict(last.run, last.measured, outputOptions)
            if let first = turn.open.first { throw first }
            return try requireEverybodyTold(turn.runs, in: workspace)
        }
        guard turn.retold.isEmpty else { return try showNotified(turn.retold, turn.open, in: workspace, outputOptions) }
        try outputOptions.show(
            turn.plan.json.adding(["nothingHeld": .array(turn.nothingHeld.map { .string($0.requestID.text) })]),
            turn.plan.text)
    }
}

extension RunPlan {
    fileprivate var text: String {
        let due = earliestDue.map { "; the earliest answer is due \($0)" } ?? ""
        return switch step {
        case .certify(let run): "run \(run) is judged: its certificates are next"
        case .verify(let run): "run \(run) has a candidate: its verification is next"
        case .unlearn(true): "a run was interrupted: it is next; \(waiting) requests wait\(due)"
        case .unlearn(false):
            "\(waiting) requests wait, a run takes \(taken)\(due)" + (isDue ? "" : "; the policy wants no run yet")
                + (ladder.map { "\n\($0.words)" } ?? "")
        case .nothing: "nothing to do: no request waits for unlearning"
        }
    }
}
