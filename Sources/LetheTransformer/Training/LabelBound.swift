import Foundation

/// What keeps a label loss that is pushed up from growing without end.
///
/// A negative `TrainingItem.labelWeight` alone has no minimum: -CE falls forever and takes the model with it. Both bounds act on
/// the loss l of the whole example, the sum of -log p(label) over its labels.
public enum LabelBound: Sendable, Equatable {
    /// min(l, maximum): an example that lost this many nats is left alone.
    case capped(maximum: Double)
    /// Negative preference optimisation: l becomes (2 / beta) log sigmoid(beta (l - reference)).
    ///
    /// `reference` is the loss of the same labels under a frozen model. With the negative weight -w the objective is
    /// `w * -(2 / beta) * log sigmoid(-beta * log(p / p_reference))`, which is bounded below by zero.
    case preference(reference: Double, beta: Double)

    /// The bounded loss and its derivative with respect to the plain loss.
    func callAsFunction(_ loss: Double) -> (value: Double, slope: Double) {
        switch self {
        case .capped(let maximum):
            return loss < maximum ? (loss, 1) : (maximum, 0)
        case .preference(let reference, let beta):
            // log sigmoid(x) and its slope without overflow on either side.
            let x = beta * (loss - reference)
            let logSigmoid = min(x, 0) - log1p(exp(-abs(x)))
            let tail = exp(-abs(x)) / (1 + exp(-abs(x)))
            return (2 / beta * logSigmoid, 2 * (x >= 0 ? tail : 1 - tail))
        }
    }
}
