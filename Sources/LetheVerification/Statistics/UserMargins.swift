/// Every forgotten user's mean margin towards the gold answers, for each model.
///
/// A model's drift, the mean of its mean margins on records with Yes and with No, is taken off first: a model that says Yes more often to
/// everybody has not memorised anybody. Without records of both labels drift and memory look the same, and nothing is taken off.
public struct UserMargins: Sendable, Equatable {
    /// The users as the records name them, in the order of their first record.
    public let users: [Int]
    /// The audited records of each user.
    public let records: [Int]
    /// The original's mean of each user, in logits.
    public let original: [Double]
    /// The candidate's.
    public let candidate: [Double]
    /// Each reference's.
    public let references: [[Double]]

    /// Means that are known, one of every model for every user.
    init(users: [Int], records: [Int], original: [Double], candidate: [Double], references: [[Double]]) {
        self.users = users
        self.records = records
        self.original = original
        self.candidate = candidate
        self.references = references
    }

    /// The means of an audit.
    public init(_ audit: AuditMatrix) {
        let people = AuditedUsers(audit)
        func means(_ model: AuditedModel) -> [Double] { people.means(audit.records.map { $0.margin(of: model) }) }
        users = people.index.users
        records = people.counts
        original = means(.original)
        candidate = means(.candidate)
        references = (0..<audit.referenceCount).map { means(.reference($0)) }
    }

    /// What a model beyond an audit's own, with these margins z[Yes] - z[No] on the audit's records in their order, has for each user in
    /// the order of `users`. Nil for another number of margins.
    public static func means(_ margins: [Double], on audit: AuditMatrix) -> [Double]? {
        margins.count == audit.records.count ? AuditedUsers(audit).means(margins) : nil
    }

    /// The mean of the mean margins on both labels; 0 where one is absent.
    static func drift(_ margins: [Double], _ isLiked: [Bool]) -> Double {
        func center(_ label: Bool) -> Double? { mean(zip(margins, isLiked).filter { $0.1 == label }.map { $0.0 }) }
        guard let yes = center(true), let no = center(false) else { return 0 }
        return (yes + no) / 2
    }
}

/// The records of an audit by user.
private struct AuditedUsers {
    let index: UserIndex
    let counts: [Int]
    private let labels: [Bool]

    init(_ audit: AuditMatrix) {
        index = UserIndex(audit.records.map(\.user))
        var counts = [Int](repeating: 0, count: index.users.count)
        for user in index.ofRecord { counts[user] += 1 }
        self.counts = counts
        labels = audit.records.map(\.isLiked)
    }

    /// Each user's mean margin towards the gold answers, without the model's drift.
    func means(_ margins: [Double]) -> [Double] {
        let drift = UserMargins.drift(margins, labels)
        var sums = [Double](repeating: 0, count: counts.count)
        for (place, user) in index.ofRecord.enumerated() {
            sums[user] += labels[place] ? margins[place] - drift : drift - margins[place]
        }
        return zip(sums, counts).map { $0 / Double($1) }
    }
}
