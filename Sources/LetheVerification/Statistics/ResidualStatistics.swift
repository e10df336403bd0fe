/// What is left of memory where models are seen otherwise than as they were made: after relearning, or with rounded weights (G4).
///
/// The statistics are those of G1 on margins alone.
public struct ResidualStatistics: Sendable, Equatable {
    /// The records looked at.
    public let records: Int
    /// The users whose records they are.
    public let users: Int
    /// S(o): how far the original leans to the gold answers beyond the references, in logits, labels weighing the same.
    public let original: Estimate
    /// S(c): the same of the candidate.
    public let candidate: Estimate
    /// S(c) / S(o): 0 is retrained, 1 is the original.
    public let relative: Estimate

    /// Measures margins on forgotten records. Nil without records, or where the original leans exactly as the references do.
    ///
    /// Intervals as in `ForgettingStatistics`.
    /// - Complexity: O(replicates · users · k).
    public init?(_ matrix: EvaluationMatrix, replicates: Int, seed: UInt64) {
        guard !matrix.records.isEmpty else { return nil }
        let sums = UserSums(matrix)
        records = matrix.records.count
        users = sums.users.count
        let point = sums.statistics(
            sums.totals([Double](repeating: 1, count: users)), references: Array(0..<matrix.referenceCount))
        guard point[2].isFinite else { return nil }
        let intervals = sums.intervals(
            around: point, replicates: replicates, seed: seed,
            widening: UserSums.widening(references: matrix.referenceCount))
        original = Estimate(value: point[0], interval: intervals[0])
        candidate = Estimate(value: point[1], interval: intervals[1])
        relative = Estimate(value: point[2], interval: intervals[2])
    }
}
