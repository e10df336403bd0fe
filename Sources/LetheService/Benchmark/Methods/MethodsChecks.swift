import LetheRecommendation
import LetheVerification

/// What must hold of a table for it to measure anything and of the methods for the paper's claim to be reproduced.
struct MethodsCheck {
    let setting: String
    let claim: String
    let found: String
    let holds: Bool

    /// The checks of a setting.
    static func checks(_ table: MethodsTable) -> [MethodsCheck] {
        let setting = table.setting.name
        var checks: [MethodsCheck] = []
        func check(_ claim: String, _ found: String, _ holds: Bool) {
            checks.append(MethodsCheck(setting: setting, claim: claim, found: found, holds: holds))
        }
        let jsd = DistanceMeasure.all.firstIndex(of: .gated) ?? 0
        if let original = table.row("original") {
            let difference = original(.aucDifference)
            check(
                "Original's AUC and Retrain's differ by less than 1 point", "\(points(difference)) points",
                abs(difference.value) < 0.01)
            let above = original.aboveFloor[jsd]
            check(
                "Original against Retrain is above the noise floor, and the interval says so",
                "JSD above the floor \(percent(above))", (above.interval?.lower ?? -1) > 0)
        }
        if let retrain = table.row("retrain"), let e2urec = table.row("e2urec") {
            let share = e2urec.seconds / retrain.seconds
            check(
                "E2URec takes at most a fifth of Retrain's time, all parts counted", "\(fixed(100 * share, 1))%",
                share <= 0.2)
        }
        if let e2urec = table.row("e2urec") {
            let difference = e2urec(.aucDifference)
            check(
                "E2URec's AUC is no worse than Retrain's minus 0.5 points", "\(points(difference)) points",
                difference.value >= -0.005)
            let others = ["original", "neggrad", "negkl", "bad-t"].compactMap(table.row)
            for (place, name) in [
                (jsd, "JSD"), (DistanceMeasure.all.firstIndex(of: .init(.euclidean, over: .vocabulary)) ?? 0, "L2"),
            ] {
                let better = others.filter { $0.distances[place].value <= e2urec.distances[place].value }
                check(
                    "E2URec is nearer to Retrain by \(name) than Original, NegGrad, NegKL and Bad-T",
                    better.isEmpty
                        ? "nearer than all of them that were run"
                        : "not nearer than \(better.map(\.method).joined(separator: ", "))",
                    better.isEmpty && !others.isEmpty)
            }
        }
        let approximate = table.rows.filter { row in
            !["base", "original"].contains(row.method) && !row.isVariant
                && row.models.allSatisfy { !$0.isExact }
        }
        if let best = approximate.min(by: { $0.distances[jsd].value < $1.distances[jsd].value }) {
            let above = best.aboveFloor[jsd]
            check(
                "The best method that does not retrain reaches the noise floor: its interval contains it",
                "\(best.method): JSD above the floor \(percent(above))",
                above.interval.map { $0.lower <= 0 } ?? false)
            if let e2urec = table.row("e2urec") {
                check(
                    "The best method costs no more than E2URec",
                    "\(best.method): \(fixed(100 * best.seconds / max(e2urec.seconds, 1e-9), 0))% of E2URec's time",
                    best.seconds <= e2urec.seconds)
            }
        }
        return checks
    }

    /// Whether the records and the users to forget are those of the split that came with the data: no subsample, nobody else.
    static func hasPublishedSplit(_ options: MethodsBenchmark.Options, _ dataset: InteractionDataset) -> Bool {
        let rules = options.profile.splitting
        return dataset.publishedSplit != nil && rules.usesPublishedSplit && rules.subsample == nil
            && options.settings.allSatisfy { $0.forgottenUsers == nil }
    }

    /// Counts of the split against those of the paper's, where the data set brings its published split.
    static func counts(_ split: RecommendationSplit, isPublished: Bool, setting: String) -> [MethodsCheck] {
        guard isPublished else { return [] }
        let summary = SplitSummary(split)
        let rows: [(String, String, String)] = [
            (
                "training, validation and test records",
                "\(split.training.count)/\(split.validation.count)/\(split.test.count)", "60000/20000/20000"
            ),
            ("training users, of them to forget", "\(summary.trainingUsers)/\(summary.forgottenUsers)", "1025/205"),
            (
                "records to forget, retained ones", "\(split.forgottenRecords.count)/\(split.retainedRecords.count)",
                "12982/47018"
            ),
            (
                "SISA shards after removal", summary.retainedShardSizes.map(String.init).joined(separator: "/"),
                "11770/11739/11759/11750"
            ),
        ]
        return rows.map { name, found, expected in
            MethodsCheck(
                setting: setting, claim: "the paper's count of \(name): \(expected)", found: found,
                holds: found == expected)
        }
    }

    private static func points(_ estimate: Estimate) -> String { MethodsReport.text(estimate, scale: 100, decimals: 2) }
    private static func percent(_ estimate: Estimate) -> String {
        MethodsReport.text(estimate, scale: 100, decimals: 3) + " (x 100)"
    }
    private static func fixed(_ value: Double, _ decimals: Int) -> String { MethodsReport.fixed(value, decimals) }
}
