import Foundation
import LetheTensor
import Testing

@testable import LetheVerification

/// Scores and membership under users' weights, and intervals from drawings of users, seeds and references.
struct ClusteredBootstrapTests {
    private static let margins: [Double] = [2, -1, 0.5, -0.5, 3, -2, 1, 1]
    private static let liked = [true, false, false, true, true, false, true, false]
    private static let users = [0, 0, 1, 1, 2, 2, 3, 3]

    @Test func scoresAreThoseOfEachRecordTakenAsOftenAsItsUser() throws {
        let scores = WeightedScores(margins: Self.margins, isLiked: Self.liked, userOfRecord: Self.users)
        let plain = scores(users: [1, 1, 1, 1])
        // Right: 2, -1, 3, -2 and the first 1; of 16 pairs the liked one wins 13 and ties 1.
        #expect(plain.accuracy == 5.0 / 8)
        #expect(abs(plain.areaUnderROC - 13.5 / 16) < 1e-12)
        let loss = zip(Self.margins, Self.liked).reduce(0.0) { $0 + log(1 + exp($1.1 ? -$1.0 : $1.0)) } / 8
        #expect(abs(plain.logLoss - loss) < 1e-12)

        let doubled = WeightedScores(
            margins: Self.margins + Self.margins.suffix(2), isLiked: Self.liked + Self.liked.suffix(2),
            userOfRecord: Self.users + [3, 3])
        let (left, right) = (scores(users: [1, 1, 1, 2]), doubled(users: [1, 1, 1, 1]))
        #expect(abs(left.areaUnderROC - right.areaUnderROC) < 1e-12)
        #expect(abs(left.logLoss - right.logLoss) < 1e-12 && left.accuracy == right.accuracy)
        #expect(scores(users: [0, 0, 0, 0]).areaUnderROC.isNaN)
    }

    @Test func membershipIsTheChanceThatAMemberScoresHigher() {
        let attack = WeightedMembership(members: [3, 1], memberUsers: [0, 1], others: [2, 0], otherUsers: [0, 1])
        #expect(attack(members: [1, 1], others: [1, 1]) == 0.75)
        #expect(attack(members: [1, 0], others: [1, 1]) == 1)
        #expect(attack(members: [0, 1], others: [1, 0]) == 0)
        #expect(attack(members: [0, 0], others: [1, 1]).isNaN)
    }

    private static func mean(_ values: [Double], _ draw: BootstrapDraw) -> Double {
        zip(values, draw.users[0]).reduce(0) { $0 + $1.0 * $1.1 } / draw.users[0].reduce(0, +)
    }

    @Test func theIntervalOfAMeanOverUsersIsAsWideAsTheoryWantsHoweverFewReferences() throws {
        var generator = SeededGenerator(seed: 3)
        let values = (0..<200).map { _ in Double(generator.nextNormal()) }
        let deviation = try #require(standardDeviation(values))
        let theory = 2 * 1.96 * deviation / Double(200).squareRoot()
        for references in [2, 3, 10] {
            let bootstrap = ClusteredBootstrap(
                groups: [200], rows: 2, references: references, replicates: 2_000, seed: 1)
            let interval = try #require(bootstrap.estimates { [Self.mean(values, $0)] }[0].interval)
            #expect(abs((interval.upper - interval.lower) / theory - 1) < 0.1, "\(references)")
        }
    }

    @Test func theModelsPartIsWidenedForFewReferencesAndAddedInSquares() throws {
        let (references, k) = ([0.0, 1, 2, 4, 3, 2.5], 6.0)
        var generator = SeededGenerator(seed: 3)
        let values = (0..<200).map { _ in 20 * Double(generator.nextNormal()) }
        let estimates = ClusteredBootstrap(groups: [200], rows: 1, references: 6, replicates: 4_000, seed: 1).estimates
        {
            let mean = $0.references.reduce(0.0) { $0 + references[$1] } / k
            return [mean, Self.mean(values, $0), mean + Self.mean(values, $0)]
        }
        func half(_ place: Int) throws -> Double {
            let interval = try #require(estimates[place].interval)
            return (interval.upper - interval.lower) / 2
        }
        // The bootstrap's own deviation of a mean of k is s sqrt((k-1)/k) / sqrt(k): widened it is t s / sqrt(k).
        let deviation = try #require(standardDeviation(references))
        let theory = StudentT.quantile(0.975, degreesOfFreedom: 5) * deviation / k.squareRoot()
        #expect(abs(try half(0) / theory - 1) < 0.1)
        let together = try (half(0) * half(0) + half(1) * half(1)).squareRoot()
        #expect(abs(try half(2) / together - 1) < 0.05)
    }

    @Test func oneDrawingServesAllStatisticsSoThatDifferencesAreTight() throws {
        var generator = SeededGenerator(seed: 4)
        let values = (0..<100).map { _ in Double(generator.nextNormal()) }
        let estimates = ClusteredBootstrap(groups: [100], rows: 1, references: 3, replicates: 300, seed: 1).estimates {
            let mean = Self.mean(values, $0)
            return [mean, mean + 1, (mean + 1) - mean]
        }
        let difference = try #require(estimates[2].interval)
        #expect(difference.upper - difference.lower < 1e-9)
        #expect(abs(estimates[2].value - 1) < 1e-12)
    }

    @Test func seedsAreDrawnAndADrawingNeverHasOneReferenceAlone() throws {
        var alone = 0
        let estimates = ClusteredBootstrap(groups: [5], rows: 3, references: 2, replicates: 200, seed: 9).estimates {
            if Set($0.references).count == 1 { alone += 1 }
            #expect($0.rows.count == 3 && $0.references.count == 2 && $0.users[0].reduce(0, +) == 5)
            // Users and models are never drawn at once: each has a part of the interval of its own.
            #expect($0.users[0] == [1, 1, 1, 1, 1] || ($0.rows == [0, 1, 2] && $0.references == [0, 1]))
            return [$0.rows.reduce(0.0) { $0 + Double($1) } / 3]
        }
        #expect(alone == 0)
        #expect(estimates[0].value == 1)
        let interval = try #require(estimates[0].interval)
        #expect(interval.lower < 0.7 && interval.upper > 1.3)
    }

    @Test func whereThereIsNothingToDrawThereIsNoInterval() {
        func interval(users: Int, references: Int, replicates: Int, value: Double = 1) -> Interval? {
            ClusteredBootstrap(groups: [users], rows: 1, references: references, replicates: replicates, seed: 1)
                .estimates { _ in [value] }[0].interval
        }
        #expect(interval(users: 1, references: 3, replicates: 50) == nil)
        #expect(interval(users: 9, references: 1, replicates: 50) == nil)
        #expect(interval(users: 9, references: 3, replicates: 1) == nil)
        #expect(interval(users: 9, references: 3, replicates: 50, value: .nan) == nil)
        #expect(interval(users: 9, references: 3, replicates: 50) == Interval(lower: 1, upper: 1))
    }

    @Test func sixDistancesAreThoseOfTheirOwnFunctions() throws {
        let (left, right): ([Float], [Float]) = ([0, 1, 2, -1], [1, 0.5, -2, 0])
        let answers = AnswerTokens(yes: 1, no: 3)
        let distances = try allDistances(left, right, answers: answers)
        for (measure, value) in zip(DistanceMeasure.all, distances) {
            let (p, q) = measure.space == .vocabulary ? (left, right) : ([1, -1], [0.5, 0])
            switch measure.divergence {
            case .jensenShannon: #expect(try value == jensenShannonDivergence(p, q))
            case .symmetrizedKL: #expect(try value == symmetrizedKL(p, q))
            case .euclidean: #expect(try value == euclideanDistance(p, q))
            }
        }
        #expect(throws: DistanceError.self) { try allDistances([.nan, 0, 0, 0], right, answers: answers) }
    }
}
