import LetheBytes
import LetheCrypto
import LetheLog
public import LetheReports
public import LetheRequests
import LetheStore

extension Workspace {
    /// The report on a span of days: what came in, how it was answered, which runs were judged, and the record of processing activities.
    /// - Parameter regulation: the law whose requests are counted; nil for every law.
    public func periodReport(_ period: StatisticsPeriod, regulation: Regulation? = nil) throws -> PeriodReport {
        let statistics = try statistics(in: period, regulation: regulation)
        let checkpoint = try Checkpoint(parsing: checkpoint().text)
        return PeriodReport(
            firstDay: "\(period.first)", lastDay: "\(period.last)", asOf: "\(statistics.asOf)",
            law: regulation?.rawValue, issuedAt: "\(environment.now())",
            log: .init(
                origin: origin, checkpointSize: Int(checkpoint.size), checkpointRoot: checkpoint.rootHash.hex),
            policy: .init(name: policy.name, digest: policy.digest.hex), figures: statistics.reported,
            refusals: RefusalGround.allCases.compactMap { ground in
                statistics.refusals[ground].map { .init(ground.citation, $0) }
            },
            turnedAway: statistics.turnedAway.map { .init("\($0.door.rawValue): \($0.cause)", $0.count) },
            runs: try judgedRuns { record in
                guard let judged = try runEvent("verified", of: record) else { return false }
                return period.contains(judged.at.date(utcOffsetMinutes: policy.clock.utcOffsetMinutes))
            }, processing: try processingActivities())
    }

    /// Writes the report on a span of days in each format; returns the files.
    public func report(
        on period: StatisticsPeriod, regulation: Regulation? = nil, to folder: String, formats: [ReportFormat]
    ) throws -> [ReportFormat: String] {
        let report = try periodReport(period, regulation: regulation)
        let law = regulation.map { "-\($0.rawValue)" } ?? ""
        return try write("requests-\(period.first)-\(period.last)\(law)", to: folder, formats: formats) { format in
            switch format {
            case .html: report.html
            case .markdown: report.markdown
            case .json: try report.json
            case .csv: report.csv
            }
        }
    }

    /// The judged runs that `isMeant` of, in the order of the log.
    func judgedRuns(where isMeant: (LetheRequests.RunRecord) throws -> Bool) throws -> [PeriodReport.Run] {
        try store.runs().compactMap { record in
            guard record.stage == .verified, try isMeant(record), let judged = try runEvent("verified", of: record),
                case .inputsCommitted(let inputs)? = try step("inputs-committed", of: record)
            else { return nil }
            return PeriodReport.Run(
                id: record.runID.text, method: inputs.methodName?.rawValue ?? inputs.method, judgedAt: "\(judged.at)",
                verdict: record.verdict?.rawValue ?? "", certificates: try certificates(of: record).count,
                logIndex: Int(clamping: record.indexes["verified"] ?? 0))
        }
    }

    /// GDPR Art. 30(1): what the software and the policy do, and what the controller states of itself.
    private func processingActivities() throws -> [PeriodReport.Activity] {
        let controller = try ControllerStatement.read(paths.controller)
        let retention = policy.retention
        var limits = [
            retention.shredAfterFulfilment
                ? "requests and identities: until the request is fulfilled; then their key is destroyed"
                : "requests and identities: until an officer destroys their key",
            "log: for good; it holds commitments only, which nobody can open once the key is destroyed",
        ]
        if let days = retention.tombstoneDays {
            limits.append("list of rows that the data pipeline must delete: \(days) days after the verdict, sealed")
        }
        limits += policy.backups.map { "backup \($0.system): purged within \($0.purgeDays) days" }
        var measures = [
            "AES-256-GCM under a key of each request's own, wrapped by a master key outside the database",
            "append-only log with signed checkpoints; every decision in it",
            "training on what is to be forgotten leaves states sealed under a key that is destroyed",
        ]
        if let roles = policy.roles {
            measures.append("decisions signed by named roles")
            let shared = DecisionKind.allCases.filter(roles.twoPersons.contains).map(\.rawValue)
            if !shared.isEmpty { measures.append("two persons must sign: \(shared.joined(separator: ", "))") }
        }
        return [
            .init("a", "Controller and contact details", controller.identity),
            .init(
                "b", "Purposes",
                [
                    policy.regulation == .gdpr
                        ? "answering requests for erasure (Art. 17) and showing that they were answered (Art. 5(2), 12, 19)"
                        : "answering requests to delete (Cal. Civ. Code 1798.105) and keeping records of them (11 CCR 7101)"
                ]),
            .init(
                "c", "Data subjects and personal data",
                [
                    "people who ask for deletion: the request as it came, their identifier, the proof of their identity",
                    "the same people's training records, read while the model forgets them",
                ]),
            .init(
                "d", "Recipients",
                policy.recipients.map { $0.list.map { "\($0.name): told of the erasure, or why not" } }
                    ?? ["none that the policy names"]),
            .init("e", "Transfers to third countries", controller.transfers),
            .init("f", "Time limits for erasure", limits),
            .init("g", "Security measures", measures),
        ]
    }
}

extension RequestStatistics {
    /// Every figure with its name for people, in the order of the desk's files.
    fileprivate var reported: [PeriodReport.Figure] {
        let titles = [
            "received": "Received", "complied": "Complied with", "denied": "Denied",
            "denied_not_verifiable": "… because nobody could verify them",
            "denied_exempt": "… because the law excepts them",
            "denied_other_grounds": "… on other grounds", "median_days": "Median days to the answer",
            "mean_days": "Mean days to the answer", "answered_late": "Answered after the day due",
            "extended": "With an extended deadline", "expired": "Ended without a proof of identity",
            "withdrawn": "Withdrawn", "duplicates": "Duplicates", "open": "Open", "overdue": "Open and overdue",
        ]
        return figures.map { figure in
            let value: String? =
                switch figure.value {
                case .text(let text): text
                case .number(let number): "\(number)"
                case .empty: nil
                }
            return .init(figure.name, titles[figure.name] ?? figure.name, value)
        }
    }
}
