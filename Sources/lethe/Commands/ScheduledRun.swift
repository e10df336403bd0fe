import ArgumentParser
import LetheBytes
import LetheCrypto
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
            try workspace.holdingRuns { try step(workspace, display, as: actor) }
        }
    }

    private func step(_ workspace: Workspace, _ display: ProgressDisplay, as actor: SigningKey?) throws {
        let earlier = try workspace.runsWaitingForRecipients()
        let open = try certify(earlier, in: workspace, note: display.note)
        var plan = try workspace.runPlan(leaving: earlier)
        var ended: [RequestRecord] = []
        while case .unlearn = plan.step, plan.isDue || !whenDue {
            let more = try workspace.endWhereNothingIsHeld(as: actor)
            if more.isEmpty { break }
            display.note("  \(more.count) requests ended: neither data nor model know these people")
            ended += more
            plan = try workspace.runPlan(leaving: earlier)
        }
        guard plan.step != .nothing, plan.isDue || !whenDue else {
            guard !earlier.isEmpty else {
                return try outputOptions.show(
                    plan.json.adding(["nothingHeld": .array(ended.map { .string($0.requestID.text) })]), plan.text)
            }
            display.finish()
            return try showNotified(earlier, open, in: workspace, outputOptions)
        }
        try climb(from: plan, leaving: earlier, open, workspace, display, as: actor)
    }

    /// Does what the plan says, then goes on with the policy's ladder until a method passes, or until it is better to wait.
    private func climb(
        from plan: RunPlan, leaving earlier: [String], _ open: [ServiceError], _ workspace: Workspace,
        _ display: ProgressDisplay, as actor: SigningKey?
    ) throws {
        let (run, measured) = try answer(plan, workspace, display, as: actor)
        display.finish()
        let stillOpen = try open + certify([run], in: workspace, note: display.note)
        let next = try workspace.runPlan(leaving: earlier + [run])
        guard !measured.verdict.hasPrefix("PASS"), methodOptions.method == nil, case .unlearn = next.step,
            let step = next.ladder, step.isContinuation
        else {
            try showVerdict(run, measured, outputOptions)
            if let first = stillOpen.first { throw first }
            return try requireEverybodyTold(earlier + [run], in: workspace)
        }
        display.note("  run \(run) is judged \(measured.verdict); \(step.text)")
        try climb(from: next, leaving: earlier + [run], stillOpen, workspace, display, as: actor)
    }

    /// One run to its verdict, or what is left of it.
    private func answer(
        _ plan: RunPlan, _ workspace: Workspace, _ display: ProgressDisplay, as actor: SigningKey?
    ) throws -> (run: String, measured: Measurements) {
        switch plan.step {
        case .certify(let run):
            display.note("  continues with the certificates of run \(run)")
            return (run, try workspace.measurements(run))
        case .verify(let run):
            display.note("  continues with the verification of run \(run)")
            return (run, try workspace.verify(run, progress: display.show))
        case .unlearn, .nothing:
            let run = try workspace.unlearn(method: methodOptions.method, as: actor, progress: display.show).runID
            return (run, try workspace.verify(run, progress: display.show))
        }
    }
}

extension LadderStep {
    /// Which method is next, and why.
    fileprivate var text: String {
        let place = "method \(number) of \(count), \(method.rawValue), is next: "
        let why =
            switch reason {
            case .first: "nobody was tried before"
            case .failed: "the one before did not pass"
            case .inconclusive: "the one before decided nothing"
            case .largerBatch: "it decided nothing over fewer requests"
            case .deadline: "the deadline leaves no time for another before it"
            case .again: "it did not pass and is the last"
            }
        return place + why + (waitsFor.map { "; better once \($0) requests wait" } ?? "")
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
                + (ladder.map { "\n\($0.text)" } ?? "")
        case .nothing: "nothing to do: no request waits for unlearning"
        }
    }
}
