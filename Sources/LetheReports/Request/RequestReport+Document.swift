extension Document {
    /// The report as a document.
    init(_ report: RequestReport) {
        title = "Request \(report.id)"
        kicker = "Report on a deletion request · \(code: report.id)"
        verdict = RequestsSection.words(for: report.state).uppercased()
        tone = RequestsSection.tone(of: report.state)
        headline = Self.headline(report)
        let isEnded = if case .stopped = report.clock { true } else { false }
        claim =
            """
            Received on \(day: report.receivedAt) under the \(report.law.uppercased()); an answer \(isEnded ? "was" : "is") due on \
            \(day: report.dueOn).
            """
        let untold = report.recipients.filter(\.isUntold).map(\.name)
        reasons =
            (report.stateDetail.map { ["\($0)"] } ?? [])
            + (untold.isEmpty ? [] : ["Not every recipient of the data was told: \(untold.joined(separator: ", "))."])
        keyFigures = [
            KeyFigure(
                label: "Clock", value: RequestsSection.clockWords(report.clock),
                detail: "due \(Moment(report.dueOn).day)"),
            KeyFigure(
                label: "Certificate", value: report.certificateFile == nil ? "none" : "issued",
                detail: report.certificateFile ?? "a certificate follows a judged run"),
            KeyFigure(
                label: "Personal data", value: report.isShredded ? "destroyed" : "in the vault",
                detail: report.isShredded ? "its key no longer exists" : "encrypted under a key of its own"),
            KeyFigure(
                label: "Log entries", value: Figures.count(report.history.count), detail: "about this request"),
        ]
        facts = [
            Fact("Issued", "\(time: report.issuedAt)"), Fact("Log", "\(code: report.log.origin)"),
            Fact(
                "Checkpoint of the log",
                Prose("\(Figures.count(report.log.checkpointSize, "entry", plural: "entries")), root")
                    .detail("\(code: report.log.checkpointRoot)")),
        ]
        sections = [
            Self.history(report), Self.runs(report),
            RecipientsSection.section(recipients: report.recipients, backups: []), Self.check(report),
        ].filter { !$0.blocks.isEmpty }
    }

    private static func headline(_ report: RequestReport) -> String {
        switch report.state {
        case .received: "The request was received; nothing is decided yet."
        case .identityPending: "A better proof of identity is waited for."
        case .inProgress, .extended: "The request is accepted and waits for an unlearning run."
        case .verifying: "The model was made to forget; whether it did is being measured."
        case .blockedPartial: "Part of the work cannot proceed yet."
        case .fulfilled where report.certificateFile == nil: "Nothing of this person was held."
        case .fulfilled: "The request was answered: the model was made to forget."
        case .refused: "The request was refused on a legal ground."
        case .withdrawn: "The requester withdrew the request."
        case .expired: "No proof of identity came in time."
        case .duplicate: "An earlier request of the same person is answered instead."
        }
    }

    private static func history(_ report: RequestReport) -> Section {
        var blocks: [Block] = [
            .table(
                Table(
                    caption: "Entries",
                    columns: [.text("Entry"), .text("When"), .text("What"), .text("Signed by")],
                    rows: report.history.map { event in
                        let signers = event.signers.map { text -> Prose in
                            let (role, key) = signer(text)
                            return "\(role) \(code: String(key.prefix(12)))"
                        }
                        return [
                            "\(String(event.entry))", "\(time: event.at)", "\(event.what)",
                            signers.dropFirst().reduce(signers.first ?? "nobody whose key is known") { $0.detail($1) },
                        ]
                    }))
        ]
        var seen: Set<String> = []
        let signers = report.history.flatMap(\.signers).filter { seen.insert($0).inserted }
        if !signers.isEmpty {
            blocks.append(
                .table(
                    Table(
                        caption: "The keys that signed, whose first characters stand above",
                        columns: [.text("Role"), .text("Key")],
                        rows: signers.map { text in
                            let (role, key) = signer(text)
                            return ["\(role)", "\(code: key)"]
                        })))
        }
        return Section(
            id: "history", title: "What happened?", lead: "Every entry of the log about this request, in order.",
            blocks: blocks)
    }

    /// A role and the id of its key.
    private static func signer(_ text: String) -> (role: String, key: String) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    private static func runs(_ report: RequestReport) -> Section {
        Section(
            id: "runs", title: "Which runs worked on it?", lead: nil,
            blocks: report.runs.isEmpty ? [] : [.table(runs(report.runs, "Judged runs"))])
    }

    private static func check(_ report: RequestReport) -> Section {
        var commands = [
            AuditReport.Command(
                purpose: "The person checks the receipt: the request is in the log, with its commitments.",
                line: "lethe request verify receipt.json --trust \(CheckSection.shellWord(report.trustFile))")
        ]
        if let file = report.certificateFile {
            commands.append(
                AuditReport.Command(
                    purpose: "Anybody checks the certificate: signature, place in the log, checkpoint.",
                    line:
                        "lethe certificate verify \(CheckSection.shellWord(file)) --trust \(CheckSection.shellWord(report.trustFile))"
                ))
        }
        return Section(
            id: "check", title: "Check it yourself",
            lead: "Each command ends with status 0 if everything holds, and otherwise says what does not.",
            blocks: [.commands(commands)])
    }
}
