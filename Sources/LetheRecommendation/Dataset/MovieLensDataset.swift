/// Users, items and ratings in MovieLens-1M's sense, checked: ids are unique, every rating names a known user and item,
/// nobody rates an item twice.
public struct MovieLensDataset: Sendable {
    /// The users in file order.
    public let users: [User]
    /// The items in file order.
    public let items: [Item]
    /// The ratings in file order.
    public let ratings: [Rating]
    /// The split that came with the data, if any: see `PublishedSplit`.
    public let publishedSplit: PublishedSplit?

    private let userIndex: [Int: Int]
    private let itemIndex: [Int: Int]

    /// Creates a data set from values.
    ///
    /// - Throws: `DatasetError.duplicate` or `.unknownReference`; the line is the position in the array, from 1.
    public init(
        users: [User], items: [Item], ratings: [Rating], publishedSplit: PublishedSplit? = nil
    ) throws(DatasetError) {
        let names = DatasetFileNames()
        try self.init(users: users, items: items, ratings: ratings, publishedSplit: publishedSplit, names: names)
    }

    init(
        users: [User], items: [Item], ratings: [Rating], publishedSplit: PublishedSplit?, names: DatasetFileNames
    ) throws(DatasetError) {
        self.users = users
        self.items = items
        self.ratings = ratings
        self.publishedSplit = publishedSplit
        userIndex = try Self.index(users.map(\.id), file: names.users, what: "user")
        itemIndex = try Self.index(items.map(\.id), file: names.items, what: "movie")
        try Self.check(ratings, users: userIndex, items: itemIndex, file: names.ratings)
    }

    /// The user with this number, or nil.
    public func user(_ id: Int) -> User? {
        guard let position = userIndex[id] else { return nil }
        return users[position]
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
    private static func check(
        _ ratings: [Rating], users: [Int: Int], items: [Int: Int], file: String
    ) throws(DatasetError) {
        var keys = [UInt64](repeating: 0, count: ratings.count)
        var lastUser = -1
        var userPosition = 0
        for (line, rating) in ratings.enumerated() {
            if rating.userID != lastUser {
                guard let position = users[rating.userID] else {
                    throw .unknownReference(file: file, line: line + 1, field: "user", value: rating.userID)
                }
                (lastUser, userPosition) = (rating.userID, position)
            }
            guard let itemPosition = items[rating.itemID] else {
                throw .unknownReference(file: file, line: line + 1, field: "movie", value: rating.itemID)
            }
            keys[line] = UInt64(userPosition) << 32 | UInt64(itemPosition)
        }
        var sorted = keys
        sorted.sort()
        for position in sorted.indices.dropFirst() where sorted[position] == sorted[position - 1] {
            let lines = keys.indices.filter { keys[$0] == sorted[position] }
            let rating = ratings[lines[1]]
            throw .duplicate(
                file: file, line: lines[1] + 1, what: "user \(rating.userID) rating movie \(rating.itemID)",
                firstLine: lines[0] + 1)
        }
    }
}

/// The names of the files as found, for messages.
struct DatasetFileNames: Sendable {
    var users = "users.dat"
    var items = "movies.dat"
    var ratings = "ratings.dat"
}

/// What is wrong with a folder of data.
public enum DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Neither the plain file nor the one with `.gz` is there.
    case missing(file: String, folder: String)
    /// The file cannot be read; the text names the file. `isMachineFailure` tells a broken disk from a wrong path.
    case unreadable(reason: String, isMachineFailure: Bool)
    /// The file has no line at all.
    case empty(file: String)
    /// The last line does not end in a line feed: the file was cut off.
    case truncated(file: String, line: Int)
    /// A line is not of the file's format. Lines count from 1.
    case malformed(file: String, line: Int, field: String, expected: String, found: String)
    /// A line repeats what an earlier line states.
    case duplicate(file: String, line: Int, what: String, firstLine: Int)
    /// A rating names a user or a movie that the other files lack.
    case unknownReference(file: String, line: Int, field: String, value: Int)

    /// One line for people.
    public var description: String {
        switch self {
        case .missing(let file, let folder): "\(folder): neither \(file) nor \(file).gz is there"
        case .unreadable(let reason, _): reason
        case .empty(let file): "\(file) is empty"
        case .truncated(let file, let line): "\(file), line \(line): the file ends inside this line, it was cut off"
        case .malformed(let file, let line, let field, let expected, let found):
            "\(file), line \(line), \(field): expected \(expected), found \(found)"
        case .duplicate(let file, let line, let what, let first):
            "\(file), line \(line): \(what) is already in line \(first)"
        case .unknownReference(let file, let line, let field, let value):
            "\(file), line \(line): \(field) \(value) is not in the \(field)s file"
        }
    }
}
