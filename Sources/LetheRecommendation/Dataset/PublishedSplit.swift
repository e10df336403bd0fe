/// A split that was published row by row, as `paper-split.csv` beside the ratings:
/// `user_id,movie_id,rating,timestamp,split,forgotten,sisa_shard`, in time order.
public struct PublishedSplit: Sendable, Equatable {
    /// The part of the split that a row belongs to.
    public enum Part: String, Sendable, Hashable, CaseIterable {
        /// Written `train`.
        case training = "train"
        /// Written `valid`.
        case validation = "valid"
        /// Written `test`.
        case test = "test"
    }

    /// One row.
    public struct Row: Sendable, Hashable {
        /// The rating itself.
        public let rating: Rating
        /// Where it belongs.
        public let part: Part
        /// True when it is a training record of a user to be forgotten.
        public let isForgotten: Bool
        /// The shard that the paper's code drew for it.
        public let shard: Int

        /// Creates a row.
        public init(rating: Rating, part: Part, isForgotten: Bool, shard: Int) {
            self.rating = rating
            self.part = part
            self.isForgotten = isForgotten
            self.shard = shard
        }
    }

    /// The rows in file order, which is time order.
    public let rows: [Row]

    /// Creates a split from rows.
    public init(rows: [Row]) {
        self.rows = rows
    }
}
