package import LetheBytes
public import LetheRequests
import LetheStatements
import LetheStore

/// Where the next run stands on the policy's ladder of methods.
public struct LadderStep: Sendable, Equatable {
    /// Its method.
    public let method: Policy.MethodName
    /// The place of the method, from 1.
    public let number: Int
    /// How many methods the ladder has.
    public let count: Int
    /// Why it is the next.
    public let reason: LadderRule.Reason
    /// Where it is better to wait: the number of requests at which the method before would be tried once more.
    public let waitsFor: Int?
    /// Hours from it to the end of the ladder, its last method included, were none to pass.
    public let hoursToEnd: Double

    /// Whether it goes on with what an earlier run began: then nobody waits for a batch to fill.
    public var isContinuation: Bool {
        switch reason {
        case .first, .again: false
        case .failed, .inconclusive, .largerBatch, .deadline: waitsFor == nil
        }
    }

    /// What a program is told of it.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "method": .string(method.rawValue), "number": .string("\(number)"), "count": .string("\(count)"),
            "reason": .string(reason.rawValue),
        ]
        members["waitsFor"] = waitsFor.map { .string("\($0)") }
        return .object(members)
    }
}

extension Workspace {
    /// The next step on the policy's ladder, for the requests that wait now; nil where it has none.
    func ladderStep() throws -> LadderStep? {
        let waiting = try store.count(in: RequestState.inProgress.name)
        return try ladderStep(
            waiting: min(waiting, policy.batching.maximumRequests),
            earliest: store.earliestDue(in: RequestState.inProgress.name))
    }

    /// The next step on the policy's ladder; nil where it has none.
    ///
    /// What was tried is read out of the log. A run of a method whose settings the policy has changed since does not count.
    /// - Parameters:
    ///   - waiting: the requests that the next run would take.
    ///   - earliest: the first day by which one of them must be answered.
    func ladderStep(waiting: Int, earliest: CivilDate?) throws -> LadderStep? {
        guard let ladder = policy.ladder else { return nil }
        let rule = LadderRule(ladder, hours: try measuredHours(ladder), batching: policy.batching)
        let tried = try store.lastRuns(
            ofRequestsIn: RequestState.inProgress.name, limit: policy.batching.maximumRequests)
        let attempts = try tried.compactMap { try attempt(of: $0, on: ladder) }
        let choice = rule.choice(
            after: attempts, waiting: waiting, hoursLeft: earliest.map { 24 * Double($0.days(since: today())) })
        return LadderStep(
            method: ladder.methods[choice.rung], number: choice.rung + 1, count: ladder.methods.count,
            reason: choice.reason, waitsFor: choice.waitsFor, hoursToEnd: rule.hours(from: choice.rung))
    }

    /// What a run was on the ladder; nil where it was not judged, passed, or had other settings.
    private func attempt(of id: RunID, on ladder: Policy.Ladder) throws -> LadderRule.Attempt? {
        guard let record = try store.run(id), let verdict = record.verdict, !record.hasPassed,
            case .inputsCommitted(let inputs)? = try step("inputs-committed", of: record),
            let name = inputs.methodName, let rung = ladder.methods.firstIndex(of: name),
            policy.method(named: name)?.parametersDigest == inputs.parameters
        else { return nil }
        // Not in the log; where the file is gone, any batch is larger.
        let requests = (try? RunDossier.read(from: paths.run(id.text)).requests.count) ?? 0
        return LadderRule.Attempt(rung: rung, verdict: verdict, requests: requests)
    }

    /// What each method took, from a run's first entry to its verdict, when it last was judged; with pauses, which makes it late rather than
    /// hasty. A retraining that never ran is reckoned from references: it is trained once, and once more to verify it.
    private func measuredHours(_ ladder: Policy.Ladder) throws -> [Double?] {
        var hours: [Policy.MethodName: Double] = [:]
        var reference: Double?
        for record in try store.runs() where record.stage == .verified {
            guard case .inputsCommitted(let inputs)? = try step("inputs-committed", of: record),
                let name = inputs.methodName, let judged = try runEvent("verified", of: record)
            else { continue }
            hours[name] = judged.at.hours(since: record.startedAt)
            if let drawn = try runEvent("reference-seeds-drawn", of: record),
                let committed = try runEvent("references-committed", of: record),
                case .referencesCommitted(let models) = committed.step, !models.isEmpty
            {
                let originals = try committed.membershipOriginals().count
                reference = committed.at.hours(since: drawn.at) / Double(models.count + originals)
            }
        }
        return ladder.methods.map { hours[$0] ?? ($0 == .retrain ? reference.map { 2 * $0 } : nil) }
    }
}

extension RunInputs {
    /// The method of a policy that the inputs name; nil where it is none that this version knows.
    var methodName: Policy.MethodName? {
        let parts = method.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 5, method == "urn:lethe:method:\(parts[3]):v1" else { return nil }
        return Policy.MethodName(rawValue: String(parts[3]))
    }
}

extension Timestamp {
    fileprivate func hours(since earlier: Timestamp) -> Double {
        max(0, Double(secondsSinceEpoch - earlier.secondsSinceEpoch) / 3_600)
    }
}
