/// Every record that a protocol could train on, in its order: what a part of a data set is counted in.
///
/// A record is a function of its user's own ratings, so that deleting some people changes no record of anybody else and only moves the
/// others forward. Positions in this order therefore say which records of a cleaned data set were the retained training records,
/// without naming anybody.
public struct RecordOrder {
    /// How records are found.
    public enum Source: String, Sendable, CaseIterable {
        /// Ratings with a long enough history.
        case ratings
        /// The training rows of a published split.
        case publishedTraining = "published-training"
    }

    /// Where the records come from.
    public let source: Source
    /// Their ratings, in order.
    public let ratings: [Rating]
    private let rules: PaperProtocol
    private let histories: RatingHistories
    private let threshold: Int

    /// The order of `dataset` under `rules`.
    public init(_ dataset: InteractionDataset, by rules: PaperProtocol) {
        self.rules = rules
        threshold = rules.starThreshold ?? dataset.scale.likedAbove
        histories = RatingHistories(dataset.ratings, minimum: rules.historyMinimum)
        if rules.usesPublishedSplit, let published = dataset.publishedSplit {
            source = .publishedTraining
            ratings = published.rows.filter { $0.part == .training }.map(\.rating)
        } else {
            source = .ratings
            ratings = histories.qualifying
        }
    }

    /// The record at a position of `ratings`.
    public func record(at position: Int) -> InteractionRecord {
        rules.record(ratings[position], histories, threshold)
    }
}
