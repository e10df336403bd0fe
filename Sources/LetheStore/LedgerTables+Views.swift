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

    func requests(in state: String?, limit: Int? = nil) throws -> [RequestRecord] {
        if state == nil, limit == nil { return try allRequests() }
        let (condition, arguments): (String, [Cell]) =
            state.map { (" WHERE state = CAST(? AS TEXT)", [.text($0)]) } ?? ("", [])
        // A limit below zero is none.
        return try records(
            condition + " ORDER BY received_index LIMIT ?", arguments + [.integer(Int64(limit ?? -1))])
    }

    /// Every request in the order of its receipt. Sorted here: SQLite would carry each row, as wide as it is, through its own sorting.
    private func allRequests() throws -> [RequestRecord] {
        let records = try records("", [])
        let order = records.indices.map { (receipt: records[$0].receivedIndex, place: $0) }.sorted { $0 < $1 }
        return order.map { records[$0.place] }
    }

    func count(in state: String) throws -> Int {
        let row = try Cells.first(
            db, "SELECT count(*) FROM requests WHERE state = CAST(? AS TEXT)", [.text(state)])
        return Int(clamping: row?.first?.unsigned ?? 0)
    }

    func earliestDue(in state: String) throws -> CivilDate? {
        // Through the index each row is looked up on its own, which is quicker for few of many and slower for most of them.
        let all = try Cells.first(db, "SELECT count(*) FROM requests")?.first?.unsigned ?? 0
        let scan = try count(in: state) > Int(clamping: all / 16) ? " NOT INDEXED" : ""
        // Days are written so that their texts are ordered as they are.
        let row = try Cells.first(
            db,
            """
            SELECT min(CASE extended WHEN 1 THEN extended_due ELSE due END) FROM requests\(scan)
            WHERE state = CAST(? AS TEXT)
            """, [.text(state)])
        guard let cell = row?.first, cell != .null else { return nil }
        guard let day = cell.string.flatMap({ try? CivilDate($0) }) else {
            throw StoreError.corrupt(detail: "requests: \(cell.excerpt) is no day")
        }
        return day
    }

    /// The earliest received of the requests with a person's tag that are in one of `states`, under `law`.
    func request(of tag: Digest, under law: Regulation, in states: [String]) throws -> RequestRecord? {
        try records(
            Self.ofPerson(inStates: states.count),
            [.text(tag.hex), .text(law.rawValue)] + states.map { .text($0) }
        ).first
    }

    /// The condition of `request(of:under:in:)`. The plus keeps the index by state out: through it every open request would be looked at.
    static func ofPerson(inStates count: Int) -> String {
        let places = Array(repeating: "CAST(? AS TEXT)", count: count).joined(separator: ", ")
        return """
             WHERE request_id IN (SELECT request_id FROM subject_tags WHERE tag = CAST(? AS TEXT))
            AND regulation = CAST(? AS TEXT) AND +state IN (\(places)) ORDER BY received_index LIMIT 1
            """
    }

    private func records(_ condition: String, _ arguments: [Cell]) throws -> [RequestRecord] {
        try Cells.map(db, TableShape.requests.select + condition, arguments) { try RequestRecord(row: $0) }
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
