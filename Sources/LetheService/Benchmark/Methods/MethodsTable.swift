import LetheRequests
import LetheVerification

/// The rows of one setting with their statistics.
struct MethodsTable {
    /// What is estimated of every row, in order.
    enum Statistic: Int, CaseIterable {
        case auc, accuracy, logLoss
        case retainedAUC, forgottenAUC, membershipAUC
        /// The label-aligned gap of gold margins to the retrained models, in logits.
        case marginGap
        /// AUC minus the mean AUC of the retrained models.
        case aucDifference

        static let first = DistanceMeasure.all.count
    }

    /// One method.
    struct Row {
        let method: String
        let models: [MeasuredModel]
        let statistics: [Estimate]
        /// D(c) by measure.
        let distances: [Estimate]
        /// D(c) - D0 by measure.
        let aboveFloor: [Estimate]

        func callAsFunction(_ statistic: Statistic) -> Estimate { statistics[statistic.rawValue] }

        /// Mean over seeds, seconds.
        var seconds: Double { models.reduce(0) { $0 + $1.seconds } / Double(max(models.count, 1)) }

        /// Mean seconds of every part, in order of appearance.
        var parts: [MeasuredModel.Part] {
            var parts: [MeasuredModel.Part] = []
            for model in models {
                for part in model.parts {
                    let share = part.seconds / Double(models.count)
                    if let place = parts.firstIndex(where: { $0.name == part.name }) {
                        parts[place].seconds += share
                    } else {
                        parts.append(.init(name: part.name, seconds: share))
                    }
                }
            }
            return parts
        }
    }

    let setting: BenchmarkSetting
    let rows: [Row]
    /// D0 by measure.
    let floor: [Estimate]
    /// Methods of which a model gave an output that is not finite.
    let diverged: [String]

    func row(_ method: String) -> Row? { rows.first { $0.method == method } }

    init(_ bench: MethodsBench, _ setting: BenchmarkSetting) throws {
        self.setting = setting
        let (seeds, references) = (bench.options.seeds, bench.options.references)
        let retrained = try (1...references).map { try bench.measured(setting, "retrain", $0) }
        var columns: [(name: String, models: [MeasuredModel])] = []
        var diverged: [String] = []
        for job in setting.jobs {
            guard case .row(let method, let seed) = job else { continue }
            let model = try bench.measured(setting, method, seed)
            if !model.isFinite, !diverged.contains(method) { diverged.append(method) }
            if columns.last?.name == method {
                columns[columns.count - 1].models.append(model)
            } else {
                columns.append((method, [model]))
            }
        }
        self.diverged = diverged
        // The retrained models are the yardstick, whether they are a row or not.
        let shown = columns.filter { !diverged.contains($0.name) }
        let measurer = RowMeasurer(setting, retrained: retrained)
        let prepared = shown.map { measurer.prepared($0.models) }
        let yardstick = measurer.prepared(retrained)
        let width = Statistic.allCases.count + 2 * Statistic.first
        let estimates = ClusteredBootstrap(
            groups: [setting.test.userCount, setting.audit.userCount, setting.control.userCount], rows: seeds,
            references: references, replicates: bench.options.replicates, seed: 20_240_403
        ).estimates { draw in
            let floor = measurer.floor(draw)
            let reference = measurer.scores(yardstick, rows: draw.references, draw)
            return floor
                + zip(shown, prepared).flatMap { column, models in
                    // The base has one model, which has no seed in common with any reference; retrained models are their own rows.
                    let rows =
                        switch column.name {
                        case "base": [0]
                        case "retrain": draw.references
                        default: draw.rows
                        }
                    return measurer.statistics(
                        models, rows: rows, draw, reference: reference, floor: floor, hasSeed: column.name != "base")
                }
        }
        floor = Array(estimates.prefix(Statistic.first))
        rows = shown.enumerated().map { place, column in
            let start = Statistic.first + place * width
            let own = estimates[start..<start + width]
            return Row(
                method: column.name, models: column.models, statistics: Array(own.prefix(Statistic.allCases.count)),
                distances: Array(own.dropFirst(Statistic.allCases.count).prefix(Statistic.first)),
                aboveFloor: Array(own.suffix(Statistic.first)))
        }
    }
}

/// Computes the statistics of rows under a drawing.
private struct RowMeasurer {
    private let setting: BenchmarkSetting
    private let retrained: [MeasuredModel]
    private let measures = DistanceMeasure.all.count
    /// Records of every audited user, with Yes and with No.
    private let auditedRecords: [Double]

    /// One model with its scores made ready.
    struct Prepared {
        let test: WeightedScores
        let retainedTest: WeightedScores
        let forgotten: WeightedScores
        let membership: WeightedMembership
        /// Sums of margins of every audited user over records with Yes, and with No.
        let margins: (yes: [Double], no: [Double])
        let distances: [Double]
    }

    init(_ setting: BenchmarkSetting, retrained: [MeasuredModel]) {
        self.setting = setting
        self.retrained = retrained
        var counts = [Double](repeating: 0, count: setting.audit.userCount)
        for user in setting.audit.userOfRecord { counts[user] += 1 }
        auditedRecords = counts
    }

    func prepared(_ models: [MeasuredModel]) -> [Prepared] {
        models.map { model in
            let test = model.test.map(Double.init)
            let forgotten = model.forgotten.map(Double.init)
            let control = model.control.map(Double.init)
            func gold(_ margins: [Double], _ liked: [Bool]) -> [Double] { zip(margins, liked).map { $1 ? $0 : -$0 } }
            var (yes, no) = (
                [Double](repeating: 0, count: setting.audit.userCount),
                [Double](repeating: 0, count: setting.audit.userCount)
            )
            for (index, margin) in forgotten.enumerated() {
                let user = setting.audit.userOfRecord[index]
                if setting.audit.isLiked[index] { yes[user] += margin } else { no[user] += margin }
            }
            return Prepared(
                test: WeightedScores(
                    margins: test, isLiked: setting.test.isLiked, userOfRecord: setting.test.userOfRecord),
                retainedTest: WeightedScores(
                    margins: setting.retainedTest.map { test[$0] },
                    isLiked: setting.retainedTest.map { setting.test.isLiked[$0] },
                    userOfRecord: setting.retainedTest.map { setting.test.userOfRecord[$0] }),
                forgotten: WeightedScores(
                    margins: forgotten, isLiked: setting.audit.isLiked, userOfRecord: setting.audit.userOfRecord),
                membership: WeightedMembership(
                    members: gold(forgotten, setting.audit.isLiked), memberUsers: setting.audit.userOfRecord,
                    others: gold(control, setting.control.isLiked), otherUsers: setting.control.userOfRecord),
                margins: (yes, no), distances: model.distances)
        }
    }

    /// Mean distances of drawn references among themselves, by measure.
    func floor(_ draw: BootstrapDraw) -> [Double] {
        let pairs = draw.references.flatMap { i in draw.references.filter { $0 != i }.map { (i, $0) } }
        return mean(pairs.map { distance(retrained[$0].distances, to: $1, draw) })
    }

    struct Scores {
        var auc = 0.0
        var margins = (yes: 0.0, no: 0.0)
    }

    /// Mean AUC and mean margins of some models.
    func scores(_ models: [Prepared], rows: [Int], _ draw: BootstrapDraw) -> Scores {
        var scores = Scores()
        for (row, times) in counted(rows) {
            let share = times / Double(rows.count)
            scores.auc += share * models[row].test(users: draw.users[0]).areaUnderROC
            scores.margins.yes += share * weighted(models[row].margins.yes, draw)
            scores.margins.no += share * weighted(models[row].margins.no, draw)
        }
        return scores
    }

    /// All statistics of a method: `Statistic`'s, distances, distances above the floor.
    func statistics(
        _ models: [Prepared], rows: [Int], _ draw: BootstrapDraw, reference: Scores, floor: [Double], hasSeed: Bool
    ) -> [Double] {
        var (auc, accuracy, loss, retained, forgotten, membership, margin) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        let (yes, no) = answered(draw)
        for (row, times) in counted(rows) {
            let share = times / Double(rows.count)
            let model = models[row]
            let scores = model.test(users: draw.users[0])
            auc += share * scores.areaUnderROC
            accuracy += share * scores.accuracy
            loss += share * scores.logLoss
            retained += share * model.retainedTest(users: draw.users[0]).areaUnderROC
            forgotten += share * model.forgotten(users: draw.users[1]).areaUnderROC
            membership += share * model.membership(members: draw.users[1], others: draw.users[2])
            margin +=
                share
                * ((weighted(model.margins.yes, draw) - reference.margins.yes) / yes
                    - (weighted(model.margins.no, draw) - reference.margins.no) / no) / 2
        }
        let pairs = rows.flatMap { row in
            draw.references.filter { !hasSeed || $0 != row }.map { (row, $0) }
        }
        // A drawing may leave a row beside its own seed only; then all references stand for it.
        let usable =
            pairs.isEmpty
            ? rows.flatMap { row in retrained.indices.filter { !hasSeed || $0 != row }.map { (row, $0) } } : pairs
        let distances = mean(usable.map { distance(models[$0].distances, to: $1, draw) })
        return [auc, accuracy, loss, retained, forgotten, membership, margin, auc - reference.auc] + distances
            + zip(distances, floor).map { $0 - $1 }
    }

    private func counted(_ rows: [Int]) -> [(row: Int, times: Double)] {
        var times: [Int: Double] = [:]
        for row in rows { times[row, default: 0] += 1 }
        return times.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func answered(_ draw: BootstrapDraw) -> (yes: Double, no: Double) {
        var (yes, no) = (0.0, 0.0)
        for (index, user) in setting.audit.userOfRecord.enumerated() {
            if setting.audit.isLiked[index] { yes += draw.users[1][user] } else { no += draw.users[1][user] }
        }
        return (yes, no)
    }

    private func weighted(_ sums: [Double], _ draw: BootstrapDraw) -> Double {
        zip(sums, draw.users[1]).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Mean distances to a reference over drawn users' records, by measure.
    private func distance(_ sums: [Double], to reference: Int, _ draw: BootstrapDraw) -> [Double] {
        var totals = [Double](repeating: 0, count: measures)
        var count = 0.0
        for (user, times) in draw.users[1].enumerated() where times > 0 {
            count += times * auditedRecords[user]
            let start = (reference * setting.audit.userCount + user) * measures
            for measure in 0..<measures { totals[measure] += times * sums[start + measure] }
        }
        return totals.map { $0 / count }
    }

    private func mean(_ values: [[Double]]) -> [Double] {
        (0..<measures).map { measure in values.reduce(0) { $0 + $1[measure] } / Double(values.count) }
    }
}
