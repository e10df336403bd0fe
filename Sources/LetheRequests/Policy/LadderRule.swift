/// Which method of a policy's ladder a run takes, and why. A pure rule over what the log says of the requests that wait.
public struct LadderRule: Sendable {
    /// The last judged run of some of the waiting requests.
    public struct Attempt: Sendable, Equatable {
        /// The place of its method on the ladder, from 0.
        public let rung: Int
        /// How it was judged.
        public let verdict: RunVerdict
        /// How many requests it was for.
        public let requests: Int

        /// An attempt.
        public init(rung: Int, verdict: RunVerdict, requests: Int) {
            self.rung = rung
            self.verdict = verdict
            self.requests = requests
        }
    }

    /// Why a method is the next.
    public enum Reason: String, Sendable, Equatable {
        /// None of the requests was tried before.
        case first
        /// The method before it did not pass.
        case failed
        /// The method before it decided nothing.
        case inconclusive
        /// It decided nothing over fewer requests.
        case largerBatch = "larger-batch"
        /// It did not pass and is the last.
        case again
        /// The deadline leaves no time for it and the last one.
        case deadline
    }

    /// What the next run does.
    public struct Choice: Sendable, Equatable {
        /// The place of its method on the ladder, from 0.
        public let rung: Int
        /// Why.
        public let reason: Reason
        /// Where it is better to wait: the number of requests at which the method before would be tried once more.
        public let waitsFor: Int?
    }

    /// The ladder.
    public let ladder: Policy.Ladder
    /// Hours that each of its methods needs with its verification.
    public let hours: [Double]
    /// Days before the earliest deadline at which nobody waits any more, and the most requests of a run.
    public let batching: Policy.Batching

    /// The rule of a ladder.
    /// - Parameter hours: what was measured, one a method; nil where nothing was.
    public init(_ ladder: Policy.Ladder, hours: [Double?], batching: Policy.Batching) {
        self.ladder = ladder
        self.batching = batching
        self.hours = ladder.methods.indices.map { index in
            let measured = hours.indices.contains(index) ? hours[index] : nil
            return measured.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil } ?? Double(ladder.assumedHours)
        }
    }

    /// The next method.
    ///
    /// The furthest attempt counts: nobody is tried again with a method that did not pass for them, and who is new goes along with the others.
    /// - Parameters:
    ///   - attempts: the last judged runs of the requests that wait.
    ///   - waiting: how many wait.
    ///   - hoursLeft: hours to the earliest deadline; nil where there is none.
    public func choice(after attempts: [Attempt], waiting: Int, hoursLeft: Double?) -> Choice {
        let last = ladder.methods.count - 1
        let chosen = undisturbed(after: attempts, waiting: waiting, hoursLeft: hoursLeft)
        guard let hoursLeft, chosen.rung < last, hours[chosen.rung] + hours[last] > hoursLeft else { return chosen }
        return Choice(rung: last, reason: .deadline, waitsFor: nil)
    }

    /// Hours from a method to the end of the ladder: what a batch may need at the worst.
    public func hours(from rung: Int) -> Double { hours[min(max(rung, 0), hours.count)...].reduce(0, +) }

    /// The next method were there no deadline to miss.
    private func undisturbed(after attempts: [Attempt], waiting: Int, hoursLeft: Double?) -> Choice {
        let last = ladder.methods.count - 1
        guard let furthest = attempts.map(\.rung).max() else { return Choice(rung: 0, reason: .first, waitsFor: nil) }
        let tried = attempts.filter { $0.rung == furthest }
        guard furthest < last else { return Choice(rung: last, reason: .again, waitsFor: nil) }
        let next = furthest + 1
        guard tried.allSatisfy({ $0.verdict == .inconclusive }) else {
            return Choice(rung: next, reason: .failed, waitsFor: nil)
        }
        let (enough, overflow) = (tried.map(\.requests).max() ?? 0).multipliedReportingOverflow(by: 2)
        guard ladder.inconclusive == .wait, !overflow, enough <= batching.maximumRequests else {
            return Choice(rung: next, reason: .inconclusive, waitsFor: nil)
        }
        if waiting >= enough { return Choice(rung: furthest, reason: .largerBatch, waitsFor: nil) }
        let canWait = hoursLeft.map { $0 - hours(from: next) > 24 * Double(batching.marginDays) } ?? true
        return Choice(rung: next, reason: .inconclusive, waitsFor: canWait ? enough : nil)
    }
}
