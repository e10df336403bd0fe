internal import Foundation

/// The area under the ROC curve: the chance that a liked record scores above a disliked one, ties counting half.
///
/// - Parameters:
///   - scores: any finite scores, higher for "liked".
///   - labels: true for liked, as many as scores.
/// - Returns: nil when one of the classes is absent.
/// - Complexity: O(n log n).
public func areaUnderROC(scores: [Double], labels: [Bool]) -> Double? {
    precondition(scores.count == labels.count, "\(scores.count) scores for \(labels.count) labels")
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var positives = 0
    var doubledRanks = 0  // twice the sum of the midranks of the liked records, ranks from 1
    var start = 0
    while start < order.count {
        var end = start
        var tiedPositives = 0
        while end < order.count && scores[order[end]] == scores[order[start]] {
            if labels[order[end]] { tiedPositives += 1 }
            end += 1
        }
        if end == start { return nil }  // a score that does not equal itself
        doubledRanks += tiedPositives * (start + 1 + end)
        positives += tiedPositives
        start = end
    }
    let negatives = order.count - positives
    guard positives > 0 && negatives > 0 else { return nil }
    let wins = doubledRanks - positives * (positives + 1)
    return Double(wins) / (2 * Double(positives) * Double(negatives))
}

/// The share of records whose probability is on the right side of one half (exactly one half counts as "not liked").
///
/// - Returns: nil without records.
public func accuracy(probabilities: [Double], labels: [Bool]) -> Double? {
    precondition(probabilities.count == labels.count, "\(probabilities.count) scores for \(labels.count) labels")
    guard !labels.isEmpty else { return nil }
    let right = zip(probabilities, labels).count { ($0 > 0.5) == $1 }
    return Double(right) / Double(labels.count)
}

/// The mean negative natural logarithm of the probability of the right answer, probabilities clipped to
/// [ε, 1 - ε] with Double's machine epsilon, as scikit-learn does it.
///
/// - Returns: nil without records.
public func logLoss(probabilities: [Double], labels: [Bool]) -> Double? {
    precondition(probabilities.count == labels.count, "\(probabilities.count) scores for \(labels.count) labels")
    guard !labels.isEmpty else { return nil }
    let epsilon = Double.ulpOfOne
    let sum = zip(probabilities, labels).reduce(0.0) { sum, record in
        let clipped = min(max(record.0, epsilon), 1 - epsilon)
        return sum - log(record.1 ? clipped : 1 - clipped)
    }
    return sum / Double(labels.count)
}

/// The mean probability of the right answer.
///
/// - Returns: nil without records.
public func confidence(probabilities: [Double], labels: [Bool]) -> Double? {
    precondition(probabilities.count == labels.count, "\(probabilities.count) scores for \(labels.count) labels")
    guard !labels.isEmpty else { return nil }
    return zip(probabilities, labels).reduce(0.0) { $0 + ($1.1 ? $1.0 : 1 - $1.0) } / Double(labels.count)
}

/// The four figures of the paper's table for one set of records.
public struct RecommendationMetrics: Sendable, Equatable {
    /// The number of records.
    public let records: Int
    /// The area under the ROC curve; nil when all records have one label.
    public let areaUnderROC: Double?
    /// The share of right answers at one half.
    public let accuracy: Double
    /// The log-loss in nats.
    public let logLoss: Double
    /// The mean probability of the right answer.
    public let confidence: Double

    /// Measures `probabilities` of "liked" against `labels`; nil without records.
    public init?(probabilities: [Double], labels: [Bool]) {
        guard let accuracy = LetheRecommendation.accuracy(probabilities: probabilities, labels: labels),
            let loss = LetheRecommendation.logLoss(probabilities: probabilities, labels: labels),
            let confidence = LetheRecommendation.confidence(probabilities: probabilities, labels: labels)
        else { return nil }
        records = labels.count
        areaUnderROC = LetheRecommendation.areaUnderROC(scores: probabilities, labels: labels)
        self.accuracy = accuracy
        self.logLoss = loss
        self.confidence = confidence
    }
}

/// The probability of "yes" among the two answers: the logistic function of the difference of their logits.
public func answerProbability(yesLogit: Float, noLogit: Float) -> Double {
    let margin = Double(yesLogit) - Double(noLogit)
    if margin >= 0 { return 1 / (1 + exp(-margin)) }
    let odds = exp(margin)
    return odds / (1 + odds)
}
