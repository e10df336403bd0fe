/// What is left of the users of whom most is left: means over all users hide them (Hayes et al., arXiv 2403.01218).
///
/// Somebody is always worst, in a retrained model too. Candidate and references are therefore measured alike: for every reference j both
/// the candidate and j itself are compared with the mean of the other k - 1.
public struct WorstUsers: Sendable, Hashable {
    /// How many users are the worst 5%, at least one.
    public let users: Int
    /// The mean shift of the candidate's margins towards the gold answers over its worst users, in logits (`UserMargins`).
    public let candidate: Double
    /// The same of the original over its own worst users.
    public let original: Double
    /// The same of each reference over its own.
    public let references: [Double]

    /// Measures; nil with fewer than two references or without users.
    public init?(_ margins: UserMargins) {
        let references = margins.references
        guard references.count > 1, !margins.users.isEmpty else { return nil }
        let worst = max(1, (margins.users.count + 19) / 20)
        func shift(_ model: [Double], without j: Int) -> Double {
            let shifts = model.indices.map { user in
                let others = references.indices.reduce(0.0) { $1 == j ? $0 : $0 + references[$1][user] }
                return model[user] - others / Double(references.count - 1)
            }
            return shifts.sorted(by: >).prefix(worst).reduce(0, +) / Double(worst)
        }
        func meanShift(_ model: [Double]) -> Double {
            references.indices.reduce(0.0) { $0 + shift(model, without: $1) } / Double(references.count)
        }
        users = worst
        candidate = meanShift(margins.candidate)
        original = meanShift(margins.original)
        self.references = references.indices.map { shift(references[$0], without: $0) }
    }
}
