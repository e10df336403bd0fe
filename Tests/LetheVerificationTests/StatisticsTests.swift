import LetheTensor
import Testing

@testable import LetheVerification

struct AuditMatrixTests {
    private static let answers = AnswerTokens(yes: 2, no: 0)

    @Test func recordsHoldMarginsAndAllPairs() throws {
        var audit = try AuditMatrix(referenceCount: 3, answers: Self.answers)
        let rows: [[Float]] = [[1, 2, 3], [0, 1, 0], [2, 2, 5], [1, 0, -1], [0.5, 0.5, 0.5]]
        try audit.add(user: 9, isLiked: false, original: rows[0], candidate: rows[1], references: Array(rows[2...]))
        let record = audit.records[0]
        #expect(record.originalMargin == 2 && record.candidateMargin == 0)
        #expect(record.referenceMargins == [3, -2, 0])
        let jsd = record.distances(.gated)
        for j in 0..<3 {
            #expect(try jsd.candidate[j] == jensenShannonDivergence(rows[1], rows[2 + j]))
            #expect(try jsd.original[j] == jensenShannonDivergence(rows[0], rows[2 + j]))
        }
        #expect(try jsd.references[PairDistances.position(0, 2, of: 3)] == jensenShannonDivergence(rows[2], rows[4]))
        #expect(try jsd.references[PairDistances.position(2, 1, of: 3)] == jensenShannonDivergence(rows[3], rows[4]))
        let answersOnly = record.distances(DistanceMeasure(.euclidean, over: .answers))
        #expect(try answersOnly.candidate[0] == euclideanDistance([0, 0], [5, 2]))
        let kl = record.distances(DistanceMeasure(.symmetrizedKL, over: .vocabulary))
        #expect(try kl.original[1] == symmetrizedKL(rows[0], rows[3]))
    }

    @Test(arguments: 2...8)
    func pairsHaveTheirOwnPlaces(count: Int) {
        var places: [Int] = []
        for i in 0..<count {
            for j in (i + 1)..<max(count, i + 1) { places.append(PairDistances.position(i, j, of: count)) }
        }
        #expect(places == Array(0..<(count * (count - 1) / 2)))
    }

    @Test func leavingAReferenceOutMakesItTheCandidate() throws {
        var audit = try AuditMatrix(referenceCount: 3, answers: Self.answers)
        let rows: [[Float]] = [[1, 2, 3], [0, 1, 0], [2, 2, 5], [1, 0, -1], [0.5, 0.5, 0.5]]
        try audit.add(user: 9, isLiked: false, original: rows[0], candidate: rows[1], references: Array(rows[2...]))
        let rest = try #require(audit.leavingOut(1))
        var expected = try AuditMatrix(referenceCount: 2, answers: Self.answers)
        try expected.add(
            user: 9, isLiked: false, original: rows[0], candidate: rows[3], references: [rows[2], rows[4]])
        #expect(rest == expected)
    }

    @Test func badRowsAreTypedErrors() throws {
        var audit = try AuditMatrix(referenceCount: 1, answers: Self.answers)
        #expect(throws: AuditError.wrongReferenceCount(record: 0, expected: 1, found: 0)) {
            try audit.add(user: 1, isLiked: true, original: [1, 2, 3], candidate: [1, 2, 3], references: [])
        }
        #expect(throws: AuditError.wrongRowLength(record: 0, model: .candidate, expected: 3, found: 2)) {
            try audit.add(user: 1, isLiked: true, original: [1, 2, 3], candidate: [1, 2], references: [[1, 2, 3]])
        }
        #expect(throws: AuditError.answerOutsideRow(record: 0, token: 2, rowLength: 2)) {
            try audit.add(user: 1, isLiked: true, original: [1, 2], candidate: [1, 2], references: [[1, 2]])
        }
        let error = try #require(throws: AuditError.self) {
            try audit.add(
                user: 1, isLiked: true, original: [1, 2, 3], candidate: [1, 2, 3], references: [[1, .nan, 3]])
        }
        #expect("\(error)" == "audit record 0: logit 1 of reference 1 is nan, expected a finite number")
        #expect(audit.records.isEmpty)
        #expect(throws: AuditError.noReferences) { try AuditMatrix(referenceCount: 0, answers: Self.answers) }
        #expect(throws: AuditError.answersNotTwo(yes: 1, no: 1)) {
            try AuditMatrix(referenceCount: 1, answers: AnswerTokens(yes: 1, no: 1))
        }
        var evaluation = try EvaluationMatrix(referenceCount: 2)
        #expect(throws: AuditError.self) {
            try evaluation.add(user: 1, isLiked: true, original: 0, candidate: .nan, references: [0, 0])
        }
        #expect(throws: AuditError.wrongReferenceCount(record: 0, expected: 2, found: 1)) {
            try evaluation.add(user: 1, isLiked: true, original: 0, candidate: 0, references: [0])
        }
    }
}

struct ForgettingStatisticsTests {
    /// Two users, two references, vocabulary of the two answers; everything can be computed by hand.
    private static func small() throws -> AuditMatrix {
        var audit = try AuditMatrix(referenceCount: 2, answers: AnswerTokens(yes: 0, no: 1))
        try audit.add(user: 1, isLiked: true, original: [3, 0], candidate: [2, 0], references: [[1, 0], [2, 0]])
        try audit.add(
            user: 1, isLiked: false, original: [-2, 0], candidate: [-1, 0], references: [[0, 0], [-1, 0]])
        try audit.add(user: 2, isLiked: true, original: [1, 0], candidate: [0, 0], references: [[0, 0], [1, 0]])
        return audit
    }

    @Test func residualsAreTheFormulas() throws {
        let statistics = try #require(ForgettingStatistics(Self.small(), replicates: 50, seed: 1))
        #expect(statistics.records == 3 && statistics.users == 2 && statistics.references == 2)
        // Mean margins on Yes: original 2, candidate 1, references .5 and 1.5. On No: -2, -1, 0, -1.
        // S(o) = ((2 - 1) - (-2 + .5)) / 2, S(c) = ((1 - 1) - (-1 + .5)) / 2.
        #expect(statistics.originalResidual.value == 1.25)
        #expect(statistics.candidateResidual.value == 0.25)
        #expect(statistics.relativeResidual.value == 0.2)
    }

    @Test func distancesAreMeansOverRecordsAndPairs() throws {
        let audit = try Self.small()
        let statistics = try #require(ForgettingStatistics(audit, replicates: 50, seed: 1))
        for measure in DistanceMeasure.all {
            let values = try #require(statistics.distances(measure))
            let records = audit.records.map { $0.distances(measure) }
            let candidate = records.flatMap(\.candidate).reduce(0, +) / 6
            let original = records.flatMap(\.original).reduce(0, +) / 6
            let floor = records.flatMap(\.references).reduce(0, +) / 3
            #expect(abs(values.candidate.value - candidate) < 1e-15)
            #expect(abs(values.original.value - original) < 1e-15)
            #expect(abs(try #require(values.floor).value - floor) < 1e-15)
            #expect(abs(try #require(values.gap).value - (candidate - floor) / (original - floor)) < 1e-12)
        }
    }

    @Test func aCommonShiftTowardsYesCancels() throws {
        var shifted = try AuditMatrix(referenceCount: 2, answers: AnswerTokens(yes: 0, no: 1))
        for record in try Simulation(users: 12, references: 2).audit(seed: 3).records {
            try shifted.add(
                AuditRecord(
                    user: record.user, isLiked: record.isLiked, originalMargin: record.originalMargin,
                    candidateMargin: record.candidateMargin + 5, referenceMargins: record.referenceMargins,
                    distances: record.distances))
        }
        let plain = try #require(
            ForgettingStatistics(Simulation(users: 12, references: 2).audit(seed: 3), replicates: 2, seed: 1))
        let moved = try #require(ForgettingStatistics(shifted, replicates: 2, seed: 1))
        #expect(abs(plain.relativeResidual.value - moved.relativeResidual.value) < 1e-12)
    }

    @Test func wideningIsTheFormula() throws {
        // t(4, .95) / 1.645 · √(5/4)
        let factor = try #require(UserSums.widening(references: 5))
        #expect(abs(factor - 2.131847 / 1.644854 * 1.25.squareRoot()) < 1e-6)
        #expect(UserSums.widening(references: 1) == nil)
    }

    @Test func theSameSeedGivesTheSameIntervals() throws {
        let audit = try Simulation(users: 15).audit(seed: 8)
        let first = ForgettingStatistics(audit, replicates: 100, seed: 5)
        #expect(first == ForgettingStatistics(audit, replicates: 100, seed: 5))
        #expect(first != ForgettingStatistics(audit, replicates: 100, seed: 6))
    }

    @Test func intervalsHoldTheTruthAboutAsOftenAsTheySay() throws {
        // S(c) has mean 0.3 · 0.6; a 90% interval, widened, should hold it in at least 90% of 40 runs but for chance.
        let simulation = Simulation(users: 25, references: 4, recordsPerUser: 6, residual: 0.3)
        var held = 0
        for seed in 0..<40 {
            let statistics = try #require(
                ForgettingStatistics(simulation.audit(seed: UInt64(seed)), replicates: 120, seed: 1))
            let interval = try #require(statistics.candidateResidual.interval)
            if interval.lower <= 0.18 && 0.18 <= interval.upper { held += 1 }
        }
        #expect(held >= 33)
    }

    @Test func oneReferenceHasNoFloorAndNoInterval() throws {
        let statistics = try #require(
            ForgettingStatistics(Simulation(users: 5, references: 1).audit(seed: 1), replicates: 50, seed: 1))
        let distances = try #require(statistics.distances(.gated))
        #expect(distances.floor == nil && distances.gap == nil && distances.candidate.interval == nil)
        #expect(statistics.relativeResidual.interval == nil && statistics.floorTest == nil)
        #expect(statistics.userResiduals.allSatisfy { $0.score == nil })
    }

    @Test func worstUsersComeFirst() throws {
        var audit = try AuditMatrix(referenceCount: 3, answers: AnswerTokens(yes: 0, no: 1))
        for user in 0..<6 {
            for record in 0..<4 {
                let liked = record % 2 == 0
                let sign: Float = liked ? 1 : -1
                let kept: Float = user == 4 ? 2 : 0
                try audit.add(
                    user: user, isLiked: liked, original: [sign * 2, 0], candidate: [sign * kept, 0],
                    references: [[0.1 * sign, 0], [-0.1 * sign, 0], [0.05, 0]])
            }
        }
        let statistics = try #require(ForgettingStatistics(audit, replicates: 20, seed: 1))
        #expect(statistics.userResiduals[0].user == 4)
        #expect(abs(statistics.userResiduals[0].candidate - 2) < 1e-6)
        #expect(statistics.userResiduals[0].records == 4)
        #expect(statistics.userResiduals.dropFirst().allSatisfy { abs($0.candidate) < 1e-6 })
    }

    @Test func anEmptyAuditHasNoStatistics() throws {
        let empty = try AuditMatrix(referenceCount: 2, answers: AnswerTokens(yes: 0, no: 1))
        #expect(ForgettingStatistics(empty, replicates: 10, seed: 1) == nil)
    }
}

struct EvaluationStatisticsTests {
    @Test func utilityIsCandidateMinusMeanReference() throws {
        let matrix = try Simulation(users: 20, references: 3).evaluation(seed: 4, worse: 0.3)
        let statistics = try #require(UtilityStatistics(matrix, replicates: 100, seed: 1))
        let candidate = try #require(matrix.metrics(of: .candidate))
        let references = try (0..<3).map { try #require(matrix.metrics(of: .reference($0))) }
        let area = candidate.areaUnderROC - references.reduce(0) { $0 + $1.areaUnderROC } / 3
        let loss = candidate.logLoss - references.reduce(0) { $0 + $1.logLoss } / 3
        #expect(abs(statistics.areaDifference.value - area) < 1e-12)
        #expect(abs(statistics.lossDifference.value - loss) < 1e-12)
        #expect(area < 0 && loss > 0)
        let interval = try #require(statistics.areaDifference.interval)
        #expect(interval.lower < area && area < interval.upper)
    }

    @Test func weightedAreaEqualsRepeatedRecords() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<50 {
            let count = 2 + drawnIndex(below: 12, using: &generator)
            let scores = (0..<count).map { _ in Double(drawnIndex(below: 5, using: &generator)) }
            let labels = (0..<count).map { _ in generator.nextUniform() < 0.5 }
            let weights = (0..<count).map { _ in Double(drawnIndex(below: 4, using: &generator)) }
            let repeated = (0..<count).flatMap { [Int](repeating: $0, count: Int(weights[$0])) }
            let expected = WeightedROC(
                scores: repeated.map { scores[$0] }, isPositive: repeated.map { labels[$0] }
            ).area(weights: [Double](repeating: 1, count: repeated.count))
            let area = WeightedROC(scores: scores, isPositive: labels).area(weights: weights)
            if let area, let expected {
                #expect(abs(area - expected) < 1e-12)
            } else {
                #expect(area == nil && expected == nil)
            }
        }
    }

    @Test func membershipSeesMemorisationAndMatchesReferences() throws {
        var simulation = Simulation(users: 30, references: 3, memorised: 1.5)
        simulation.residual = nil
        let control = try simulation.evaluation(seed: 2)
        let kept = try #require(
            MembershipStatistics(forgotten: simulation.audit(seed: 2), control: control, replicates: 60, seed: 1))
        #expect(kept.original.area > 0.7 && kept.candidate.area > 0.7)
        #expect(kept.forgotten == 360 && kept.control == 360)
        #expect(kept.difference.value > 0.1)
        simulation.residual = 0
        let gone = try #require(
            MembershipStatistics(forgotten: simulation.audit(seed: 2), control: control, replicates: 60, seed: 1))
        #expect(abs(gone.difference.value) < 0.05)
        #expect(gone.references.count == 3)
    }

    @Test func marginLossIsStable() {
        #expect(abs(marginLoss(0, isLiked: true) - 0.6931471805599453) < 1e-15)
        #expect(marginLoss(1000, isLiked: true) == 0)
        #expect(marginLoss(1000, isLiked: false) == 1000)
    }

    @Test func oneLabelHasNoUtility() throws {
        var matrix = try EvaluationMatrix(referenceCount: 2)
        try matrix.add(user: 1, isLiked: true, original: 1, candidate: 1, references: [1, 1])
        #expect(UtilityStatistics(matrix, replicates: 10, seed: 1) == nil)
        #expect(UtilityStatistics(try EvaluationMatrix(referenceCount: 2), replicates: 10, seed: 1) == nil)
        #expect(matrix.metrics(of: .candidate) == nil)
    }
}
