public import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// Counts the requests received in `period` and what became of them, out of the log's indexes and, where those do not tell when a request
    /// was answered, its entries. The vault is not opened.
    public func statistics(
        in period: StatisticsPeriod, regulation: Regulation? = nil
    ) throws -> RequestStatistics {
        let offset = policy.clock.utcOffsetMinutes
        let records = try store.requests().filter {
            period.contains($0.receivedAt.date(utcOffsetMinutes: offset))
                && (regulation == nil || $0.lifecycle.regulation == regulation)
        }
        let ends = try ends(of: records)
        var statistics = RequestStatistics(
            of: records.map { RequestOutcome(record: $0, endedAt: ends[$0.requestID]) }, in: period,
            regulation: regulation, asOf: today(), utcOffsetMinutes: offset)
        statistics.turnedAway = try RefusalTally(folder: paths.refusals).counts(in: period)
        return statistics
    }

    /// When each request that has ended did.
    ///
    /// The index knows a request's last event. Where that is the destruction of its personal data, the end is an earlier entry: right before,
    /// where a run did both; anywhere between receipt and destruction, where an officer did it later. One pass over the log finds all of
    /// the latter.
    private func ends(of records: [RequestRecord]) throws -> [RequestID: Timestamp] {
        var ends: [RequestID: Timestamp] = [:]
        var sought: Set<RequestID> = []
        var range: ClosedRange<UInt64>?
        for record in records where record.state.isFinal {
            guard let shredded = record.shreddedIndex else {
                ends[record.requestID] = record.updatedAt
                continue
            }
            if shredded > 0, let end = try end(at: shredded - 1), end.requestID == record.requestID {
                ends[record.requestID] = end.at
                continue
            }
            sought.insert(record.requestID)
            range = min(range?.lowerBound ?? shredded, record.receivedIndex)...max(range?.upperBound ?? 0, shredded)
        }
        guard let range else { return ends }
        for index in range.reversed() where !sought.isEmpty {
            guard let end = try end(at: index), sought.remove(end.requestID) != nil else { continue }
            ends[end.requestID] = end.at
        }
        return ends
    }

    /// The change of a request's state that an entry logs. Of one request, the last of them is its end.
    private func end(at index: UInt64) throws -> RequestEvent? {
        guard case .request(let event)? = try store.event(index), case .changed = event.kind else { return nil }
        return event
    }
}
