internal import LetheTensor

/// Sums over each user's records, from which every statistic of a bootstrap draw follows by one weighted sum over users.
///
/// A row is: records with Yes and with No; sums of margins of the original on Yes and on No, of the candidate, of each
/// reference; then for each measure the sums of distances candidate to each reference, original to each, between references.
struct UserSums {
    let users: [Int]
    let referenceCount: Int
    /// How many measures have distances: all, or none.
    private let measures: Int
    private let width: Int
    private let rows: [Double]

    /// Margins and distances of an audit.
    init(_ audit: AuditMatrix) {
        self.init(audit.records, referenceCount: audit.referenceCount, measures: DistanceMeasure.all.count) {
            (
                user: $0.user, isLiked: $0.isLiked, original: $0.originalMargin, candidate: $0.candidateMargin,
                references: $0.referenceMargins, distances: $0.distances
            )
        }
    }

    /// Margins alone.
    init(_ matrix: EvaluationMatrix) {
        self.init(matrix.records, referenceCount: matrix.referenceCount, measures: 0) {
            (
                user: $0.user, isLiked: $0.isLiked, original: $0.originalMargin, candidate: $0.candidateMargin,
                references: $0.referenceMargins, distances: []
            )
        }
    }

    private typealias Row = (
        user: Int, isLiked: Bool, original: Double, candidate: Double, references: [Double], distances: [PairDistances]
    )

    private init<Record>(
        _ records: [Record], referenceCount k: Int, measures: Int, _ row: (Record) -> Row
    ) {
        let records = records.map(row)
        let index = UserIndex(records.map(\.user))
        let block = 2 * k + k * (k - 1) / 2
        let width = 2 + 2 * (2 + k) + measures * block
        var rows = [Double](repeating: 0, count: index.users.count * width)
        for (record, user) in zip(records, index.ofRecord) {
            let start = user * width
            let side = record.isLiked ? 0 : 1
            rows[start + side] += 1
            let margins = [record.original, record.candidate] + record.references
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
        self.measures = measures
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
        for position in 0..<measures {
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

    /// Intervals around statistics, by a bootstrap over users and references at once.
    ///
    /// A draw of one reference alone is drawn again, since it has no noise floor; half-widths are multiplied by `widening`, nil for no
    /// intervals.
    func intervals(around point: [Double], replicates: Int, seed: UInt64, widening: Double?) -> [Interval?] {
        let none = [Interval?](repeating: nil, count: point.count)
        let k = referenceCount
        guard k > 1, let factor = widening, users.count > 1, replicates > 1 else { return none }
        var generator = SeededGenerator(seed: seed)
        var columns = [[Double]](repeating: [], count: point.count)
        for _ in 0..<replicates {
            let sums = totals(drawnMultiplicities(users.count, using: &generator))
            var drawn: [Int]
            repeat {
                drawn = (0..<k).map { _ in drawnIndex(below: k, using: &generator) }
            } while drawn.allSatisfy { $0 == drawn[0] }
            for (place, value) in statistics(sums, references: drawn).enumerated() {
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

    /// How much wider the intervals of `references` are made than the bootstrap says; nil with one reference.
    static func widening(references: Int) -> Double? {
        guard references > 1 else { return nil }
        let k = Double(references)
        return StudentT.quantile(0.95, degreesOfFreedom: references - 1) / StudentT.normalQuantile95
            * (k / (k - 1)).squareRoot()
    }
}
