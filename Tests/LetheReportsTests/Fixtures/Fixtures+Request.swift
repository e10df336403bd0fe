import LetheReports

extension Fixtures {
    /// A request that was answered by the second method that was tried.
    static let request = RequestReport(
        id: "61536e2d-2152-4e88-a947-d12c26290d6f", law: "gdpr", state: .fulfilled, stateDetail: nil,
        issuedAt: "2026-12-02T09:00:00Z", receivedAt: "2026-10-30T16:12:09Z", dueOn: "2026-11-30",
        clock: .stopped(daysTaken: 4), log: period.log,
        history: [
            .init(
                entry: 150, at: "2026-10-30T16:12:09Z",
                what: "received; identity account-authenticated, due 2026-11-30", signers: ["controller 0a1b2c"]),
            .init(
                entry: 151, at: "2026-10-30T16:12:09Z", what: "the identity is proved as well as the policy asks",
                signers: ["controller 0a1b2c", "officer 3d4e5f"]),
            .init(
                entry: 210, at: "2026-11-03T05:10:00Z", what: "fulfilled, with the certificate at entry 204",
                signers: ["controller 0a1b2c"]),
        ], runs: period.runs,
        recipients: [.init(name: "crm", outcome: .delivered, at: "2026-11-03T05:11:00Z", attempts: 1, logIndex: 208)],
        certificateFile: "certificates/0007.lethe-certificate.json", isShredded: true, trustFile: "trust.txt")

    /// Every text of a report replaced.
    static func hostileRequest(_ text: String) -> RequestReport {
        RequestReport(
            id: text, law: text, state: .refused, stateDetail: text, issuedAt: text, receivedAt: text, dueOn: text,
            clock: .running(daysLeft: .min), log: hostilePeriod(text).log,
            history: [
                .init(entry: -1, at: text, what: text, signers: [text, text]),
                .init(entry: .max, at: text, what: text, signers: []),
            ], runs: hostilePeriod(text).runs,
            recipients: [.init(name: text, outcome: .failed, at: text, attempts: .min, logIndex: .max)],
            certificateFile: text, isShredded: false, trustFile: text)
    }
}
