internal import LetheTensor

/// An audit whose truth is known: the Gaussian model of VERIFICATION.md 3.4.
///
/// Margins of honest models differ by seed, in common, by user and by record, all normal. The original's margins of forgotten records lean
/// to the gold answers by `memorised` logits, the candidate's by `residual` times that. Only the two answers exist, so that distances over
/// the vocabulary and over the answers are equal.
public struct SimulatedAudit: Sendable, Hashable {
    /// Forgotten users.
    public var users = 205
    /// Reference models.
    public var references = 5
    /// Records of a user: the mean of a geometric distribution from 1 up, or the number itself.
    public var recordsPerUser = 20
    /// Whether the records of a user are drawn from the geometric distribution.
    public var isGeometric = true
    /// How far the original leans to the gold answers, in logits.
    public var memorised = 0.6
    /// What the candidate has kept of it: 0 is a retrained model. Nil makes the candidate the original itself.
    public var residual: Double? = 0
    /// What is added to the candidate's margins of all records, whatever the gold answer, in logits: drift of its calibration.
    public var candidateDrift = 0.0
    /// The same for the original.
    public var originalDrift = 0.0
    /// The standard deviation between models of what all their margins have in common, in logits.
    public var globalDeviation = 0.10
    /// The standard deviation between models of what the margins of one user have in common.
    public var userDeviation = 0.20
    /// The standard deviation between models of one record's margin beyond that.
    public var recordDeviation = 0.40

    /// The setting of VERIFICATION.md 3.4 with 205 users and 5 references.
    public init() {}

    /// One record's margins: original, candidate, then references.
    struct Record {
        let user: Int
        let isLiked: Bool
        var margins: [Double]
    }

    /// All records' margins.
    func records(seed: UInt64) -> [Record] {
        var generator = SeededGenerator(seed: seed)
        let models = max(references, 0) + 2
        let global = (0..<models).map { _ in globalDeviation * generator.nextNormal() }
        var records: [Record] = []
        for user in 0..<max(users, 0) {
            let own = (0..<models).map { _ in userDeviation * generator.nextNormal() }
            for _ in 0..<count(of: &generator) {
                let isLiked = generator.nextUniform() < 0.55
                let common = 0.8 * generator.nextNormal() + (isLiked ? 0.4 : -0.4)
                var margins = (0..<models).map { model in
                    common + global[model] + own[model] + recordDeviation * generator.nextNormal()
                }
                let shift = (isLiked ? 1 : -1) * memorised
                margins[0] += shift + originalDrift
                margins[1] = residual.map { margins[1] + $0 * shift + candidateDrift } ?? margins[0]
                records.append(Record(user: user, isLiked: isLiked, margins: margins))
            }
        }
        return records
    }

    /// The number of records of the next user.
    private func count(of generator: inout SeededGenerator) -> Int {
        guard isGeometric else { return recordsPerUser }
        var count = 1
        // A user with 50 times the mean is as good as impossible; the bound keeps hostile settings from running on.
        while count < 50 * recordsPerUser, generator.nextUniform() * Double(recordsPerUser) >= 1 { count += 1 }
        return count
    }

    /// The audit as the judge gets it.
    ///
    /// - Throws: `AuditError` without references or with deviations that are not finite.
    public func audit(seed: UInt64) throws(AuditError) -> AuditMatrix {
        var audit = try AuditMatrix(referenceCount: references, answers: AnswerTokens(yes: 0, no: 1))
        for (number, record) in records(seed: seed).enumerated() {
            let distances: [PairDistances]
            do {
                distances = try Self.distances(record.margins)
            } catch {
                throw .notFinite(record: number, what: "a simulated margin", value: "\(error)")
            }
            try audit.add(
                AuditRecord(
                    user: record.user, isLiked: record.isLiked, originalMargin: record.margins[0],
                    candidateMargin: record.margins[1], referenceMargins: Array(record.margins.dropFirst(2)),
                    distances: distances))
        }
        return audit
    }

    private static func distances(_ margins: [Double]) throws(DistanceError) -> [PairDistances] {
        var models: [CategoricalDistribution] = []
        for margin in margins { models.append(try CategoricalDistribution(logits: [margin, 0])) }
        var distances: [PairDistances] = []
        for divergence in Divergence.allCases {
            func distance(_ i: Int, _ j: Int) throws(DistanceError) -> Double {
                try divergence.distance(models[i], models[j])
            }
            var (toCandidate, toOriginal, between): ([Double], [Double], [Double]) = ([], [], [])
            for i in 2..<models.count {
                toCandidate.append(try distance(1, i))
                toOriginal.append(try distance(0, i))
                for j in models.indices.dropFirst(i + 1) { between.append(try distance(i, j)) }
            }
            distances.append(
                PairDistances(
                    candidate: toCandidate, original: toOriginal, references: between,
                    candidateToOriginal: try distance(0, 1)))
        }
        return OutcomeSpace.allCases.flatMap { _ in distances }
    }
}
