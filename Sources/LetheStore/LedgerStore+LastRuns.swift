import GRDB
public import LetheRequests

extension LedgerStore {
    /// The last runs of the first `limit` requests, by receipt, in the state called `state`; requests that no run took up have none.
    public func lastRuns(ofRequestsIn state: String, limit: Int) throws(StoreError) -> Set<RunID> {
        try read { tables in
            let rows = try Cells.fetch(
                tables.db,
                """
                SELECT DISTINCT run_id FROM
                (SELECT run_id FROM requests WHERE state = CAST(? AS TEXT) ORDER BY received_index LIMIT ?)
                WHERE run_id IS NOT NULL
                """, [.text(state), .integer(Int64(limit))])
            return Set(
                try rows.map { row in
                    guard let id = row.first?.string.flatMap(RunID.init) else {
                        throw StoreError.corrupt(detail: "requests: \(row.first?.excerpt ?? "nothing") is no run")
                    }
                    return id
                })
        }
    }
}
