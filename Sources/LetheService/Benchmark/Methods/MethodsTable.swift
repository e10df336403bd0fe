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
        /// Whether it is a method's control or its stacked form, such as `e2urec/stacked`, and no method of its own.
        var isVariant: Bool { method.contains("/") }
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
