internal import Foundation

/// The probabilities that a row of logits stands for, with their logarithms, in Double by log-sum-exp.
public struct CategoricalDistribution: Sendable, Equatable {
    /// Natural logarithms of the probabilities.
    public let logProbabilities: [Double]
    /// The probabilities; they add up to 1.
    public let probabilities: [Double]

    /// The softmax of a row of logits.
    ///
    /// - Throws: `DistanceError.empty`, or `.notFinite` for NaN and infinities.
    public init(logits: [Double]) throws(DistanceError) {
        guard let largest = logits.max() else { throw .empty }
        for (position, logit) in logits.enumerated() where !logit.isFinite {
            throw .notFinite(position: position, value: "\(logit)")
        }
        let logSum = log(logits.reduce(0.0) { $0 + exp($1 - largest) })
        logProbabilities = logits.map { $0 - largest - logSum }
        probabilities = logProbabilities.map { exp($0) }
    }

    /// The softmax of a row of logits.
    ///
    /// - Throws: `DistanceError.empty`, or `.notFinite` for NaN and infinities.
    public init(logits: [Float]) throws(DistanceError) {
        try self.init(logits: logits.map { Double($0) })
    }
}

/// Why two rows of logits have no distance.
public enum DistanceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A row without logits.
    case empty
    /// A logit that is NaN or infinite.
    case notFinite(position: Int, value: String)
    /// Rows over different vocabularies.
    case differentSizes(Int, Int)
    /// A gold answer that the row has no logit for.
    case answerOutside(answer: Int, size: Int)

    /// One line for people.
    public var description: String {
        switch self {
        case .empty: "a row of logits is empty"
        case .notFinite(let position, let value): "logit \(position) is \(value), expected a finite number"
        case .differentSizes(let left, let right): "rows of \(left) and \(right) logits cannot be compared"
        case .answerOutside(let answer, let size): "answer \(answer) is outside a row of \(size) logits"
        }
    }
}

/// The Jensen-Shannon divergence in nats: ½ KL(p ‖ m) + ½ KL(q ‖ m) with m = (p + q) / 2. From 0 to ln 2.
///
/// - Throws: `DistanceError.differentSizes`.
public func jensenShannonDivergence(
    _ p: CategoricalDistribution, _ q: CategoricalDistribution
) throws(DistanceError) -> Double {
    try requireSameSize(p, q)
    var sum = 0.0
    for i in p.probabilities.indices {
        let whole = p.probabilities[i] + q.probabilities[i]
        if whole > 0 { sum += whole * entropyLoss((p.probabilities[i] - q.probabilities[i]) / whole) }
    }
    return min(sum / 4, 0.6931471805599453)
}

/// (1 + d) ln(1 + d) + (1 - d) ln(1 - d) for d from -1 to 1: exactly even in d, and exactly 0 at 0.
///
/// Near 0 by its series Σ d²ⁿ / (n (2n - 1)), where the logarithms would cancel; the error is below 2e-15 of the value.
private func entropyLoss(_ d: Double) -> Double {
    let square = d * d
    if square < 0.0025 {
        return square * (1 + square * (1 / 6.0 + square * (1 / 15.0 + square * (1 / 28.0 + square / 45))))
    }
    let size = abs(d)
    return (1 + size) * log1p(size) + (size < 1 ? (1 - size) * log1p(-size) : 0)
}

/// The Kullback-Leibler divergence KL(p ‖ q) in nats: Σ p (ln p - ln q). At least 0, unbounded.
///
/// - Parameter epsilon: nil for the exact value; the paper's code computes Σ p ln((p + ε) / (q + ε)) with ε = 1e-12.
/// - Throws: `DistanceError.differentSizes`.
public func klDivergence(
    _ p: CategoricalDistribution, _ q: CategoricalDistribution, epsilon: Double? = nil
) throws(DistanceError) -> Double {
    try requireSameSize(p, q)
    var sum = 0.0
    for i in p.probabilities.indices where p.probabilities[i] > 0 {
        if let epsilon {
            sum += p.probabilities[i] * log((p.probabilities[i] + epsilon) / (q.probabilities[i] + epsilon))
        } else {
            sum += p.probabilities[i] * (p.logProbabilities[i] - q.logProbabilities[i])
        }
    }
    return epsilon == nil ? max(sum, 0) : sum
}

/// Half the sum of both Kullback-Leibler divergences, in nats: what the paper's code prints as "JSD".
///
/// - Parameter epsilon: see `klDivergence`.
/// - Throws: `DistanceError.differentSizes`.
public func symmetrizedKL(
    _ p: CategoricalDistribution, _ q: CategoricalDistribution, epsilon: Double? = nil
) throws(DistanceError) -> Double {
    (try klDivergence(p, q, epsilon: epsilon) + klDivergence(q, p, epsilon: epsilon)) / 2
}

/// The Euclidean distance of the probabilities. From 0 to √2.
///
/// - Throws: `DistanceError.differentSizes`.
public func euclideanDistance(
    _ p: CategoricalDistribution, _ q: CategoricalDistribution
) throws(DistanceError) -> Double {
    try requireSameSize(p, q)
    var sum = 0.0
    for i in p.probabilities.indices {
        let difference = p.probabilities[i] - q.probabilities[i]
        sum += difference * difference
    }
    return sum.squareRoot()
}

/// `jensenShannonDivergence` of two rows of logits.
public func jensenShannonDivergence(_ left: [Float], _ right: [Float]) throws(DistanceError) -> Double {
    try jensenShannonDivergence(CategoricalDistribution(logits: left), CategoricalDistribution(logits: right))
}

/// `symmetrizedKL` of two rows of logits.
public func symmetrizedKL(
    _ left: [Float], _ right: [Float], epsilon: Double? = nil
) throws(DistanceError) -> Double {
    try symmetrizedKL(
        CategoricalDistribution(logits: left), CategoricalDistribution(logits: right), epsilon: epsilon)
}

/// `euclideanDistance` of two rows of logits.
public func euclideanDistance(_ left: [Float], _ right: [Float]) throws(DistanceError) -> Double {
    try euclideanDistance(CategoricalDistribution(logits: left), CategoricalDistribution(logits: right))
}

private func requireSameSize(
    _ p: CategoricalDistribution, _ q: CategoricalDistribution
) throws(DistanceError) {
    if p.probabilities.count != q.probabilities.count {
        throw .differentSizes(p.probabilities.count, q.probabilities.count)
    }
}
