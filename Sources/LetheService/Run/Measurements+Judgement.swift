import Foundation
import LetheVerification

extension Measurements {
    /// A judgement and what it rests on, as a file keeps them; without an audit where it does not rest on what models answer.
    init(
        _ judgement: Judgement, audit: AuditMatrix? = nil, performance: [Performance] = [], alpha: Double
    ) {
        verdict = judgement.verdict.rawValue
        claim = judgement.claim
        reasons = judgement.reasons
        gates = judgement.gates.map { gate in
            Gate(
                gate: gate.gate.rawValue, statistic: gate.name,
                value: gate.statistic.map { statistic in
                    Value(Estimate(value: statistic, interval: gate.interval))
                },
                threshold: gate.threshold,
                acceptedAbove: gate.accepted.lower.isFinite ? gate.accepted.lower : nil,
                acceptedBelow: gate.accepted.upper.isFinite ? gate.accepted.upper : nil,
                outcome: gate.outcome.rawValue, explanation: gate.explanation)
        }
        notAssessed = judgement.notAssessed.map { RunDossier.Parameter(name: $0.name, value: $0.reason) }
        distances = (judgement.forgetting?.distances ?? []).map { statistics in
            Distance(
                divergence: statistics.measure.divergence.rawValue, space: statistics.measure.space.rawValue,
                original: Value(statistics.original), unlearned: Value(statistics.candidate),
                floor: statistics.floor.map { Value($0) })
        }
        relativeTests = judgement.relativeTests.map { test in
            RelativeTest(
                divergence: test.measure.divergence.rawValue, space: test.measure.space.rawValue,
                toOriginal: test.toOriginal, toRetrained: test.toReferences, difference: Value(test.difference),
                pValue: test.pValue, finding: test.finding.rawValue)
        }
        let attacks = [judgement.membership, judgement.userMembership].compactMap(\.self)
        membership = attacks.isEmpty ? nil : attacks.map { Membership($0) }
        likelihoodRatio = judgement.likelihoodRatio.map {
            LikelihoodRatio($0, margin: judgement.thresholds.userMembershipMargin)
        }
        // With fewer people the mean over the worst of them would be one person's figure.
        worstUsers = judgement.worstUsers.flatMap { worst in
            worst.users < 2
                ? nil
                : WorstUsers(
                    users: worst.users, unlearned: worst.candidate, original: worst.original,
                    retrained: worst.references)
        }
        residualMemory = judgement.forgetting.map { Value($0.relativeResidual) }
        self.performance = performance
        goldProbability = audit.map(Self.goldProbabilities) ?? []
        auditRecords = audit?.records.count ?? 0
        auditSubjects = Set((audit?.records ?? []).map(\.user)).count
        references = audit?.referenceCount ?? 0
        power = judgement.power?.share
        membershipPower = judgement.membershipPower?.share
        residualMargin = judgement.thresholds.residualMargin
        self.alpha = alpha
    }

    /// Histograms of p(gold answer), two-way, for the original, the unlearned and the mean retrained model.
    private static func goldProbabilities(_ audit: AuditMatrix) -> [Histogram] {
        func probability(_ margin: Double, _ isLiked: Bool) -> Double {
            1 / (1 + exp(isLiked ? -margin : margin))
        }
        let records = audit.records
        return [
            Histogram(records.map { probability($0.originalMargin, $0.isLiked) }),
            Histogram(records.map { probability($0.candidateMargin, $0.isLiked) }),
            Histogram(
                records.map { record in
                    record.referenceMargins.map { probability($0, record.isLiked) }.reduce(0, +)
                        / Double(max(record.referenceMargins.count, 1))
                }),
        ]
    }
}

extension Measurements.Membership {
    fileprivate init(_ statistics: MembershipStatistics) {
        unit = statistics.unit.rawValue
        forgotten = statistics.forgotten
        control = statistics.control
        original = Attack(statistics.original)
        unlearned = Attack(statistics.candidate)
        retrained = statistics.references.map { Attack($0) }
        difference = .init(statistics.difference)
    }
}

extension Measurements.LikelihoodRatio {
    init(_ audit: LikelihoodRatioAudit, margin: Double?) {
        self.init(
            users: audit.users.count, originals: audit.members, unlearned: audit.candidateRate,
            original: audit.originalRate, retrained: audit.referenceRate, excess: .init(audit.excess),
            originalExcess: .init(audit.originalExcess), margin: margin)
    }
}

extension Measurements.Membership.Attack {
    fileprivate init(_ attack: ThresholdAttack) {
        auc = attack.area
        advantage = attack.advantage
        rateAtOnePercent = attack.rateAtOnePercent
    }
}

extension Measurements.Histogram {
    /// Twenty-five equal bins over 0...1.
    init(_ probabilities: [Double]) {
        var counts = [Int](repeating: 0, count: 25)
        for probability in probabilities { counts[min(Int(probability * 25), 24)] += 1 }
        self.init(counts: counts, mean: probabilities.reduce(0, +) / Double(max(probabilities.count, 1)))
    }
}

extension Measurements.Performance {
    /// Scores of all models on `matrix`; nil where only one label occurs.
    init?(_ matrix: EvaluationMatrix, records: String) {
        func scores(_ model: AuditedModel) -> Measurements.Scores? {
            matrix.metrics(of: model).map {
                Measurements.Scores(auc: $0.areaUnderROC, accuracy: $0.accuracy, logLoss: $0.logLoss)
            }
        }
        guard let original = scores(.original), let unlearned = scores(.candidate) else { return nil }
        self.init(
            records: records, count: matrix.records.count, original: original, unlearned: unlearned,
            retrained: (0..<matrix.referenceCount).compactMap { scores(.reference($0)) })
    }
}

extension EvaluationMatrix {
    /// The margins of an audit, to score the models on forgotten records.
    init(_ audit: AuditMatrix) throws {
        try self.init(referenceCount: audit.referenceCount)
        for record in audit.records {
            try add(
                user: record.user, isLiked: record.isLiked, original: record.originalMargin,
                candidate: record.candidateMargin, references: record.referenceMargins)
        }
    }
}
