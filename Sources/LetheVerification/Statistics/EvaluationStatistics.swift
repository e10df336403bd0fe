internal import LetheTensor

/// Candidate against the mean reference on retained users' records.
public struct UtilityStatistics: Sendable, Equatable {
    /// The records measured on.
    public let records: Int
    /// The users whose records they are.
    public let users: Int
    /// AUC of the candidate minus the mean AUC of the references.
    public let areaDifference: Estimate
    /// Log-loss of the candidate minus the mean log-loss of the references, in nats.
    public let lossDifference: Estimate

    /// Measures; nil when a label is absent.
    ///
    /// Users are drawn with replacement. The spread between references enters by Student's t: the interval's half-width is
    /// the root of the sum of squares of the bootstrap's and of t(k-1, .95) · s / √k.
    public init?(_ matrix: EvaluationMatrix, replicates: Int, seed: UInt64) {
        let labels = matrix.records.map(\.isLiked)
        let index = UserIndex(matrix.records.map(\.user))
        let models = AuditedModel.candidateAndReferences(matrix.referenceCount)
        let margins = models.map { model in matrix.records.map { $0.margin(of: model) } }
        let curves = margins.map { WeightedROC(scores: $0, isPositive: labels) }
        let losses = margins.map { zip($0, labels).map { marginLoss($0, isLiked: $1) } }
        func differences(_ weights: [Double]) -> (areas: [Double], losses: [Double])? {
            var areas: [Double] = []
            for curve in curves {
                guard let area = curve.area(weights: weights) else { return nil }
                areas.append(area)
            }
            let whole = weights.reduce(0, +)
            return (areas, losses.map { zip($0, weights).reduce(0.0) { $0 + $1.0 * $1.1 } / whole })
        }
        guard let point = differences([Double](repeating: 1, count: labels.count)) else { return nil }
        records = labels.count
        users = index.users.count
        var generator = SeededGenerator(seed: seed)
        var areas: [Double] = []
        var lossDifferences: [Double] = []
        for _ in 0..<(index.users.count > 1 ? replicates : 0) {
            let times = drawnMultiplicities(index.users.count, using: &generator)
            guard let drawn = differences(index.ofRecord.map { times[$0] }) else { continue }
            areas.append(candidateMinusReferences(drawn.areas))
            lossDifferences.append(candidateMinusReferences(drawn.losses))
        }
        areaDifference = Estimate(difference: point.areas, replicates: areas)
        lossDifference = Estimate(difference: point.losses, replicates: lossDifferences)
    }
}

/// What is scored by its loss in a membership test.
public enum MembershipUnit: String, Sendable, Hashable, CaseIterable {
    /// Every record.
    case record
    /// Every user, by the mean loss of the user's records: what an attacker does who knows a whole history.
    case user
}

/// Can one tell who was forgotten from people whom no model ever saw, by the candidate's loss?
public struct MembershipStatistics: Sendable, Equatable {
    /// What is scored.
    public let unit: MembershipUnit
    /// Forgotten records or users.
    public let forgotten: Int
    /// Records, or users, that no model was trained on.
    public let control: Int
    /// The attack on the original: an AUC of 0.5 is blind.
    public let original: ThresholdAttack
    /// The attack on the candidate.
    public let candidate: ThresholdAttack
    /// The attack on each reference: what forgetting should match, whatever it is.
    public let references: [ThresholdAttack]
    /// AUC on the candidate minus the mean AUC on the references.
    public let difference: Estimate

    /// Measures; nil when one of the groups is empty. Intervals as in `UtilityStatistics`, users of both groups drawn.
    public init?(
        forgotten: AuditMatrix, control: EvaluationMatrix, unit: MembershipUnit = .record, replicates: Int, seed: UInt64
    ) {
        guard forgotten.referenceCount == control.referenceCount, !forgotten.records.isEmpty, !control.records.isEmpty
        else { return nil }
        let memberUsers = UserIndex(forgotten.records.map(\.user))
        let otherUsers = UserIndex(control.records.map(\.user))
        let models = AuditedModel.candidateAndReferences(forgotten.referenceCount)
        let scores = (models + [.original]).map { model in
            (
                members: unit.scores(
                    forgotten.records.map { marginLoss($0.margin(of: model), isLiked: $0.isLiked) }, memberUsers),
                others: unit.scores(
                    control.records.map { marginLoss($0.margin(of: model), isLiked: $0.isLiked) }, otherUsers)
            )
        }
        let attacks = scores.compactMap { ThresholdAttack(members: $0.members, others: $0.others) }
        guard attacks.count == scores.count else { return nil }
        self.unit = unit
        self.forgotten = scores[0].members.count
        self.control = scores[0].others.count
        candidate = attacks[0]
        references = Array(attacks[1...forgotten.referenceCount])
        original = attacks[attacks.count - 1]
        let isMember = scores[0].members.map { _ in true } + scores[0].others.map { _ in false }
        let curves = scores.dropLast().map { WeightedROC(scores: $0.members + $0.others, isPositive: isMember) }
        let userOfMember = unit == .user ? Array(memberUsers.users.indices) : memberUsers.ofRecord
        let userOfOther = unit == .user ? Array(otherUsers.users.indices) : otherUsers.ofRecord
        var generator = SeededGenerator(seed: seed)
        var drawn: [Double] = []
        let canDraw = memberUsers.users.count > 1 && otherUsers.users.count > 1
        for _ in 0..<(canDraw ? replicates : 0) {
            let members = drawnMultiplicities(memberUsers.users.count, using: &generator)
            let others = drawnMultiplicities(otherUsers.users.count, using: &generator)
            let weights = userOfMember.map { members[$0] } + userOfOther.map { others[$0] }
            let areas = curves.compactMap { $0.area(weights: weights) }
            if areas.count == curves.count { drawn.append(candidateMinusReferences(areas)) }
        }
        difference = Estimate(difference: attacks.dropLast().map(\.area), replicates: drawn)
    }
}

extension MembershipUnit {
    /// Minus the losses, or minus each user's mean loss: larger where the model knows the answer.
    fileprivate func scores(_ losses: [Double], _ index: UserIndex) -> [Double] {
        guard self == .user else { return losses.map { -$0 } }
        var sums = [Double](repeating: 0, count: index.users.count)
        var counts = sums
        for (loss, user) in zip(losses, index.ofRecord) {
            sums[user] += loss
            counts[user] += 1
        }
        return zip(sums, counts).map { -$0 / $1 }
    }
}

extension AuditedModel {
    fileprivate static func candidateAndReferences(_ count: Int) -> [AuditedModel] {
        [.candidate] + (0..<count).map { .reference($0) }
    }
}

/// The first of `values` minus the mean of the rest.
private func candidateMinusReferences(_ values: [Double]) -> Double {
    values[0] - values.dropFirst().reduce(0, +) / Double(values.count - 1)
}

extension Estimate {
    /// Candidate minus mean reference, with the users' spread from bootstrap draws and the references' by Student's t.
    fileprivate init(difference values: [Double], replicates: [Double]) {
        let point = candidateMinusReferences(values)
        let k = values.count - 1
        guard replicates.count > 1, let deviation = standardDeviation(Array(values.dropFirst())) else {
            self.init(value: point, interval: nil)
            return
        }
        let sorted = replicates.sorted()
        let spread =
            StudentT.quantile(0.95, degreesOfFreedom: k - 1) * deviation / Double(k).squareRoot()
        let below = max(0, point - quantile(sorted, 0.05))
        let above = max(0, quantile(sorted, 0.95) - point)
        self.init(
            value: point,
            interval: Interval(
                lower: point - (below * below + spread * spread).squareRoot(),
                upper: point + (above * above + spread * spread).squareRoot()))
    }
}
