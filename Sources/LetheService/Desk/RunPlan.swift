package import LetheBytes
public import LetheRequests
import LetheStore

/// What `lethe run` would do now, and whether the policy wants it done now.
public struct RunPlan: Sendable, Equatable {
    /// The next thing to do.
    public enum Step: Sendable, Equatable {
        /// A run was judged, and its certificates are not all handed out.
        case certify(run: String)
        /// A run has a candidate that was not judged.
        case verify(run: String)
        /// Requests wait for a new run, or for the one that was interrupted.
        case unlearn(interrupted: Bool)
        /// Nobody waits.
        case nothing
    }

    /// The next thing to do.
    public let step: Step
    /// Requests that wait for a run.
    public let waiting: Int
    /// Of these, as many as one run takes.
    public let taken: Int
    /// The first day by which one of them must be answered.
    public let earliestDue: CivilDate?
    /// Whether the policy wants it done today: something was begun, an earlier method of its ladder did not pass, the batch is full, or the
    /// earliest deadline is within the margin or within what the ladder may need to its end.
    public let isDue: Bool
    /// Where a new run stands on the policy's ladder of methods; nil where it has none, or no new run is next.
    public let ladder: LadderStep?

    /// What a program is told of it.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "waiting": .string("\(waiting)"), "taken": .string("\(taken)"), "isDue": .bool(isDue),
        ]
        switch step {
        case .certify(let run): (members["step"], members["run"]) = ("certify", .string(run))
        case .verify(let run): (members["step"], members["run"]) = ("verify", .string(run))
        case .unlearn(let interrupted):
            (members["step"], members["interrupted"]) = ("unlearn", .bool(interrupted))
        case .nothing: members["step"] = "nothing"
        }
        members["ladder"] = ladder?.json
        members["earliestDue"] = earliestDue.map { .string("\($0)") }
        return .object(members)
    }
}

extension Workspace {
    /// What the next run would do. Nothing is changed, and no request is opened.
    ///
    /// - Parameter runs: judged runs that are not gone on with, because a recipient of theirs could not be told just now.
    public func runPlan(leaving runs: [String] = []) throws -> RunPlan {
        let waiting = try store.count(in: RequestState.inProgress.name)
        let earliest = try store.earliestDue(in: RequestState.inProgress.name)
        let most = policy.batching.maximumRequests
        let step: RunPlan.Step
        var isDue = true
        var ladder: LadderStep?
        if let run = try uncertifiedRun(), !runs.contains(run) {
            step = .certify(run: run)
        } else if let run = try interruptedVerification() {
            step = .verify(run: run)
        } else if waiting > 0 {
            let interrupted = try store.runs().contains { [.inputsCommitted, .seedsDrawn].contains($0.stage) }
            step = .unlearn(interrupted: interrupted)
            ladder = try ladderStep(waiting: min(waiting, most), earliest: earliest)
            let daysNeeded = max(policy.batching.marginDays, ladder.map { Int(($0.hoursToEnd / 24).rounded(.up)) } ?? 0)
            isDue =
                interrupted || waiting >= most || ladder?.isContinuation == true
                || earliest.map { $0.days(since: today()) <= daysNeeded } ?? false
        } else {
            step = .nothing
            isDue = false
        }
        return RunPlan(
            step: step, waiting: waiting, taken: min(waiting, most), earliestDue: earliest, isDue: isDue,
            ladder: ladder)
    }

    /// The newest judged run, where it was cut off before all its certificates were in the log and on the disk.
    private func uncertifiedRun() throws -> String? {
        guard let run = try store.runs().last(where: { $0.stage == .verified }) else { return nil }
        let issued = try certificates(of: run)
        let isOpen =
            issued.isEmpty
            ? try !requestsToCertify(run.runID).isEmpty
            : issued.contains { !Files.exists(Files.join(paths.certificates, Self.certificateName($0.number))) }
        return isOpen ? run.runID.text : nil
    }

    /// The requests that a judged run has an answer for: those that it was the last to work on and that have not ended meanwhile.
    func requestsToCertify(_ run: RunID) throws -> [RequestRecord] {
        let open = OpenRequests.handledStates + [.received, .identityPending]
        return try open.flatMap { try store.requests(in: $0.name) }.filter { $0.runID == run }
    }

    /// Holds the workspace's runs for this object while `body` runs: two at once would train on the same requests. Within `body` it may be
    /// called again.
    /// - Throws: `ServiceError.busy` where another process holds them; what `body` throws.
    public func holdingRuns<Value>(_ body: () throws -> Value) throws -> Value {
        if isHoldingRuns { return try body() }
        let lock = try FolderLock(paths.runs, waits: false)
        isHoldingRuns = true
        defer { isHoldingRuns = false }
        return try withExtendedLifetime(lock) { try body() }
    }
}
