extension Document {
    /// The report as a document.
    init(_ report: PeriodReport) {
        let (received, open) = (report.number("received"), report.number("open"))
        let (late, overdue) = (report.number("answered_late"), report.number("overdue"))
        title = "Requests from \(report.firstDay) to \(report.lastDay)"
        kicker = "Report on deletion requests · \(day: report.firstDay) to \(day: report.lastDay)"
        verdict = overdue > 0 ? "OVERDUE" : late > 0 ? "ANSWERED LATE" : "IN TIME"
        tone = overdue > 0 ? .bad : late > 0 ? .caution : .good
        let answered =
            switch received - open {
            case ...0: "none has an answer yet"
            case 1: "1 has an answer"
            case let count: "\(Figures.count(count)) have an answer"
            }
        headline =
            received == 0
            ? "Nobody asked for deletion on these days."
            : "\(Figures.count(received, "person", plural: "people")) asked for deletion; \(answered)."
        claim =
            """
            Counted by the local day of receipt\(report.law.map { " under the \($0.uppercased())" } ?? ""), as the log stood on \
            \(day: report.asOf). \(overdue == 0 ? "No open request is overdue." : "\(Figures.count(overdue, "open request")) \(overdue == 1 ? "is" : "are") overdue.")
            """
        reasons = late == 0 ? [] : ["\(Figures.count(late, "answer")) came after the day by which it was due."]
        func key(_ label: String, _ name: String, _ detail: String) -> KeyFigure {
            KeyFigure(
                label: label, value: report.figures.first { $0.name == name }?.value ?? "\u{2013}", detail: detail)
        }
        keyFigures = [
            key("Received", "received", "requests for deletion"),
            key("Complied with", "complied", "with a certificate"),
            key("Denied", "denied", "on a legal ground, or identity not proved"),
            key("Median days", "median_days", "from receipt to the answer"),
        ]
        facts = [
            Fact("Issued", "\(time: report.issuedAt)"), Fact("Log", "\(code: report.log.origin)"),
            Fact("Policy", Prose("\(report.policy.name)").detail("\(code: report.policy.digest)")),
            Fact(
                "Checkpoint of the log",
                Prose("\(Figures.count(report.log.checkpointSize, "entry", plural: "entries")), root")
                    .detail("\(code: report.log.checkpointRoot)")),
        ]
        sections = [Self.figures(report), Self.runs(report), Self.processing(report)]
    }

    private static func figures(_ report: PeriodReport) -> Section {
        var blocks: [Block] = [
            .table(
                Table(
                    caption: "All figures; received is the sum of complied, denied, withdrawn, duplicates and open",
                    columns: [.text("Figure"), .number("Value")],
                    rows: report.figures.map { ["\($0.title)", "\($0.value ?? "\u{2013}")"] }))
        ]
        func counts(_ caption: Prose, _ column: String, _ counts: [PeriodReport.Count]) {
            guard !counts.isEmpty else { return }
            blocks.append(
                .table(
                    Table(
                        caption: caption, columns: [.text(column), .number("Requests")],
                        rows: counts.map { ["\($0.name)", "\(Figures.count($0.count))"] })))
        }
        counts("Refusals by legal ground", "Ground", report.refusals)
        counts(
            "Turned away before they were received, which no other figure counts", "Door and cause", report.turnedAway)
        return Section(
            id: "figures", title: "Who asked, and what came of it?",
            lead: """
                The metrics that 11 CCR 7102(a) asks for, and what the deadlines of the GDPR add. Days are counted from the day of receipt; \
                time spent waiting for a proof of identity is not taken off.
                """, blocks: blocks)
    }

    private static func runs(_ report: PeriodReport) -> Section {
        Section(
            id: "runs", title: "What was the model made to forget?", lead: nil,
            blocks: report.runs.isEmpty
                ? [.paragraph("No unlearning run was judged on these days.")]
                : [.table(runs(report.runs, "Runs judged on these days"))])
    }

    /// Judged runs as a table.
    static func runs(_ runs: [PeriodReport.Run], _ caption: Prose) -> Table {
        Table(
            caption: caption,
            columns: [
                .text("Run"), .text("Judged"), .text("Method"), .text("Verdict"), .number("Certificates"),
                .text("Log entry"),
            ],
            rows: runs.map { run in
                [
                    "\(code: run.id)", "\(time: run.judgedAt)", "\(run.method)",
                    "\(run.verdict, tone: tone(of: run.verdict))", "\(Figures.count(run.certificates))",
                    "\(String(run.logIndex))",
                ]
            })
    }

    private static func tone(of verdict: String) -> Tone {
        AuditReport.Verdict(rawValue: verdict).map(Wording.tone) ?? .neutral
    }

    private static func processing(_ report: PeriodReport) -> Section {
        Section(
            id: "processing", title: "Record of processing activities (GDPR Art. 30)",
            lead: """
                The handling of deletion requests itself, in the order of Art. 30(1). What the software cannot know is taken from \
                \(code: "controller.yaml") of the workspace; what nobody stated is marked.
                """,
            blocks: [
                .table(
                    Table(
                        caption: "Art. 30(1)(a) to (g)", columns: [.text("Item"), .text("Statement")],
                        rows: report.processing.map { item in
                            let answers = item.answers.map { Prose("\($0)") }
                            let text = answers.dropFirst().reduce(answers.first ?? "\("not stated", tone: .caution)") {
                                $0.detail($1)
                            }
                            return [Prose("(\(item.letter)) \(item.question)"), text]
                        }))
            ])
    }
}
