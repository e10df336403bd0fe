import LetheTensor
import Testing

@testable import LetheVerification

struct TwoWayMeanTests {
    @Test func meansErrorsAndTailsAreSciPys() throws {
        for expected in try ReferenceValues.load().twoWay {
            let mean = try #require(TwoWayMean(counts: expected.counts, sums: expected.sums))
            #expect(abs(mean.value - expected.mean) < 1e-12)
            #expect(abs(mean.standardError - expected.error) < 1e-12)
            #expect(mean.degreesOfFreedom == expected.df)
            #expect(abs(mean.interval.lower - expected.lower) < 1e-9)
            #expect(abs(mean.interval.upper - expected.upper) < 1e-9)
            #expect(abs(try #require(mean.upperTail) - expected.p) < 1e-9)
        }
    }

    @Test func whereNothingVariesThereIsNoTail() throws {
        let equal = try #require(TwoWayMean(counts: [1, 1], sums: [[0, 0], [0, 0]]))
        #expect(equal.upperTail == nil && equal.interval == Interval(lower: 0, upper: 0))
        let certain = try #require(TwoWayMean(counts: [1, 1], sums: [[2, 2], [2, 2]]))
        #expect(certain.upperTail == 0)
    }

    @Test func withoutSeveralUsersAndReferencesThereIsNoMean() {
        #expect(TwoWayMean(counts: [1], sums: [[1, 2]]) == nil)
        #expect(TwoWayMean(counts: [1, 1], sums: [[1], [2]]) == nil)
        #expect(TwoWayMean(counts: [], sums: []) == nil)
        #expect(TwoWayMean(counts: [1, 1], sums: [[1, 2]]) == nil)
        #expect(TwoWayMean(counts: [1, 1], sums: [[1, 2], [1]]) == nil)
        #expect(TwoWayMean(counts: [0, 0], sums: [[1, 2], [1, 2]]) == nil)
        #expect(TwoWayMean(counts: [1, 1], sums: [[.nan, 2], [1, 2]]) == nil)
        #expect(TwoWayMean(counts: [1, 1], sums: [[.infinity, 2], [1, 2]]) == nil)
    }
}

struct RelativeTestTests {
    @Test func everyDivergenceIsSciPys() throws {
        let cases = try ReferenceValues.load().relative
        #expect(cases.count == 2 && cases.allSatisfy { $0.tests.count == 6 })
        for expected in cases {
            var audit = try AuditMatrix(referenceCount: 3, answers: AnswerTokens(yes: 0, no: 1))
            for (user, rows) in zip(expected.users, expected.records) {
                try audit.add(
                    user: user, isLiked: true, original: rows[0], candidate: rows[1], references: Array(rows[2...]))
            }
            for values in expected.tests {
                let measure = DistanceMeasure(
                    try #require(Divergence(rawValue: values.divergence)),
                    over: try #require(OutcomeSpace(rawValue: values.space)))
                let test = try #require(RelativeTest(audit, by: measure))
                #expect(abs(test.toOriginal - values.toOriginal) < 1e-9)
                #expect(abs(test.toReferences - (values.toOriginal - values.mean)) < 1e-9)
                #expect(abs(test.difference.value - values.mean) < 1e-9)
                #expect(abs(test.pValue - values.p) < 1e-7)
                let interval = try #require(test.difference.interval)
                #expect(abs(interval.lower - values.lower) < 1e-7 && abs(interval.upper - values.upper) < 1e-7)
                // The interval and the p-value never disagree.
                #expect((interval.lower > 0) == (test.finding == .nearerToRetrained))
                #expect((interval.upper < 0) == (test.finding == .nearerToOriginal))
            }
        }
    }

    @Test(arguments: DistanceMeasure.all)
    func aRetrainedCandidateIsNearerToRetrainedModelsAndTheOriginalToItself(measure: DistanceMeasure) throws {
        var simulation = Simulation(users: 60, references: 5, memorised: 1)
        #expect(try RelativeTest(simulation.audit(seed: 1), by: measure)?.finding == .nearerToRetrained)
        simulation.residual = 1
        #expect(try RelativeTest(simulation.audit(seed: 1), by: measure)?.finding == .nearerToOriginal)
    }

    @Test func halfOfTheMemoryIsSeldomCalledNearer() throws {
        let simulation = Simulation(users: 30, references: 4, residual: 0.5)
        let called = try (0..<60).count { seed in
            try RelativeTest(simulation.audit(seed: UInt64(seed)), by: .gated)?.finding == .nearerToRetrained
        }
        // At the border of the null hypothesis 3 of 60 are expected; 9 or more have a chance below 1 in 300.
        #expect(called < 9)
    }

    @Test func thereIsNoTestOfEqualModelsOrOneReference() throws {
        var equal = try AuditMatrix(referenceCount: 2, answers: AnswerTokens(yes: 0, no: 1))
        for user in 0..<4 {
            try equal.add(
                user: user, isLiked: true, original: [1, 0], candidate: [1, 0], references: [[1, 0], [1, 0]])
        }
        #expect(RelativeTest(equal, by: .gated) == nil)
        #expect(RelativeTest(try Simulation(users: 5, references: 1).audit(seed: 1), by: .gated) == nil)
        #expect(RelativeTest(try Simulation(users: 1, references: 3).audit(seed: 1), by: .gated) == nil)
        let empty = try AuditMatrix(referenceCount: 3, answers: AnswerTokens(yes: 0, no: 1))
        #expect(RelativeTest(empty, by: .gated) == nil)
    }
}
