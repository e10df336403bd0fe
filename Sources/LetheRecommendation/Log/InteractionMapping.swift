/// Where a log keeps who did what when, and how that becomes a data set. Read from YAML by `lethe`; GoodReads' formats are
/// mappings too.
public struct InteractionMapping: Sendable, Hashable {
    /// A file of rows in the data folder.
    public struct Table: Sendable, Hashable {
        /// The file's name; the file may be gzipped, with or without `.gz` added to the name.
        public var file: String
        /// How its rows are written.
        public var format: Format

        /// Creates a table.
        public init(file: String, format: Format) {
            self.file = file
            self.format = format
        }
    }

    /// How the rows of a file are written.
    public enum Format: Sendable, Hashable {
        /// Delimited text.
        case csv(CSVDialect)
        /// One JSON object a line. A field may be a path such as `authors.0.author_id`.
        case jsonLines
    }

    /// What says whether the user liked the item.
    public enum Opinion: Sendable, Hashable {
        /// A rating; rows whose rating is spelled like one of `unrated` are left out and counted.
        case rating(field: String, scale: RatingScale, unrated: [String] = [])
        /// A label, spelled like one of two lists.
        case label(field: String, liked: [String], disliked: [String], words: RatingScale)

        var field: String {
            switch self {
            case .rating(let field, _, _), .label(let field, _, _, _): field
            }
        }

        var scale: RatingScale {
            switch self {
            case .rating(_, let scale, _), .label(_, _, _, let scale): scale
            }
        }
    }

    /// What says when.
    public enum Time: Sendable, Hashable {
        /// The order of the rows, oldest first.
        case rowOrder
        /// A field.
        case field(String, TimeFormat)
    }

    /// How a time is written.
    public enum TimeFormat: String, Sendable, Hashable, CaseIterable {
        /// Seconds since 1970-01-01 UTC.
        case seconds
        /// Milliseconds since 1970-01-01 UTC.
        case milliseconds
        /// `2013-04-19` or `2013-04-19T08:15:15-07:00`.
        case iso8601
        /// `Fri Apr 19 08:15:15 -0700 2013`.
        case goodreads
    }

    /// What to do where nothing in the protocol forces an answer.
    public enum Repeats: String, Sendable, Hashable, CaseIterable {
        /// A second row about the same user and item is an error.
        case refuse
        /// The first row counts, later ones are left out and counted.
        case first
    }

    /// What to do with a row whose item is unknown.
    public enum UnknownItems: String, Sendable, Hashable, CaseIterable {
        /// It is an error.
        case refuse
        /// It is left out and counted.
        case skip
    }

    /// The interactions.
    public struct Interactions: Sendable, Hashable {
        /// Where they are.
        public var table: Table
        /// The field that names the user.
        public var user: String
        /// The field that names the item.
        public var item: String
        /// The field that says whether the user liked it.
        public var opinion: Opinion
        /// What says when.
        public var time: Time
        /// Whether a row earlier than the one before it is an error.
        public var isSorted: Bool
        /// What to do with a second row about the same user and item.
        public var repeats: Repeats

        /// Creates the description of a log.
        public init(
            table: Table, user: String, item: String, opinion: Opinion, time: Time, isSorted: Bool = false,
            repeats: Repeats = .refuse
        ) {
            self.table = table
            self.user = user
            self.item = item
            self.opinion = opinion
            self.time = time
            self.isSorted = isSorted
            self.repeats = repeats
        }
    }

    /// The texts of the items.
    public struct Items: Sendable, Hashable {
        /// Names of creators in a file of their own, by number.
        public struct Creators: Sendable, Hashable {
            /// Where they are.
            public var table: Table
            /// The field with the number.
            public var id: String
            /// The field with the name.
            public var name: String

            /// Creates the description of a file of names.
            public init(table: Table, id: String, name: String) {
                self.table = table
                self.id = id
                self.name = name
            }
        }

        /// Where they are; it may be the file of the interactions.
        public var table: Table
        /// The field that names the item.
        public var id: String
        /// The field with the title.
        public var title: String
        /// The field with who made it: names, of which the first before a comma is taken; or a number, with `creators`.
        public var creator: String?
        /// The names behind the numbers of `creator`.
        public var creators: Creators?
        /// What to do with a row whose item is unknown or has no title.
        public var unknown: UnknownItems

        /// Creates the description of a file of items.
        public init(
            table: Table, id: String, title: String, creator: String? = nil, creators: Creators? = nil,
            unknown: UnknownItems = .refuse
        ) {
            self.table = table
            self.id = id
            self.title = title
            self.creator = creator
            self.creators = creators
            self.unknown = unknown
        }
    }

    /// What prompts may say about users.
    public struct Users: Sendable, Hashable {
        /// A field with a closed set of values: nothing else can enter a prompt.
        public struct Field: Sendable, Hashable {
            /// The field's name.
            public var name: String
            /// How a full prompt says it, with `{}` for the value: `The user is {}.`
            public var sentence: String
            /// The values as written in the file, and as they read.
            public var values: [String: String]

            /// Creates the description of a field.
            public init(name: String, sentence: String, values: [String: String]) {
                self.name = name
                self.sentence = sentence
                self.values = values
            }
        }

        /// Where they are; it may be the file of the interactions.
        public var table: Table
        /// The field that names the user.
        public var id: String
        /// What is told, in this order; not empty.
        public var fields: [Field]
        /// A field and its values that stand for "she" and "he"; all others are "they".
        public var pronouns: PronounField?

        /// Creates the description of a file of users.
        public init(table: Table, id: String, fields: [Field], pronouns: PronounField? = nil) {
            self.table = table
            self.id = id
            self.fields = fields
            self.pronouns = pronouns
        }
    }

    /// Which values of a field stand for which pronouns.
    public struct PronounField: Sendable, Hashable {
        /// The field's name.
        public var name: String
        /// Values for "she".
        public var she: [String]
        /// Values for "he".
        public var he: [String]

        /// Creates the description of a field.
        public init(name: String, she: [String], he: [String]) {
            self.name = name
            self.she = she
            self.he = he
        }

        func pronouns(for value: String) -> Pronouns { she.contains(value) ? .she : he.contains(value) ? .he : .they }
    }

    /// The interactions.
    public var interactions: Interactions
    /// The items.
    public var items: Items
    /// The users; nil where prompts say nothing about them.
    public var users: Users?
    /// How prompts speak of items; its profiles are computed from `users`.
    public var wording: DatasetWording

    /// Creates a mapping.
    public init(interactions: Interactions, items: Items, users: Users? = nil, wording: DatasetWording) {
        self.interactions = interactions
        self.items = items
        self.users = users
        self.wording = wording
    }
}
