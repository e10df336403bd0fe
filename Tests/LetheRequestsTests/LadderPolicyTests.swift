import LetheBytes
import Testing

@testable import LetheRequests

struct LadderPolicyTests {
    private func policy(_ section: String) throws -> Policy { try Policy(yaml: fixturePolicyText() + section) }

    @Test func theSectionIsReadHashedAndExplained() throws {
        let plain = try fixturePolicy()
        #expect(plain.ladder == nil)
        #expect(!String(decoding: plain.canonicalBytes, as: UTF8.self).contains("ladder"))
        let short = try policy("ladder: {methods: [e2urec, retrain]}\n")
        let spelled = try policy("ladder: {methods: [e2urec, retrain], inconclusive: next, assumedHours: 24}\n")
        #expect(short.digest == spelled.digest && short.digest != plain.digest)
        #expect(short.ladder?.methods == [.e2urec, .retrain])
        for other in ["inconclusive: wait", "assumedHours: 23"] {
            #expect(try policy("ladder: {methods: [e2urec, retrain], \(other)}\n").digest != short.digest)
        }
        let words = try policy("ladder: {methods: [e2urec, retrain], inconclusive: wait, assumedHours: 9}\n")
            .explanation
            .joined(separator: "\n")
        for phrase in ["e2urec, then retrain", "waits until it is twice as large", "need 9 hours"] {
            #expect(words.contains(phrase), "\(phrase)")
        }
    }

    @Test(arguments: [
        ("ladder: []\n", "ladder"), ("ladder: {}\n", "ladder.methods"), ("ladder: {methods: []}\n", "ladder.methods"),
        ("ladder: {methods: [e2urec]}\n", "ladder.methods"),
        ("ladder: {methods: [retrain, e2urec]}\n", "ladder.methods"),
        ("ladder: {methods: [retrain]}\n", "ladder.methods"),
        ("ladder: {methods: [e2urec, neggrad, retrain]}\n", "ladder.methods"),
        ("ladder: {methods: [e2urec, e2urec, retrain]}\n", "ladder.methods"),
        ("ladder: {methods: [e2urec, delete]}\n", "ladder.methods"),
        (
            "methods:\n  neggrad: {lambda: 0.2, learningRate: 0.0001, batchSize: 16, steps: 2, cap: none, preferenceBeta: none}\n"
                + "ladder: {methods: [e2urec, neggrad]}\n", "ladder.methods"
        ),
        ("ladder: {methods: [e2urec, retrain], inconclusive: stop}\n", "ladder.inconclusive"),
        ("ladder: {methods: [e2urec, retrain], assumedHours: 0}\n", "ladder.assumedHours"),
        ("ladder: {methods: [e2urec, retrain], assumedHours: 721}\n", "ladder.assumedHours"),
        ("ladder: {methods: [e2urec, retrain], rungs: 2}\n", "ladder.rungs"),
    ])
    func whatDoesNotFitIsNamedByItsField(section: String, field: String) throws {
        let error = #expect(throws: PolicyError.self) { try policy(section) }
        #expect(error?.field == field && error?.line != nil, "\(String(describing: error))")
    }
}

struct LadderRuleTests {
    /// Three methods of 10, 20 and 30 hours; at most 40 requests a run, and no waiting within 2 days of a deadline.
    private func rule(_ inconclusive: Policy.Ladder.AfterInconclusive, _ hours: [Double?] = [10, 20, 30]) -> LadderRule
    {
        LadderRule(
            Policy.Ladder(methods: [.e2urec, .negGrad, .retrain], inconclusive: inconclusive, assumedHours: 100),
            hours: hours, batching: Policy.Batching(maximumRequests: 40, marginDays: 2))
    }

    private func attempt(_ rung: Int, _ verdict: RunVerdict, _ requests: Int = 10) -> LadderRule.Attempt {
        LadderRule.Attempt(rung: rung, verdict: verdict, requests: requests)
    }

    @Test func aVerdictThatIsNoPassMovesOn() {
        let rule = rule(.next)
        func next(_ attempts: LadderRule.Attempt...) -> LadderRule.Choice {
            rule.choice(after: attempts, waiting: 10, hoursLeft: nil)
        }
        #expect(next() == .init(rung: 0, reason: .first, waitsFor: nil))
        #expect(next(attempt(0, .fail)) == .init(rung: 1, reason: .failed, waitsFor: nil))
        #expect(next(attempt(0, .refuse)) == .init(rung: 1, reason: .failed, waitsFor: nil))
        #expect(next(attempt(0, .inconclusive)) == .init(rung: 1, reason: .inconclusive, waitsFor: nil))
        #expect(next(attempt(1, .fail)) == .init(rung: 2, reason: .failed, waitsFor: nil))
        #expect(next(attempt(2, .refuse)) == .init(rung: 2, reason: .again, waitsFor: nil))
        // The furthest counts, and of the furthest the worst.
        #expect(
            next(attempt(1, .inconclusive), attempt(0, .fail)) == .init(rung: 2, reason: .inconclusive, waitsFor: nil))
        #expect(next(attempt(1, .inconclusive), attempt(1, .fail)) == .init(rung: 2, reason: .failed, waitsFor: nil))
    }

    @Test func doubtMayWaitForALargerBatchButNotBeyondTheDeadline() {
        let rule = rule(.wait)
        func next(_ waiting: Int, _ hoursLeft: Double?, tried: Int = 10) -> LadderRule.Choice {
            rule.choice(after: [attempt(0, .inconclusive, tried)], waiting: waiting, hoursLeft: hoursLeft)
        }
        #expect(next(10, nil) == .init(rung: 1, reason: .inconclusive, waitsFor: 20))
        #expect(next(19, 1_000) == .init(rung: 1, reason: .inconclusive, waitsFor: 20))
        #expect(next(20, 1_000) == .init(rung: 0, reason: .largerBatch, waitsFor: nil))
        // The rest of the ladder takes 50 hours and the margin is 48.
        #expect(next(10, 98.1) == .init(rung: 1, reason: .inconclusive, waitsFor: 20))
        #expect(next(10, 98) == .init(rung: 1, reason: .inconclusive, waitsFor: nil))
        // A run takes 40 at most: nothing larger can come.
        #expect(next(21, 1_000, tried: 21) == .init(rung: 1, reason: .inconclusive, waitsFor: nil))
        #expect(next(5, 1_000, tried: .max) == .init(rung: 1, reason: .inconclusive, waitsFor: nil))
        // A failure does not wait.
        #expect(
            rule.choice(after: [attempt(0, .fail)], waiting: 10, hoursLeft: 1_000)
                == .init(rung: 1, reason: .failed, waitsFor: nil))
    }

    @Test func theLastMethodIsTakenWhileThereIsTimeForIt() {
        let rule = rule(.next)
        func next(_ hoursLeft: Double, after attempts: [LadderRule.Attempt] = []) -> LadderRule.Choice {
            rule.choice(after: attempts, waiting: 10, hoursLeft: hoursLeft)
        }
        #expect(next(40) == .init(rung: 0, reason: .first, waitsFor: nil))
        #expect(next(39.9) == .init(rung: 2, reason: .deadline, waitsFor: nil))
        #expect(next(-100) == .init(rung: 2, reason: .deadline, waitsFor: nil))
        #expect(next(50, after: [attempt(0, .fail)]) == .init(rung: 1, reason: .failed, waitsFor: nil))
        #expect(next(49.9, after: [attempt(0, .fail)]) == .init(rung: 2, reason: .deadline, waitsFor: nil))
        // The last one is the last one, however late.
        #expect(next(-100, after: [attempt(1, .fail)]) == .init(rung: 2, reason: .failed, waitsFor: nil))
    }

    /// Whatever happens, a batch that nobody waits for ends after as many verdicts as there are methods.
    @Test(arguments: [Policy.Ladder.AfterInconclusive.next, .wait])
    func everyBatchComesToTheLastMethod(inconclusive: Policy.Ladder.AfterInconclusive) {
        let rule = rule(inconclusive)
        for hoursLeft in [nil, -1, 10, 45, 60, 10_000] as [Double?] {
            var attempts: [LadderRule.Attempt] = []
            var rungs: [Int] = []
            for index in 0..<3 {
                let choice = rule.choice(after: attempts, waiting: 10, hoursLeft: hoursLeft)
                rungs.append(choice.rung)
                attempts = [attempt(choice.rung, index.isMultiple(of: 2) ? .fail : .inconclusive)]
            }
            #expect(rungs == rungs.sorted() && rungs.last == 2, "\(rungs) with \(String(describing: hoursLeft))")
        }
    }

    @Test func whatWasNotMeasuredIsAssumed() {
        #expect(rule(.next, [nil, 20]).hours == [100, 20, 100])
        #expect(rule(.next, [.nan, -1, .infinity]).hours == [100, 100, 100])
        #expect(rule(.next).hours(from: 1) == 50)
        #expect(rule(.next).hours(from: 7) == 0 && rule(.next).hours(from: -7) == 60)
    }
}
