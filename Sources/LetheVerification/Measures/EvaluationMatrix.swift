internal import Foundation

/// The margins of all models on records that are not audited for forgetting: retained users' test records (utility), or
/// records of users whom no model was trained on (membership).
public struct EvaluationMatrix: Sendable, Equatable {
    /// One record.
    public struct Record: Sendable, Equatable {
        /// Whose record it is; any number that is the same for the same user.
        public let user: Int
        /// The gold answer: true for "Yes".
        public let isLiked: Bool
        /// z[Yes] - z[No] of the original model.
        public let originalMargin: Double
        /// z[Yes] - z[No] of the candidate.
        public let candidateMargin: Double
        /// z[Yes] - z[No] of each reference.
        public let referenceMargins: [Double]

        /// Creates a record; `EvaluationMatrix.add` checks it.
        public init(
            user: Int, isLiked: Bool, originalMargin: Double, candidateMargin: Double, referenceMargins: [Double]
        ) {
            self.user = user
            self.isLiked = isLiked
            self.originalMargin = originalMargin
            self.candidateMargin = candidateMargin
            self.referenceMargins = referenceMargins
        }

        func margin(of model: AuditedModel) -> Double {
            switch model {
            case .original: originalMargin
            case .candidate: candidateMargin
            case .reference(let index): referenceMargins[index]
            }
        }
    }

    /// The number of reference models (k).
    public let referenceCount: Int
    /// The records in the order in which they came.
    public private(set) var records: [Record] = []

    /// Creates an empty matrix.
    ///
    /// - Throws: `AuditError.noReferences`.
    public init(referenceCount: Int) throws(AuditError) {
        guard referenceCount > 0 else { throw .noReferences }
        self.referenceCount = referenceCount
    }

    /// Adds a record.
    ///
    /// - Throws: `AuditError` for another number of references or a margin that is not finite.
    public mutating func add(_ record: Record) throws(AuditError) {
        let position = records.count
        guard record.referenceMargins.count == referenceCount else {
            throw .wrongReferenceCount(
                record: position, expected: referenceCount, found: record.referenceMargins.count)
        }
        for margin in [record.originalMargin, record.candidateMargin] + record.referenceMargins
        where !margin.isFinite {
            throw .notFinite(record: position, what: "a margin", value: "\(margin)")
        }
        records.append(record)
    }

    /// Adds a record by margins.
    ///
    /// - Throws: `AuditError` for another number of references or a margin that is not finite.
    public mutating func add(
        user: Int, isLiked: Bool, original: Double, candidate: Double, references: [Double]
    ) throws(AuditError) {
        try add(
            Record(
                user: user, isLiked: isLiked, originalMargin: original, candidateMargin: candidate,
                referenceMargins: references))
    }

    /// The area under the ROC curve, accuracy and log-loss of one model; nil without records or with one label only.
    public func metrics(of model: AuditedModel) -> (areaUnderROC: Double, accuracy: Double, logLoss: Double)? {
        let curve = WeightedROC(
            scores: records.map { $0.margin(of: model) }, isPositive: records.map(\.isLiked))
        let ones = [Double](repeating: 1, count: records.count)
        guard let area = curve.area(weights: ones) else { return nil }
        let count = Double(records.count)
        let right = records.count { ($0.margin(of: model) > 0) == $0.isLiked }
        let loss = records.reduce(0.0) { $0 + marginLoss($1.margin(of: model), isLiked: $1.isLiked) }
        return (area, Double(right) / count, loss / count)
    }

    /// The matrix in which reference `index` stands in for the candidate. Nil with fewer than two references.
    func leavingOut(_ index: Int) -> EvaluationMatrix? {
        guard referenceCount > 1, var rest = try? EvaluationMatrix(referenceCount: referenceCount - 1)
        else { return nil }
        rest.records = records.map { record in
            var others = record.referenceMargins
            let candidate = others.remove(at: index)
            return Record(
                user: record.user, isLiked: record.isLiked, originalMargin: record.originalMargin,
                candidateMargin: candidate, referenceMargins: others)
        }
        return rest
    }
}

/// -ln of the two-way probability of the gold answer.
func marginLoss(_ margin: Double, isLiked: Bool) -> Double {
    let x = isLiked ? margin : -margin
    return x > 0 ? log1p(exp(-x)) : -x + log1p(exp(x))
}

/// An ROC curve over weighted records whose scores were sorted once.
struct WeightedROC {
    private let order: [Int]
    /// For each place in the order, whether the score differs from the next one.
    private let endsTie: [Bool]
    private let isPositive: [Bool]

    init(scores: [Double], isPositive: [Bool]) {
        let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] < scores[$1] : $0 < $1 }
        self.order = order
        self.isPositive = isPositive
        endsTie = order.indices.map { $0 + 1 == order.count || scores[order[$0]] != scores[order[$0 + 1]] }
    }

    /// The chance that a positive record scores above a negative one, ties counting half; nil without weight in a class.
    func area(weights: [Double]) -> Double? {
        var below = 0.0
        var positives = 0.0
        var wins = 0.0
        var tiedPositive = 0.0
        var tiedNegative = 0.0
        for (place, record) in order.enumerated() {
            if isPositive[record] { tiedPositive += weights[record] } else { tiedNegative += weights[record] }
            if endsTie[place] {
                wins += tiedPositive * (below + tiedNegative / 2)
                below += tiedNegative
                positives += tiedPositive
                (tiedPositive, tiedNegative) = (0, 0)
            }
        }
        guard positives > 0 && below > 0 else { return nil }
        return wins / (positives * below)
    }
}
