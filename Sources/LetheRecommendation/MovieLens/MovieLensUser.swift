/// A row of MovieLens-1M's `users.dat`: a person with the demographic fields that the paper's prompts use.
public struct MovieLensUser: Sendable, Hashable {
    /// The user's number in the data set, at least 1.
    public let id: Int
    /// The gender that the data set states.
    public let gender: Gender
    /// The age band that the data set states.
    public let age: AgeBand
    /// The occupation that the data set states.
    public let occupation: Occupation
    /// The postal code as written in the data set; never part of a prompt, nor kept in a data set.
    public let postalCode: String

    /// Creates a row.
    public init(id: Int, gender: Gender, age: AgeBand, occupation: Occupation, postalCode: String) {
        self.id = id
        self.gender = gender
        self.age = age
        self.occupation = occupation
        self.postalCode = postalCode
    }

    /// The user as a data set keeps it.
    public var user: User {
        User(id: id, name: "\(id)", profile: UserProfile(gender: gender, age: age, occupation: occupation))
    }
}

extension UserProfile {
    /// The paper's fields in the paper's order.
    init(gender: Gender, age: AgeBand, occupation: Occupation) {
        let (pronouns, noun): (Pronouns, String) = gender == .female ? (.she, "female") : (.he, "male")
        let possessive = pronouns.possessive.capitalizedFirst
        self.init(
            sentences:
                "The user is \(noun). \(possessive) job is \(occupation.words). \(possessive) age is \(age.words).",
            words: "\(noun) \(age.words) \(occupation.words)", pronouns: pronouns)
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
