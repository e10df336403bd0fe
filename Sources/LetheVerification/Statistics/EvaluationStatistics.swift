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

/// Can one tell a forgotten record from one that no model ever saw, by the candidate's loss?
public struct MembershipStatistics: Sendable, Equatable {
    /// Forgotten records.
    public let forgottenRecords: Int
    /// Records of users whom no model was trained on.
    public let controlRecords: Int
    /// The attack's AUC on the original: 0.5 is blind.
    public let original: Double
    /// The attack's AUC on the candidate.
    public let candidate: Double
    /// The attack's AUC on each reference: what forgetting should match, whatever it is.
    public let references: [Double]
    /// AUC on the candidate minus the mean AUC on the references.
    public let difference: Estimate

    /// Measures; nil when one of the groups is empty. Intervals as in `UtilityStatistics`, users of both groups drawn.
    public init?(forgotten: AuditMatrix, control: EvaluationMatrix, replicates: Int, seed: UInt64) {
        guard forgotten.referenceCount == control.referenceCount else { return nil }
        let forgottenUsers = UserIndex(forgotten.records.map(\.user))
        let controlUsers = UserIndex(control.records.map(\.user))
        let isMember =
            [Bool](repeating: true, count: forgotten.records.count)
            + [Bool](repeating: false, count: control.records.count)
        func curve(_ model: AuditedModel) -> WeightedROC {
            // The signed margin is larger where the loss is smaller, and finite where the loss underflows.
            let members = forgotten.records.map { $0.sign * $0.margin(of: model) }
            let others = control.records.map { ($0.isLiked ? 1 : -1) * $0.margin(of: model) }
            return WeightedROC(scores: members + others, isPositive: isMember)
        }
        let curves = AuditedModel.candidateAndReferences(forgotten.referenceCount).map(curve)
        func areas(_ weights: [Double]) -> [Double]? {
            var areas: [Double] = []
            for curve in curves {
                guard let area = curve.area(weights: weights) else { return nil }
                areas.append(area)
            }
            return areas
        }
        let ones = [Double](repeating: 1, count: isMember.count)
        guard let point = areas(ones), let original = curve(.original).area(weights: ones) else { return nil }
        forgottenRecords = forgotten.records.count
        controlRecords = control.records.count
        self.original = original
        candidate = point[0]
        references = Array(point.dropFirst())
        var generator = SeededGenerator(seed: seed)
        var drawn: [Double] = []
        let canDraw = forgottenUsers.users.count > 1 && controlUsers.users.count > 1
        for _ in 0..<(canDraw ? replicates : 0) {
            let members = drawnMultiplicities(forgottenUsers.users.count, using: &generator)
            let others = drawnMultiplicities(controlUsers.users.count, using: &generator)
            let weights = forgottenUsers.ofRecord.map { members[$0] } + controlUsers.ofRecord.map { others[$0] }
            if let areas = areas(weights) { drawn.append(candidateMinusReferences(areas)) }
        }
        difference = Estimate(difference: point, replicates: drawn)
    }
}

extension AuditedModel {
    fileprivate static func candidateAndReferences(_ count: Int) -> [AuditedModel] {
        [.candidate] + (0..<count).map { .reference($0) }
    }
}

extension AuditRecord {
    fileprivate func margin(of model: AuditedModel) -> Double {
        switch model {
        case .original: originalMargin
        case .candidate: candidateMargin
        case .reference(let index): referenceMargins[index]
        }
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
