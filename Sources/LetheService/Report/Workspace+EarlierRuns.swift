import LetheCrypto
import LetheReports
import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// Runs before `run` that had a candidate for some of its requests, in the order of the log.
    ///
    /// Read out of the requests' own entries, so that a run whose folder is gone counts too.
    func earlierRuns(
        than run: LetheRequests.RunRecord, of requests: [RequestRecord]
    ) throws -> [AuditReport.EarlierRun] {
        guard let end = run.indexes["inputs-committed"], let begin = requests.map(\.receivedIndex).min(), begin < end,
            try store.runs().contains(where: {
                $0.runID != run.runID && $0.candidate != nil && $0.startedAt <= run.startedAt
            })
        else { return [] }
        let ids = Set(requests.map(\.requestID))
        var order: [RunID] = []
        var taken: [RunID: Int] = [:]
        try store.forEachEntry(in: begin...end) { _, bytes in
            guard case .request(let event)? = try LedgerEvent(of: DSSEEnvelope(parsing: bytes)),
                case .changed(.unlearned(let earlier), _) = event.kind, ids.contains(event.requestID)
            else { return }
            if taken.updateValue(taken[earlier, default: 0] + 1, forKey: earlier) == nil { order.append(earlier) }
        }
        return try order.map { id in
            guard let record = try store.run(id),
                case .inputsCommitted(let inputs)? = try step("inputs-committed", of: record)
            else {
                throw ServiceError.workspaceDamaged(
                    file: paths.database, problem: "requests name the run \(id), which is missing")
            }
            return AuditReport.EarlierRun(
                id: id.text, method: inputs.methodName?.rawValue ?? inputs.method,
                verdict: record.verdict.flatMap { AuditReport.Verdict(rawValue: $0.rawValue) },
                requests: taken[id] ?? 0,
                logIndex: Int(clamping: record.indexes["verified"] ?? record.lastIndex))
        }
    }
}
