/// What a certificate may say.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
    /// The model was retrained without the forgotten records, and re-execution gave the same bits.
    case passExact = "PASS-EXACT"
    /// Every gate holds at its level.
    case passStatistical = "PASS-STATISTICAL"
    /// The data do not decide, or the audit is not sensitive enough to.
    case inconclusive = "INCONCLUSIVE"
    /// A gate is missed beyond doubt.
    case fail = "FAIL"
    /// The provenance is not in order: nothing is said about the model.
    case refuse = "REFUSE"

    /// True for the two verdicts on which a certificate may say "forgotten".
    public var isPass: Bool { self == .passExact || self == .passStatistical }
}

/// What the log and the re-execution say about how the candidate came to be.
public enum Provenance: Sendable, Hashable {
    /// Everything that P0 asks for was checked and holds.
    case verified
    /// As `verified`, and the candidate is a retrained model whose re-execution gave the same bits.
    case verifiedExactRetraining
    /// It was not looked at.
    case notAssessed
    /// What is not in order.
    case violated([String])
}

/// Everything that a verdict rests on.
public struct Evidence: Sendable {
    /// How the candidate came to be.
    public var provenance: Provenance
    /// The forgotten records as all models see them; nil when there are no references.
    public var forgotten: AuditMatrix?
    /// Test records of retained users.
    public var utility: EvaluationMatrix?
    /// Records of users whom no model was trained on.
    public var control: EvaluationMatrix?
    /// The margins z[Yes] - z[No] on the records of `forgotten`, in their order, of each further model that was trained on them like the
    /// original, from a seed of its own; empty without any.
    public var furtherOriginals: [[Double]]
    /// Forgotten records after all models learned others of them again: the mean margins along the way.
    public var relearned: EvaluationMatrix?
    /// Forgotten records as all models see them with weights of four bits.
    public var rounded: EvaluationMatrix?
    /// The seed of the bootstrap, drawn after the candidate was committed.
    public var seed: UInt64

    /// Creates evidence.
    public init(
        provenance: Provenance, forgotten: AuditMatrix?, utility: EvaluationMatrix? = nil,
        control: EvaluationMatrix? = nil, furtherOriginals: [[Double]] = [], relearned: EvaluationMatrix? = nil,
        rounded: EvaluationMatrix? = nil, seed: UInt64
    ) {
        self.provenance = provenance
        self.forgotten = forgotten
        self.utility = utility
        self.control = control
        self.furtherOriginals = furtherOriginals
        self.relearned = relearned
        self.rounded = rounded
        self.seed = seed
    }
}

/// How often a truly retrained model would pass gates in this very audit: each reference in turn stands in for the candidate against the
/// others.
///
/// For G1 and G2 intervals are widened as for all references. In the simulation of VERIFICATION.md 3.4 this is a little low from four references on (with 5 references and 205, 60, 20
/// users .91, .73, .33 where .93, .77, .37 of retrained candidates passed) and far too high with three, which have none.
public struct AuditPower: Sendable, Hashable {
    /// Stand-ins that passed.
    public let passed: Int
    /// Stand-ins tried: the references.
    public let tried: Int

    /// The share that passed.
    public var share: Double { Double(passed) / Double(tried) }
}

/// A test that the literature knows and this verdict does not contain.
public struct NotAssessed: Sendable, Hashable {
    /// The test's name.
    public let name: String
    /// Why it is missing.
    public let reason: String
}

/// The verdict with all that led to it.
public struct Judgement: Sendable {
    /// The verdict.
    public let verdict: Verdict
    /// The gates in the order of VERIFICATION.md 3.5; a gate may have several statistics.
    public let gates: [GateResult]
    /// Why the verdict is not better; empty on a pass.
    public let reasons: [String]
    /// What was not measured.
    public let notAssessed: [NotAssessed]
    /// The statistics on forgotten records; nil without any.
    public let forgetting: ForgettingStatistics?
    /// The statistics on retained users' records; nil without any.
    public let utility: UtilityStatistics?
    /// The membership test; nil without control records.
    public let membership: MembershipStatistics?
    /// The membership test of whole users, for information; nil without control records.
    public let userMembership: MembershipStatistics?
    /// How often people are called members by their likelihood ratio (U-LiRA): a part of G3 where the thresholds have a margin for it,
    /// else information; nil without originals of other seeds.
    public let likelihoodRatio: LikelihoodRatioAudit?
    /// The users of whom most is left, for information; nil with fewer than two references.
    public let worstUsers: WorstUsers?
    /// What comes back by relearning; nil where that was not measured.
    public let relearning: ResidualStatistics?
    /// What comes back by rounding to four bits; nil where that was not measured.
    public let rounding: ResidualStatistics?
    /// How often a retrained model would have passed; nil with fewer than four references.
    public let power: AuditPower?
    /// How often a retrained model would have passed G3; nil where it was not measured or with fewer than four references.
    public let membershipPower: AuditPower?
    /// The relative three-sample test by every measure, for information; empty with fewer than two references or users, or where
    /// all models say the same.
    public let relativeTests: [RelativeTest]
    /// The thresholds that applied.
    public let thresholds: Thresholds

    /// What a certificate may claim, and no more.
    public var claim: String {
        switch verdict {
        case .passExact:
            return "The model was retrained without the forgotten records, and re-execution gave the same bits."
        case .passStatistical:
            let audited = forgetting.map { "\($0.records) records of \($0.users) users" } ?? "no record"
            let shown = power.map { "\($0.passed) of \($0.tried) retrained models pass G1 and G2 themselves" }
            return
                "On \(audited) the outputs are equivalent to those of \(forgetting?.references ?? 0) retrained models "
                + "within the margins |RRM| < \(thresholds.residualMargin) and JG < \(thresholds.shapeMargin), each gate "
                + "at the 5% level (power: \(shown ?? "not measured")). This is no proof that the data is gone."
        case .inconclusive: return "The audit cannot tell whether the model has forgotten."
        case .fail: return "The model has not forgotten within the margins."
        case .refuse: return "The provenance of the model is not in order; nothing is claimed about it."
        }
    }
}
