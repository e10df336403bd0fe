import Foundation
import LetheBytes

/// What NumPy and SciPy say: `Tests/Support/make-statistics` wrote the file.
struct ReferenceValues: Decodable {
    struct Mean: Decodable {
        let counts: [Int]
        let sums: [[Double]]
        let mean, error, p, lower, upper: Double
        let df: Int
    }

    struct Relative: Decodable {
        struct Test: Decodable {
            let divergence, space: String
            let toOriginal, mean, p, lower, upper: Double
        }
        let users: [Int]
        let records: [[[Float]]]
        let tests: [Test]
    }

    struct Attack: Decodable {
        let members, others: [Double]
        let area, advantage, rate: Double
    }

    struct Proportion: Decodable {
        let successes, trials: Int
        let lower, upper: Double
    }

    struct Margin: Decodable {
        struct Histogram: Decodable {
            let unlearned, retrained: [Double]
            let divergence: Double
        }
        let histograms: [Histogram]
        let logits, margins: [Double]
    }

    struct Likelihood: Decodable {
        let references, members: [[Double]]
        let candidate, original, scores, worst: [Double]
        let threshold, candidateRate, originalRate, referenceRate, lower, upper: Double
    }

    let twoWay: [Mean]
    let relative: [Relative]
    let attack: [Attack]
    let proportion: [Proportion]
    let margin: Margin
    let likelihood: [Likelihood]

    static func load() throws -> ReferenceValues {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/statistics.json").path
        return try JSONDecoder().decode(ReferenceValues.self, from: Data(Files.read(path, limit: 1 << 20)))
    }
}
