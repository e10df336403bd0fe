import LetheRecommendation
import LetheRequests
import LetheVerification

/// The table as Markdown.
struct MethodsMarkdown {
    private let report: MethodsReport

    init(_ report: MethodsReport) { self.report = report }

    var text: String {
        let options = report.options
        var parts = [
            "# Methods of unlearning on \(report.dataset)",
            """
            \(options.shape.rawValue) T5, \(options.seeds) \(options.seeds == 1 ? "seed" : "seeds"), \(options.references) retrained \
            models. In brackets: 95% intervals, users and, apart from them, seeds drawn with replacement (\(options.replicates) drawings)\
            \(options.seeds == 1 ? "; with one seed, what another seed would change is not in them" : ""). AUC, ACC, JSD, symmetric KL \
            and L2 times 100. A row is compared with retrained models of other seeds than its own. JSD is the true one in nats; \
            symmetric KL is what the paper's code prints as JSD. Read no distance without its floor: the distance between retrained \
            models.
            """,
        ]
        if report.tables.count > 1 { parts += sideBySide }
        for table in report.tables { parts += section(table) }
        parts.append("## What must hold")
        parts.append(
            grid(
                ["setting", "claim", "found", ""],
                report.checks.map { [$0.setting, $0.claim, $0.found, $0.holds ? "holds" : "**does not hold**"] }))
        parts.append("## How")
        parts.append("    " + options.command)
        parts.append(
            grid(
                ["what", ""],
                report.machine.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
                    + report.programs.map { ["program, SHA-256", "`\($0)`"] }
                    + report.provenance.map { ["\($0.name), SHA-256", "`\($0.digest)`"] }))
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// All settings in one grid. Each has a floor of its own, so what stands in it is the distance above that.
    private var sideBySide: [String] {
        var methods: [String] = []
        for row in report.tables.flatMap(\.rows) where row.method != "retrain" && !methods.contains(row.method) {
            methods.append(row.method)
        }
        func cell(_ table: MethodsTable, _ method: String) -> String {
            guard let row = table.row(method) else { return "-" }
            let above = text(row.aboveFloor[MethodsReport.shown[0]], 100, 2)
            guard method != "base", let retrain = table.row("retrain")?.seconds else { return above }
            return "\(above); \(MethodsReport.fixed(100 * row.seconds / retrain, 0))%"
        }
        return [
            "## Side by side",
            "JSD above the floor, times 100; processor time, of Retrain's in the same setting.",
            grid(
                ["method"] + report.tables.map { "`\($0.setting.name)`" },
                methods.map { method in [method] + report.tables.map { cell($0, method) } } + [
                    ["*noise floor*"] + report.tables.map { text($0.floor[MethodsReport.shown[0]], 100, 2) }
                ]),
        ]
    }

    private func section(_ table: MethodsTable) -> [String] {
        let setting = table.setting
        let split = setting.data.split
        let training = setting.policy.training
        let stopping = training.earlyStoppingPatience.map {
            "early stopping after \($0) without a better validation loss"
        }
        var parts = [
            "## Setting `\(setting.name)`",
            """
            \(split.trainingUsers.count) training users\(setting.users == nil ? "" : " (a subsample)"), \(split.training.count) records; \
            \(split.forgottenUsers.count) users with \(split.forgottenRecords.count) records to forget, \
            \(setting.audit.records.count) of them compared; \(setting.sampledTest.count) test records. Training: at most \
            \(training.epochs) epochs, \(stopping ?? "no early stopping"), learning rate \(training.learningRate), policy \
            `\(setting.policy.name)`.
            """,
        ]
        let floor = table.floor
        let retrain = table.row("retrain")?.seconds
        parts.append(
            grid(
                [
                    "method", "AUC", "ACC", "LL", "JSD", "symmetric KL", "L2", "L2, two answers", "JSD above floor",
                ],
                table.rows.map { row in
                    [
                        row.method, text(row(.auc), 100, 2), text(row(.accuracy), 100, 2), text(row(.logLoss), 1, 4),
                    ] + MethodsReport.shown.map { text(row.distances[$0], 100, 3) } + [
                        text(row.aboveFloor[MethodsReport.shown[0]], 100, 3)
                    ]
                } + [
                    ["*noise floor*", "", "", ""] + MethodsReport.shown.map { text(floor[$0], 100, 3) } + [""]
                ]))
        parts.append(
            "Label-aligned: how much further a model leans to the right answers on forgotten records than retrained models do (logits, "
                + "0 is retrained), whether a forgotten record's loss tells it from an unseen user's (0.5 is blind), AUC on forgotten "
                + "records.")
        parts.append(
            grid(
                [
                    "method", "gap of gold margins", "membership AUC", "AUC on forgotten", "AUC, retained users",
                    "AUC minus Retrain's",
                ],
                table.rows.map { row in
                    [
                        row.method, text(row(.marginGap), 1, 3), text(row(.membershipAUC), 1, 3),
                        text(row(.forgottenAUC), 100, 2), text(row(.retainedAUC), 100, 2),
                        text(row(.aucDifference), 100, 2),
                    ]
                }))
        parts.append(
            grid(
                ["method", "processor time, s", "of Retrain's", "its parts, s", "trainable", "at T5-base"],
                table.rows.filter { $0.method != "base" }.map { row in
                    [
                        row.method, MethodsReport.fixed(row.seconds, 1),
                        retrain.map { MethodsReport.fixed(100 * row.seconds / $0, 1) + "%" } ?? "-",
                        row.parts.map { "\($0.name) \(MethodsReport.fixed($0.seconds, 1))" }.joined(separator: ", "),
                        grouped(row.models.first?.trainable ?? 0), grouped(row.models.first?.trainableAtT5Base ?? 0),
                    ]
                }))
        parts += MethodsReport.Figure.allCases.map { "![\($0.caption)](\($0.file(setting.name)))" }
        if !table.diverged.isEmpty {
            parts.append(
                "Without a finite answer at some seed, so without a row: \(table.diverged.joined(separator: ", ")).")
        }
        return parts
    }

    private func text(_ estimate: Estimate, _ scale: Double, _ decimals: Int) -> String {
        MethodsReport.text(estimate, scale: scale, decimals: decimals)
    }

    private func grid(_ heads: [String], _ rows: [[String]]) -> String {
        let lines = [heads, heads.map { _ in "---" }] + rows
        return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private func grouped(_ number: Int) -> String {
        let digits = Array("\(number)")
        return digits.enumerated().map { place, digit in
            place > 0 && (digits.count - place) % 3 == 0 ? ",\(digit)" : "\(digit)"
        }.joined()
    }
}
