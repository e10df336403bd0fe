/// Everything that the audit report of one run shows, as plain values.
///
/// The report is written for a privacy officer: who asked, when an answer is due, what was done, whether the model forgot,
/// how sure that is, and how to check it. It holds no personal data: subjects appear under pseudonyms, and per-record scores
/// only as counts of a histogram. Fields that nobody measured stay `nil` or empty, and the page then says so.
///
/// Times are RFC 3339 in UTC (`2026-11-23T10:15:00Z`), digests lowercase hexadecimal. Every string is escaped on the way out,
/// so values from outside may be passed as they are. A number that is not finite is shown as "not available".
public struct AuditReport: Sendable, Equatable {
    /// What the run came to, under the policy's rule.
    public var verdict: Verdict
    /// Sentences that say why the verdict is what it is, most important first; needed for all verdicts but a pass.
    public var reasons: [String]
    /// The terms of the claim: margins, error rate, number of references.
    public var claim: Claim
    /// The run's identifier.
    public var runID: String
    /// When this report was made.
    public var issuedAt: String
    /// The log and the checkpoint that cover the run.
    public var log: Log
    /// The policy in force.
    public var policy: Policy
    /// The training data before and after.
    public var dataset: Dataset
    /// The deletion requests that this run answers.
    public var requests: [Request]
    /// Requests that were refused at the door, such as forged and replayed ones.
    public var refusals: [Refusal]
    /// Who else had the data, and whether they were told; empty where the policy names nobody.
    public var recipients: [Recipient]
    /// Backups that still hold the data; empty where the policy names none.
    public var backups: [Backup]
    /// What was done.
    public var run: Run
    /// Runs before this one that took some of the same requests, in the order of the log: each was one more try at a pass.
    public var earlierRuns: [EarlierRun]
    /// The gates of the decision rule, in the policy's order.
    public var gates: [Gate]
    /// Distances to the retrained models, one per metric.
    public var distances: [Distance]
    /// Whether the model is nearer to the retrained models than to the original, one test per metric.
    public var relativeTests: [RelativeTest]
    /// How many people are called members by their likelihood ratio, if the policy asks for it.
    public var likelihoodRatio: LikelihoodRatio?
    /// The people of whom most is left, if there are enough to speak of them without showing one.
    public var worstUsers: WorstUsers?
    /// Relative residual memorisation (0 = like retrained, 1 = like the original), if it was measured.
    public var residualMemory: Estimate?
    /// Usefulness on several sets of records (test records, forgotten records).
    public var performance: [Performance]
    /// How probable each model finds the true answers of the forgotten records, if it was measured.
    public var probabilityShift: ProbabilityShift?
    /// Curves of training or forgetting, for the record.
    public var curves: [Curve]
    /// Tests that a full audit has and this one lacks.
    public var notMeasured: [Omission]
    /// What a reader needs to check this report without trusting its author.
    public var check: Check

    /// Makes a report; what is left out was not measured.
    public init(
        verdict: Verdict, reasons: [String] = [], claim: Claim, runID: String, issuedAt: String, log: Log,
        policy: Policy,
        dataset: Dataset, requests: [Request], refusals: [Refusal] = [], recipients: [Recipient] = [],
        backups: [Backup] = [], run: Run, earlierRuns: [EarlierRun] = [], gates: [Gate] = [],
        distances: [Distance] = [], relativeTests: [RelativeTest] = [], likelihoodRatio: LikelihoodRatio? = nil,
        worstUsers: WorstUsers? = nil, residualMemory: Estimate? = nil,
        performance: [Performance] = [],
        probabilityShift: ProbabilityShift? = nil, curves: [Curve] = [], notMeasured: [Omission] = [], check: Check
    ) {
        self.verdict = verdict
        self.reasons = reasons
        self.claim = claim
        self.runID = runID
        self.issuedAt = issuedAt
        self.log = log
        self.policy = policy
        self.dataset = dataset
        self.requests = requests
        self.refusals = refusals
        self.recipients = recipients
        self.backups = backups
        self.run = run
        self.earlierRuns = earlierRuns
        self.gates = gates
        self.distances = distances
        self.relativeTests = relativeTests
        self.likelihoodRatio = likelihoodRatio
        self.worstUsers = worstUsers
        self.residualMemory = residualMemory
        self.performance = performance
        self.probabilityShift = probabilityShift
        self.curves = curves
        self.notMeasured = notMeasured
        self.check = check
    }
}
