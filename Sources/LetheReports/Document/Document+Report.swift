extension Document {
    /// The report as a document, in the order of a reader's questions.
    init(_ report: AuditReport) {
        let wording = Wording(report: report)
        title = "\(report.verdict.rawValue) · Unlearning audit report"
        kicker = "Unlearning audit report · \(report.dataset.name) · \(day: report.issuedAt)"
        verdict = report.verdict.rawValue
        tone = wording.tone
        headline = wording.headline
        claim = wording.claim
        reasons = wording.reasons
        keyFigures = Self.keyFigures(report)
        facts = [
            Fact("Issued", "\(time: report.issuedAt)"),
            Fact("Run", "\(code: report.runID)"),
            Fact("Data set", "\(report.dataset.name)"),
            Fact("Log", "\(code: report.log.origin)"),
            Fact("Policy", Prose("\(report.policy.name)").detail("\(code: report.policy.digest)")),
            Fact(
                "Checkpoint of the log",
                Prose("\(Figures.count(report.log.checkpointSize, "entry", plural: "entries")), root")
                    .detail("\(code: report.log.checkpointRoot)")),
        ]
        sections = [
            RequestsSection.section(report),
            RecipientsSection.section(recipients: report.recipients, backups: report.backups),
            RunSection.section(report),
            ForgettingSection.section(report),
            UsefulnessSection.section(report), LimitsSection.section(report, wording), CheckSection.section(report),
            RecordSection.section(report),
        ].filter { !$0.blocks.isEmpty }
    }

    private static func keyFigures(_ report: AuditReport) -> [KeyFigure] {
        [requests(report), deadline(report), memory(report), usefulness(report)]
    }

    private static func requests(_ report: AuditReport) -> KeyFigure {
        let fulfilled = report.requests.count { $0.state == .fulfilled }
        let refused = report.refusals.count
        return KeyFigure(
            label: "Requests fulfilled", value: "\(fulfilled) of \(report.requests.count)",
            detail: refused == 0
                ? "none refused on arrival" : "\(Figures.count(refused, "more", plural: "more")) refused on arrival")
    }

    private static func deadline(_ report: AuditReport) -> KeyFigure {
        var left: [Int] = []
        var taken: [Int] = []
        for request in report.requests {
            switch request.clock {
            case .running(let days): left.append(days)
            case .stopped(let days): taken.append(days)
            case .paused: break
            }
        }
        let due = report.requests.map(\.dueAt).min().map { "first answer due \(Moment($0).day)" } ?? "no deadline"
        if let least = left.min() {
            let overdue = left.count { $0 < 0 }
            return overdue > 0
                ? KeyFigure(label: "Deadlines", value: "\(Figures.count(overdue)) overdue", detail: due)
                : KeyFigure(label: "Time left", value: Figures.count(least, "day"), detail: due)
        }
        guard let most = taken.max() else {
            return KeyFigure(label: "Deadlines", value: "\u{2013}", detail: due)
        }
        return KeyFigure(
            label: "Longest wait for an answer", value: most < 1 ? "under a day" : Figures.count(most, "day"),
            detail: due)
    }

    private static func memory(_ report: AuditReport) -> KeyFigure {
        let label = "Memory left of the records"
        guard let memory = report.residualMemory, memory.value.isFinite else {
            return KeyFigure(label: label, value: "\u{2013}", detail: "not measured")
        }
        let limit = "limit ±" + Figures.percent(report.claim.residualMemoryMargin)
        guard let lower = memory.lower, let upper = memory.upper, lower.isFinite, upper.isFinite else {
            return KeyFigure(label: label, value: Figures.percent(memory.value), detail: limit)
        }
        return KeyFigure(
            label: label, value: Figures.percent(memory.value),
            detail: "between \(Figures.percent(lower)) and \(Figures.percent(upper)); \(limit)")
    }

    private static func usefulness(_ report: AuditReport) -> KeyFigure {
        guard let test = report.performance.first else {
            return KeyFigure(label: "Usefulness (AUC)", value: "\u{2013}", detail: "not measured")
        }
        func text(_ scores: AuditReport.Scores) -> String { Figures.fixed(scores.areaUnderROC.value, decimals: 3) }
        return KeyFigure(
            label: "Usefulness (AUC)", value: "\(text(test.original)) \u{2192} \(text(test.unlearned))",
            detail: "retrained models: \(text(test.retrained))")
    }
}
