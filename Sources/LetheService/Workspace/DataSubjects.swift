import LetheRecommendation
import LetheRequests

/// The people whom the data set has training records of, by exactly the names that the data call them.
struct DataSubjects: Sendable {
    /// The one kind of identity by which the data know people.
    static let identityType = "user-id"

    /// By the bytes of the name: two spellings of one letter are two names, and must not erase one another.
    private let users: [[UInt8]: Int]

    /// The people whom a data set has training records of.
    init(_ dataset: InteractionDataset, _ split: RecommendationSplit) {
        self.init(names: split.trainingUsers.compactMap { id in dataset.user(id).map { (name: $0.name, user: id) } })
    }

    /// - Parameter names: each person's name in the data, and number in the split.
    init(names: some Sequence<(name: String, user: Int)>) {
        users = Dictionary(names.map { (Array($0.name.utf8), $0.user) }) { first, _ in first }
    }

    /// The number of the person that an identity names.
    /// - Throws: `ServiceError.unsupportedSubjectType`, `.unknownSubject`; neither repeats the name.
    func user(_ identity: SubjectIdentity) throws -> Int {
        guard identity.type == Self.identityType else {
            throw ServiceError.unsupportedSubjectType(found: identity.type)
        }
        guard let user = users[Array(identity.value.utf8)] else { throw ServiceError.unknownSubject }
        return user
    }
}
