internal import Foundation

/// A share of successes among independent trials, with the exact bounds of Clopper and Pearson.
public struct BinomialProportion: Sendable, Hashable {
    /// Successes.
    public let successes: Int
    /// Trials, at least 1.
    public let trials: Int

    /// Counts; traps unless 0 ≤ successes ≤ trials and there is a trial.
    init(successes: Int, of trials: Int) {
        precondition(trials > 0 && successes >= 0 && successes <= trials, "\(successes) of \(trials)")
        self.successes = successes
        self.trials = trials
    }

    /// The share of successes.
    public var share: Double { Double(successes) / Double(trials) }

    /// What the true share stays below with 95% confidence.
    public var upperBound: Double {
        successes == trials ? 1 : Self.crossing { probability(ofAtMost: successes, at: $0) > 0.05 }
    }

    /// What the true share stays above with 95% confidence.
    public var lowerBound: Double {
        successes == 0 ? 0 : Self.crossing { 1 - probability(ofAtMost: successes - 1, at: $0) < 0.05 }
    }

    /// Where `isBelow` turns from true to false between 0 and 1, by bisection.
    private static func crossing(_ isBelow: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if isBelow(middle) { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// P(X ≤ count) for a true share strictly between 0 and 1; terms by their logarithms, so that none under- or overflows alone.
    private func probability(ofAtMost count: Int, at share: Double) -> Double {
        var logTerm = Double(trials) * log1p(-share)
        let logOdds = log(share) - log1p(-share)
        var sum = exp(logTerm)
        for i in 0..<count {
            logTerm += log(Double(trials - i) / Double(i + 1)) + logOdds
            sum += exp(logTerm)
        }
        return min(sum, 1)
    }
}
