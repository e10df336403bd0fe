/// How sure the report is, and where it ends.
enum LimitsSection {
    static func section(_ report: AuditReport, _ wording: Wording) -> Section {
        var blocks: [Block] = [
            .heading("What this shows"), .list(wording.proves),
            .heading("What it does not show"), .list(wording.doesNotProve),
        ]
        if !report.notMeasured.isEmpty {
            blocks.append(.heading("Not measured in this audit"))
            blocks.append(.list(report.notMeasured.map { "\(strong: $0.test): \($0.reason)" }))
        }
        return Section(id: "limits", title: "How sure are we?", lead: nil, blocks: blocks)
    }
}
