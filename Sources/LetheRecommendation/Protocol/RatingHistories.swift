/// All ratings in the protocol's order, and each user's own.
struct RatingHistories {
    /// Ratings with enough earlier ones of the same user, in the protocol's order.
    let qualifying: [Rating]
    private let byUser: [Int: [Rating]]

    init(_ ratings: [Rating], minimum: Int) {
        let sorted = ratings.sorted()
        var byUser: [Int: [Rating]] = [:]
        var qualifying: [Rating] = []
        qualifying.reserveCapacity(sorted.count)
        for rating in sorted {
            if byUser[rating.userID, default: []].count >= minimum { qualifying.append(rating) }
            byUser[rating.userID, default: []].append(rating)
        }
        self.qualifying = qualifying
        self.byUser = byUser
    }

    /// The newest `count` ratings of the same user before `rating`, oldest first. `rating` itself need not be known.
    func newest(_ count: Int, before rating: Rating) -> ArraySlice<Rating> {
        let own = byUser[rating.userID] ?? []
        var low = 0
        var high = own.count
        while low < high {
            let middle = (low + high) / 2
            if own[middle] < rating { low = middle + 1 } else { high = middle }
        }
        return own[max(0, low - count)..<low]
    }
}
