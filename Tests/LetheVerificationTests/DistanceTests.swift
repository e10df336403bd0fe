import Foundation
import LetheBytes
import LetheTensor
import LetheVerification
import Testing

/// The folder of reference numbers beside the repository, when it is there.
let sharedFolder: String? = {
    if let path = ProcessInfo.processInfo.environment["LETHE_SHARED"] { return path }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let path = root.deletingLastPathComponent().appendingPathComponent("shared").path
    return Files.exists(path) ? path : nil
}()

struct DistanceTests {
    private static func distribution(_ probabilities: [Double]) throws -> CategoricalDistribution {
        try CategoricalDistribution(logits: probabilities.map { log($0) })
    }

    @Test func knownValues() throws {
        let p = try Self.distribution([0.8, 0.2])
        let q = try Self.distribution([0.5, 0.5])
        let kl = 0.8 * log(1.6) + 0.2 * log(0.4)
        let lk = 0.5 * log(0.625) + 0.5 * log(2.5)
        let toMiddle = 0.8 * log(0.8 / 0.65) + 0.2 * log(0.2 / 0.35)
        let fromMiddle = 0.5 * log(0.5 / 0.65) + 0.5 * log(0.5 / 0.35)
        #expect(abs(try klDivergence(p, q) - kl) < 1e-15)
        #expect(abs(try symmetrizedKL(p, q) - (kl + lk) / 2) < 1e-15)
        #expect(abs(try jensenShannonDivergence(p, q) - (toMiddle + fromMiddle) / 2) < 1e-15)
        #expect(abs(try euclideanDistance(p, q) - 0.3 * 2.0.squareRoot()) < 1e-15)
        // The paper's "JSD" is about four times the true one (METHODS.md 1.9).
        let ratio = try symmetrizedKL(p, q) / jensenShannonDivergence(p, q)
        #expect(abs(ratio - 4.1) < 0.05)
    }

    @Test(arguments: 0..<100)
    func divergencesAreBoundedSymmetricAndZeroOnEquals(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let size = 1 + Int(generator.nextUniform() * 30)
        let scale = [0.1, 3, 50][seed % 3]
        let left = (0..<size).map { _ in Float(scale * generator.nextNormal()) }
        let right = (0..<size).map { _ in Float(scale * generator.nextNormal()) }
        let jsd = try jensenShannonDivergence(left, right)
        #expect(jsd >= 0 && jsd <= log(2) && jsd.isFinite)
        #expect(try jensenShannonDivergence(right, left) == jsd)
        #expect(try symmetrizedKL(left, right) == symmetrizedKL(right, left))
        #expect(try symmetrizedKL(left, right) >= 2 * jsd - 1e-12)
        let l2 = try euclideanDistance(left, right)
        #expect(l2 >= 0 && l2 <= 2.0.squareRoot() + 1e-12)
        #expect(try jensenShannonDivergence(left, left) == 0)
        #expect(try symmetrizedKL(left, left) == 0)
        // A softmax does not see a common shift.
        let shifted = left.map { $0 + 8 }
        #expect(try jensenShannonDivergence(left, shifted) < 1e-9)
    }

    @Test func opposedCertaintiesAreAtTheFarEnd() throws {
        let left: [Float] = [10_000, 0, -10_000]
        let right: [Float] = [-10_000, 0, 10_000]
        #expect(abs(try jensenShannonDivergence(left, right) - log(2)) < 1e-15)
        #expect(try symmetrizedKL(left, right) == 20_000)
    }

    @Test func rowsWithoutDistanceAreErrors() {
        #expect(throws: DistanceError.empty) { try jensenShannonDivergence([], []) }
        #expect(throws: DistanceError.differentSizes(1, 2)) { try jensenShannonDivergence([1], [1, 2]) }
        #expect(throws: DistanceError.notFinite(position: 1, value: "nan")) {
            try euclideanDistance([1, .nan], [1, 2])
        }
        #expect(throws: DistanceError.notFinite(position: 0, value: "inf")) {
            try symmetrizedKL([1, 2], [.infinity, 2])
        }
    }

    /// Equal to numpy in float64, by `oracle/fixtures/metrics.json`.
    @Test(.enabled(if: sharedFolder != nil))
    func distancesEqualTheReference() throws {
        let path = try #require(sharedFolder) + "/oracle/fixtures/metrics.json"
        let document = try StrictJSON.parse(Files.read(path, limit: 1 << 20))
        let cases = try #require(document["distributions"]?.arrayValue)
        #expect(cases.count == 5)
        func numbers(_ value: JSONValue?) throws -> [Double] {
            try #require(value?.arrayValue).map { try #require($0.doubleValue) }
        }
        for entry in cases {
            let left = try #require(entry["logits_p"]?.arrayValue)
            let right = try #require(entry["logits_q"]?.arrayValue)
            let expected = try #require(entry["expected"])
            for row in left.indices {
                let p = try CategoricalDistribution(logits: numbers(left[row]))
                let q = try CategoricalDistribution(logits: numbers(right[row]))
                let epsilon = 1e-12
                for (name, value) in [
                    ("jsd_nats", try jensenShannonDivergence(p, q)),
                    ("jsd_bits", try jensenShannonDivergence(p, q) / log(2)),
                    ("l2", try euclideanDistance(p, q)),
                    ("kl_pq_eps", try klDivergence(p, q, epsilon: epsilon)),
                    ("kl_qp_eps", try klDivergence(q, p, epsilon: epsilon)),
                    ("sym_kl_half", try symmetrizedKL(p, q, epsilon: epsilon)),
                ] {
                    let reference = try numbers(expected[name])[row]
                    #expect(abs(value - reference) < 1e-9 * max(1, abs(reference)), "\(name), row \(row)")
                }
            }
        }
    }
}

struct StudentTTests {
    /// From the usual printed tables.
    @Test(arguments: [
        (1, 0.95, 6.313752), (2, 0.95, 2.919986), (3, 0.95, 2.353363), (4, 0.95, 2.131847), (5, 0.95, 2.015048),
        (9, 0.95, 1.833113), (10, 0.95, 1.812461), (29, 0.95, 1.699127), (100, 0.95, 1.660234),
        (1, 0.975, 12.706205), (4, 0.975, 2.776445), (7, 0.99, 2.997952), (12, 0.995, 3.054540),
    ])
    func quantilesEqualTheTables(degrees: Int, probability: Double, expected: Double) {
        let value = StudentT.quantile(probability, degreesOfFreedom: degrees)
        #expect(abs(value - expected) < 1e-6)
        #expect(abs(StudentT.cumulativeProbability(value, degreesOfFreedom: degrees) - probability) < 1e-12)
        #expect(abs(StudentT.cumulativeProbability(-value, degreesOfFreedom: degrees) - (1 - probability)) < 1e-12)
    }

    /// The series' rounding errors would make it -1.1e-16 for 33 of these.
    @Test(arguments: 1...60) func noProbabilityLeavesItsRange(degrees: Int) {
        for value in [5.0, 8, 10, 12, 15, 20, 30, 50, 100, 1e3, 1e300] {
            let (below, above) = (
                StudentT.cumulativeProbability(-value, degreesOfFreedom: degrees),
                StudentT.cumulativeProbability(value, degreesOfFreedom: degrees)
            )
            #expect(0...1 ~= below && 0...1 ~= above && below < 0.07)
        }
    }

    @Test func manyDegreesApproachTheNormal() {
        #expect(abs(StudentT.quantile(0.95, degreesOfFreedom: 100_000) - 1.6448536) < 1e-4)
    }
}
