/// U-LiRA for users: the likelihood ratio of Hayes et al. ("Inexact Unlearning Needs More Careful Evaluations", arXiv 2403.01218) on each
/// user's mean margin, between models that were trained on the user (originals of other seeds) and models that never were (references).
///
/// Both are normal with one variance, which is pooled over users and models, because a handful of models shows no variance of its own.
/// The threshold is where 1% of the references' own scores are above it. Candidate and references are scored alike: for every reference j
/// both the candidate and j itself are scored against the other k - 1, so that a retrained candidate is called a member as often as a
/// reference is.
public struct LikelihoodRatioAudit: Sendable, Equatable {
    /// One user's score.
    public struct UserScore: Sendable, Hashable {
        /// The user as the records name them.
        public let user: Int
        /// The user's audited records.
        public let records: Int
        /// ln of the likelihood of having been trained on over that of never having been, against all references.
        public let logLikelihoodRatio: Double
        /// The largest that one of the references gets for this user against the others.
        public let worstReference: Double
    }

    /// The share of the references' own scores that may be above the threshold.
    public static let falsePositives = 0.01

    /// The score above which a user is called a member.
    public let threshold: Double
    /// How often references are called members: at most 1%.
    public let referenceRate: Double
    /// How often the candidate's users are.
    public let candidateRate: Double
    /// How often the original's users are: what the attack can see at all.
    public let originalRate: Double
    /// `candidateRate - referenceRate`; each end of the interval is the exact 95% bound of Clopper and Pearson of the candidate's rate
    /// over users, minus `referenceRate`. With few users it is wide, however low the rate: 60 users of whom none is called a member leave
    /// 4.9% possible.
    public let excess: Estimate
    /// The same of the original: an audit in which this is not large sees nothing in anybody.
    public let originalExcess: Estimate
    /// The models that were trained on the users, beside the original.
    public let members: Int
    /// The models that never were.
    public let references: Int
    /// Every user, the largest score first.
    public let users: [UserScore]

    /// The worst 5% of the users, at least one.
    public var worstUsers: ArraySlice<UserScore> { users.prefix(max(1, (users.count + 19) / 20)) }

    /// Audits.
    ///
    /// - Parameters:
    ///   - margins: of original, candidate and references.
    ///   - members: for each model that was trained on the users, but is not the original, its mean margin of each user in the same order
    ///     (`UserMargins.original` of an audit of that model).
    /// - Returns: nil with fewer than three references, without a member model, with other numbers of users, or where the models do not
    ///   differ at all.
    public init?(_ margins: UserMargins, members: [[Double]]) {
        let (references, count) = (margins.references, margins.users.count)
        guard references.count > 2, !members.isEmpty, count > 0, members.allSatisfy({ $0.count == count }),
            members.joined().allSatisfy(\.isFinite), let all = Hypotheses(members: members, others: references)
        else { return nil }
        var (candidate, original, reference): ([[Double]], [[Double]], [[Double]]) = ([], [], [])
        for j in references.indices {
            var others = references
            let left = others.remove(at: j)
            guard let without = Hypotheses(members: members, others: others) else { return nil }
            candidate.append(without.scores(margins.candidate))
            original.append(without.scores(margins.original))
            reference.append(without.scores(left))
        }
        let threshold = ThresholdAttack.threshold(
            others: reference.joined().sorted(by: >), falsePositives: Self.falsePositives)
        func rate(_ scores: [[Double]]) -> Double {
            Double(scores.joined().count { $0 > threshold }) / Double(count * references.count)
        }
        self.threshold = threshold
        self.members = members.count
        self.references = references.count
        referenceRate = rate(reference)
        candidateRate = rate(candidate)
        originalRate = rate(original)
        excess = Self.excess(of: candidateRate, over: referenceRate, users: count)
        originalExcess = Self.excess(of: originalRate, over: referenceRate, users: count)
        let scores = all.scores(margins.candidate)
        users = margins.users.indices.map { user in
            UserScore(
                user: margins.users[user], records: margins.records[user], logLikelihoodRatio: scores[user],
                worstReference: reference.map { $0[user] }.max() ?? 0)
        }.sorted {
            $0.logLikelihoodRatio != $1.logLikelihoodRatio
                ? $0.logLikelihoodRatio > $1.logLikelihoodRatio : $0.user < $1.user
        }
    }

    private static func excess(of rate: Double, over referenceRate: Double, users count: Int) -> Estimate {
        // Called a member against some of the references only, users count in part; whole users are taken on the safe side.
        let called = rate * Double(count)
        let most = BinomialProportion(successes: min(count, Int((called - 1e-9).rounded(.up))), of: count)
        let least = BinomialProportion(successes: Int((called + 1e-9).rounded(.down)), of: count)
        return Estimate(
            value: rate - referenceRate,
            interval: Interval(lower: least.lowerBound - referenceRate, upper: most.upperBound - referenceRate))
    }
}

extension UserMargins {
    /// The margins in which reference `index` stands in for the candidate against the others.
    func leavingOut(_ index: Int) -> UserMargins {
        var others = references
        let left = others.remove(at: index)
        return UserMargins(users: users, records: records, original: original, candidate: left, references: others)
    }
}

/// The two normal distributions of every user's margin.
private struct Hypotheses {
    let memberMeans: [Double]
    let otherMeans: [Double]
    let variance: Double

    /// Nil where there is no spread to pool.
    init?(members: [[Double]], others: [[Double]]) {
        let users = others[0].count
        func means(_ models: [[Double]]) -> [Double] {
            (0..<users).map { user in models.reduce(0.0) { $0 + $1[user] } / Double(models.count) }
        }
        memberMeans = means(members)
        otherMeans = means(others)
        var squares = 0.0
        for (models, means) in [(members, memberMeans), (others, otherMeans)] {
            for model in models {
                squares += zip(model, means).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
        }
        variance = squares / Double(users * (members.count + others.count - 2))
        guard variance > 0, variance.isFinite else { return nil }
    }

    /// ln N(x; member mean, variance) - ln N(x; other mean, variance) for each user.
    func scores(_ margins: [Double]) -> [Double] {
        margins.indices.map { user in
            let (toOther, toMember) = (margins[user] - otherMeans[user], margins[user] - memberMeans[user])
            return (toOther * toOther - toMember * toMember) / (2 * variance)
        }
    }
}
