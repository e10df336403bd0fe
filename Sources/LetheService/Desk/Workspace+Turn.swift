import LetheBytes
public import LetheCrypto
public import LetheRequests

/// What a turn of the schedule did.
public struct RunTurn: Sendable {
    /// What was to be done when the turn came to runs.
    public let plan: RunPlan
    /// The requests that ended because neither data nor model know their people, in the order of receipt.
    public let nothingHeld: [RequestRecord]
    /// The runs of earlier turns whose recipients were tried again.
    public let retold: [String]
    /// The runs that were judged or certified, in their order; each but the last did not pass and was followed by the next method.
    public let judged: [Judged]
    /// Why the certificates of a run must wait: its recipients are still to be told.
    public let open: [ServiceError]

    /// A run and its verdict.
    public struct Judged: Sendable {
        /// The run.
        public let run: String
        /// What was measured.
        public let measured: Measurements
    }

    /// Every run that this turn had to do with.
    public var runs: [String] { retold + judged.map(\.run) }
}

extension Workspace {
    /// Does what waits, and goes up the policy's ladder of methods until one passes, or until it is better to wait: made to be called by a
    /// schedule, again and again.
    ///
    /// - Parameters:
    ///   - whenDue: whether a new run begins only where the policy wants one today.
    ///   - method: a method in place of the policy's own; there is no ladder then.
    ///   - actor: the key of who starts it, where the policy has roles.
    ///   - begun: told each run's id as soon as it has one.
    ///   - progress: told what happens.
    /// - Throws: `ServiceError`, among them `.busy` where another process is at it; `TrainingStopped`. What was begun is gone on with
    ///   by the next turn.
    public func takeTurn(
        whenDue: Bool, method: String? = nil, as actor: SigningKey? = nil, begun: (String) throws -> Void = { _ in },
        progress: (ServiceProgress) -> Void
    ) throws -> RunTurn {
        try holdingRuns {
            let earlier = try runsWaitingForRecipients()
            var open = try certify(earlier, progress)
            var plan = try runPlan(leaving: earlier)
            var ended: [RequestRecord] = []
            while case .unlearn = plan.step, plan.isDue || !whenDue {
                let more = try endWhereNothingIsHeld(as: actor)
                if more.isEmpty { break }
                progress(.notice("\(more.count) requests ended: neither data nor model know these people"))
                ended += more
                plan = try runPlan(leaving: earlier)
            }
            var judged: [RunTurn.Judged] = []
            var next = plan
            while next.step != .nothing, next.isDue || !whenDue {
                let answer = try answer(next, method: method, as: actor, begun: begun, progress: progress)
                progress(.ended)
                judged.append(answer)
                open += try certify([answer.run], progress)
                next = try runPlan(leaving: earlier + judged.map(\.run))
                guard !answer.measured.verdict.hasPrefix("PASS"), method == nil, case .unlearn = next.step,
                    let step = next.ladder, step.isContinuation
                else { break }
                progress(.notice("run \(answer.run) is judged \(answer.measured.verdict); \(step.words)"))
            }
            return RunTurn(plan: plan, nothingHeld: ended, retold: earlier, judged: judged, open: open)
        }
    }

    /// Certifies each run; returns what keeps those from it whose recipients are still to be told.
    public func certify(
        _ runs: [String], _ progress: (ServiceProgress) -> Void
    ) throws -> [ServiceError] {
        var open: [ServiceError] = []
        for run in runs {
            do {
                for file in try certify(run) { progress(.notice("writes \(Files.name(of: file))")) }
            } catch let error as ServiceError {
                guard case .recipientsPending = error else { throw error }
                open.append(error)
            }
        }
        return open
    }

    /// One run to its verdict, or what is left of it.
    private func answer(
        _ plan: RunPlan, method: String?, as actor: SigningKey?, begun: (String) throws -> Void,
        progress: (ServiceProgress) -> Void
    ) throws -> RunTurn.Judged {
        switch plan.step {
        case .certify(let run):
            progress(.notice("continues with the certificates of run \(run)"))
            try begun(run)
            return RunTurn.Judged(run: run, measured: try measurements(run))
        case .verify(let run):
            progress(.notice("continues with the verification of run \(run)"))
            try begun(run)
            return RunTurn.Judged(run: run, measured: try verify(run, progress: progress))
        case .unlearn, .nothing:
            let run = try unlearn(method: method, as: actor, progress: progress).runID
            try begun(run)
            return RunTurn.Judged(run: run, measured: try verify(run, progress: progress))
        }
    }
}

extension LadderStep {
    /// Which method is next, and why.
    package var words: String {
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
