import LetheRequests
import LetheUnlearning

extension SeedSource {
    /// The seeds of one training, such as `reference/3`: one for each use of randomness.
    func trainingSeeds(for purpose: String, runID: RunID) -> TrainingSeeds {
        TrainingSeeds(
            order: seed(for: purpose + "/order", runID: runID), dropout: seed(for: purpose + "/dropout", runID: runID),
            adapter: seed(for: purpose + "/adapter", runID: runID))
    }
}
