internal import LetheTensor

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
        let intervals = Self.intervals(
            sums, around: point, replicates: replicates, seed: seed,
            widening: Self.widening(references: widenedReferences))
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

    /// How much wider the intervals of `references` are made than the bootstrap says; nil with one reference.
    static func widening(references: Int) -> Double? {
        guard references > 1 else { return nil }
        let k = Double(references)
        return StudentT.quantile(0.95, degreesOfFreedom: references - 1) / StudentT.normalQuantile95
            * (k / (k - 1)).squareRoot()
    }

    private static func intervals(
        _ sums: UserSums, around point: [Double], replicates: Int, seed: UInt64, widening: Double?
    ) -> [Interval?] {
        let none = [Interval?](repeating: nil, count: point.count)
        let k = sums.referenceCount
        guard k > 1, let factor = widening, sums.users.count > 1, replicates > 1 else { return none }
        var generator = SeededGenerator(seed: seed)
        var columns = [[Double]](repeating: [], count: point.count)
        for _ in 0..<replicates {
            let totals = sums.totals(drawnMultiplicities(sums.users.count, using: &generator))
            var drawn: [Int]
            repeat {
                drawn = (0..<k).map { _ in drawnIndex(below: k, using: &generator) }
            } while drawn.allSatisfy { $0 == drawn[0] }
            for (place, value) in sums.statistics(totals, references: drawn).enumerated() {
                columns[place].append(value)
            }
        }
        return columns.enumerated().map { place, values in
            guard point[place].isFinite, values.allSatisfy({ $0.isFinite }) else { return nil }
            let sorted = values.sorted()
            return Interval(
                lower: point[place] - factor * max(0, point[place] - quantile(sorted, 0.05)),
                upper: point[place] + factor * max(0, quantile(sorted, 0.95) - point[place]))
        }
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

/// Sums over each user's records, from which every statistic of a bootstrap draw follows by one weighted sum over users.
///
/// A row is: records with Yes and with No; sums of margins of the original on Yes and on No, of the candidate, of each
/// reference; then for each measure the sums of distances candidate to each reference, original to each, between references.
private struct UserSums {
    let users: [Int]
    let referenceCount: Int
    private let width: Int
    private let rows: [Double]

    init(_ audit: AuditMatrix) {
        let index = UserIndex(audit.records.map(\.user))
        let k = audit.referenceCount
        let block = 2 * k + k * (k - 1) / 2
        let width = 2 + 2 * (2 + k) + DistanceMeasure.all.count * block
        var rows = [Double](repeating: 0, count: index.users.count * width)
        for (record, user) in zip(audit.records, index.ofRecord) {
            let start = user * width
            let side = record.isLiked ? 0 : 1
            rows[start + side] += 1
            let margins = [record.originalMargin, record.candidateMargin] + record.referenceMargins
            for (model, margin) in margins.enumerated() { rows[start + 2 + 2 * model + side] += margin }
            var place = start + 2 + 2 * margins.count
            for distances in record.distances {
                for values in [distances.candidate, distances.original, distances.references] {
                    for value in values {
                        rows[place] += value
                        place += 1
                    }
                }
            }
        }
        self.users = index.users
        referenceCount = k
        self.width = width
        self.rows = rows
    }

    /// Where the distances by the measure at `position` start in a row.
    func start(of position: Int) -> Int {
        let k = referenceCount
        return 2 + 2 * (2 + k) + position * (2 * k + k * (k - 1) / 2)
    }

    /// The sum of the rows, each taken as often as its user.
    func totals(_ multiplicities: [Double]) -> [Double] {
        var totals = [Double](repeating: 0, count: width)
        for (user, times) in multiplicities.enumerated() where times > 0 {
            let start = user * width
            for place in 0..<width { totals[place] += times * rows[start + place] }
        }
        return totals
    }

    /// S(o), S(c), RRM, then for each measure D(c), D(o), D₀, D(o) - D₀, D(c) - D₀, JG. What has no value is NaN.
    func statistics(_ totals: [Double], references: [Int]) -> [Double] {
        let k = referenceCount
        let (liked, disliked) = (totals[0], totals[1])
        // The mean margin per label is signed and the labels weigh the same, so that a common shift towards Yes cancels.
        func leaning(_ model: Int) -> Double {
            let yes = liked > 0 ? totals[2 + 2 * model] / liked : 0
            let no = disliked > 0 ? totals[2 + 2 * model + 1] / disliked : 0
            return (yes - no) / (liked > 0 && disliked > 0 ? 2 : 1)
        }
        let center = references.reduce(0.0) { $0 + leaning(2 + $1) } / Double(references.count)
        let original = leaning(0) - center
        let candidate = leaning(1) - center
        var result = [original, candidate, original == 0 ? .nan : candidate / original]
        let count = liked + disliked
        for position in DistanceMeasure.all.indices {
            let start = start(of: position)
            func distance(_ offset: Int) -> Double {
                references.reduce(0.0) { $0 + totals[start + offset + $1] } / (Double(references.count) * count)
            }
            var pairs = 0.0
            var between = 0.0
            for (place, i) in references.enumerated() {
                for j in references.dropFirst(place + 1) where i != j {
                    pairs += 1
                    between += totals[start + 2 * k + PairDistances.position(i, j, of: k)]
                }
            }
            let floor = pairs > 0 ? between / (pairs * count) : .nan
            let (toCandidate, toOriginal) = (distance(0), distance(k))
            let room = toOriginal - floor
            result += [
                toCandidate, toOriginal, floor, room, toCandidate - floor,
                room == 0 ? .nan : (toCandidate - floor) / room,
            ]
        }
        return result
    }
}
