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
                what: "received; identity account-authenticated, due 2026-11-30", signers: [controller]),
            .init(
                entry: 152, at: "2026-10-31T09:30:41Z", what: "a better proof of identity was asked for",
                signers: [controller, officer]),
            .init(
                entry: 160, at: "2026-11-02T14:03:55Z", what: "the identity is proved as well as the policy asks",
                signers: [controller, officer]),
            .init(
                entry: 176, at: "2026-11-03T02:21:37Z",
                what: "the model was made to forget, run \(period.runs[0].id)", signers: [controller]),
            .init(
                entry: 186, at: "2026-11-03T02:40:02Z", what: "the verdict was not a pass: it waits for the next run",
                signers: [controller]),
            .init(
                entry: 196, at: "2026-11-03T04:58:13Z",
                what: "the model was made to forget, run \(period.runs[1].id)", signers: [controller]),
            .init(
                entry: 212, at: "2026-11-03T05:11:30Z", what: "fulfilled, with the certificate at entry 204",
                signers: [controller]),
            .init(
                entry: 219, at: "2026-11-03T05:11:31Z", what: "the key of the personal data was destroyed",
                signers: [controller]),
        ], runs: period.runs,
        recipients: [.init(name: "crm", outcome: .delivered, at: "2026-11-03T05:11:00Z", attempts: 1, logIndex: 208)],
        certificateFile: "certificates/0007.lethe-certificate.json", isShredded: true, trustFile: "trust.txt")

    private static let controller = "controller \(digest("0a1b2c"))"
    private static let officer = "officer \(digest("3d4e5f"))"

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
