import Testing

@testable import LetheVerification

/// U-LiRA before the judge: information, or a part of G3.
struct CalledMembersTests {
    private static let seed: UInt64 = 101

    private static var thresholds: Thresholds {
        var thresholds = Thresholds()
        thresholds.bootstrapReplicates = 100
        return thresholds
    }

    /// An audit in which the original remembers two logits of everybody, with two further originals: references that remember as much.
    private static func evidence(residual: Double?) throws -> Evidence {
        let simulation = Simulation(
            users: 80, references: 5, recordsPerUser: 10, memorised: 2, residual: residual)
        let audit = try simulation.audit(seed: seed)
        return Evidence(
            provenance: .verified, forgotten: audit, utility: try simulation.evaluation(seed: seed),
            furtherOriginals: (0..<2).map { model in
                audit.records.map { $0.referenceMargins[model] + ($0.isLiked ? 2 : -2) }
            }, seed: seed)
    }

    /// Three references that differ by a tenth of a logit, and everybody's margin in candidate, original and a member.
    private static func audit(users: Int, candidate: Double) throws -> LikelihoodRatioAudit {
        let everybody = [Double](repeating: 2, count: users)
        let margins = UserMargins(
            users: Array(0..<users), records: [Int](repeating: 1, count: users), original: everybody,
            candidate: [Double](repeating: candidate, count: users),
            references: (0..<3).map { model in (0..<users).map { ($0 + model) % 3 == 0 ? 0.1 : 0 } })
        return try #require(LikelihoodRatioAudit(margins, members: [everybody, everybody]))
    }

    @Test func aFurtherModelIsMeasuredLikeTheOriginal() throws {
        let audit = try Simulation(users: 12, references: 3).audit(seed: 9)
        let margins = audit.records.map(\.originalMargin)
        #expect(UserMargins.means(margins, on: audit) == UserMargins(audit).original)
        #expect(UserMargins.means(Array(margins.dropLast()), on: audit) == nil)
        #expect(UserMargins.means([], on: audit) == nil)
    }

    @Test func theBoundsOfNobodyAndOfEverybodyAreClosedForms() throws {
        let none = try Self.audit(users: 200, candidate: -9)
        #expect(none.candidateRate == 0 && none.referenceRate == 0 && none.originalRate == 1)
        #expect(none.members == 2 && none.references == 3)
        // 0.05^(1/200) and one minus it.
        #expect(abs(try #require(none.excess.interval).upper - 0.014867039231272083) < 1e-9)
        #expect(abs(try #require(none.originalExcess.interval).lower - 0.9851329607687279) < 1e-9)
        let gate = Gates.likelihoodRatio(none, power: nil, margin: 0.02)
        #expect(gate.gate == .membership && gate.outcome == .passed && gate.threshold == "below 0.02")
        #expect(
            gate.interval == none.excess.interval && gate.explanation.hasSuffix("By the original's 1 is called so."))

        let all = try Self.audit(users: 200, candidate: 2)
        #expect(all.excess == all.originalExcess)
        #expect(Gates.likelihoodRatio(all, power: nil, margin: 0.02).outcome == .failed)
    }

    @Test func fewPeopleLeaveTheGateOpen() throws {
        // None of 60 is called, and 4.9% may be.
        let few = try Self.audit(users: 60, candidate: -9)
        let gate = Gates.likelihoodRatio(few, power: nil, margin: 0.02)
        #expect(gate.outcome == .undecided && gate.statistic == 0 && gate.interval != nil)
        #expect(Gates.likelihoodRatio(few, power: nil, margin: 0.05).outcome == .passed)
    }

    @Test func whereTheOriginalWouldPassNobodyDoes() throws {
        // Of three people the original gives away all: at least 0.05^(1/3), 37%.
        let three = try Self.audit(users: 3, candidate: -9)
        let seen = Gates.likelihoodRatio(three, power: nil, margin: 0.36)
        #expect(seen.interval != nil && seen.outcome == .undecided)
        let unseen = Gates.likelihoodRatio(three, power: nil, margin: 0.7)
        #expect(unseen.interval == nil && unseen.outcome == .undecided)
        #expect(unseen.explanation.hasSuffix("so that this does not decide."))
    }

    @Test func withoutAMarginItIsInformation() throws {
        let evidence = try Self.evidence(residual: 0)
        let judged = Judge.judge(evidence, by: Self.thresholds)
        let test = try #require(judged.likelihoodRatio)
        #expect(test.members == 2 && test.references == 5 && test.users.count == 80)
        #expect(test.originalRate > 0.9 && test.candidateRate < 0.25)
        #expect(!judged.gates.contains { $0.gate == .membership })
        #expect(!judged.notAssessed.contains { $0.name.contains("U-LiRA") })

        var without = evidence
        without.furtherOriginals = []
        let plain = Judge.judge(without, by: Self.thresholds)
        #expect(plain.likelihoodRatio == nil && plain.gates == judged.gates && plain.verdict == judged.verdict)
        let missing = try #require(plain.notAssessed.first { $0.name.contains("U-LiRA") })
        #expect(missing.reason == "needs originals of several seeds")
        #expect(judged.notAssessed == plain.notAssessed.filter { $0 != missing })
    }

    @Test func withAMarginItIsAPartOfG3() throws {
        var thresholds = Self.thresholds
        thresholds.userMembershipMargin = 0.3
        let judged = Judge.judge(try Self.evidence(residual: 0), by: thresholds)
        let test = try #require(judged.likelihoodRatio)
        let gate = try #require(judged.gates.first { $0.gate == .membership })
        #expect(gate.name == "excess of people called members (U-LiRA)")
        #expect(gate.statistic == test.excess.value && gate.interval == test.excess.interval)
        #expect(gate.passed && gate.explanation.contains("of 5 retrained models pass this themselves"))

        let kept = Judge.judge(try Self.evidence(residual: nil), by: thresholds)
        #expect(kept.verdict == .fail)
        #expect(kept.gates.first { $0.gate == .membership }?.outcome == .failed)
    }

    @Test func aMarginWithoutAMeasurementIsDoubt() throws {
        var evidence = try Self.evidence(residual: 0)
        evidence.control = try Simulation(users: 80, references: 5, recordsPerUser: 10).evaluation(seed: 7)
        var thresholds = Self.thresholds
        thresholds.requiredGates.insert(.membership)
        thresholds.membershipMargin = 0.9
        thresholds.userMembershipMargin = 0.3
        // The other way round, the test by loss is missed as well.
        var strangers = evidence
        strangers.control = nil
        let without = Judge.judge(strangers, by: thresholds)
        #expect(without.gates.contains { $0.gate == .membership && $0.passed })
        #expect(without.reasons == ["gate G3 is required but was not measured"])
        let doubt = "gate G3 has a margin for people called members (U-LiRA), which were not measured"
        #expect(!Judge.judge(evidence, by: thresholds).reasons.contains(doubt))
        for missing: [[Double]] in [[], [[1, 2]], evidence.furtherOriginals.map { $0.map { _ in .nan } }] {
            evidence.furtherOriginals = missing
            let judged = Judge.judge(evidence, by: thresholds)
            #expect(judged.likelihoodRatio == nil && judged.verdict == .inconclusive)
            #expect(judged.reasons == [doubt])
        }
        evidence.furtherOriginals = [[1, 2]]
        let reason = Judge.judge(evidence, by: thresholds).notAssessed.first { $0.name.contains("U-LiRA") }?.reason
        #expect(reason == "needs three references, and models that differ")
    }
}
