/// What was done, and what could still bring the records back.
enum RunSection {
    static func section(_ report: AuditReport) -> Section {
        let run = report.run
        let removed = report.dataset.recordsRemoved
        var blocks: [Block] = [
            .facts(
                [
                    Fact(
                        "Left out of training",
                        """
                        \(Figures.count(removed, "record")) of \(Figures.count(report.dataset.recordsBefore)) \
                        in \(report.dataset.name)
                        """),
                    Fact("Started", "\(time: run.startedAt)"),
                    Fact("Finished", "\(time: run.finishedAt)"),
                ] + (run.choice.map { [Fact("Method", "\($0)")] } ?? []))
        ]
        if !report.earlierRuns.isEmpty {
            blocks.append(.heading("Tried before"))
            blocks.append(.table(earlier(report)))
            blocks.append(
                .paragraph(
                    """
                    Every verdict stands in the log. Where several were decided by statistics, the chance that a model which did \
                    not forget passes one of them is at most that of each, added up.
                    """))
        }
        if !run.residue.isEmpty {
            blocks.append(.heading("What could bring the records back"))
            if run.residue.contains(where: { $0.fate == .kept }) {
                blocks.append(
                    .warning(
                        """
                        Something that still holds what was to be forgotten is kept. As long as it exists, the original \
                        answers can be restored from it.
                        """))
            }
            blocks.append(.table(residue(run.residue)))
        }
        if !run.steps.isEmpty {
            blocks.append(.heading("How long it took"))
            blocks.append(.table(steps(run.steps)))
        }
        return Section(
            id: "run", title: "What was done?", lead: "\(strong: run.method.name). \(run.method.summary)",
            blocks: blocks)
    }

    private static func earlier(_ report: AuditReport) -> Table {
        Table(
            caption: "Earlier runs that took some of these requests",
            columns: [.text("Run"), .text("Method"), .text("Verdict"), .number("Requests"), .number("Log entry")],
            rows: report.earlierRuns.map { run in
                [
                    "\(code: run.id)", "\(run.method)",
                    run.verdict.map { "\($0.rawValue, tone: Wording.tone(of: $0))" } ?? "not judged",
                    "\(Figures.count(run.requests)) of \(Figures.count(report.requests.count))",
                    "\(String(run.logIndex))",
                ]
            })
    }

    private static func residue(_ residue: [AuditReport.Residue]) -> Table {
        Table(
            caption: "Remains of the training on the forgotten records",
            columns: [.text("What"), .text("Outcome"), .text("Detail")],
            rows: residue.map { item in
                [
                    Prose("\(item.name)").detail(item.digest.map { "\(code: $0)" }),
                    "\(words(for: item.fate), tone: item.fate == .kept ? .bad : .good)",
                    "\(item.detail.isEmpty ? "\u{2013}" : item.detail)",
                ]
            })
    }

    private static func words(for fate: AuditReport.Residue.Fate) -> String {
        switch fate {
        case .destroyed: "destroyed"
        case .shredded: "key destroyed"
        case .kept: "kept"
        }
    }

    private static func steps(_ steps: [AuditReport.Step]) -> Table {
        let total = steps.map(\.seconds).filter { $0.isFinite && $0 > 0 }.reduce(0, +)
        return Table(
            caption: "Steps of the run",
            columns: [.text("Step"), .number("Duration"), .text("Share")],
            rows: steps.map { step in
                [
                    "\(step.name)",
                    "\(Figures.duration(step.seconds))",
                    "\(bar: total > 0 && step.seconds.isFinite ? max(0, step.seconds) / total : 0)",
                ]
            })
    }
}
