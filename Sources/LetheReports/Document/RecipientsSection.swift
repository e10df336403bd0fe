/// Who else had the data, whether they were told, and which backups still hold it.
enum RecipientsSection {
    static func section(recipients: [AuditReport.Recipient], backups: [AuditReport.Backup]) -> Section {
        var blocks: [Block] = []
        if !recipients.isEmpty { blocks.append(.table(table(of: recipients))) }
        if !backups.isEmpty { blocks.append(.table(table(of: backups))) }
        return Section(
            id: "recipients", title: "Who else had the data?",
            lead:
                "Each recipient is told by a signed notice. What it then did is its own business, and is not shown here.",
            blocks: blocks)
    }

    private static func table(of recipients: [AuditReport.Recipient]) -> Table {
        Table(
            caption: "Recipients of the data (GDPR Art. 19)",
            columns: [.text("Recipient"), .text("Outcome"), .text("When"), .number("Attempts"), .text("Log entry")],
            rows: recipients.map { recipient in
                [
                    "\(code: recipient.name)",
                    "\(words(for: recipient.outcome), tone: tone(of: recipient.outcome))",
                    recipient.at.map { "\(time: $0)" } ?? "\u{2013}",
                    "\(Figures.count(recipient.attempts))",
                    "\(recipient.logIndex.map { String($0) } ?? "\u{2013}")",
                ]
            })
    }

    private static func table(of backups: [AuditReport.Backup]) -> Table {
        Table(
            caption: "Backups that hold the data until they are purged",
            columns: [.text("System"), .text("Purged by")],
            rows: backups.map { ["\(code: $0.system)", "\(day: $0.purgeBy)"] })
    }

    private static func words(for outcome: AuditReport.Recipient.Outcome) -> String {
        switch outcome {
        case .delivered: "told"
        case .pending: "not told yet"
        case .failed: "not told, given up"
        case .disproportionateEffort: "not told: disproportionate effort"
        case .impossible: "not told: impossible"
        }
    }

    private static func tone(of outcome: AuditReport.Recipient.Outcome) -> Tone {
        switch outcome {
        case .delivered: .good
        case .pending: .caution
        case .failed: .bad
        case .disproportionateEffort, .impossible: .neutral
        }
    }
}
