/// The relative three-sample test: is the unlearned model nearer to retrained models than to the original? (VERIFICATION.md 3.8, after
/// Ribero, Schrab and Gretton, "Regularized f-Divergence Kernel Tests", AISTATS 2026.)
///
/// A two-sample test of candidate against reference fails every honest model when it is sharp and passes every model when it is blunt,
/// because two honest models differ too. This one compares two distances that hold the same noise. The null hypothesis is
/// D(c, o) - D(c, r) ≤ 0: the candidate is no nearer to the references than to the original.
///
/// Rejecting it is little: half of the memory gone is enough. It is printed beside the gates and is no gate. A candidate that was
/// trained on from the original shares the original's noise and is near to it for that reason alone, so the test errs against it.
public struct RelativeTest: Sendable, Hashable {
    /// How the test came out at the 5% level.
    public enum Finding: String, Sendable, Hashable {
        /// The null hypothesis is rejected: nearer to retrained models.
        case nearerToRetrained = "nearer-to-retrained"
        /// The opposite hypothesis is rejected: nearer to the original.
        case nearerToOriginal = "nearer-to-original"
        /// Neither is.
        case undecided
    }

    /// The null hypothesis in words.
    public static let nullHypothesis = "the unlearned model is no nearer to retrained models than to the original"

    /// How distances are measured.
    public let measure: DistanceMeasure
    /// D(c, o): the mean distance of the candidate to the original over the forgotten records.
    public let toOriginal: Double
    /// D(c, r): the mean distance of the candidate to the references.
    public let toReferences: Double
    /// D(c, o) - D(c, r) with its 90% interval over users and references.
    public let difference: Estimate
    /// The probability of such a difference or a larger one at the border of the null hypothesis, from Student's t.
    public let pValue: Double

    /// How the test came out at the 5% level.
    public var finding: Finding {
        pValue < 0.05 ? .nearerToRetrained : pValue > 0.95 ? .nearerToOriginal : .undecided
    }

    /// Tests; nil with fewer than two references or users, or where all models say the same.
    public init?(_ audit: AuditMatrix, by measure: DistanceMeasure) {
        let index = UserIndex(audit.records.map(\.user))
        let k = audit.referenceCount
        var counts = [Int](repeating: 0, count: index.users.count)
        var sums = [[Double]](repeating: [Double](repeating: 0, count: k), count: index.users.count)
        var toOriginal = 0.0
        for (record, user) in zip(audit.records, index.ofRecord) {
            let distances = record.distances(measure)
            counts[user] += 1
            toOriginal += distances.candidateToOriginal
            for j in 0..<k { sums[user][j] += distances.candidateToOriginal - distances.candidate[j] }
        }
        guard let mean = TwoWayMean(counts: counts, sums: sums), let pValue = mean.upperTail else { return nil }
        self.measure = measure
        self.toOriginal = toOriginal / Double(audit.records.count)
        toReferences = self.toOriginal - mean.value
        difference = Estimate(value: mean.value, interval: mean.interval)
        self.pValue = pValue
    }
}
