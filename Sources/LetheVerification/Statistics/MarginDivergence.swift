internal import Foundation

/// KLoM: how far the margins that many unlearned models give one record are from those of many retrained models (Georgiev et al.,
/// "Attribute-to-Delete", arXiv 2410.23232).
///
/// Information only: it needs about a hundred models on either side, and says nothing about the one model that is served.
public enum MarginDivergence {
    /// z[gold] - ln Σ exp(z[k]) over all other k: the logarithm of the odds of the gold answer.
    ///
    /// - Throws: `DistanceError` for fewer than two logits, a gold answer outside of them, or numbers that are not finite.
    public static func margin(logits: [Double], gold: Int) throws(DistanceError) -> Double {
        guard logits.count > 1 else { throw .empty }
        guard logits.indices.contains(gold) else { throw .answerOutside(answer: gold, size: logits.count) }
        for (position, logit) in logits.enumerated() where !logit.isFinite {
            throw .notFinite(position: position, value: "\(logit)")
        }
        let others = logits.enumerated().filter { $0.offset != gold }.map(\.element)
        let largest = others.max() ?? 0
        return logits[gold] - largest - log(others.reduce(0.0) { $0 + exp($1 - largest) })
    }

    /// KL(unlearned ‖ retrained) in nats between two histograms of margins over the same equal bins.
    ///
    /// Margins are clipped to ±`clip`; the bins reach from the least to the greatest of both sides, the last one closed; `epsilon` is
    /// added to every bin's share, and the shares are normalised again. Nil with an empty side or a number that is not finite.
    public static func histogramDivergence(
        unlearned: [Double], retrained: [Double], bins: Int = 20, clip: Double = 100, epsilon: Double = 1e-5
    ) -> Double? {
        guard bins > 0, epsilon > 0, clip > 0, !unlearned.isEmpty, !retrained.isEmpty,
            (unlearned + retrained).allSatisfy(\.isFinite)
        else { return nil }
        let sides = [unlearned, retrained].map { $0.map { min(max($0, -clip), clip) } }
        let (low, high) = sides.joined().reduce(into: (clip, -clip)) { ends, value in
            ends = (min(ends.0, value), max(ends.1, value))
        }
        guard high > low else { return 0 }
        let shares = sides.map { values in
            var counts = [Double](repeating: 0, count: bins)
            for value in values { counts[min(Int((value - low) / (high - low) * Double(bins)), bins - 1)] += 1 }
            return counts.map {
                ($0 / Double(values.count) + epsilon) / (1 + Double(bins) * epsilon)
            }
        }
        return max(0, zip(shares[0], shares[1]).reduce(0.0) { $0 + $1.0 * log($1.0 / $1.1) })
    }
}
