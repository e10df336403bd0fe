/// Who asked, when, and what came of it: pseudonyms only.
enum RequestsSection {
    static func section(_ report: AuditReport) -> Section {
        var blocks: [Block] = []
        if !report.requests.isEmpty {
            blocks.append(.table(requests(report.requests)))
        }
        if !report.refusals.isEmpty {
            blocks.append(.heading("Refused on arrival"))
            blocks.append(.table(refusals(report.refusals)))
        }
        return Section(
            id: "requests", title: "Who asked, and when is an answer due?",
            lead: """
                Subjects appear under pseudonyms that only the operator’s vault can resolve. Deadlines follow the policy’s \
                statutory clock.
                """,
            blocks: blocks)
    }

    private static func requests(_ requests: [AuditReport.Request]) -> Table {
        Table(
            caption: "Requests of this run",
            columns: [
                .text("Request and subject"), .text("Received"), .text("Due"), .text("Clock"), .text("State"),
                .number("Records"), .text("Certificate"),
            ],
            rows: requests.map { request in
                [
                    Prose("\(code: request.id)").detail("subject \(code: request.subject)"),
                    "\(day: request.receivedAt)",
                    "\(day: request.dueAt)",
                    clock(request.clock),
                    "\(words(for: request.state), tone: tone(of: request.state))",
                    "\(request.recordsRemoved.map { Figures.count($0) } ?? "\u{2013}")",
                    Prose(request.certificateFile.map { "\(code: $0)" } ?? "none")
                        .detail(request.logIndex.map { "log entry \(String($0))" }),
                ]
            })
    }

    private static func refusals(_ refusals: [AuditReport.Refusal]) -> Table {
        Table(
            caption: "Requests that did not pass the checks at the door; nothing was removed for them",
            columns: [.text("Request"), .text("Received"), .text("Kind"), .text("Reason"), .text("Log entry")],
            rows: refusals.map { refusal in
                [
                    "\(code: refusal.id)",
                    "\(day: refusal.receivedAt)",
                    "\(refusal.kind, tone: .bad)",
                    "\(refusal.reason)",
                    "\(refusal.logIndex.map { String($0) } ?? "\u{2013}")",
                ]
            })
    }

    private static func clock(_ clock: AuditReport.Clock) -> Prose {
        switch clock {
        case .running(let days) where days < 0: "\(clockWords(clock), tone: .bad)"
        case .running, .stopped: "\(clockWords(clock))"
        case .paused: "\(clockWords(clock), tone: .neutral)"
        }
    }

    /// How a request's clock stands, in a few words.
    static func clockWords(_ clock: AuditReport.Clock) -> String {
        switch clock {
        case .running(let days) where days < 0: "\(Figures.count(days == .min ? .max : -days, "day")) overdue"
        case .running(let days): "\(Figures.count(days, "day")) left"
        case .stopped(let days) where days < 1: "answered the same day"
        case .stopped(let days): "answered in \(Figures.count(days, "day"))"
        case .paused: "paused"
        }
    }

    static func words(for state: AuditReport.State) -> String {
        switch state {
        case .received: "received"
        case .identityPending: "identity pending"
        case .inProgress: "in progress"
        case .extended: "extended"
        case .blockedPartial: "partly blocked"
        case .verifying: "verifying"
        case .fulfilled: "fulfilled"
        case .refused: "refused"
        case .withdrawn: "withdrawn"
        case .expired: "expired"
        case .duplicate: "duplicate"
        }
    }

    static func tone(of state: AuditReport.State) -> Tone {
        switch state {
        case .fulfilled: .good
        case .refused, .expired: .bad
        case .blockedPartial, .identityPending, .extended: .caution
        case .received, .inProgress, .verifying, .withdrawn, .duplicate: .neutral
        }
    }
}
