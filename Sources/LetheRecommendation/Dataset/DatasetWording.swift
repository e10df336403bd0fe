/// How prompts speak of a data set's items and users.
public struct DatasetWording: Sendable, Hashable {
    /// What a compact prompt leaves out of a title.
    public enum Shortening: String, Sendable, Hashable, CaseIterable {
        /// Nothing.
        case none
        /// A final year: ` (1995)`.
        case year
        /// A final series: ` (Earthsea Cycle, #1)`.
        case series
    }

    /// One item: `movie`.
    public var item: String
    /// Several: `movies`.
    public var items: String
    /// What people did with them: `watched`.
    public var verb: String
    /// What a compact prompt leaves out of a title.
    public var shortening: Shortening
    /// What users may be told by, for the vocabulary; without any, prompts say nothing about users.
    public var profiles: [UserProfile]

    /// Creates a wording.
    public init(item: String, items: String, verb: String, shortening: Shortening, profiles: [UserProfile] = []) {
        self.item = item
        self.items = items
        self.verb = verb
        self.shortening = shortening
        self.profiles = profiles
    }

    /// Books that people read, without anything about people.
    public static let books = DatasetWording(item: "book", items: "books", verb: "read", shortening: .series)

    /// A title as a compact prompt says it.
    func short(_ title: String) -> String {
        switch shortening {
        case .none: title
        case .year: Self.withoutYear(title)
        case .series: Self.withoutSeries(title)
        }
    }

    /// Drops a final ` (1995)`.
    static func withoutYear(_ title: String) -> String {
        let bytes = Array(title.utf8)
        guard bytes.count > 7, bytes[bytes.count - 1] == UInt8(ascii: ")"),
            bytes[bytes.count - 6] == UInt8(ascii: "("), bytes[bytes.count - 7] == UInt8(ascii: " "),
            bytes[(bytes.count - 5)..<(bytes.count - 1)].allSatisfy({ (48...57).contains($0) })
        else { return title }
        return String(decoding: bytes[..<(bytes.count - 7)], as: UTF8.self)
    }

    /// Drops a final parenthesis that has a `#`.
    static func withoutSeries(_ title: String) -> String {
        let bytes = Array(title.utf8)
        guard bytes.last == UInt8(ascii: ")"), let open = bytes.lastIndex(of: UInt8(ascii: "(")), open > 1,
            bytes[open - 1] == UInt8(ascii: " "), bytes[open...].contains(UInt8(ascii: "#"))
        else { return title }
        return String(decoding: bytes[..<(open - 1)], as: UTF8.self)
    }
}

/// What prompts may say about a user.
public struct UserProfile: Sendable, Hashable {
    /// In a full prompt: `The user is female. Her job is writer. Her age is 25-34.`
    public let sentences: String
    /// In a compact prompt: `female 25-34 writer`.
    public let words: String
    /// How prompts refer to the user.
    public let pronouns: Pronouns

    /// Creates a profile.
    public init(sentences: String, words: String, pronouns: Pronouns) {
        self.sentences = sentences
        self.words = words
        self.pronouns = pronouns
    }
}

/// How prompts refer to a user.
public enum Pronouns: String, Sendable, Hashable, CaseIterable {
    /// `She liked her books.`
    case she
    /// `He liked his books.`
    case he
    /// `They liked their books.`
    case they

    /// The possessive form.
    var possessive: String {
        switch self {
        case .she: "her"
        case .he: "his"
        case .they: "their"
        }
    }
}
