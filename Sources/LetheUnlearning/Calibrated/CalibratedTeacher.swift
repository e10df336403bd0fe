import LetheTransformer

/// A forgetting teacher that knows where to stop, without a retrained model.
///
/// Like E2URec's it steps from the original away from the augmented model, z_F = z_o - alpha relu(z_a - z_o), but
///
/// - alpha is the one at which the mean gold margin on the forgotten records is that of users whom the original never saw;
/// - no record is pushed below what all but a twentieth of those users' records have, and none is pulled up: the two answers' logits
///   are moved apart or together until the record's margin lies between.
struct CalibratedTeacher {
    /// The share of unseen records below which no forgotten record is pushed.
    static let lowestShare = 0.05

    /// The step that was found; 0 where the original leans no further on forgotten records than on unseen ones.
    let alpha: Double
    /// The mean margin aimed at.
    let target: Double
    /// The margin that no record is pushed below.
    let lowest: Double

    /// Finds alpha by bisection: the mean margin falls with it, never rises.
    ///
    /// - Parameters:
    ///   - original: gold margins of the forgotten records under the original.
    ///   - gained: what relu(z_a - z_o) adds to each of them.
    ///   - unseen: gold margins of unseen users' records under the original.
    ///   - maximum: the largest alpha tried.
    init(original: GoldMargins, gained: [Double], unseen: GoldMargins, maximum: Double) {
        target = unseen.mean
        lowest = unseen.quantile(Self.lowestShare)
        let (target, lowest) = (target, lowest)
        func mean(_ alpha: Double) -> Double {
            GoldMargins(
                values: zip(original.values, gained).map { Self.margin($0, gained: $1, alpha: alpha, lowest: lowest) },
                isYes: original.isYes
            ).mean
        }
        guard mean(0) > target else {
            alpha = 0
            return
        }
        var (low, high) = (0.0, maximum)
        if mean(maximum) < target {
            for _ in 0..<60 {
                let middle = (low + high) / 2
                if mean(middle) > target { low = middle } else { high = middle }
            }
        } else {
            low = maximum
        }
        alpha = low
    }

    /// A teacher with a step of its own, without calibration: the paper's.
    init(alpha: Double, lowest: Double = -.infinity) {
        self.alpha = alpha
        self.lowest = lowest
        target = .nan
    }

    /// The gold margin that the teacher gives a record.
    static func margin(_ original: Double, gained: Double, alpha: Double, lowest: Double) -> Double {
        min(original, max(original - alpha * gained, lowest))
    }

    /// The teacher's logits of one position.
    func logits(original: [Float], augmented: [Float], answers: AnswerTokens, isYes: Bool) -> [Float] {
        var row = E2URec.forgettingLogits(original: original, augmented: augmented, alpha: Float(alpha))
        guard lowest > -.infinity else { return row }
        let (yes, no) = (Int(answers.yes), Int(answers.no))
        func margin(_ row: [Float]) -> Double { (isYes ? 1 : -1) * (Double(row[yes]) - Double(row[no])) }
        let stepped = margin(row)
        let wanted = min(margin(original), max(stepped, lowest))
        let shift = Float((isYes ? 1 : -1) * (wanted - stepped) / 2)
        row[yes] += shift
        row[no] -= shift
        return row
    }
}
