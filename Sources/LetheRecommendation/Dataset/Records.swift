/// A person who rated items, with the demographic fields that prompts use.
public struct User: Sendable, Hashable {
    /// The user's number in the data set, at least 1.
    public let id: Int
    /// The gender that the data set states.
    public let gender: Gender
    /// The age band that the data set states.
    public let age: AgeBand
    /// The occupation that the data set states.
    public let occupation: Occupation
    /// The postal code as written in the data set; never part of a prompt.
    public let postalCode: String

    /// Creates a user.
    public init(id: Int, gender: Gender, age: AgeBand, occupation: Occupation, postalCode: String) {
        self.id = id
        self.gender = gender
        self.age = age
        self.occupation = occupation
        self.postalCode = postalCode
    }
}

/// The two genders of MovieLens-1M, with the letters of its files.
public enum Gender: String, Sendable, Hashable, CaseIterable {
    /// Written `F`.
    case female = "F"
    /// Written `M`.
    case male = "M"
}

/// The seven age bands of MovieLens-1M, with the numbers of its files.
public enum AgeBand: Int, Sendable, Hashable, CaseIterable {
    /// Under 18, written 1.
    case under18 = 1
    /// 18 to 24, written 18.
    case from18 = 18
    /// 25 to 34, written 25.
    case from25 = 25
    /// 35 to 44, written 35.
    case from35 = 35
    /// 45 to 49, written 45.
    case from45 = 45
    /// 50 to 55, written 50.
    case from50 = 50
    /// 56 and over, written 56.
    case from56 = 56

    /// The words of MovieLens-1M's README.
    public var words: String {
        switch self {
        case .under18: "Under 18"
        case .from18: "18-24"
        case .from25: "25-34"
        case .from35: "35-44"
        case .from45: "45-49"
        case .from50: "50-55"
        case .from56: "56+"
        }
    }
}

/// The twenty-one occupations of MovieLens-1M, with the numbers of its files.
public enum Occupation: Int, Sendable, Hashable, CaseIterable {
    // The order is the files' own: raw values run from 0 to 20.
    case other, academic, artist, clerical, collegeStudent, customerService, doctor, executive, farmer, homemaker
    case schoolStudent, lawyer, programmer, retired, sales, scientist, selfEmployed, technician, tradesman, unemployed
    case writer

    /// The words of MovieLens-1M's README.
    public var words: String {
        switch self {
        case .other: "other"
        case .academic: "academic/educator"
        case .artist: "artist"
        case .clerical: "clerical/admin"
        case .collegeStudent: "college/grad student"
        case .customerService: "customer service"
        case .doctor: "doctor/health care"
        case .executive: "executive/managerial"
        case .farmer: "farmer"
        case .homemaker: "homemaker"
        case .schoolStudent: "K-12 student"
        case .lawyer: "lawyer"
        case .programmer: "programmer"
        case .retired: "retired"
        case .sales: "sales/marketing"
        case .scientist: "scientist"
        case .selfEmployed: "self-employed"
        case .technician: "technician/engineer"
        case .tradesman: "tradesman/craftsman"
        case .unemployed: "unemployed"
        case .writer: "writer"
        }
    }
}

/// A film (or another thing that is recommended).
public struct Item: Sendable, Hashable {
    /// The item's number in the data set, at least 1.
    public let id: Int
    /// The title with the year, for instance `Toy Story (1995)`.
    public let title: String
    /// The genres in the order of the file.
    public let genres: [String]

    /// Creates an item.
    public init(id: Int, title: String, genres: [String]) {
        self.id = id
        self.title = title
        self.genres = genres
    }
}

/// One rating: who, what, how many stars, when.
public struct Rating: Sendable, Hashable {
    /// Who rated.
    public let userID: Int
    /// What was rated.
    public let itemID: Int
    /// 1 to 5 whole stars.
    public let stars: Int
    /// Seconds since 1970-01-01 UTC.
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
    /// 1 to 5 whole stars.
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
    /// The stars that the user gave in the end, 1 to 5.
    public let stars: Int
    /// When the user gave them: seconds since 1970-01-01 UTC.
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
