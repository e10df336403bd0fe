import Glibc
import LetheBytes
import LetheCrypto
public import LetheService
public import Logging

/// Does the runs of a workspace, one at a time: those that were asked for, and those that the policy wants.
///
/// It keeps nothing in memory that matters: the log says where a run is, the jobs' files who asked. So it can be killed at any moment, and
/// the next worker goes on. Two workers do not work at once: the second waits for the workspace's runs.
public struct RunWorker {
    private let configuration: ServerConfiguration
    private let environment: ServiceEnvironment
    private let logger: Logger
    private let jobs: JobFolder
    private let tokens: TokenStore

    /// Seconds between two looks at what is to be done.
    private static let interval: UInt32 = 2
    /// Seconds for which the schedule rests after a turn of its own that failed or must come again, as where a recipient is still to be told:
    /// what is wrong would be wrong again at once.
    private static let rest = 3_600.0

    /// A worker for the workspace of a configuration.
    public init(_ configuration: ServerConfiguration, environment: ServiceEnvironment, logger: Logger) throws {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        let folder = try configuration.requireStateFolder()
        jobs = try JobFolder(path: Files.join(folder, "jobs"))
        tokens = try TokenStore(folder: folder)
    }

    /// Works until `isEnding` says so; where `once`, until nothing waits.
    public func work(onlyAsked: Bool, once: Bool, isEnding: () -> Bool) throws {
        var restsUntil = -Double.infinity
        while !isEnding() {
            let isResting = environment.seconds() < restsUntil
            let (didSomething, wantsRest) = try turn(onlyAsked: onlyAsked || isResting, isEnding: isEnding)
            if wantsRest { restsUntil = environment.seconds() + Self.rest }
            if once, !didSomething { return }
            if !didSomething, !isEnding() { sleep(Self.interval) }
        }
    }

    /// Takes the first job that waits or was left running by a worker that is gone, or one that the policy wants.
    /// - Returns: whether there was one, and whether it was the schedule's and another at once would come to nothing.
    private func turn(onlyAsked: Bool, isEnding: () -> Bool) throws -> (didSomething: Bool, wantsRest: Bool) {
        if let job = try jobs.jobs().first(where: { !$0.state.isFinal }) {
            _ = try perform(job, isEnding: isEnding)
            return (true, false)
        }
        guard !onlyAsked else { return (false, false) }
        let plan = try Workspace.open(configuration.workspace, environment: environment).runPlan()
        guard plan.step != .nothing, plan.isDue else { return (false, false) }
        let job = try jobs.ask(by: "schedule", method: nil, now: environment.now())
        return (true, try !perform(job, isEnding: isEnding))
    }

    /// - Returns: whether nothing of it is left that another turn would try again.
    private func perform(_ waiting: Job, isEnding: () -> Bool) throws -> Bool {
        var job = waiting
        guard !jobs.isCancelled(job.id) else {
            try end(&job, .cancelled, "it was cancelled before it began")
            return true
        }
        var environment = environment
        let (jobs, id, outer) = (jobs, job.id, environment.shouldStop)
        environment.shouldStop = { outer() || jobs.isCancelled(id) }
        do {
            let workspace = try Workspace.open(configuration.workspace, environment: environment)
            let actor = try key(of: job)
            return try workspace.holdingRuns {
                job.state = .running
                try jobs.keep(job)
                return try run(&job, in: workspace, as: actor)
            }
        } catch is TrainingStopped {
            // Asked to end, a worker leaves the job to the next one; a job that somebody cancelled is over.
            if jobs.isCancelled(job.id) {
                try end(&job, .cancelled, "it was stopped; its run is gone on with when the next one is asked for")
            }
        } catch ServiceError.busy {
            // Another process, `lethe run` or another worker, is at it.
            if !isEnding() { sleep(Self.interval) }
        } catch {
            logger.error("job failed", metadata: ["job": "\(job.id)", "error": "\(Problem.logged(error))"])
            try end(&job, .failed, Problem(error).detail)
            return false
        }
        return true
    }

    /// The same turn that `lethe run` takes: with the policy's ladder, and with those of whom nothing is held.
    private func run(_ job: inout Job, in workspace: Workspace, as actor: SigningKey?) throws -> Bool {
        let progress = try ProgressFile(jobs.progressFile(job.id))
        let turn = try workspace.takeTurn(
            whenDue: false, method: job.method, as: actor, begun: { try note($0, of: &job) }, progress: progress.write)
        job.verdict = turn.judged.last?.measured.verdict
        try end(&job, .done, turn.words)
        return turn.open.isEmpty
    }

    private func note(_ run: String, of job: inout Job) throws {
        guard job.run != run else { return }
        job.run = run
        try jobs.keep(job)
    }

    private func end(_ job: inout Job, _ state: Job.State, _ message: String?) throws {
        (job.state, job.message) = (state, message)
        try jobs.keep(job)
        try jobs.clearCancel(job.id)
        logger.info("job ended", metadata: ["job": "\(job.id)", "state": "\(state.rawValue)"])
    }

    /// The key of who asked, where that token has one; the policy says whether one is needed.
    private func key(of job: Job) throws -> SigningKey? {
        guard let token = try tokens.tokens().first(where: { $0.id == job.askedBy }) else { return nil }
        return try token.signingKey()
    }
}

extension RunTurn {
    /// What is to be said of a turn that is no plain success; nil where it is one.
    fileprivate var words: String? {
        var lines = open.isEmpty ? [] : ["certificates wait for recipients that are still to be told"]
        if !nothingHeld.isEmpty {
            lines.append("\(nothingHeld.count) requests ended: neither data nor model know these people")
        }
        if judged.isEmpty, lines.isEmpty {
            lines.append(retold.isEmpty ? "no request waits for unlearning" : "recipients were told; no request waits")
        }
        return lines.isEmpty ? nil : lines.joined(separator: "; ")
    }
}
