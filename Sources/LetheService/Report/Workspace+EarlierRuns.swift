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
        guard let end = run.indexes["inputs-committed"], let begin = requests.map(\.receivedIndex).min(), begin < end
        else { return [] }
        let earlier = try store.runs().filter { ($0.indexes["candidate-committed"] ?? end) < end }
        guard !earlier.isEmpty else { return [] }
        let ids = Set(requests.map(\.requestID))
        var taken: [RunID: Int] = [:]
        try store.forEachEntry(in: begin...end) { _, bytes in
            guard case .request(let event)? = try LedgerEvent(of: DSSEEnvelope(parsing: bytes)),
                case .changed(.unlearned(let run), _) = event.kind, ids.contains(event.requestID)
            else { return }
            taken[run, default: 0] += 1
        }
        return try earlier.compactMap { record in
            guard let requests = taken[record.runID],
                case .inputsCommitted(let inputs)? = try step("inputs-committed", of: record)
            else { return nil }
            return AuditReport.EarlierRun(
                id: record.runID.text, method: inputs.methodName?.rawValue ?? inputs.method,
                verdict: record.verdict.flatMap { AuditReport.Verdict(rawValue: $0.rawValue) }, requests: requests,
                logIndex: Int(clamping: record.indexes["verified"] ?? record.lastIndex))
        }
    }
}
