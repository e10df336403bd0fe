/// How far a model's outputs on forgotten records are from those of retrained models, by one measure.
public struct DistanceStatistics: Sendable, Equatable {
    /// The measure.
    public let measure: DistanceMeasure
    /// D(c): the mean distance of the candidate to the references.
    public let candidate: Estimate
    /// D(o): the mean distance of the original to the references.
    public let original: Estimate
    /// D₀, the noise floor: the mean distance between two references. Nil with one reference.
    public let floor: Estimate?
    /// D(o) - D₀: how far above the noise the original is.
    public let originalAboveFloor: Estimate?
    /// D(c) - D₀: how far above the noise the candidate is.
    public let candidateAboveFloor: Estimate?
    /// JG = (D(c) - D₀) / (D(o) - D₀): 0 is retrained, 1 is the original. Quadratic in the shift of logits for JSD and KL.
    public let gap: Estimate?
}

/// The prediction test against the noise floor: printed, never sufficient (VERIFICATION.md 3.4, reading a).
public struct FloorTest: Sendable, Equatable {
    /// Each reference's mean distance to the others.
    public let leaveOneOut: [Double]
    /// What a further reference stays below with 95% probability.
    public let bound: Double
    /// D(c).
    public let candidate: Double
    /// True when the candidate is below the bound.
    public let passed: Bool
}

/// What is left of one user's data.
public struct UserResidual: Sendable, Equatable {
    /// The user as the records name them.
    public let user: Int
    /// The user's audited records.
    public let records: Int
    /// The mean shift of the candidate's margins from the references' towards the gold answers, in logits, drift taken off
    /// (`UserMargins`).
    public let candidate: Double
    /// The same of the original.
    public let original: Double
    /// The standard deviation of the references' own means for this user; nil with one reference.
    public let referenceDeviation: Double?
    /// `candidate` in standard deviations of the difference between one model and k references; nil with one reference.
    public let score: Double?
}

/// The statistics of VERIFICATION.md 3.3 on the forgotten records.
public struct ForgettingStatistics: Sendable, Equatable {
    /// The audited records.
    public let records: Int
    /// The users whose records they are.
    public let users: Int
    /// The reference models.
    public let references: Int
    /// S(o): how far the original leans to the gold answers beyond the references, in logits, labels weighing the same.
    public let originalResidual: Estimate
    /// S(c): the same of the candidate.
    public let candidateResidual: Estimate
    /// RRM = S(c) / S(o), the relative residual memorisation: 0 is retrained, 1 is the original, below 0 is over-forgotten.
    public let relativeResidual: Estimate
    /// The distances by all six measures.
    public let distances: [DistanceStatistics]
    /// The floor test by the gated measure; nil with fewer than three references.
    public let floorTest: FloorTest?
    /// Every user, the largest score first (by the residual itself with one reference).
    public let userResiduals: [UserResidual]

    /// The distances by one measure.
    public func distances(_ measure: DistanceMeasure) -> DistanceStatistics? {
        distances.first { $0.measure == measure }
    }

    /// Measures an audit. Nil without records.
    ///
    /// Intervals come from a bootstrap over users and references at once, pairs of one reference with itself left out of D₀
    /// (a draw of one reference only is drawn again). Their half-widths are widened by t(k-1, .95) / 1.645 · √(k / (k-1)),
    /// because few references show too little of their own spread.
    /// - Complexity: O(replicates · users · k²).
    public init?(_ audit: AuditMatrix, replicates: Int, seed: UInt64) {
        self.init(audit, replicates: replicates, seed: seed, widenedAsFor: audit.referenceCount)
    }

    /// As above, with the intervals widened as for another number of references.
    init?(_ audit: AuditMatrix, replicates: Int, seed: UInt64, widenedAsFor widenedReferences: Int) {
        guard !audit.records.isEmpty else { return nil }
        let sums = UserSums(audit)
        records = audit.records.count
        users = sums.users.count
        references = audit.referenceCount
        let all = [Double](repeating: 1, count: sums.users.count)
        let point = sums.statistics(sums.totals(all), references: Array(0..<audit.referenceCount))
        let intervals = sums.intervals(
            around: point, replicates: replicates, seed: seed,
            widening: UserSums.widening(references: widenedReferences))
        func estimate(_ place: Int) -> Estimate { Estimate(value: point[place], interval: intervals[place]) }
        func estimateIfFinite(_ place: Int) -> Estimate? { point[place].isFinite ? estimate(place) : nil }
        originalResidual = estimate(0)
        candidateResidual = estimate(1)
        relativeResidual = estimate(2)
        distances = DistanceMeasure.all.enumerated().map { index, measure in
            let start = 3 + index * 6
            return DistanceStatistics(
                measure: measure, candidate: estimate(start), original: estimate(start + 1),
                floor: estimateIfFinite(start + 2), originalAboveFloor: estimateIfFinite(start + 3),
                candidateAboveFloor: estimateIfFinite(start + 4), gap: estimateIfFinite(start + 5))
        }
        floorTest = Self.floorTest(sums, totals: sums.totals(all))
        userResiduals = Self.userResiduals(audit)
    }

    private static func floorTest(_ sums: UserSums, totals: [Double]) -> FloorTest? {
        let k = sums.referenceCount
        guard k > 2 else { return nil }
        let start = sums.start(of: DistanceMeasure.gated.position)
        let count = totals[0] + totals[1]
        let candidate = (0..<k).reduce(0.0) { $0 + totals[start + $1] } / (Double(k) * count)
        let leaveOneOut = (0..<k).map { j in
            (0..<k).reduce(0.0) { sum, i in
                i == j ? sum : sum + totals[start + 2 * k + PairDistances.position(i, j, of: k)]
            } / (Double(k - 1) * count)
        }
        guard let center = mean(leaveOneOut), let deviation = standardDeviation(leaveOneOut) else { return nil }
        let bound =
            center + StudentT.quantile(0.95, degreesOfFreedom: k - 1) * deviation * (1 + 1 / Double(k)).squareRoot()
        return FloorTest(leaveOneOut: leaveOneOut, bound: bound, candidate: candidate, passed: candidate <= bound)
    }

    private static func userResiduals(_ audit: AuditMatrix) -> [UserResidual] {
        let margins = UserMargins(audit)
        let k = Double(audit.referenceCount)
        let residuals = margins.users.indices.map { user in
            let references = margins.references.map { $0[user] }
            let center = references.reduce(0, +) / k
            let candidate = margins.candidate[user] - center
            let deviation = standardDeviation(references)
            let score = deviation.flatMap { $0 > 0 ? candidate / ($0 * (1 + 1 / k).squareRoot()) : nil }
            return UserResidual(
                user: margins.users[user], records: margins.records[user], candidate: candidate,
                original: margins.original[user] - center, referenceDeviation: deviation, score: score)
        }
        return residuals.sorted {
            let (left, right) = ($0.score ?? $0.candidate, $1.score ?? $1.candidate)
            return left != right ? left > right : $0.user < $1.user
        }
    }
}
