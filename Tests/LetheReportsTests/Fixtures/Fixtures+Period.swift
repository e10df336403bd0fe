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
            .init("received", "Received", "14"), .init("complied", "Complied with", "7"),
            .init("denied", "Denied", "2"),
            .init("denied_not_verifiable", "… because nobody could verify them", "1"),
            .init("denied_exempt", "… because the law excepts them", "1"),
            .init("denied_other_grounds", "… on other grounds", "0"),
            .init("median_days", "Median days to the answer", "11.5"),
            .init("mean_days", "Mean days to the answer", "13.2"),
            .init("answered_late", "Answered after the day due", "1"),
            .init("extended", "With an extended deadline", "1"),
            .init("expired", "Ended without a proof of identity", "1"), .init("withdrawn", "Withdrawn", "1"),
            .init("duplicates", "Duplicates", "1"), .init("open", "Open", "3"),
            .init("overdue", "Open and overdue", "0"),
        ],
        refusals: [.init("GDPR Art. 17(3)(e)", 1)],
        turnedAway: [.init("drp: bad-signature", 4), .init("native: replayed", 1)],
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
            .init(
                "b", "Purposes",
                ["answering requests for erasure (Art. 17) and showing that they were answered (Art. 5(2), 12, 19)"]),
            .init(
                "c", "Data subjects and personal data",
                [
                    "people who ask for deletion: the request as it came, their identifier, the proof of their identity",
                    "the same people's training records, read while the model forgets them",
                ]),
            .init("d", "Recipients", ["crm: told of the erasure, or why not"]),
            .init("e", "Transfers to third countries", []),
            .init(
                "f", "Time limits for erasure",
                [
                    "requests and identities: until the request is fulfilled; then their key is destroyed",
                    "log: for good; it holds commitments only, which nobody can open once the key is destroyed",
                ]),
            .init(
                "g", "Security measures",
                [
                    "AES-256-GCM under a key of each request's own, wrapped by a master key outside the database",
                    "append-only log with signed checkpoints; every decision in it",
                    "training on what is to be forgotten leaves states sealed under a key that is destroyed",
                ]),
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
