import LetheTensor
import Testing

@testable import LetheVerification

struct ThresholdAttackTests {
    @Test func areaAdvantageAndRateAreSciPys() throws {
        for expected in try ReferenceValues.load().attack {
            let attack = try #require(ThresholdAttack(members: expected.members, others: expected.others))
            #expect(abs(attack.area - expected.area) < 1e-12)
            #expect(abs(attack.advantage - expected.advantage) < 1e-12)
            #expect(abs(attack.rateAtOnePercent - expected.rate) < 1e-12)
        }
    }

    @Test func separatedGroupsAreToldApartAndEqualOnesAreNot() throws {
        let apart = try #require(ThresholdAttack(members: [3, 4], others: [1, 2]))
        #expect(apart.area == 1 && apart.advantage == 1 && apart.rateAtOnePercent == 1)
        let equal = try #require(ThresholdAttack(members: [1, 1], others: [1, 1]))
        #expect(equal.area == 0.5 && equal.advantage == 0 && equal.rateAtOnePercent == 0)
        let reversed = try #require(ThresholdAttack(members: [1], others: [2]))
        #expect(reversed.area == 0 && reversed.advantage == 0 && reversed.rateAtOnePercent == 0)
    }

    @Test func emptyGroupsAndNumbersThatAreNoneGiveNoAttack() {
        #expect(ThresholdAttack(members: [], others: [1]) == nil)
        #expect(ThresholdAttack(members: [1], others: []) == nil)
        #expect(ThresholdAttack(members: [.nan], others: [1]) == nil)
        #expect(ThresholdAttack(members: [1], others: [1, .nan]) == nil)
    }

    @Test func usersAreScoredByTheirMeanLoss() throws {
        var audit = try AuditMatrix(referenceCount: 2, answers: AnswerTokens(yes: 0, no: 1))
        var control = try EvaluationMatrix(referenceCount: 2)
        // User 1's mean loss is between those of users 11 and 12 although one of its records has the least of all.
        for (user, margin) in [(1, 5.0), (1, -2), (2, 3)] {
            let row = [Float(margin), 0]
            try audit.add(user: user, isLiked: true, original: row, candidate: row, references: [row, row])
        }
        for (user, margin) in [(11, 0.0), (12, -2)] {
            try control.add(
                user: user, isLiked: true, original: margin, candidate: margin, references: [margin, margin])
        }
        let byUser = try #require(
            MembershipStatistics(forgotten: audit, control: control, unit: .user, replicates: 20, seed: 1))
        #expect(byUser.candidate.area == 0.75 && byUser.forgotten == 2 && byUser.control == 2)
        #expect(byUser.difference.value == 0 && byUser.references.map(\.area) == [0.75, 0.75])
        let byRecord = try #require(
            MembershipStatistics(forgotten: audit, control: control, unit: .record, replicates: 20, seed: 1))
        #expect(byRecord.candidate.area == 4.5 / 6 && byRecord.forgotten == 3)
    }

    @Test(arguments: MembershipUnit.allCases)
    func membershipNeedsBothGroupsAndEqualReferences(unit: MembershipUnit) throws {
        let audit = try Simulation(users: 5, references: 2).audit(seed: 1)
        let other = try Simulation(users: 5, references: 3).evaluation(seed: 1)
        #expect(MembershipStatistics(forgotten: audit, control: other, unit: unit, replicates: 9, seed: 1) == nil)
        let empty = try EvaluationMatrix(referenceCount: 2)
        #expect(MembershipStatistics(forgotten: audit, control: empty, unit: unit, replicates: 9, seed: 1) == nil)
    }
}

struct UserMarginsTests {
    @Test func driftOfAModelIsNoMemory() throws {
        let simulation = Simulation(users: 30, references: 3)
        let audit = try simulation.audit(seed: 4)
        var drifted = try AuditMatrix(referenceCount: 3, answers: audit.answers)
        for record in audit.records {
            try drifted.add(
                AuditRecord(
                    user: record.user, isLiked: record.isLiked, originalMargin: record.originalMargin + 2,
                    candidateMargin: record.candidateMargin - 5, referenceMargins: record.referenceMargins,
                    distances: record.distances))
        }
        let (plain, moved) = (UserMargins(audit), UserMargins(drifted))
        #expect(zip(plain.candidate, moved.candidate).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(zip(plain.original, moved.original).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(plain.references == moved.references && plain.users == Array(0..<30))
        #expect(plain.records == [Int](repeating: 12, count: 30))
    }

    @Test func oneLabelAloneHasNoDriftTakenOff() {
        #expect(UserMargins.drift([1, 3], [true, true]) == 0)
        #expect(UserMargins.drift([1, 3], [false, false]) == 0)
        #expect(UserMargins.drift([4, 0], [true, false]) == 2)
        #expect(UserMargins.drift([], []) == 0)
    }
}

struct WorstUsersTests {
    @Test func candidateAndReferencesAreMeasuredAlike() throws {
        // Forty users; the worst 5% are two. Against the other reference alone, each stands out by 4 and 2 logits in its own.
        var first = [Double](repeating: 0, count: 40)
        (first[3], first[9]) = (4, 2)
        let second = [Double](repeating: 0, count: 40)
        var candidate = second
        candidate[39] = 10
        let margins = UserMargins(
            users: Array(0..<40), records: second.map { _ in 1 }, original: first, candidate: candidate,
            references: [first, second])
        let worst = try #require(WorstUsers(margins))
        #expect(worst.users == 2)
        #expect(worst.references == [3, 0])
        // Against the second reference (10 + 0) / 2, against the first, which is 0 at user 39 and elsewhere, the same.
        #expect(worst.candidate == 5)
        #expect(worst.original == 1.5)
    }

    @Test func aFigureForEveryReferenceLikeTheCandidates() throws {
        let margins = UserMargins(try Simulation(users: 60, references: 4).audit(seed: 2))
        let worst = try #require(WorstUsers(margins))
        #expect(worst.users == 3 && worst.references.count == 4 && worst.references.allSatisfy { $0 > 0 })
        #expect(worst.original > worst.candidate)
        let range = try #require(worst.references.min()) * 0.5...(try #require(worst.references.max()) * 1.5)
        #expect(range.contains(worst.candidate))
    }

    @Test func oneReferenceOrNobodyHasNoWorst() throws {
        #expect(WorstUsers(UserMargins(try Simulation(users: 5, references: 1).audit(seed: 1))) == nil)
        #expect(
            WorstUsers(UserMargins(users: [], records: [], original: [], candidate: [], references: [[], []])) == nil)
    }
}

struct LikelihoodRatioAuditTests {
    private static func margins(_ values: ReferenceValues.Likelihood) -> UserMargins {
        UserMargins(
            users: Array(values.candidate.indices), records: values.candidate.map { _ in 1 },
            original: values.original, candidate: values.candidate, references: values.references)
    }

    @Test func scoresThresholdAndRatesAreSciPys() throws {
        for expected in try ReferenceValues.load().likelihood {
            let audit = try #require(LikelihoodRatioAudit(Self.margins(expected), members: expected.members))
            for score in audit.users {
                #expect(abs(score.logLikelihoodRatio - expected.scores[score.user]) < 1e-9)
                #expect(abs(score.worstReference - expected.worst[score.user]) < 1e-9)
            }
            #expect(abs(audit.threshold - expected.threshold) < 1e-9)
            #expect(abs(audit.candidateRate - expected.candidateRate) < 1e-12)
            #expect(abs(audit.originalRate - expected.originalRate) < 1e-12)
            #expect(abs(audit.referenceRate - expected.referenceRate) < 1e-12)
            #expect(audit.referenceRate <= LikelihoodRatioAudit.falsePositives)
            let interval = try #require(audit.excess.interval)
            #expect(abs(interval.lower - expected.lower) < 1e-9 && abs(interval.upper - expected.upper) < 1e-9)
        }
    }

    @Test func theWorstFivePercentComeFirst() throws {
        let values = try ReferenceValues.load().likelihood[1]
        var candidate = values.candidate
        candidate[17] += 3
        let margins = UserMargins(
            users: Array(candidate.indices), records: candidate.map { _ in 1 }, original: values.original,
            candidate: candidate, references: values.references)
        let audit = try #require(LikelihoodRatioAudit(margins, members: values.members))
        #expect(audit.users.count == 120 && audit.worstUsers.count == 6)
        #expect(audit.users[0].user == 17 && audit.users[0].logLikelihoodRatio > audit.users[0].worstReference)
        #expect(zip(audit.users, audit.users.dropFirst()).allSatisfy { $0.logLikelihoodRatio >= $1.logLikelihoodRatio })
    }

    @Test func theOriginalIsCalledAMemberAndAReferenceIsNot() throws {
        func rate(residual: Double?) throws -> (candidate: Double, original: Double, upper: Double) {
            var simulation = Simulation(users: 150, references: 5, memorised: 1.2)
            simulation.residual = residual
            let margins = UserMargins(try simulation.audit(seed: 7))
            // Originals of other seeds share the records' own margins: the references with the shift added.
            let members = margins.references.prefix(2).map { $0.map { $0 + 1.2 } }
            let audit = try #require(LikelihoodRatioAudit(margins, members: members))
            return (audit.candidateRate, audit.originalRate, try #require(audit.excess.interval).upper)
        }
        let retrained = try rate(residual: 0)
        #expect(retrained.candidate < 0.05 && retrained.original > 0.9)
        let kept = try rate(residual: nil)
        #expect(kept.candidate == kept.original && kept.upper > 0.9)
    }

    @Test func fewUsersLeaveMuchPossibleHoweverFewAreCalled() throws {
        let margins = UserMargins(
            users: [1, 2, 3], records: [1, 1, 1], original: [2, 2, 2], candidate: [-9, -9, -9],
            references: [[0, 0.1, 0], [0.1, 0, 0], [0, 0, 0.1]])
        let audit = try #require(LikelihoodRatioAudit(margins, members: [[2, 2, 2]]))
        #expect(audit.candidateRate == 0)
        // None of three: the true rate may be 1 - 0.05^(1/3).
        #expect(abs(try #require(audit.excess.interval).upper - 0.6315968501359612) < 1e-9)
        #expect(audit.worstUsers.count == 1)
    }

    @Test func whatCannotBeAuditedIsNil() throws {
        let values = try ReferenceValues.load().likelihood[0]
        let margins = Self.margins(values)
        #expect(LikelihoodRatioAudit(margins, members: []) == nil)
        #expect(LikelihoodRatioAudit(margins, members: [[1, 2]]) == nil)
        #expect(LikelihoodRatioAudit(margins, members: [[Double](repeating: .nan, count: 30)]) == nil)
        let two = UserMargins(
            users: margins.users, records: margins.records, original: margins.original, candidate: margins.candidate,
            references: Array(margins.references.prefix(2)))
        #expect(LikelihoodRatioAudit(two, members: values.members) == nil)
        let zero = [Double](repeating: 0, count: 30)
        let equal = UserMargins(
            users: margins.users, records: margins.records, original: zero, candidate: zero,
            references: [zero, zero, zero])
        #expect(LikelihoodRatioAudit(equal, members: [zero]) == nil)
    }
}

struct ProportionAndMarginTests {
    @Test func boundsAreSciPys() throws {
        for expected in try ReferenceValues.load().proportion {
            let proportion = BinomialProportion(successes: expected.successes, of: expected.trials)
            #expect(abs(proportion.lowerBound - expected.lower) < 1e-9)
            #expect(abs(proportion.upperBound - expected.upper) < 1e-9)
        }
    }

    @Test func histogramsDivergeAsSciPySays() throws {
        for expected in try ReferenceValues.load().margin.histograms {
            let divergence = try #require(
                MarginDivergence.histogramDivergence(unlearned: expected.unlearned, retrained: expected.retrained))
            #expect(abs(divergence - expected.divergence) < 1e-9)
        }
        #expect(MarginDivergence.histogramDivergence(unlearned: [3], retrained: [3, 3]) == 0)
        #expect(MarginDivergence.histogramDivergence(unlearned: [], retrained: [3]) == nil)
        #expect(MarginDivergence.histogramDivergence(unlearned: [1], retrained: []) == nil)
        #expect(MarginDivergence.histogramDivergence(unlearned: [.nan], retrained: [3]) == nil)
        #expect(MarginDivergence.histogramDivergence(unlearned: [1], retrained: [.infinity]) == nil)
        #expect(MarginDivergence.histogramDivergence(unlearned: [1], retrained: [2], bins: 0) == nil)
    }

    @Test func marginsAreLogOddsOfTheGoldAnswer() throws {
        let values = try ReferenceValues.load().margin
        for (gold, expected) in values.margins.enumerated() {
            #expect(abs(try MarginDivergence.margin(logits: values.logits, gold: gold) - expected) < 1e-12)
        }
        #expect(try MarginDivergence.margin(logits: [1e6, 0], gold: 0) == 1e6)
        #expect(throws: DistanceError.empty) { try MarginDivergence.margin(logits: [1], gold: 0) }
        #expect(throws: DistanceError.answerOutside(answer: 2, size: 2)) {
            try MarginDivergence.margin(logits: [1, 2], gold: 2)
        }
        #expect(throws: DistanceError.self) { try MarginDivergence.margin(logits: [1, 2], gold: -1) }
        #expect(throws: DistanceError.self) { try MarginDivergence.margin(logits: [1, .nan], gold: 0) }
    }
}
