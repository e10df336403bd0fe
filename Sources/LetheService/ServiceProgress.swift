public import LetheUnlearning

/// What a long computation of the service tells its caller, who owns the screen.
public enum ServiceProgress: Sendable, Equatable {
    /// A stage begins that will take about `units` units of work.
    case began(stage: String, units: Int)
    /// `units` more units of the current stage are done.
    case advanced(units: Int)
    /// An epoch of the current stage ended with these mean losses, nats a label token.
    case epoch(number: Int, trainingLoss: Double, validationLoss: Double?)

    /// The current stage continues after this many steps and epochs of an interrupted computation.
    case resumed(steps: Int, epochs: Int)
    /// The current stage is over, and none follows at once.
    case ended
    /// Something worth a line.
    case notice(String)

    init(_ progress: Progress) {
        self =
            switch progress {
            case .began(let stage, let units): .began(stage: stage, units: units)
            case .advanced(let units): .advanced(units: units)
            case .resumed(let steps, let epochs): .resumed(steps: steps, epochs: epochs.count)
            case .epoch(let number, let trainingLoss, let validationLoss):
                .epoch(number: number, trainingLoss: trainingLoss, validationLoss: validationLoss)
            }
    }
}

/// What a long computation throws where `ServiceEnvironment.shouldStop` asked it to stop: its checkpoint is written, and the same call
/// goes on from there.
public typealias TrainingStopped = LetheUnlearning.TrainingStopped
