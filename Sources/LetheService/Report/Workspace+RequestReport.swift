import LetheBytes
import LetheCrypto
import LetheLog
public import LetheReports
import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// What became of one request.
    /// - Throws: `ServiceError.unknownRequest`.
    public func requestReport(_ id: String) throws -> RequestReport {
        let record = try request(id)
        let checkpoint = try Checkpoint(parsing: checkpoint().text)
        let history = try history(of: record)
        let offset = policy.clock.utcOffsetMinutes
        let received = record.receivedAt.date(utcOffsetMinutes: offset)
        let runs = history.compactMap { entry -> RunID? in
            if case .request(let event) = entry.event, case .changed(.unlearned(let run), _) = event.kind {
                run
            } else {
                nil
            }
        }
        let certificate = try record.runID.flatMap { try store.run($0) }.map { try certificates(of: $0) }?
            .first { $0.request == id && $0.entry == record.certificateIndex }
        // Destroying the personal data later is no answer.
        let ended =
            history.last { if case .request = $0.event { true } else { false } }?.at ?? record.updatedAt
        let detail: String? =
            switch record.state {
            case .refused(let ground): "Ground: \(ground.citation)."
            case .duplicate(let original): "The request that is answered is \(original.text)."
            default: nil
            }
        return RequestReport(
            id: id, law: record.lifecycle.regulation.rawValue, state: .init(rawValue: record.state.name) ?? .received,
            stateDetail: detail, issuedAt: "\(environment.now())", receivedAt: "\(record.receivedAt)",
            dueOn: "\(record.due)",
            clock: record.state.isFinal
                ? .stopped(daysTaken: max(0, ended.date(utcOffsetMinutes: offset).days(since: received)))
                : record.isPaused ? .paused : .running(daysLeft: record.due.days(since: today())),
            log: .init(
                origin: origin, checkpointSize: Int(checkpoint.size), checkpointRoot: checkpoint.rootHash.hex),
            history: history.map { entry in
                RequestReport.Event(
                    entry: Int(clamping: entry.index), at: "\(entry.at)", what: entry.event.words,
                    signers: entry.signers.map { "\($0.role.rawValue) \($0.keyID)" })
            },
            runs: try judgedRuns { runs.contains($0.runID) },
            recipients: try record.runID.map { try recipients(ofRun: $0.text) }?.map(AuditReport.Recipient.init) ?? [],
            certificateFile: certificate.map { "certificates/" + Self.certificateName($0.number) },
            isShredded: record.shreddedIndex != nil, trustFile: "trust.txt")
    }

    /// Writes the report on one request in each format; returns the files.
    public func report(
        onRequest id: String, to folder: String, formats: [ReportFormat]
    ) throws -> [ReportFormat: String] {
        let report = try requestReport(id)
        return try write("request-\(report.id)", to: folder, formats: formats) { format in
            switch format {
            case .html: report.html
            case .markdown: report.markdown
            case .json: try report.json
            case .csv: report.csv
            }
        }
    }
}

extension LedgerEvent {
    /// What it says about a request, in a few words.
    fileprivate var words: String {
        switch self {
        case .request(let event):
            switch event.kind {
            case .received(let receipt):
                "received; identity \(receipt.identity.level.rawValue), due \(receipt.clock.due)"
            case .changed(let change, _): change.words
            }
        case .shred: "the key of the personal data was destroyed"
        case .key, .policy, .model, .run, .notification: ""
        }
    }
}

extension LifecycleEvent {
    fileprivate var words: String {
        switch self {
        case .identityDoubted: "a better proof of identity was asked for"
        case .identityConfirmed: "the identity is proved as well as the policy asks"
        case .extended(let reason): "the time to answer was extended: \(reason.rawValue.replacing("-", with: " "))"
        case .unlearned(let run): "the model was made to forget, run \(run.text)"
        case .verificationFailed: "the verdict was not a pass: it waits for the next run"
        case .blocked: "part of the work cannot proceed"
        case .resumed: "the work goes on"
        case .fulfilled(let entry): "fulfilled, with the certificate at entry \(entry)"
        case .nothingHeld: "fulfilled: nothing of the person was held"
        case .refused(let ground): "refused: \(ground.citation)"
        case .withdrawn: "withdrawn by the requester"
        case .expired: "no proof of identity came in time"
        case .foundDuplicate(let original): "ended behind the earlier request \(original.text)"
        }
    }
}
