internal import Foundation

/// The gates as functions of the statistics.
enum Gates {
    static func provenance(_ provenance: Provenance) -> GateResult {
        func result(_ outcome: GateOutcome, _ explanation: String) -> GateResult {
            GateResult(
                gate: .provenance, name: "provenance", statistic: nil, interval: nil,
                accepted: Interval(lower: -.infinity, upper: .infinity), outcome: outcome, explanation: explanation)
        }
        switch provenance {
        case .verified: return result(.passed, "The log shows how the model came to be, and what it was trained on.")
        case .verifiedExactRetraining:
            return result(
                .passed, "The model was retrained without the forgotten records, and repeating it gives the same bits.")
        case .notAssessed: return result(.undecided, "How the model came to be was not checked.")
        case .violated(let faults): return result(.failed, "Not in order: \(faults.joined(separator: "; ")).")
        }
    }

    static func sensitivity(_ statistics: ForgettingStatistics) -> [GateResult] {
        let positive = Interval(lower: 0, upper: .infinity)
        let room = statistics.distances(.gated)?.originalAboveFloor
        let leaning = GateResult(
            gate: .sensitivity, name: "S(o)", estimate: statistics.originalResidual, accepted: positive,
            explanation: sentence(
                "Before unlearning the model leans to the forgotten answers by \(text(statistics.originalResidual)) logits "
                    + "more than retrained models do",
                isShown: (statistics.originalResidual.interval?.lower ?? 0) > 0,
                yes: "so there is something to forget, and the audit sees it",
                no: "which cannot be told from nothing: the audit cannot see forgetting"))
        let distance = GateResult(
            gate: .sensitivity, name: "D(o) - D0", estimate: room, accepted: positive,
            explanation: sentence(
                "Before unlearning the outputs are \(room.map(text) ?? "an unknown distance") nats farther from retrained models "
                    + "than these are from each other",
                isShown: (room?.interval?.lower ?? 0) > 0, yes: "which is more than noise",
                no: "which cannot be told from noise: the audit cannot see forgetting"))
        return [leaning, distance]
    }

    static func residual(_ statistics: ForgettingStatistics, _ thresholds: Thresholds) -> GateResult {
        let margin = thresholds.residualMargin
        return GateResult(
            gate: .residual, name: "RRM", estimate: statistics.relativeResidual,
            accepted: Interval(lower: -margin, upper: margin),
            explanation:
                "Of what the original memorised about the forgotten records, the share \(text(statistics.relativeResidual)) "
                + "is left (0 as if retrained, 1 nothing forgotten, below 0 over-forgotten); "
                + "allowed is less than \(format(margin)) either way.")
    }

    static func shape(_ statistics: ForgettingStatistics, _ thresholds: Thresholds) -> GateResult {
        let gap = statistics.distances(.gated)?.gap
        return GateResult(
            gate: .shape, name: "JG", estimate: gap,
            accepted: Interval(lower: -.infinity, upper: thresholds.shapeMargin),
            explanation: "Of the original's distance to retrained models beyond their noise, the share "
                + "\(gap.map(text) ?? "(unknown)") is left; allowed is less than \(format(thresholds.shapeMargin)).")
    }

    static func membership(
        _ statistics: MembershipStatistics, power: AuditPower?, _ thresholds: Thresholds
    ) -> GateResult {
        let margin = thresholds.membershipMargin
        return GateResult(
            gate: .membership, name: "membership AUC", estimate: statistics.difference,
            accepted: Interval(lower: -margin, upper: margin),
            explanation: "Guessing from the loss whether a record was trained on succeeds with AUC "
                + "\(format(statistics.candidate.area)), \(text(statistics.difference)) more than on retrained models; "
                + "allowed is less than \(format(margin)) either way"
                + (power.map { "; \($0.passed) of \($0.tried) retrained models pass this themselves." } ?? "."))
    }

    /// One-sided: that people are called members less often than of retrained models was judged by the gate's first statistic.
    static func likelihoodRatio(
        _ audit: LikelihoodRatioAudit, power: AuditPower?, margin: Double
    ) -> GateResult {
        // Where the original would not be stopped, getting through shows nothing.
        let isSensitive = (audit.originalExcess.interval?.lower ?? -.infinity) >= margin
        let isStopped = (audit.excess.interval?.lower ?? -.infinity) >= margin
        return GateResult(
            gate: .membership, name: "excess of people called members (U-LiRA)",
            estimate: isSensitive || isStopped ? audit.excess : Estimate(value: audit.excess.value, interval: nil),
            accepted: Interval(lower: -.infinity, upper: margin),
            explanation:
                "By its likelihood ratio the share \(format(audit.candidateRate)) of the forgotten people is called members, "
                + "\(text(audit.excess)) more than by retrained models'; allowed is less than \(format(margin)). By the original's "
                + "\(format(audit.originalRate)) is called so"
                + (power.map { "; \($0.passed) of \($0.tried) retrained models pass this themselves" } ?? "")
                + (isSensitive ? "." : ". That is not beyond the margin either, so that this does not decide."))
    }

    static func relearning(_ statistics: ResidualStatistics, _ thresholds: Thresholds) -> GateResult {
        returning(
            statistics, "RRM while relearning", thresholds,
            when:
                "While the models learn some of the forgotten people's records again, of what the original knows about the others'"
        )
    }

    static func rounding(_ statistics: ResidualStatistics, _ thresholds: Thresholds) -> GateResult {
        returning(
            statistics, "RRM at 4 bits", thresholds,
            when: "With weights rounded to four bits, of what the original then knows about the forgotten records")
    }

    /// One-sided: what comes back too little was judged by G1.
    private static func returning(
        _ statistics: ResidualStatistics, _ name: String, _ thresholds: Thresholds, when: String
    ) -> GateResult {
        let margin = thresholds.residualMargin
        // Where the original shows nothing, neither does its share.
        let isSensitive = (statistics.original.interval?.lower ?? 0) > 0
        return GateResult(
            gate: .relearning, name: name,
            estimate: isSensitive ? statistics.relative : Estimate(value: statistics.relative.value, interval: nil),
            accepted: Interval(lower: -.infinity, upper: margin),
            explanation:
                "\(when), the share \(text(statistics.relative)) comes back; allowed is less than \(format(margin))"
                + (isSensitive ? "." : ". The original itself shows nothing then, so that this does not decide."))
    }

    static func utility(_ statistics: UtilityStatistics, _ thresholds: Thresholds) -> [GateResult] {
        [
            GateResult(
                gate: .utility, name: "AUC difference", estimate: statistics.areaDifference,
                accepted: Interval(lower: -thresholds.areaLoss, upper: .infinity),
                explanation: "On other users' test records the AUC differs from retrained models' by "
                    + "\(text(statistics.areaDifference)); it may be lower by less than \(format(thresholds.areaLoss))."
            ),
            GateResult(
                gate: .utility, name: "log-loss difference", estimate: statistics.lossDifference,
                accepted: Interval(lower: -.infinity, upper: thresholds.logLossRise),
                explanation: "On other users' test records the log-loss differs from retrained models' by "
                    + "\(text(statistics.lossDifference)); it may be higher by less than "
                    + "\(format(thresholds.logLossRise))."),
        ]
    }

    private static func sentence(_ start: String, isShown: Bool, yes: String, no: String) -> String {
        "\(start), \(isShown ? yes : no)."
    }

    /// `0.123 [0.050, 0.200]`.
    private static func text(_ estimate: Estimate) -> String {
        guard let interval = estimate.interval else { return "\(format(estimate.value)) [no interval]" }
        return "\(format(estimate.value)) [\(format(interval.lower)), \(format(interval.upper))]"
    }

    /// Three significant digits.
    static func format(_ value: Double) -> String { String(format: "%.3g", value) }
}
