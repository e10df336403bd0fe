/// Reaches a verdict by the intersection-union rule of VERIFICATION.md 3.5.
///
/// In this order, the first that applies:
/// 1. Provenance violated: REFUSE.
/// 2. A verified exact retraining: PASS-EXACT, whatever the statistics.
/// 3. Too few references or users, or G0 not met: INCONCLUSIVE. An audit that cannot see memorisation proves nothing.
/// 4. A gate that was measured has its whole interval outside of the accepted range: FAIL.
/// 5. A gate that was measured is undecided (its interval reaches across a margin or cannot be had), or a required gate was
///    not measured, or provenance was not assessed though required: INCONCLUSIVE. Doubt never passes.
/// 6. PASS-STATISTICAL.
///
/// A gate that straddles its margin is not a FAIL, because more references or users may still decide it; it is never a pass.
public enum Judge {
    /// Judges evidence by a policy's thresholds. Deterministic: the seed is part of the evidence.
    public static func judge(_ evidence: Evidence, by thresholds: Thresholds) -> Judgement {
        judge(evidence, by: thresholds, measuringPower: true)
    }

    /// As above; a simulation that measures the power itself leaves out its estimate, on which no verdict depends.
    static func judge(_ evidence: Evidence, by thresholds: Thresholds, measuringPower: Bool) -> Judgement {
        var hearing = Case(evidence: evidence, thresholds: thresholds)
        hearing.measure(power: measuringPower)
        return hearing.judgement()
    }

    /// Estimates the power at zero residual: see `AuditPower`. Nil with fewer than four references or without records.
    public static func power(of audit: AuditMatrix, by thresholds: Thresholds, seed: UInt64) -> AuditPower? {
        guard audit.referenceCount > 3, !audit.records.isEmpty else { return nil }
        let replicates = min(thresholds.bootstrapReplicates, 500)
        let passed = (0..<audit.referenceCount).count { index in
            guard let rest = audit.leavingOut(index),
                let statistics = ForgettingStatistics(
                    rest, replicates: replicates, seed: seed &+ UInt64(index), widenedAsFor: audit.referenceCount)
            else { return false }
            return Gates.residual(statistics, thresholds).passed && Gates.shape(statistics, thresholds).passed
        }
        return AuditPower(passed: passed, tried: audit.referenceCount)
    }

    /// Estimates the power of G3 at zero residual: see `AuditPower`. Nil with fewer than four references or without records.
    public static func membershipPower(
        of audit: AuditMatrix, control: EvaluationMatrix, by thresholds: Thresholds, seed: UInt64
    ) -> AuditPower? {
        guard audit.referenceCount > 3, !audit.records.isEmpty, !control.records.isEmpty else { return nil }
        let replicates = min(thresholds.bootstrapReplicates, 500)
        let passed = (0..<audit.referenceCount).count { index in
            guard let rest = audit.leavingOut(index), let others = control.leavingOut(index),
                let statistics = MembershipStatistics(
                    forgotten: rest, control: others, replicates: replicates, seed: seed &+ UInt64(index))
            else { return false }
            return Gates.membership(statistics, power: nil, thresholds).passed
        }
        return AuditPower(passed: passed, tried: audit.referenceCount)
    }

    /// Estimates the power of the part of G3 that calls people members at zero residual: see `AuditPower`. Nil with fewer than four
    /// references.
    ///
    /// - Parameter members: as `LikelihoodRatioAudit` takes them.
    static func likelihoodRatioPower(of margins: UserMargins, members: [[Double]], margin: Double) -> AuditPower? {
        let count = margins.references.count
        guard count > 3 else { return nil }
        let passed = (0..<count).count { index in
            LikelihoodRatioAudit(margins.leavingOut(index), members: members).map {
                Gates.likelihoodRatio($0, power: nil, margin: margin).passed
            } ?? false
        }
        return AuditPower(passed: passed, tried: count)
    }
}

/// One case before the judge.
private struct Case {
    let evidence: Evidence
    let thresholds: Thresholds
    var gates: [GateResult] = []
    var reasons: [String] = []
    var forgetting: ForgettingStatistics?
    var utility: UtilityStatistics?
    var membership: MembershipStatistics?
    var power: AuditPower?
    var userMembership: MembershipStatistics?
    var likelihoodRatio: LikelihoodRatioAudit?
    var worstUsers: WorstUsers?
    var relearning: ResidualStatistics?
    var rounding: ResidualStatistics?
    var membershipPower: AuditPower?
    var relativeTests: [RelativeTest] = []

    init(evidence: Evidence, thresholds: Thresholds) {
        self.evidence = evidence
        self.thresholds = thresholds
    }

    mutating func measure(power measuresPower: Bool) {
        let replicates = thresholds.bootstrapReplicates
        gates.append(Gates.provenance(evidence.provenance))
        if let audit = evidence.forgotten {
            forgetting = ForgettingStatistics(audit, replicates: replicates, seed: evidence.seed)
            worstUsers = WorstUsers(UserMargins(audit))
            relativeTests = DistanceMeasure.all.compactMap { RelativeTest(audit, by: $0) }
            if measuresPower { power = Judge.power(of: audit, by: thresholds, seed: evidence.seed &+ 1) }
        }
        if let forgetting {
            gates += Gates.sensitivity(forgetting)
            gates.append(Gates.residual(forgetting, thresholds))
            gates.append(Gates.shape(forgetting, thresholds))
        }
        if let audit = evidence.forgotten, let control = evidence.control {
            membership = MembershipStatistics(
                forgotten: audit, control: control, replicates: replicates, seed: evidence.seed &+ 2)
            userMembership = MembershipStatistics(
                forgotten: audit, control: control, unit: .user, replicates: replicates, seed: evidence.seed &+ 5)
            if measuresPower {
                membershipPower = Judge.membershipPower(
                    of: audit, control: control, by: thresholds, seed: evidence.seed &+ 4)
            }
        }
        if let membership { gates.append(Gates.membership(membership, power: membershipPower, thresholds)) }
        if let audit = evidence.forgotten, !evidence.furtherOriginals.isEmpty {
            callMembers(in: audit, power: measuresPower)
        }
        relearning = evidence.relearned.flatMap {
            ResidualStatistics($0, replicates: replicates, seed: evidence.seed &+ 6)
        }
        rounding = evidence.rounded.flatMap {
            ResidualStatistics($0, replicates: replicates, seed: evidence.seed &+ 7)
        }
        if let relearning { gates.append(Gates.relearning(relearning, thresholds)) }
        if let rounding { gates.append(Gates.rounding(rounding, thresholds)) }
        if let records = evidence.utility {
            utility = UtilityStatistics(records, replicates: replicates, seed: evidence.seed &+ 3)
        }
        if let utility { gates += Gates.utility(utility, thresholds) }
    }

    /// U-LiRA: a gate where the policy has a margin for it.
    private mutating func callMembers(in audit: AuditMatrix, power measuresPower: Bool) {
        let margins = UserMargins(audit)
        let members = evidence.furtherOriginals.compactMap { UserMargins.means($0, on: audit) }
        guard members.count == evidence.furtherOriginals.count else { return }
        likelihoodRatio = LikelihoodRatioAudit(margins, members: members)
        guard let likelihoodRatio, let margin = thresholds.userMembershipMargin else { return }
        let power =
            measuresPower ? Judge.likelihoodRatioPower(of: margins, members: members, margin: margin) : nil
        gates.append(Gates.likelihoodRatio(likelihoodRatio, power: power, margin: margin))
    }

    func judgement() -> Judgement {
        let (verdict, reasons) = decide()
        return Judgement(
            verdict: verdict, gates: gates, reasons: reasons, notAssessed: notAssessed(), forgetting: forgetting,
            utility: utility, membership: membership, userMembership: userMembership,
            likelihoodRatio: likelihoodRatio, worstUsers: worstUsers, relearning: relearning, rounding: rounding,
            power: power, membershipPower: membershipPower,
            relativeTests: relativeTests, thresholds: thresholds)
    }

    private func decide() -> (Verdict, [String]) {
        switch evidence.provenance {
        case .violated(let faults): return (.refuse, faults.isEmpty ? ["provenance is violated"] : faults)
        case .verifiedExactRetraining: return (.passExact, [])
        case .verified, .notAssessed: break
        }
        let obstacles = obstaclesToMeasuring()
        if !obstacles.isEmpty { return (.inconclusive, obstacles) }
        let failed = gates.filter { $0.outcome == .failed }
        if !failed.isEmpty { return (.fail, failed.map(\.explanation)) }
        let open = gates.filter { $0.outcome == .undecided && ($0.gate != .provenance || isRequired(.provenance)) }
        let measured = Set(gates.map(\.gate))
        // Of a gate with several statistics each must be there.
        let missing = Gate.allCases.filter {
            isRequired($0)
                && (!measured.contains($0) || $0 == .relearning && (relearning == nil || rounding == nil)
                    || $0 == .membership && membership == nil)
        }
        var doubts =
            open.map(\.explanation) + missing.map { "gate \($0.rawValue) is required but was not measured" }
        if isRequired(.membership), thresholds.userMembershipMargin != nil, likelihoodRatio == nil {
            doubts.append("gate G3 has a margin for people called members (U-LiRA), which were not measured")
        }
        return doubts.isEmpty ? (.passStatistical, []) : (.inconclusive, doubts)
    }

    private func isRequired(_ gate: Gate) -> Bool { thresholds.requiredGates.contains(gate) }

    /// Why no verdict on forgetting can be reached at all.
    private func obstaclesToMeasuring() -> [String] {
        guard let audit = evidence.forgotten, let forgetting else {
            return ["there is no forgotten record to measure on, or no reference model to compare with"]
        }
        var obstacles: [String] = []
        let needed = max(2, thresholds.minimumReferences)
        if audit.referenceCount < needed {
            obstacles.append(
                "\(audit.referenceCount) reference model(s) where \(needed) are needed: "
                    + "without several there is no noise floor to compare with")
        }
        let users = max(2, thresholds.minimumUsers)
        if forgetting.users < users {
            obstacles.append(
                "\(forgetting.users) forgotten user(s) where \(users) are needed: statistics on so few say nothing; "
                    + "use a method that retrains exactly")
        }
        for gate in gates where gate.gate == .sensitivity && !gate.passed { obstacles.append(gate.explanation) }
        return obstacles
    }

    private func notAssessed() -> [NotAssessed] {
        if evidence.provenance == .verifiedExactRetraining, evidence.forgotten == nil {
            return [
                NotAssessed(
                    name: "G0 to G5", reason: "the run was repeated instead, bit for bit: no statistic is needed")
            ]
        }
        var list: [NotAssessed] = []
        if evidence.provenance == .notAssessed {
            list.append(NotAssessed(name: "P0 provenance", reason: "no log was given"))
        }
        if membership == nil {
            list.append(
                NotAssessed(
                    name: "G3 membership",
                    reason: isRequired(.membership)
                        ? "no records of users whom no model was trained on" : "the policy does not ask for it"))
        }
        for (name, statistics) in [("relearning", relearning), ("rounding", rounding)] where statistics == nil {
            list.append(
                NotAssessed(
                    name: "G4 \(name)",
                    reason: isRequired(.relearning)
                        ? "the candidate is an ensemble, or the forgotten people are too few"
                        : "the policy does not ask for it"))
        }
        if utility == nil {
            list.append(NotAssessed(name: "G5 utility", reason: "no test records of retained users with both labels"))
        }
        if power == nil {
            list.append(NotAssessed(name: "power at zero residual", reason: "needs four references"))
        }
        if relativeTests.isEmpty {
            list.append(
                NotAssessed(
                    name: "relative three-sample test",
                    reason: "needs two references, two users, and models that differ"))
        }
        if likelihoodRatio == nil {
            list.append(
                NotAssessed(
                    name: "G3 per-user likelihood ratio (U-LiRA)",
                    reason: evidence.furtherOriginals.isEmpty
                        ? "needs originals of several seeds" : "needs three references, and models that differ"))
        }
        list.append(NotAssessed(name: "KLoM and empirical epsilon", reason: "need hundreds of trainings"))
        return list
    }
}
