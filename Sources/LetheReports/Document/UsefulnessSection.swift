/// Whether the model is still worth using.
enum UsefulnessSection {
    static func section(_ report: AuditReport) -> Section {
        Section(
            id: "usefulness", title: "Is the model still useful?",
            lead: """
                AUC and accuracy: higher is better. Log-loss: lower is better. On the forgotten records the unlearned model \
                should score like the retrained ones, neither better nor worse.
                """,
            blocks: report.performance.isEmpty ? [] : [.tables(report.performance.map(table))])
    }

    private static func table(_ performance: AuditReport.Performance) -> Table {
        func row(_ name: String, _ scores: AuditReport.Scores) -> [Prose] {
            [
                "\(name)", ForgettingSection.value(scores.areaUnderROC, decimals: 3),
                ForgettingSection.value(scores.accuracy, decimals: 3),
                ForgettingSection.value(scores.logLoss, decimals: 3),
            ]
        }
        return Table(
            caption: "\(strong: performance.records) (\(Figures.count(performance.count, "record")))",
            columns: [.text("Model"), .number("AUC"), .number("Accuracy"), .number("Log-loss")],
            rows: [
                row("Original", performance.original), row("Unlearned", performance.unlearned),
                row("Retrained, mean", performance.retrained),
            ])
    }
}
