/// What there is to say about a data set at a glance. Digests of its files are the caller's to take.
public struct DatasetDescription: Sendable, Equatable {
    /// The least, the middle and the most of something.
    public struct Spread: Sendable, Equatable {
        /// The least.
        public let least: Int
        /// The lower median.
        public let median: Int
        /// The most.
        public let most: Int

        init?(_ counts: [Int]) {
            let sorted = counts.sorted()
            guard let least = sorted.first, let most = sorted.last else { return nil }
            self.least = least
            median = sorted[(sorted.count - 1) / 2]
            self.most = most
        }
    }

    /// Users.
    public let users: Int
    /// Users with a rating.
    public let activeUsers: Int
    /// Items.
    public let items: Int
    /// Items with a rating.
    public let ratedItems: Int
    /// Ratings.
    public let ratings: Int
    /// Ratings by step of the scale, from the lowest on.
    public let ratingsByStars: [Int]
    /// The share of ratings that mean "liked"; nil without ratings.
    public let likedShare: Double?
    /// Ratings per active user; nil without ratings.
    public let ratingsPerUser: Spread?
    /// Ratings per rated item; nil without ratings.
    public let ratingsPerItem: Spread?
    /// The first and the last time, as in `Rating`; nil without ratings.
    public let timestamps: ClosedRange<Int>?
    /// Items by genre, alphabetical; an item may have several.
    public let itemsByGenre: [(name: String, items: Int)]
    /// Rows of the split that came with the data; nil without one.
    public let publishedSplitRows: Int?

    /// Describes a data set.
    public init(_ dataset: InteractionDataset) {
        var byUser: [Int: Int] = [:]
        var byItem: [Int: Int] = [:]
        var byStars = [Int](repeating: 0, count: dataset.scale.steps.count)
        var liked = 0
        var first = Int.max
        var last = Int.min
        for rating in dataset.ratings {
            byUser[rating.userID, default: 0] += 1
            byItem[rating.itemID, default: 0] += 1
            byStars[rating.stars - dataset.scale.steps.lowerBound] += 1
            if rating.stars > dataset.scale.likedAbove { liked += 1 }
            first = min(first, rating.timestamp)
            last = max(last, rating.timestamp)
        }
        var genres: [String: Int] = [:]
        for item in dataset.items { for genre in item.genres { genres[genre, default: 0] += 1 } }
        users = dataset.users.count
        activeUsers = byUser.count
        items = dataset.items.count
        ratedItems = byItem.count
        ratings = dataset.ratings.count
        ratingsByStars = byStars
        likedShare = dataset.ratings.isEmpty ? nil : Double(liked) / Double(dataset.ratings.count)
        ratingsPerUser = Spread(Array(byUser.values))
        ratingsPerItem = Spread(Array(byItem.values))
        timestamps = first <= last ? first...last : nil
        itemsByGenre = genres.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        publishedSplitRows = dataset.publishedSplit?.rows.count
    }

    /// Equal in every figure.
    public static func == (left: DatasetDescription, right: DatasetDescription) -> Bool {
        left.users == right.users && left.activeUsers == right.activeUsers && left.items == right.items
            && left.ratedItems == right.ratedItems && left.ratings == right.ratings
            && left.ratingsByStars == right.ratingsByStars && left.ratingsPerUser == right.ratingsPerUser
            && left.ratingsPerItem == right.ratingsPerItem && left.timestamps == right.timestamps
            && left.itemsByGenre.elementsEqual(right.itemsByGenre) { $0 == $1 }
            && left.publishedSplitRows == right.publishedSplitRows
    }
}
