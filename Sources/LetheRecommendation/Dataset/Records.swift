/// A person who rated items.
public struct User: Sendable, Hashable {
    /// The user's number, at least 1: see `EntityNumber`.
    public let id: Int
    /// What the data call the user: a number, an account name. Never part of a prompt.
    public let name: String
    /// What prompts may say about the user; nil where the data tell nothing.
    public let profile: UserProfile?

    /// Creates a user.
    public init(id: Int, name: String, profile: UserProfile? = nil) {
        self.id = id
        self.name = name
        self.profile = profile
    }
}

/// A film, a book or another thing that is recommended.
public struct Item: Sendable, Hashable {
    /// The item's number, at least 1: see `EntityNumber`.
    public let id: Int
    /// What the data call the item: a number, a code. Never part of a prompt.
    public let name: String
    /// The title as full prompts say it, for instance `Toy Story (1995)`.
    public let title: String
    /// Who made it, as full prompts say it; nil where the data do not tell.
    public let creator: String?
    /// The genres in the order of the file; never part of a prompt.
    public let genres: [String]

    /// Creates an item; its name is its number where none is given.
    public init(id: Int, name: String? = nil, title: String, creator: String? = nil, genres: [String] = []) {
        self.id = id
        self.name = name ?? "\(id)"
        self.title = title
        self.creator = creator
        self.genres = genres
    }
}

/// One rating: who, what, how many stars, when.
public struct Rating: Sendable, Hashable {
    /// Who rated.
    public let userID: Int
    /// What was rated.
    public let itemID: Int
    /// The rating in steps of the data set's scale: 1 to 5 whole stars for MovieLens and GoodReads.
    public let stars: Int
    /// Seconds since 1970-01-01 UTC, or the row's number where the order of rows is all that tells time.
    public let timestamp: Int

    /// Creates a rating.
    public init(userID: Int, itemID: Int, stars: Int, timestamp: Int) {
        self.userID = userID
        self.itemID = itemID
        self.stars = stars
        self.timestamp = timestamp
    }
}

extension Rating: Comparable {
    /// The order of the paper's protocol: time, then user, then item. Total, as no user rates an item twice.
    public static func < (left: Rating, right: Rating) -> Bool {
        if left.timestamp != right.timestamp { return left.timestamp < right.timestamp }
        if left.userID != right.userID { return left.userID < right.userID }
        return left.itemID < right.itemID
    }
}

/// An item that a user rated before the record at hand, with the stars given.
public struct HistoryEntry: Sendable, Hashable {
    /// What was rated.
    public let itemID: Int
    /// The rating in steps of the data set's scale: 1 to 5 whole stars for MovieLens and GoodReads.
    public let stars: Int

    /// Creates an entry of a history.
    public init(itemID: Int, stars: Int) {
        self.itemID = itemID
        self.stars = stars
    }
}

/// One example of the recommendation task: would this user, with this history, like this item?
public struct InteractionRecord: Sendable, Hashable {
    /// Who is asked about.
    public let userID: Int
    /// The item in question.
    public let itemID: Int
    /// The rating that the user gave in the end, in steps of the data set's scale.
    public let stars: Int
    /// When the user gave it, as in `Rating`.
    public let timestamp: Int
    /// True when the user liked the item.
    public let label: Bool
    /// The newest earlier ratings of the same user, oldest first.
    public let history: [HistoryEntry]

    /// Creates a record.
    public init(userID: Int, itemID: Int, stars: Int, timestamp: Int, label: Bool, history: [HistoryEntry]) {
        self.userID = userID
        self.itemID = itemID
        self.stars = stars
        self.timestamp = timestamp
        self.label = label
        self.history = history
    }

    /// One spelling of the record, for hashing: seven lines of ASCII, the first of which separates this use from others.
    ///
    ///     lethe-record-v1
    ///     user 25
    ///     item 2700
    ///     stars 2
    ///     timestamp 978131240
    ///     label 0
    ///     history 2693:3 1307:4
    ///
    /// Every line ends in a line feed; without history the last is `history` alone. Two records have the same bytes
    /// exactly when they are equal.
    public var canonicalBytes: [UInt8] {
        var text = "lethe-record-v1\nuser \(userID)\nitem \(itemID)\nstars \(stars)\ntimestamp \(timestamp)\n"
        text += "label \(label ? 1 : 0)\nhistory"
        for entry in history { text += " \(entry.itemID):\(entry.stars)" }
        text += "\n"
        return [UInt8](text.utf8)
    }
}
