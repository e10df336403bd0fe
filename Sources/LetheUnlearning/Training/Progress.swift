/// What a long computation tells its caller; the caller owns the clock and the screen.
public enum Progress: Sendable, Equatable {
    /// A stage begins that will take about `units` units of work (examples seen by the model).
    case began(stage: String, units: Int)
    /// The current stage continues after this many steps of an interrupted computation, which had these epochs.
    case resumed(steps: Int, epochs: [TrainedEpoch])
    /// `units` more units of the current stage are done.
    case advanced(units: Int)
    /// An epoch of the current stage ended with these mean losses (nats a label token).
    case epoch(number: Int, trainingLoss: Double, validationLoss: Double?)
}

/// Receives progress; called on the thread that computes.
public typealias ProgressHandler = (Progress) -> Void
