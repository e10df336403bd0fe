import LetheTransformer

/// How far a model leans to the right answers: s (z_Yes - z_No) at the first position, s = 1 where Yes is right and -1 where No is.
///
/// The mean weighs both answers the same, so that a model that merely says Yes more often gains nothing.
public struct GoldMargins: Sendable {
    /// One margin a record, logits.
    let values: [Double]
    /// Which records' right answer is Yes.
    let isYes: [Bool]

    /// Margins of records from the first row of each one's logits.
    /// - Throws: `UnlearningError.labelIsNoAnswer`.
    init(_ records: [Example], logits: [[Float]], answers: AnswerTokens) throws(UnlearningError) {
        let isYes = try Self.answers(records, answers)
        self.isYes = isYes
        values = zip(logits, isYes).map { row, isYes in
            let margin = Double(row[Int(answers.yes)]) - Double(row[Int(answers.no)])
            return isYes ? margin : -margin
        }
    }

    /// Margins that are known, each already signed by its right answer.
    public init(values: [Double], isYes: [Bool]) {
        self.values = values
        self.isYes = isYes
    }

    /// Whether each record's right answer is Yes.
    static func answers(_ records: [Example], _ answers: AnswerTokens) throws(UnlearningError) -> [Bool] {
        var isYes: [Bool] = []
        for (index, record) in records.enumerated() {
            guard let first = record.labels.first, first == answers.yes || first == answers.no else {
                throw .labelIsNoAnswer(record: index)
            }
            isYes.append(first == answers.yes)
        }
        return isYes
    }

    /// The margins of each answer that occurs.
    private var sides: [[Double]] {
        [true, false].map { side in zip(values, isYes).filter { $0.1 == side }.map(\.0) }.filter { !$0.isEmpty }
    }

    /// The mean of the two answers' means; of the one answer that occurs where the other does not; 0 without records.
    var mean: Double {
        let sides = sides
        return sides.reduce(0) { $0 + Self.mean($1) } / Double(max(sides.count, 1))
    }

    /// The variance of `mean` over records, as if they were independent.
    var varianceOfMean: Double {
        let sides = sides
        return sides.reduce(0) { sum, margins in
            let mean = Self.mean(margins)
            let squares = margins.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return sum + squares / Double(max(margins.count - 1, 1) * margins.count)
        } / Double(max(sides.count * sides.count, 1))
    }

    /// How far the mean lies above that of other records, and its standard error, in logits.
    public func gap(over other: GoldMargins) -> (value: Double, standardError: Double) {
        (mean - other.mean, (varianceOfMean + other.varianceOfMean).squareRoot())
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    /// The value that a share of the margins is below, to the nearest record.
    func quantile(_ share: Double) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
    }
}
