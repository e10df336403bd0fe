import Testing

@testable import LetheVerification

/// G4: what comes back by relearning and by rounding.
struct ReturningTests {
    private static let simulation = Simulation(users: 80, references: 5, recordsPerUser: 10)
    private static let seed: UInt64 = 101

    /// The margins of an audit, the candidate's moved towards the original's by `share`.
    private static func margins(_ share: Double = 0, original: Double = 1) throws -> EvaluationMatrix {
        let audit = try simulation.audit(seed: seed)
        var matrix = try EvaluationMatrix(referenceCount: audit.referenceCount)
        for record in audit.records {
            let center = record.referenceMargins.reduce(0, +) / Double(record.referenceMargins.count)
            try matrix.add(
                user: record.user, isLiked: record.isLiked,
                original: center + original * (record.originalMargin - center),
                candidate: record.candidateMargin + share * (record.originalMargin - record.candidateMargin),
                references: record.referenceMargins)
        }
        return matrix
    }

    private static func judge(
        relearned: EvaluationMatrix?, rounded: EvaluationMatrix?, requires: Bool = true
    ) throws -> Judgement {
        var thresholds = Thresholds()
        thresholds.bootstrapReplicates = 100
        if requires { thresholds.requiredGates.insert(.relearning) }
        return Judge.judge(
            Evidence(
                provenance: .verified, forgotten: try simulation.audit(seed: seed),
                utility: try simulation.evaluation(seed: seed), relearned: relearned, rounded: rounded, seed: seed),
            by: thresholds)
    }

    @Test func onMarginsOfAnAuditItIsTheAuditsOwnResidual() throws {
        let (audit, matrix) = (try Self.simulation.audit(seed: Self.seed), try Self.margins())
        let whole = try #require(ForgettingStatistics(audit, replicates: 50, seed: 3))
        let alone = try #require(ResidualStatistics(matrix, replicates: 50, seed: 3))
        #expect(abs(alone.relative.value - whole.relativeResidual.value) < 1e-12)
        let (left, right) = (try #require(alone.relative.interval), try #require(whole.relativeResidual.interval))
        #expect(abs(left.lower - right.lower) < 1e-12 && abs(left.upper - right.upper) < 1e-12)
        #expect(alone.users == 80 && alone.records == audit.records.count)
    }

    @Test func whatDoesNotComeBackPasses() throws {
        let judgement = try Self.judge(relearned: try Self.margins(), rounded: try Self.margins())
        #expect(judgement.verdict == .passStatistical, "\(judgement.reasons)")
        #expect(
            judgement.gates.filter { $0.gate == .relearning }.map(\.name) == [
                "RRM while relearning", "RRM at 4 bits",
            ])
        #expect(!judgement.notAssessed.contains { $0.name.hasPrefix("G4") })
    }

    @Test(arguments: [true, false]) func whatComesBackFails(byRelearning: Bool) throws {
        let (gone, back) = (try Self.margins(), try Self.margins(0.6))
        let judgement = try Self.judge(
            relearned: byRelearning ? back : gone, rounded: byRelearning ? gone : back, requires: false)
        #expect(judgement.verdict == .fail)
        #expect(judgement.reasons.count == 1 && judgement.reasons[0].contains("comes back"))
        #expect(judgement.gates.first { !$0.passed }?.gate == .relearning)
    }

    /// Less than the references show is no fault here: G1 is two-sided, this gate is not.
    @Test func lessThanNothingPasses() throws {
        let judgement = try Self.judge(relearned: try Self.margins(-0.5), rounded: try Self.margins(-0.5))
        #expect(judgement.verdict == .passStatistical, "\(judgement.reasons)")
    }

    @Test func whereTheOriginalShowsNothingNothingIsDecided() throws {
        let judgement = try Self.judge(relearned: try Self.margins(original: 0.001), rounded: try Self.margins())
        #expect(judgement.verdict == .inconclusive)
        #expect(judgement.reasons.contains { $0.contains("shows nothing") })
    }

    @Test func askedForAndHalfMeasuredIsNoPass() throws {
        for (relearned, rounded) in [(try Self.margins(), nil), (nil, try Self.margins()), (nil, nil)] {
            let judgement = try Self.judge(relearned: relearned, rounded: rounded)
            #expect(judgement.verdict == .inconclusive)
            #expect(judgement.reasons.contains { $0.contains("G4 is required but was not measured") })
            #expect(judgement.notAssessed.contains { $0.name.hasPrefix("G4") && $0.reason.contains("ensemble") })
        }
        #expect(try Self.judge(relearned: nil, rounded: nil, requires: false).verdict == .passStatistical)
    }
}
