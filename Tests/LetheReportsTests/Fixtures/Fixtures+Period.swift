import LetheReports

extension Fixtures {
    /// Two months of a small desk.
    static let period = PeriodReport(
        firstDay: "2026-10-01", lastDay: "2026-11-30", asOf: "2026-12-02", law: "gdpr",
        issuedAt: "2026-12-02T09:00:00Z",
        log: .init(
            origin: "example.com/ledger", checkpointSize: 270, checkpointRoot: String(repeating: "ab", count: 32)),
        policy: .init(name: "gdpr", digest: String(repeating: "cd", count: 32)),
        figures: [
            .init("received", "Received", "12"), .init("complied", "Complied with", "7"),
            .init("denied", "Denied", "2"),
            .init("median_days", "Median days to the answer", "11.5"),
            .init("answered_late", "Answered after the day due", "1"), .init("open", "Open", "3"),
            .init("overdue", "Open and overdue", "0"),
        ],
        refusals: [.init("GDPR Art. 17(3)(e)", 1)], turnedAway: [.init("drp: bad-signature", 4)],
        runs: [
            .init(
                id: "5f1c8e7a-1111-4222-8333-444455556666", method: "e2urec", judgedAt: "2026-11-03T02:40:00Z",
                verdict: "INCONCLUSIVE", certificates: 7, logIndex: 181),
            .init(
                id: "6f1c8e7a-1111-4222-8333-444455556666", method: "retrain", judgedAt: "2026-11-03T05:10:00Z",
                verdict: "PASS-EXACT", certificates: 7, logIndex: 203),
        ],
        processing: [
            .init(
                "a", "Controller and contact details", ["controller: Example Films", "contact: privacy@example.com"]),
            .init("e", "Transfers to third countries", []),
            .init("g", "Security measures", ["append-only log with signed checkpoints; every decision in it"]),
        ])

    /// Every text of a report replaced.
    static func hostilePeriod(_ text: String) -> PeriodReport {
        PeriodReport(
            firstDay: text, lastDay: text, asOf: text, law: text, issuedAt: text,
            log: .init(origin: text, checkpointSize: -1, checkpointRoot: text), policy: .init(name: text, digest: text),
            figures: [.init("received", text, text), .init("other", text, nil)], refusals: [.init(text, .max)],
            turnedAway: [.init(text, .min)],
            runs: [.init(id: text, method: text, judgedAt: text, verdict: text, certificates: 0, logIndex: .max)],
            processing: [.init(text, text, [text, text]), .init("b", text, [])])
    }
}
