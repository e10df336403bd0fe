/// A log of interactions with the texts of its items, and what its users may be told by: what MovieLens, GoodReads and any
/// mapped log load into.
///
/// Checked: numbers of users and items are unique, every rating names a known user and item and is on the scale, nobody rates
/// an item twice.
public struct InteractionDataset: Sendable {
    /// The users.
    public let users: [User]
    /// The items.
    public let items: [Item]
    /// The ratings in the order of their file.
    public let ratings: [Rating]
    /// What the ratings are counted in, and from where on one means that the item was liked.
    public let scale: RatingScale
    /// How prompts speak of items and users.
    public let wording: DatasetWording
    /// The split that came with the data, if any: see `PublishedSplit`.
    public let publishedSplit: PublishedSplit?
    /// Where the data came from, and what was left out on the way.
    public let provenance: DatasetProvenance

    private let userIndex: [Int: Int]
    private let itemIndex: [Int: Int]

    /// Creates a data set from values.
    ///
    /// - Throws: `DatasetError.duplicate`, `.unknownReference` or `.malformed`; the line is the position in the array, from 1.
    public init(
        users: [User], items: [Item], ratings: [Rating], scale: RatingScale, wording: DatasetWording,
        publishedSplit: PublishedSplit? = nil, provenance: DatasetProvenance = DatasetProvenance()
    ) throws(DatasetError) {
        self.users = users
        self.items = items
        self.ratings = ratings
        self.scale = scale
        self.wording = wording
        self.publishedSplit = publishedSplit
        self.provenance = provenance
        let names = DatasetFileNames(provenance)
        userIndex = try Self.index(users.map(\.id), file: names.users, what: "user")
        itemIndex = try Self.index(items.map(\.id), file: names.items, what: wording.item)
        try check(file: names.ratings)
    }

    /// The user with this number, or nil.
    public func user(_ id: Int) -> User? {
        guard let position = userIndex[id] else { return nil }
        return users[position]
    }

    /// The user whom the data call by exactly this name, or nil: whom a data subject's identity names.
    public func user(named name: String) -> User? {
        guard let user = user(EntityNumber.of(name)), user.name.utf8.elementsEqual(name.utf8) else { return nil }
        return user
    }

    /// The item with this number, or nil.
    public func item(_ id: Int) -> Item? {
        guard let position = itemIndex[id] else { return nil }
        return items[position]
    }

    private static func index(_ ids: [Int], file: String, what: String) throws(DatasetError) -> [Int: Int] {
        var index: [Int: Int] = [:]
        index.reserveCapacity(ids.count)
        for (position, id) in ids.enumerated() {
            if let first = index.updateValue(position, forKey: id) {
                throw .duplicate(file: file, line: position + 1, what: "\(what) \(id)", firstLine: first + 1)
            }
        }
        return index
    }

    /// Known users and items, and no pair twice. Looks pairs up by sorted keys: a hash set of a million is slower.
    private func check(file: String) throws(DatasetError) {
        var keys = [UInt64](repeating: 0, count: ratings.count)
        var lastUser = -1
        var userPosition = 0
        for (line, rating) in ratings.enumerated() {
            if rating.userID != lastUser {
                guard let position = userIndex[rating.userID] else {
                    throw .unknownReference(file: file, line: line + 1, field: "user", value: "\(rating.userID)")
                }
                (lastUser, userPosition) = (rating.userID, position)
            }
            guard let itemPosition = itemIndex[rating.itemID] else {
                throw .unknownReference(file: file, line: line + 1, field: wording.item, value: "\(rating.itemID)")
            }
            guard scale.steps.contains(rating.stars) else {
                throw .malformed(
                    file: file, line: line + 1, field: "rating", expected: scale.expectation, found: "\(rating.stars)")
            }
            keys[line] = UInt64(userPosition) << 32 | UInt64(itemPosition)
        }
        var sorted = keys
        sorted.sort()
        for position in sorted.indices.dropFirst() where sorted[position] == sorted[position - 1] {
            let lines = keys.indices.filter { keys[$0] == sorted[position] }
            let rating = ratings[lines[1]]
            throw .duplicate(
                file: file, line: lines[1] + 1, what: "user \(rating.userID) rating \(wording.item) \(rating.itemID)",
                firstLine: lines[0] + 1)
        }
    }
}
