import LetheTensor
import Testing

@testable import LetheVerification

/// Error rates in the Gaussian model of VERIFICATION.md 3.4, small enough for every test run.
struct SimulatedVerdictTests {
    /// In how many of the runs G0, G1 and G2 all hold.
    private static func certified(_ simulation: Simulation, runs: Int) throws -> Int {
        let thresholds = Thresholds()
        return try (0..<runs).count { run in
            let audit = try simulation.audit(seed: UInt64(100 + run))
            let statistics = try #require(ForgettingStatistics(audit, replicates: 120, seed: UInt64(run)))
            return Gates.sensitivity(statistics).allSatisfy { $0.passed }
                && Gates.residual(statistics, thresholds).passed && Gates.shape(statistics, thresholds).passed
        }
    }

    @Test func aRetrainedCandidateMostlyPasses() throws {
        #expect(try Self.certified(Simulation(users: 80, references: 5, recordsPerUser: 10), runs: 10) >= 7)
    }

    @Test(arguments: [0.3, -0.3])
    func aResidualOfThreeTenthsIsNeverCertified(residual: Double) throws {
        let simulation = Simulation(users: 80, references: 5, recordsPerUser: 10, residual: residual)
        #expect(try Self.certified(simulation, runs: 10) == 0)
    }

    @Test(arguments: 0..<3)
    func theOriginalAsCandidateFails(seed: Int) throws {
        let judgement = try Simulation(users: 25, references: 3, residual: nil).judge(seed: UInt64(seed))
        #expect(judgement.verdict == .fail)
        #expect(judgement.gates.first { $0.gate == .residual }?.statistic == 1)
        #expect(!judgement.reasons.isEmpty)
    }

    @Test(arguments: 0..<3)
    func withoutMemorisationNothingIsCertified(seed: Int) throws {
        let judgement = try Simulation(users: 25, references: 3, memorised: 0).judge(seed: UInt64(seed))
        #expect(judgement.verdict == .inconclusive)
        #expect(judgement.reasons.contains { $0.contains("cannot see forgetting") })
    }
}

struct JudgeTests {
    private static let simulation = Simulation(users: 80, references: 5, recordsPerUser: 10)
    /// A seed with which a retrained candidate passes; the tests below take one thing away at a time.
    private static let seed: UInt64 = 101

    private static func evidence() throws -> Evidence {
        Evidence(
            provenance: .verified, forgotten: try simulation.audit(seed: seed),
            utility: try simulation.evaluation(seed: seed), seed: seed)
    }

    private static var thresholds: Thresholds {
        var thresholds = Thresholds()
        thresholds.bootstrapReplicates = 100
        return thresholds
    }

    @Test func allGatesTogetherPass() throws {
        let judgement = Judge.judge(try Self.evidence(), by: Self.thresholds)
        #expect(judgement.verdict == .passStatistical, "\(judgement.reasons)")
        #expect(judgement.reasons.isEmpty)
        #expect(
            judgement.gates.map(\.gate) == [
                .provenance, .sensitivity, .sensitivity, .residual, .shape, .utility, .utility,
            ])
        #expect(judgement.gates.allSatisfy { $0.passed })
        #expect(judgement.claim.contains("no proof that the data is gone"))
        let names = judgement.notAssessed.map(\.name)
        #expect(names.contains("G4 relearning") && names.contains("G3 membership"))
        #expect(!names.contains("relative three-sample test") && names.contains { $0.contains("U-LiRA") })
        #expect(judgement.power?.tried == 5 && judgement.membershipPower == nil)
        #expect(judgement.relativeTests.map(\.measure) == DistanceMeasure.all)
        #expect(judgement.relativeTests.allSatisfy { $0.finding == .nearerToRetrained })
    }

    @Test func powerGrowsWithMemorisation() throws {
        func passed(_ memorised: Double, references: Int) throws -> Int? {
            let simulation = Simulation(users: 30, references: references, recordsPerUser: 8, memorised: memorised)
            return Judge.power(of: try simulation.audit(seed: 1), by: Self.thresholds, seed: 1)?.passed
        }
        #expect(try passed(3, references: 4) == 4)
        #expect(try passed(0, references: 4) == 0)
        #expect(try passed(3, references: 3) == nil)
    }

    @Test func judgingTwiceGivesTheSame() throws {
        let first = Judge.judge(try Self.evidence(), by: Self.thresholds)
        let second = Judge.judge(try Self.evidence(), by: Self.thresholds)
        #expect(first.gates == second.gates && first.forgetting == second.forgetting)
    }

    @Test func violatedProvenanceRefuses() throws {
        var evidence = try Self.evidence()
        evidence.provenance = .violated(["record 7 was read after the cut"])
        let judgement = Judge.judge(evidence, by: Self.thresholds)
        #expect(judgement.verdict == .refuse)
        #expect(judgement.reasons == ["record 7 was read after the cut"])
    }

    @Test func uncheckedProvenanceNeverPasses() throws {
        var evidence = try Self.evidence()
        evidence.provenance = .notAssessed
        #expect(Judge.judge(evidence, by: Self.thresholds).verdict == .inconclusive)
        var thresholds = Self.thresholds
        thresholds.requiredGates.remove(.provenance)
        #expect(Judge.judge(evidence, by: thresholds).verdict == .passStatistical)
    }

    @Test func exactRetrainingPassesWithoutStatistics() throws {
        let evidence = Evidence(provenance: .verifiedExactRetraining, forgotten: nil, seed: 1)
        let judgement = Judge.judge(evidence, by: Self.thresholds)
        #expect(judgement.verdict == .passExact)
        #expect(judgement.notAssessed.map(\.name) == ["G0 to G5"])
    }

    @Test func missingUtilityIsDoubt() throws {
        var evidence = try Self.evidence()
        evidence.utility = nil
        let judgement = Judge.judge(evidence, by: Self.thresholds)
        #expect(judgement.verdict == .inconclusive)
        #expect(judgement.reasons == ["gate G5 is required but was not measured"])
    }

    @Test func lostUtilityFails() throws {
        var evidence = try Self.evidence()
        evidence.utility = try Self.simulation.evaluation(seed: Self.seed, worse: 0.5)
        let judgement = Judge.judge(evidence, by: Self.thresholds)
        #expect(judgement.verdict == .fail)
        #expect(judgement.gates.filter { $0.outcome == .failed }.map(\.gate).contains(.utility))
    }

    @Test func aMeasuredMembershipGateCounts() throws {
        var evidence = try Self.evidence()
        var loud = Self.simulation
        loud.residual = nil
        loud.memorised = 2
        evidence.forgotten = try loud.audit(seed: Self.seed)
        evidence.control = try Self.simulation.evaluation(seed: Self.seed + 5)
        let judgement = Judge.judge(evidence, by: Self.thresholds)
        #expect(judgement.gates.first { $0.gate == .membership }?.outcome == .failed)
        #expect(judgement.membership != nil)
    }

    @Test func aRequiredMembershipGateNeedsRecordsOfStrangersAndStatesItsPower() throws {
        var thresholds = Self.thresholds
        thresholds.requiredGates.insert(.membership)
        let without = Judge.judge(try Self.evidence(), by: thresholds)
        #expect(without.verdict == .inconclusive)
        #expect(without.reasons == ["gate G3 is required but was not measured"])
        #expect(without.notAssessed.first { $0.name == "G3 membership" }?.reason.hasPrefix("no records") == true)
        var evidence = try Self.evidence()
        evidence.control = try Self.simulation.evaluation(seed: Self.seed + 5)
        let judgement = Judge.judge(evidence, by: thresholds)
        let gate = try #require(judgement.gates.first { $0.gate == .membership })
        let membership = try #require(judgement.membership)
        #expect(gate.statistic == membership.difference.value && gate.interval == membership.difference.interval)
        #expect(gate.accepted == Interval(lower: -0.05, upper: 0.05))
        #expect(judgement.membershipPower?.tried == 5)
        #expect(gate.explanation.contains("of 5 retrained models pass this themselves"))
        #expect(!judgement.notAssessed.contains { $0.name == "G3 membership" })
    }

    @Test func noDifferenceLeavesTheRelativeTestUnassessed() throws {
        let judgement = try Simulation(users: 20, references: 1).judge(seed: 1)
        #expect(judgement.relativeTests.isEmpty)
        #expect(judgement.notAssessed.contains { $0.name == "relative three-sample test" })
    }

    @Test func oneReferenceIsInconclusive() throws {
        let judgement = try Simulation(users: 20, references: 1).judge(seed: 1)
        #expect(judgement.verdict == .inconclusive)
        #expect(judgement.reasons.contains { $0.contains("no noise floor") })
        #expect(judgement.power == nil)
    }

    @Test func fewUsersAreInconclusive() throws {
        let judgement = try Simulation(users: 9, references: 3, residual: nil).judge(seed: 1)
        #expect(judgement.verdict == .inconclusive)
        #expect(judgement.reasons.contains { $0.contains("9 forgotten user(s) where 10 are needed") })
    }

    @Test func oneUserIsInconclusiveWhateverThePolicySays() throws {
        var thresholds = Self.thresholds
        thresholds.minimumUsers = 0
        thresholds.minimumReferences = 0
        let evidence = Evidence(
            provenance: .verified, forgotten: try Simulation(users: 1, references: 3).audit(seed: 1), seed: 1)
        #expect(Judge.judge(evidence, by: thresholds).verdict == .inconclusive)
    }

    @Test func nothingToMeasureIsInconclusive() throws {
        let empty = try AuditMatrix(referenceCount: 3, answers: AnswerTokens(yes: 0, no: 1))
        for forgotten in [nil, empty] {
            let judgement = Judge.judge(
                Evidence(provenance: .verified, forgotten: forgotten, seed: 1), by: Self.thresholds)
            #expect(judgement.verdict == .inconclusive)
            #expect(judgement.forgetting == nil)
        }
    }

    @Test func identicalModelsAreInconclusive() throws {
        var audit = try AuditMatrix(referenceCount: 3, answers: AnswerTokens(yes: 0, no: 1))
        for record in 0..<40 {
            let row: [Float] = [Float(record % 7), 0]
            try audit.add(
                user: record / 2, isLiked: record % 2 == 0, original: row, candidate: row, references: [row, row, row])
        }
        let judgement = Judge.judge(
            Evidence(provenance: .verified, forgotten: audit, seed: 1), by: Self.thresholds)
        #expect(judgement.verdict == .inconclusive)
    }
}

struct GateResultTests {
    private static func outcome(_ lower: Double, _ upper: Double) -> GateOutcome {
        GateResult(
            gate: .residual, name: "x",
            estimate: Estimate(value: (lower + upper) / 2, interval: Interval(lower: lower, upper: upper)),
            accepted: Interval(lower: -0.2, upper: 0.2), explanation: ""
        )
        .outcome
    }

    @Test func intervalsDecide() {
        #expect(Self.outcome(-0.1, 0.1) == .passed)
        #expect(Self.outcome(-0.19, 0.19) == .passed)
        #expect(Self.outcome(0.1, 0.2) == .undecided)
        #expect(Self.outcome(0.1, 0.3) == .undecided)
        #expect(Self.outcome(-0.3, 0.3) == .undecided)
        #expect(Self.outcome(0.2, 0.3) == .failed)
        #expect(Self.outcome(-0.5, -0.3) == .failed)
        #expect(Self.outcome(.nan, .nan) == .undecided)
    }

    @Test func noIntervalIsDoubt() {
        let result = GateResult(
            gate: .shape, name: "JG", estimate: nil, accepted: Interval(lower: -.infinity, upper: 0.25), explanation: ""
        )
        #expect(result.outcome == .undecided && !result.passed && result.statistic == nil)
        #expect(result.threshold == "below 0.25")
    }
}
