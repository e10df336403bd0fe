import LetheVerification

/// Computes the statistics of rows under a drawing.
struct RowMeasurer {
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
            func scores(at places: [Int]) -> WeightedScores {
                WeightedScores(
                    margins: places.map { test[$0] }, isLiked: places.map { setting.test.isLiked[$0] },
                    userOfRecord: places.map { setting.test.userOfRecord[$0] })
            }
            return Prepared(
                test: scores(at: setting.sampledTest), retainedTest: scores(at: setting.retainedTest),
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
