import Foundation
import LetheBytes
import LetheRecommendation
import Testing

struct BinaryMetricsTests {
    @Test(arguments: 0..<50)
    func areaEqualsCountingPairs(seed: Int) throws {
        var generator = MersenneTwister(pythonSeed: UInt64(seed))
        let count = 2 + Int(generator.next() % 40)
        let scores = (0..<count).map { _ in Double(generator.next() % 8) / 8 }
        let labels = (0..<count).map { _ in generator.next() % 2 == 0 }
        var wins = 0.0
        var pairs = 0.0
        for i in 0..<count where labels[i] {
            for j in 0..<count where !labels[j] {
                pairs += 1
                wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0
            }
        }
        let area = areaUnderROC(scores: scores, labels: labels)
        if pairs == 0 {
            #expect(area == nil)
        } else {
            #expect(abs(try #require(area) - wins / pairs) < 1e-12)
        }
    }

    @Test func oneClassHasNoArea() {
        #expect(areaUnderROC(scores: [0.1, 0.2], labels: [true, true]) == nil)
        #expect(areaUnderROC(scores: [0.1, 0.2], labels: [false, false]) == nil)
        #expect(areaUnderROC(scores: [], labels: []) == nil)
    }

    @Test func notANumberHasNoArea() {
        #expect(areaUnderROC(scores: [.nan, 0.2], labels: [true, false]) == nil)
    }

    @Test func noRecordsHaveNoMetrics() {
        #expect(RecommendationMetrics(probabilities: [], labels: []) == nil)
        #expect(accuracy(probabilities: [], labels: []) == nil)
    }

    @Test func certaintyIsClipped() throws {
        let loss = try #require(logLoss(probabilities: [0, 1], labels: [true, true]))
        #expect(abs(loss - (-log(Double.ulpOfOne) / 2 + Double.ulpOfOne / 2)) < 1e-12)
    }

    @Test func answerProbabilityIsTheLogisticFunction() {
        #expect(answerProbability(yesLogit: 1, noLogit: 1) == 0.5)
        #expect(abs(answerProbability(yesLogit: 1, noLogit: 0) - 0.7310585786300049) < 1e-15)
        #expect(answerProbability(yesLogit: 1000, noLogit: -1000) == 1)
        #expect(answerProbability(yesLogit: -1000, noLogit: 1000) == 0)
    }

    /// Equal to scikit-learn, by `oracle/fixtures/metrics.json`.
    @Test(.enabled(if: sharedFolder != nil))
    func metricsEqualTheReference() throws {
        let path = try #require(sharedFolder) + "/oracle/fixtures/metrics.json"
        let document = try StrictJSON.parse(Files.read(path, limit: 1 << 20))
        let cases = try #require(document["binary"]?.arrayValue)
        #expect(cases.count == 7)
        for entry in cases {
            func number(_ value: JSONValue?) -> Double? { value?.doubleValue }
            let scores = try #require(entry["pred"]?.arrayValue).compactMap(number)
            let labels = try #require(entry["gold"]?.arrayValue).compactMap(number).map { $0 == 1 }
            let expected = try #require(entry["expected"])
            let metrics = try #require(RecommendationMetrics(probabilities: scores, labels: labels))
            if let area = number(expected["auc"]) {
                #expect(abs(try #require(metrics.areaUnderROC) - area) < 1e-12)
            } else {
                #expect(metrics.areaUnderROC == nil)
            }
            #expect(abs(metrics.accuracy - (try #require(number(expected["acc"])))) < 1e-12)
            #expect(abs(metrics.logLoss - (try #require(number(expected["logloss"])))) < 1e-9)
            #expect(abs(metrics.confidence - (try #require(number(expected["confidence"])))) < 1e-12)
        }
    }
}
