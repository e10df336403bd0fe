/// How two distributions are compared.
public enum Divergence: String, Sendable, Hashable, CaseIterable {
    /// The Jensen-Shannon divergence, in nats.
    case jensenShannon = "jsd"
    /// Half the sum of both Kullback-Leibler divergences, in nats.
    case symmetrizedKL = "symmetric_kl"
    /// The Euclidean distance of the probabilities.
    case euclidean = "l2"

    /// Its value between two distributions.
    /// - Throws: `.differentSizes` for distributions over different outcomes.
    func distance(_ p: CategoricalDistribution, _ q: CategoricalDistribution) throws(DistanceError) -> Double {
        switch self {
        case .jensenShannon: try jensenShannonDivergence(p, q)
        case .symmetrizedKL: try LetheVerification.symmetrizedKL(p, q)
        case .euclidean: try euclideanDistance(p, q)
        }
    }
}

/// What the compared distributions range over.
public enum OutcomeSpace: String, Sendable, Hashable, CaseIterable {
    /// Every piece of the vocabulary.
    case vocabulary
    /// Yes and No alone, renormalised.
    case answers
}

/// A divergence over a space: one of six.
public struct DistanceMeasure: Sendable, Hashable {
    /// How.
    public let divergence: Divergence
    /// Over what.
    public let space: OutcomeSpace

    /// Creates a measure.
    public init(_ divergence: Divergence, over space: OutcomeSpace) {
        self.divergence = divergence
        self.space = space
    }

    /// All six, the order in which records keep them.
    public static let all = OutcomeSpace.allCases.flatMap { space in
        Divergence.allCases.map { DistanceMeasure($0, over: space) }
    }

    /// The measure of gate G2: Jensen-Shannon over the vocabulary.
    public static let gated = DistanceMeasure(.jensenShannon, over: .vocabulary)

    var position: Int { DistanceMeasure.all.firstIndex(of: self) ?? 0 }
}

/// The pieces that stand for the two answers, at the first position of the target.
public struct AnswerTokens: Sendable, Equatable {
    /// The id of the piece for "Yes".
    public let yes: Int
    /// The id of the piece for "No".
    public let no: Int

    /// Creates the pair.
    public init(yes: Int, no: Int) {
        self.yes = yes
        self.no = no
    }
}

/// The distances between the models on one record.
public struct PairDistances: Sendable, Equatable {
    /// Candidate to each reference.
    public let candidate: [Double]
    /// Original to each reference.
    public let original: [Double]
    /// Reference to reference: (0,1), (0,2) … (1,2) …
    public let references: [Double]
    /// Candidate to original.
    public let candidateToOriginal: Double

    /// Creates the distances.
    public init(candidate: [Double], original: [Double], references: [Double], candidateToOriginal: Double) {
        self.candidate = candidate
        self.original = original
        self.references = references
        self.candidateToOriginal = candidateToOriginal
    }

    /// Where the pair (i, j), i ≠ j, of `count` references is kept.
    static func position(_ i: Int, _ j: Int, of count: Int) -> Int {
        let (low, high) = (min(i, j), max(i, j))
        return low * (2 * count - low - 1) / 2 + high - low - 1
    }
}

/// What the audit keeps of one forgotten record: a margin per model and the distances between models.
public struct AuditRecord: Sendable, Equatable {
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
    /// The distances in the order of `DistanceMeasure.all`.
    public let distances: [PairDistances]

    /// Creates a record; `AuditMatrix.add` checks it.
    public init(
        user: Int, isLiked: Bool, originalMargin: Double, candidateMargin: Double, referenceMargins: [Double],
        distances: [PairDistances]
    ) {
        self.user = user
        self.isLiked = isLiked
        self.originalMargin = originalMargin
        self.candidateMargin = candidateMargin
        self.referenceMargins = referenceMargins
        self.distances = distances
    }

    /// The distances by one measure.
    public func distances(_ measure: DistanceMeasure) -> PairDistances { distances[measure.position] }

    func margin(of model: AuditedModel) -> Double {
        switch model {
        case .original: originalMargin
        case .candidate: candidateMargin
        case .reference(let index): referenceMargins[index]
        }
    }
}

/// The forgotten records as original, candidate and references see them. Rows of logits are read and let go one record at a
/// time, so that a whole vocabulary of a whole audit never sits in memory.
public struct AuditMatrix: Sendable, Equatable {
    /// The number of reference models (k).
    public let referenceCount: Int
    /// The pieces for the two answers.
    public let answers: AnswerTokens
    /// The records in the order in which they came.
    public private(set) var records: [AuditRecord] = []

    /// Creates an empty audit of `referenceCount` references.
    ///
    /// - Throws: `AuditError.noReferences` or `.answersNotTwo`.
    public init(referenceCount: Int, answers: AnswerTokens) throws(AuditError) {
        guard referenceCount > 0 else { throw .noReferences }
        guard answers.yes != answers.no, answers.yes >= 0, answers.no >= 0 else {
            throw .answersNotTwo(yes: answers.yes, no: answers.no)
        }
        self.referenceCount = referenceCount
        self.answers = answers
    }

    /// Adds the record that the models gave these first-position rows of logits for.
    ///
    /// - Throws: `AuditError` for rows of another length, NaN, infinities, or another number of references.
    /// - Complexity: O(k² V) in the references and the vocabulary.
    public mutating func add(
        user: Int, isLiked: Bool, original: [Float], candidate: [Float], references: [[Float]]
    ) throws(AuditError) {
        let record = records.count
        guard references.count == referenceCount else {
            throw .wrongReferenceCount(record: record, expected: referenceCount, found: references.count)
        }
        func row(_ logits: [Float], _ model: AuditedModel) throws(AuditError) -> ModelRow {
            try ModelRow(logits, answers: answers, size: original.count, record: record, model: model)
        }
        let originalRow = try row(original, .original)
        let candidateRow = try row(candidate, .candidate)
        var referenceRows: [ModelRow] = []
        for (index, logits) in references.enumerated() {
            referenceRows.append(try row(logits, .reference(index)))
        }
        var distances: [PairDistances] = []
        for measure in DistanceMeasure.all {
            var toCandidate: [Double] = []
            var toOriginal: [Double] = []
            var between: [Double] = []
            for (index, reference) in referenceRows.enumerated() {
                toCandidate.append(try candidateRow.distance(to: reference, measure, record: record))
                toOriginal.append(try originalRow.distance(to: reference, measure, record: record))
                for other in referenceRows.dropFirst(index + 1) {
                    between.append(try reference.distance(to: other, measure, record: record))
                }
            }
            distances.append(
                PairDistances(
                    candidate: toCandidate, original: toOriginal, references: between,
                    candidateToOriginal: try originalRow.distance(to: candidateRow, measure, record: record)))
        }
        records.append(
            AuditRecord(
                user: user, isLiked: isLiked, originalMargin: originalRow.margin,
                candidateMargin: candidateRow.margin, referenceMargins: referenceRows.map(\.margin),
                distances: distances))
    }

    /// Adds a record whose margins and distances are known.
    ///
    /// - Throws: `AuditError` for another number of references or a number that is not finite.
    public mutating func add(_ record: AuditRecord) throws(AuditError) {
        let position = records.count
        let k = referenceCount
        guard record.referenceMargins.count == k else {
            throw .wrongReferenceCount(record: position, expected: k, found: record.referenceMargins.count)
        }
        guard record.distances.count == DistanceMeasure.all.count else {
            throw .wrongDistanceCount(
                record: position, expected: DistanceMeasure.all.count, found: record.distances.count)
        }
        for distances in record.distances {
            let found = (distances.candidate.count, distances.original.count, distances.references.count)
            guard found == (k, k, k * (k - 1) / 2) else {
                throw .wrongDistanceCount(
                    record: position, expected: 2 * k + k * (k - 1) / 2, found: found.0 + found.1 + found.2)
            }
            for value in distances.candidate + distances.original + distances.references
                + [distances.candidateToOriginal]
            where !value.isFinite {
                throw .notFinite(record: position, what: "a distance", value: "\(value)")
            }
        }
        for margin in [record.originalMargin, record.candidateMargin] + record.referenceMargins
        where !margin.isFinite {
            throw .notFinite(record: position, what: "a margin", value: "\(margin)")
        }
        records.append(record)
    }

    /// The audit in which reference `index` stands in for the candidate and the others are the references.
    ///
    /// Nil with fewer than two references.
    func leavingOut(_ index: Int) -> AuditMatrix? {
        guard referenceCount > 1, var rest = try? AuditMatrix(referenceCount: referenceCount - 1, answers: answers)
        else { return nil }
        let k = referenceCount
        let others = (0..<k).filter { $0 != index }
        rest.records = records.map { record in
            AuditRecord(
                user: record.user, isLiked: record.isLiked, originalMargin: record.originalMargin,
                candidateMargin: record.referenceMargins[index],
                referenceMargins: others.map { record.referenceMargins[$0] },
                distances: record.distances.map { distances in
                    PairDistances(
                        candidate: others.map { distances.references[PairDistances.position(index, $0, of: k)] },
                        original: others.map { distances.original[$0] },
                        references: others.enumerated().flatMap { place, i in
                            others.dropFirst(place + 1).map {
                                distances.references[PairDistances.position(i, $0, of: k)]
                            }
                        },
                        candidateToOriginal: distances.original[index])
                })
        }
        return rest
    }
}

/// A model of an audit, for messages.
public enum AuditedModel: Sendable, Hashable, CustomStringConvertible {
    /// The model before unlearning.
    case original
    /// The model after unlearning.
    case candidate
    /// A model retrained without the forgotten records, counted from 0.
    case reference(Int)

    /// The model's name.
    public var description: String {
        switch self {
        case .original: "the original"
        case .candidate: "the candidate"
        case .reference(let index): "reference \(index + 1)"
        }
    }
}

/// Why numbers cannot enter an audit.
public enum AuditError: Error, Sendable, Equatable, CustomStringConvertible {
    /// An audit without reference models.
    case noReferences
    /// Yes and No are one piece, or negative.
    case answersNotTwo(yes: Int, no: Int)
    /// A record with more or fewer references than the audit.
    case wrongReferenceCount(record: Int, expected: Int, found: Int)
    /// A record with more or fewer distances than the references call for.
    case wrongDistanceCount(record: Int, expected: Int, found: Int)
    /// A row over another vocabulary than the original's.
    case wrongRowLength(record: Int, model: AuditedModel, expected: Int, found: Int)
    /// The row does not reach to the piece of an answer.
    case answerOutsideRow(record: Int, token: Int, rowLength: Int)
    /// NaN or an infinity. Records count from 0.
    case notFinite(record: Int, what: String, value: String)

    /// One line for people.
    public var description: String {
        switch self {
        case .noReferences: "an audit needs at least one reference model"
        case .answersNotTwo(let yes, let no): "the answers are pieces \(yes) and \(no), expected two different ones"
        case .wrongReferenceCount(let record, let expected, let found):
            "audit record \(record): \(found) references, expected \(expected)"
        case .wrongDistanceCount(let record, let expected, let found):
            "audit record \(record): \(found) distances, expected \(expected)"
        case .wrongRowLength(let record, let model, let expected, let found):
            "audit record \(record): \(model) gives \(found) logits, expected \(expected)"
        case .answerOutsideRow(let record, let token, let length):
            "audit record \(record): piece \(token) of an answer is outside a row of \(length) logits"
        case .notFinite(let record, let what, let value):
            "audit record \(record): \(what) is \(value), expected a finite number"
        }
    }
}

/// One model's row of logits for one record.
private struct ModelRow {
    let margin: Double
    private let vocabulary: CategoricalDistribution
    private let answers: CategoricalDistribution

    init(
        _ logits: [Float], answers tokens: AnswerTokens, size: Int, record: Int, model: AuditedModel
    ) throws(AuditError) {
        guard logits.count == size else {
            throw .wrongRowLength(record: record, model: model, expected: size, found: logits.count)
        }
        for token in [tokens.yes, tokens.no] where token >= logits.count {
            throw .answerOutsideRow(record: record, token: token, rowLength: logits.count)
        }
        do {
            vocabulary = try CategoricalDistribution(logits: logits)
            answers = try CategoricalDistribution(logits: [logits[tokens.yes], logits[tokens.no]])
        } catch .notFinite(let position, let value) {
            throw .notFinite(record: record, what: "logit \(position) of \(model)", value: value)
        } catch {
            throw .wrongRowLength(record: record, model: model, expected: size, found: logits.count)
        }
        margin = Double(logits[tokens.yes]) - Double(logits[tokens.no])
    }

    func distance(to other: ModelRow, _ measure: DistanceMeasure, record: Int) throws(AuditError) -> Double {
        let (p, q) =
            measure.space == .vocabulary ? (vocabulary, other.vocabulary) : (answers, other.answers)
        do { return try measure.divergence.distance(p, q) } catch {
            throw .notFinite(record: record, what: "a distance", value: "\(error)")
        }
    }
}
