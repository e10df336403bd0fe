import GRDB
import LetheCrypto
import LetheRequests

/// The derived views: what the entries add up to, for quick queries.
extension LedgerTables {
    func request(_ id: RequestID) throws -> RequestRecord? {
        try records(" WHERE request_id = CAST(? AS TEXT)", [.text(id.text)]).first
    }

    func request(nonceTag: Digest) throws -> RequestRecord? {
        try records(" WHERE nonce_tag = CAST(? AS TEXT)", [.text(nonceTag.hex)]).first
    }

    func requests(in state: String?) throws -> [RequestRecord] {
        if let state { return try records(" WHERE state = CAST(? AS TEXT) ORDER BY received_index", [.text(state)]) }
        return try records(" ORDER BY received_index", [])
    }

    private func records(_ condition: String, _ arguments: [Cell]) throws -> [RequestRecord] {
        try Cells.fetch(db, TableShape.requests.select + condition, arguments).map { try RequestRecord(cells: $0) }
    }

    func run(_ id: RunID) throws -> RunRecord? {
        try Cells.fetch(db, TableShape.runs.select + " WHERE run_id = CAST(? AS TEXT)", [.text(id.text)]).first.map {
            try RunRecord(cells: $0)
        }
    }

    func runs() throws -> [RunRecord] {
        try Cells.fetch(db, TableShape.runs.select).map { try RunRecord(cells: $0) }
            .sorted { ($0.indexes.values.min() ?? 0) < ($1.indexes.values.min() ?? 0) }
    }

    /// The part of the ledger's state that `events` can touch.
    func state(for events: [LedgerEvent]) throws -> LedgerState {
        var requests: [RequestID: RequestRecord] = [:]
        var runs: [RunID: RunRecord] = [:]
        var nonces: [Digest: RequestID] = [:]
        var absent: Set<RequestID> = []
        func load(_ id: RequestID) throws {
            guard requests[id] == nil, absent.insert(id).inserted, let record = try request(id) else { return }
            requests[id] = record
            if let run = record.runID { try load(run) }
        }
        func load(_ id: RunID) throws {
            guard runs[id] == nil, let record = try run(id) else { return }
            runs[id] = record
        }
        for event in events {
            switch event {
            case .request(let event):
                try load(event.requestID)
                switch event.kind {
                case .received(let receipt):
                    if let owner = try request(nonceTag: receipt.nonceTag) {
                        nonces[receipt.nonceTag] = owner.requestID
                    }
                case .changed(.unlearned(let run), _): try load(run)
                case .changed(.foundDuplicate(let original), _): try load(original)
                case .changed: break
                }
            case .shred(let event): try load(event.requestID)
            case .run(let event): try load(event.runID)
            case .notification(let event): try load(event.runID)
            case .key, .policy, .model: break
            }
        }
        return LedgerState(
            requests: Array(requests.values), runs: Array(runs.values),
            knownNonces: nonces.filter { requests[$0.value] == nil })
    }

    /// Writes the records that differ.
    func write(_ state: LedgerState, changedSince before: LedgerState) throws {
        for (id, record) in state.requests where before.requests[id] != record {
            try TableShape.requests.write(record.cells, to: db)
        }
        for (id, record) in state.runs where before.runs[id] != record {
            try TableShape.runs.write(record.cells, to: db)
        }
    }
}
