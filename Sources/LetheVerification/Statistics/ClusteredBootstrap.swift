internal import LetheTensor

/// What one drawing of a bootstrap took: how often each user of each group, which rows, which references.
public struct BootstrapDraw: Sendable {
    /// For each group, how often each of its users was drawn; all ones at the point.
    public let users: [[Double]]
    /// The rows (models of one method at several seeds) drawn, by number.
    public let rows: [Int]
    /// The reference models drawn, by number.
    public let references: [Int]
}

/// Intervals of many statistics from the same drawings, so that differences of two of them have intervals of their own.
///
/// Two drawings: users with replacement within their groups, with all models; and seeds of the rows and references with
/// replacement, with all users (a draw of one reference only is drawn again). The half-width is the root of the sum of the squares of
/// both. The models' is widened before by t(k-1, .975) / 1.96 sqrt(k / (k-1)), k being the number of references: few of them show
/// too little of their own spread (VERIFICATION 3.3), while of users there are enough.
public struct ClusteredBootstrap: Sendable {
    /// Users of each group.
    public let groups: [Int]
    /// Models of every method; row i has the seed of reference i, and is never compared with it.
    public let rows: Int
    /// Reference models.
    public let references: Int
    /// Drawings.
    public let replicates: Int
    /// What the drawings depend on.
    public let seed: UInt64

    /// A bootstrap of these sizes.
    public init(groups: [Int], rows: Int, references: Int, replicates: Int, seed: UInt64) {
        self.groups = groups
        self.rows = rows
        self.references = references
        self.replicates = replicates
        self.seed = seed
    }

    /// The statistics on everything, and their two-sided 95% intervals; an interval is nil where a drawing gave no finite number, or
    /// where there are too few references.
    ///
    /// - Parameter statistics: computes all statistics of a drawing, always as many.
    public func estimates(_ statistics: (BootstrapDraw) -> [Double]) -> [Estimate] {
        let point = statistics(
            BootstrapDraw(
                users: groups.map { [Double](repeating: 1, count: $0) }, rows: Array(0..<rows),
                references: Array(0..<references)))
        guard references > 1, replicates > 1, groups.allSatisfy({ $0 > 1 }) else {
            return point.map { Estimate(value: $0, interval: nil) }
        }
        let k = Double(references)
        let widening =
            StudentT.quantile(0.975, degreesOfFreedom: references - 1) / 1.959963984540054 * (k / (k - 1)).squareRoot()
        var generator = SeededGenerator(seed: seed)
        let everybody = groups.map { [Double](repeating: 1, count: $0) }
        let byUsers = distances(from: point) {
            statistics(
                BootstrapDraw(
                    users: groups.map { drawnMultiplicities($0, using: &generator) }, rows: Array(0..<rows),
                    references: Array(0..<references)))
        }
        let byModels = distances(from: point) {
            var drawn: [Int]
            repeat {
                drawn = (0..<references).map { _ in drawnIndex(below: references, using: &generator) }
            } while drawn.allSatisfy { $0 == drawn[0] }
            return statistics(
                BootstrapDraw(
                    users: everybody, rows: (0..<rows).map { _ in drawnIndex(below: rows, using: &generator) },
                    references: drawn))
        }
        return point.enumerated().map { place, value in
            guard let users = byUsers[place], let models = byModels[place] else {
                return Estimate(value: value, interval: nil)
            }
            func together(_ users: Double, _ models: Double) -> Double {
                (users * users + widening * widening * models * models).squareRoot()
            }
            return Estimate(
                value: value,
                interval: Interval(
                    lower: value - together(users.below, models.below),
                    upper: value + together(users.above, models.above)))
        }
    }

    /// How far the 2.5% and 97.5% quantiles of drawn statistics are below and above the point; nil where a number is not finite.
    private func distances(from point: [Double], draw: () -> [Double]) -> [(below: Double, above: Double)?] {
        var columns = [[Double]](repeating: [], count: point.count)
        for _ in 0..<replicates {
            for (place, value) in draw().enumerated() { columns[place].append(value) }
        }
        return zip(point, columns).map { value, drawn in
            guard value.isFinite, drawn.allSatisfy(\.isFinite) else { return nil }
            let sorted = drawn.sorted()
            return (max(0, value - quantile(sorted, 0.025)), max(0, quantile(sorted, 0.975) - value))
        }
    }
}

/// AUC, accuracy and log-loss of one model's margins under weights of users.
public struct WeightedScores: Sendable {
    private let curve: WeightedROC
    private let isRight: [Double]
    private let losses: [Double]
    private let userOfRecord: [Int]

    /// Scores over records, each of a user by number.
    public init(margins: [Double], isLiked: [Bool], userOfRecord: [Int]) {
        curve = WeightedROC(scores: margins, isPositive: isLiked)
        isRight = zip(margins, isLiked).map { ($0 > 0) == $1 ? 1 : 0 }
        losses = zip(margins, isLiked).map { marginLoss($0, isLiked: $1) }
        self.userOfRecord = userOfRecord
    }

    /// The three scores, nan where they do not exist.
    public func callAsFunction(users: [Double]) -> (areaUnderROC: Double, accuracy: Double, logLoss: Double) {
        let weights = userOfRecord.map { users[$0] }
        var (whole, right, loss) = (0.0, 0.0, 0.0)
        for (index, weight) in weights.enumerated() {
            whole += weight
            right += weight * isRight[index]
            loss += weight * losses[index]
        }
        return (curve.area(weights: weights) ?? .nan, right / whole, loss / whole)
    }
}

/// The chance that a member's score is above another's, under weights of the users of both.
public struct WeightedMembership: Sendable {
    private let curve: WeightedROC
    private let memberUsers: [Int]
    private let otherUsers: [Int]

    /// Scores of members and of others, each of a user by number.
    public init(members: [Double], memberUsers: [Int], others: [Double], otherUsers: [Int]) {
        curve = WeightedROC(
            scores: members + others,
            isPositive: members.map { _ in true } + others.map { _ in false })
        self.memberUsers = memberUsers
        self.otherUsers = otherUsers
    }

    /// The area under the curve; nan where a group weighs nothing.
    public func callAsFunction(members: [Double], others: [Double]) -> Double {
        curve.area(weights: memberUsers.map { members[$0] } + otherUsers.map { others[$0] }) ?? .nan
    }
}

/// The six distances between two rows of logits, in the order of `DistanceMeasure.all`.
/// - Throws: `DistanceError`.
public func allDistances(
    _ left: [Float], _ right: [Float], answers: AnswerTokens
) throws(DistanceError) -> [Double] {
    func pair(_ row: [Float]) throws(DistanceError) -> CategoricalDistribution {
        for answer in [answers.yes, answers.no] where !row.indices.contains(answer) {
            throw .answerOutside(answer: answer, size: row.count)
        }
        return try CategoricalDistribution(logits: [row[answers.yes], row[answers.no]])
    }
    let vocabulary = (try CategoricalDistribution(logits: left), try CategoricalDistribution(logits: right))
    let binary = (try pair(left), try pair(right))
    var distances: [Double] = []
    for measure in DistanceMeasure.all {
        let (p, q) = measure.space == .vocabulary ? vocabulary : binary
        distances.append(try measure.divergence.distance(p, q))
    }
    return distances
}
