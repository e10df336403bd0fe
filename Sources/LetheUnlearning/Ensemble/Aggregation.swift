import Foundation

/// How the answers of an ensemble's members become one (METHODS 1.3 and 1.4).
public enum Aggregation: Sendable, Equatable {
    /// The mean of the probabilities.
    case meanProbability
    /// The mean of the log-probabilities, normalised again.
    case meanLogProbability
    /// Every member votes for its likeliest token. A uniform vote of weight one is added, so that no token has probability zero
    /// and divergences stay finite.
    case vote
    /// The mean of the raw logits: what the paper's code does.
    case meanLogit
    /// RecEraser's learned attention over the members.
    case attention(AttentiveAggregator)

    /// The name in files and policies.
    public var name: String {
        switch self {
        case .meanProbability: "mean-probability"
        case .meanLogProbability: "mean-log-probability"
        case .vote: "vote"
        case .meanLogit: "mean-logit"
        case .attention: "attention"
        }
    }

    /// The rule of this name that needs no learned weights, nil where there is none.
    public init?(name: String) {
        let fixed: [Aggregation] = [.meanProbability, .meanLogProbability, .vote, .meanLogit]
        guard let rule = fixed.first(where: { $0.name == name })
        else { return nil }
        self = rule
    }

    /// One row-major block of logits [positions, vocabulary] from the members' blocks; softmax gives the ensemble's distribution.
    ///
    /// Computed in Double. `weights` are attention's, one a member, and unused otherwise.
    func combine(_ members: [[Float]], vocabulary: Int, weights: [Double]) -> [Float] {
        guard let first = members.first, vocabulary > 0 else { return [] }
        var combined = [Float](repeating: 0, count: first.count)
        for start in stride(from: 0, to: first.count, by: vocabulary) {
            let rows = members.map { $0[start..<start + vocabulary] }
            let row = combineRow(rows, vocabulary: vocabulary, weights: weights)
            for (offset, value) in row.enumerated() { combined[start + offset] = Float(value) }
        }
        return combined
    }

    private func combineRow(_ rows: [ArraySlice<Float>], vocabulary: Int, weights: [Double]) -> [Double] {
        let share = 1 / Double(rows.count)
        func mean(_ values: [[Double]], weights: [Double]) -> [Double] {
            var sum = [Double](repeating: 0, count: vocabulary)
            for (row, weight) in zip(values, weights) {
                for index in 0..<vocabulary { sum[index] += weight * row[index] }
            }
            return sum
        }
        let uniform = [Double](repeating: share, count: rows.count)
        switch self {
        case .meanLogit: return mean(rows.map { $0.map(Double.init) }, weights: uniform)
        case .attention: return mean(rows.map { $0.map(Double.init) }, weights: weights)
        case .meanLogProbability: return mean(rows.map(logProbabilities), weights: uniform)
        case .meanProbability:
            return mean(rows.map { logProbabilities($0).map(exp) }, weights: uniform)
                // A probability that no Double holds counts as the smallest that one does.
                .map { log(max($0, .leastNormalMagnitude)) }
        case .vote:
            var votes = [Double](repeating: 1 / Double(vocabulary), count: vocabulary)
            for row in rows {
                let top = row.max() ?? 0
                // The first of equals: the same on every machine.
                if let index = row.firstIndex(of: top) { votes[index - row.startIndex] += 1 }
            }
            return votes.map { log($0 / Double(rows.count + 1)) }
        }
    }

    private func logProbabilities(_ row: ArraySlice<Float>) -> [Double] {
        let top = Double(row.max() ?? 0)
        let total = log(row.reduce(0.0) { $0 + exp(Double($1) - top) })
        return row.map { Double($0) - top - total }
    }
}
