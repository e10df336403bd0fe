import LetheVerification

/// Models that are no honestly unlearned ones, each in a way in which a company might come to one.
enum FalseModel: String, CaseIterable, Sendable {
    case original = "original"
    case wiped = "wiped"
    case overshoot = "neggrad-overshoot"
    case flipped = "flipped-answers"
    case distilled = "distilled-from-original"
    case reentered = "re-entered-under-new-ids"
    case thirdKept = "a-third-kept"
    case roundedAway = "quantised-relapse"

    /// What was done.
    var story: String {
        switch self {
        case .original: "the original, unchanged"
        case .wiped: "random weights, which know nobody and nothing"
        case .overshoot: "NegGrad at ten times its learning rate: the forgotten answers are pushed far below chance"
        case .flipped: "the original, taught the opposite answers on the forgotten records"
        case .distilled:
            "a model that never saw a label: trained from the base on what the original answers to all training records"
        case .reentered: "retrained, with the forgotten people's records in the data again under other user ids"
        case .thirdKept: "retrained, with the records of every third forgotten person left in"
        case .roundedAway:
            "weights between a retrained model's and the original's that round, at four bits, to the original's"
        }
    }

    /// The gates of which one at least has to refuse it: the right reasons.
    var gates: Set<Gate> {
        switch self {
        case .original, .reentered, .distilled, .thirdKept: [.residual]
        case .wiped: [.utility]
        case .overshoot, .flipped: [.residual, .shape]
        case .roundedAway: [.residual, .relearning]
        }
    }
}
