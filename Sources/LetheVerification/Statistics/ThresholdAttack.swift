/// The loss-threshold attack of Yeom et al. (CSF 2018): who scores above a threshold is called a member.
public struct ThresholdAttack: Sendable, Hashable {
    /// The area under the ROC curve: the chance that a member scores above another, ties counting half.
    public let area: Double
    /// The largest true-positive rate minus false-positive rate over all thresholds, at least 0.
    public let advantage: Double
    /// The true-positive rate at the lowest threshold with a false-positive rate of at most 1%.
    public let rateAtOnePercent: Double

    /// Attacks with scores that are larger for likelier members; nil with an empty group or a score that is not a number.
    public init?(members: [Double], others: [Double]) {
        guard !members.isEmpty, !others.isEmpty, (members + others).allSatisfy({ !$0.isNaN }),
            let area = WeightedROC(
                scores: members + others, isPositive: members.map { _ in true } + others.map { _ in false }
            ).area(weights: [Double](repeating: 1, count: members.count + others.count))
        else { return nil }
        self.area = area
        let (sortedMembers, sortedOthers) = (members.sorted(by: >), others.sorted(by: >))
        let threshold = Self.threshold(others: sortedOthers, falsePositives: 0.01)
        rateAtOnePercent = Double(members.count { $0 > threshold }) / Double(members.count)
        var advantage = 0.0
        var (hit, alarm) = (0, 0)
        while hit < sortedMembers.count {
            // All scores down to the next distinct one are called members at once.
            let threshold = max(sortedMembers[hit], alarm < sortedOthers.count ? sortedOthers[alarm] : -.infinity)
            while hit < sortedMembers.count, sortedMembers[hit] >= threshold { hit += 1 }
            while alarm < sortedOthers.count, sortedOthers[alarm] >= threshold { alarm += 1 }
            advantage = max(
                advantage, Double(hit) / Double(members.count) - Double(alarm) / Double(others.count))
        }
        self.advantage = advantage
    }

    /// The least threshold that at most this share of `others`, sorted from the largest, is above.
    static func threshold(others: [Double], falsePositives: Double) -> Double {
        let allowed = Int(falsePositives * Double(others.count))
        return allowed < others.count ? others[allowed] : -.infinity
    }
}
