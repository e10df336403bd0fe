/// Where a data set came from, and what of its files did not become part of it.
public struct DatasetProvenance: Sendable, Hashable {
    /// Rows that were left out for one reason.
    public struct Omission: Sendable, Hashable {
        /// Why.
        public let reason: String
        /// The file.
        public let file: String
        /// How many rows.
        public internal(set) var rows: Int
        /// The line on which the first of them begins, from 1.
        public let firstLine: Int
    }

    /// The file of the users as found in the folder, or nil.
    public var users: String?
    /// The file of the items as found in the folder, or nil.
    public var items: String?
    /// The file of the interactions as found in the folder, or nil.
    public var ratings: String?
    /// Other files that were read: a published split, the names of authors.
    public var others: [String]
    /// What was left out, in the order of its first occurrence.
    public internal(set) var omissions: [Omission] = []

    /// Creates a provenance without omissions.
    public init(users: String? = nil, items: String? = nil, ratings: String? = nil, others: [String] = []) {
        self.users = users
        self.items = items
        self.ratings = ratings
        self.others = others
    }

    /// Every file that was read, each once, sorted.
    public var files: [String] { Set([users, items, ratings].compactMap { $0 } + others).sorted() }

    mutating func omit(_ reason: String, file: String, line: Int, rows: Int = 1) {
        if let index = omissions.firstIndex(where: { $0.reason == reason && $0.file == file }) {
            omissions[index].rows += rows
        } else {
            omissions.append(Omission(reason: reason, file: file, rows: rows, firstLine: line))
        }
    }
}

/// The names of the files for messages: as found, or what stands for them where a data set was made from values.
struct DatasetFileNames: Sendable {
    let users: String
    let items: String
    let ratings: String

    init(_ provenance: DatasetProvenance) {
        users = provenance.users ?? "users"
        items = provenance.items ?? "items"
        ratings = provenance.ratings ?? "ratings"
    }
}
