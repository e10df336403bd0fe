import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements

// How requests are judged without holding them all:
// 1. A request is followed from its receipt to the event that its stored row names as the last. What its events add up to must
//    then be that row, cell by cell; after that it is forgotten.
// 2. A request for which anything is otherwise (no row, another receipt, an event before or after these two, one that cannot
//    follow) is a suspect. A second reading derives all suspects again with all their events, trusting no row, and names every
//    difference. An honest log has no suspects.
// 3. A stored row cannot vouch for itself: every row that no request has led to is looked at on its own.

extension AuditPass {
    /// The event of a request or of its key's destruction.
    mutating func follow(_ event: LedgerEvent, of id: RequestID, at index: UInt64) throws {
        guard !suspects.contains(id) else { return }
        guard try advance(event, of: id, at: index) else {
            suspects.insert(id)
            state.forget(id)
            followed[id] = nil
            return
        }
        countRuns(event, of: id)
        try checkFulfilment(event, at: index)
        guard let expected = followed[id], expected.lastIndex == index, let record = state.requests[id] else { return }
        if try expected.row ?? packedRequest(id)?.row == record.packed {
            matchedRequests += 1
        } else {
            suspects.insert(id)
        }
        state.forget(id)
        followed[id] = nil
    }

    /// Applies the event to the request that is followed; false where it is not as its row says.
    private mutating func advance(_ event: LedgerEvent, of id: RequestID, at index: UInt64) throws -> Bool {
        if case .request(let request) = event, case .received = request.kind {
            guard state.requests[id] == nil, let stored = try packedRequest(id), stored.receivedIndex == index,
                let last = stored.lastIndex, last >= index
            else { return false }
            followed[id] = FollowedRequest(
                lastIndex: last, row: last - index <= FollowedRequest.reach ? stored.row : nil)
        } else if let last = followed[id]?.lastIndex, index <= last {
            // Followed since its receipt.
        } else {
            return false
        }
        if case .request(let request) = event, case .changed(.foundDuplicate(let original), _) = request.kind,
            state.requests[original] == nil
        {
            // The original may have been forgotten already; its receipt says that it exists.
            guard try receipt(of: original.text, before: index) != nil, let row = try storedRequest(original),
                let record = try? RequestRecord(cells: row)
            else { return false }
            state.remember(record)
            defer { state.forget(original) }
            return (try? state.apply(event, at: index)) != nil
        }
        return (try? state.apply(event, at: index)) != nil
    }

    /// How many runs a request took until a certificate fulfilled it.
    private mutating func countRuns(_ event: LedgerEvent, of id: RequestID) {
        guard case .request(let request) = event, case .changed(let change, _) = request.kind else { return }
        switch change {
        case .unlearned: followed[id]?.runs += 1
        case .fulfilled: fulfilledByRuns[followed[id]?.runs ?? 0, default: 0] += 1
        default: break
        }
    }

    /// A request is fulfilled by a certificate of its own.
    private mutating func checkFulfilment(_ event: LedgerEvent, at index: UInt64) throws {
        guard case .request(let request) = event, case .changed(.fulfilled(let entry), _) = request.kind,
            try certificates.request(at: entry) != request.requestID.text
        else { return }
        report(
            .entry(index), "certificateEntry",
            expected: "the index of a certificate of request \(request.requestID)", found: "\(entry)")
    }

    /// Derives every suspect again with all its events, which no stored row decides.
    mutating func replaySuspects() throws {
        suspects.formUnion(state.requests.keys)
        for id in state.requests.keys { state.forget(id) }
        guard !suspects.isEmpty else { return }
        let suspects = suspects
        // Whose nonces the suspects may have used again: those must be known too.
        var nonces: Set<Digest> = []
        try forEachEvent { event, _ in
            if case .request(let event) = event, suspects.contains(event.requestID),
                case .received(let receipt) = event.kind
            {
                nonces.insert(receipt.nonceTag)
            }
        }
        var derived = LedgerState()
        var known: Set<RequestID> = []
        var pass = self
        try forEachEvent { event, index in
            let id: RequestID
            switch event {
            case .run, .notification:
                try? derived.apply(event, at: index)
                return
            case .shred(let event): id = event.requestID
            case .request(let event):
                id = event.requestID
                if case .received(let receipt) = event.kind, !suspects.contains(id) {
                    if nonces.contains(receipt.nonceTag) { derived.remember(nonce: receipt.nonceTag, of: id) }
                    return
                }
                if case .changed(.foundDuplicate(let original), _) = event.kind, !suspects.contains(original),
                    known.insert(original).inserted, let row = try pass.storedRequest(original),
                    let record = try? RequestRecord(cells: row), record.receivedIndex < index
                {
                    derived.remember(record)
                }
            case .key, .policy, .model: return
            }
            guard suspects.contains(id) else { return }
            do { try derived.apply(event, at: index) } catch {
                pass.report(
                    .entry(index), "event", expected: "one that follows from the entries before", found: "\(error)")
                return
            }
            try pass.checkFulfilment(event, at: index)
        }
        for id in known { derived.forget(id) }
        self = pass
        self.derived = derived
    }

    /// The events of all entries that have one, in order; what is wrong with other entries was reported before.
    private func forEachEvent(_ body: (LedgerEvent, UInt64) throws -> Void) throws {
        try Cells.forEach(db, "SELECT idx, bytes FROM entries ORDER BY idx") { row in
            guard let index = row[0].unsigned, let bytes = row[1].blob, let event = try? EntryContent(bytes).event
            else { return }
            try body(event, index)
        }
    }

    private func storedRequest(_ id: RequestID) throws -> [Cell]? {
        try requestRows.first([.text(id.text)], Cells.cells(of:))
    }

    /// The stored row as it is compared, with the entries of the receipt and of the last event that it names.
    private func packedRequest(_ id: RequestID) throws -> (row: PackedRow, receivedIndex: UInt64?, lastIndex: UInt64?)?
    {
        try requestRows.first([.text(id.text)]) { handle in
            (PackedRow(handle), Cells.cell(handle, 16).unsigned, Cells.cell(handle, 17).unsigned)
        }
    }

    /// The receipt of a request, as the entry says that the row points to.
    func receipt(
        of id: String, before index: UInt64
    ) throws -> (index: UInt64, leafHash: Digest, subjectCommitment: Digest)? {
        guard let id = RequestID(id) else { return nil }
        if let record = state.requests[id], record.receivedIndex < index,
            let bytes = try? tables.entry(record.receivedIndex)
        {
            return (record.receivedIndex, MerkleTree.leafHash(bytes), record.subjectCommitment)
        }
        let row = try Cells.first(
            db, "SELECT received_index FROM requests WHERE request_id = CAST(? AS TEXT)", [.text(id.text)])
        if let received = row?[0].unsigned, received < index, let found = receipt(of: id, at: received) {
            return found
        }
        // The row is missing or points elsewhere; look for the receipt itself.
        guard suspects.contains(id) else { return nil }
        var found: (index: UInt64, leafHash: Digest, subjectCommitment: Digest)?
        try forEachEvent { event, received in
            guard found == nil, received < index, case .request(let event) = event, event.requestID == id,
                case .received = event.kind
            else { return }
            found = receipt(of: id, at: received)
        }
        return found
    }

    /// The receipt of `id`, where the entry at `index` is that.
    private func receipt(
        of id: RequestID, at index: UInt64
    ) -> (index: UInt64, leafHash: Digest, subjectCommitment: Digest)? {
        guard let bytes = try? tables.entry(index), case .request(let event)? = try? EntryContent(bytes).event,
            event.requestID == id, case .received(let receipt) = event.kind
        else { return nil }
        return (index, MerkleTree.leafHash(bytes), receipt.subjectCommitment)
    }

    /// Compares the rows of the suspects with what their events add up to, and finds rows that no entry speaks of.
    mutating func checkRequests() throws {
        let records = derived.requests.values.sorted {
            ($0.receivedIndex, $0.requestID) < ($1.receivedIndex, $1.requestID)
        }
        for record in records {
            let place = AuditFinding.Place.request(record.requestID.text)
            guard let row = try storedRequest(record.requestID) else {
                report(
                    place, entry: record.receivedIndex, "row", expected: "one in table requests", found: "none")
                continue
            }
            let cells = record.cells
            for (index, column) in TableShape.requests.columns.enumerated() where row[index] != cells[index] {
                report(
                    place, entry: record.receivedIndex, column.name, expected: cells[index].excerpt,
                    found: row[index].excerpt)
            }
        }
        let count = try Cells.first(db, "SELECT count(*) FROM requests")?.first?.unsigned ?? 0
        guard count != UInt64(matchedRequests) || !suspects.isEmpty else { return }
        var rows = try RowStream(db, "SELECT CAST(request_id AS BLOB), received_index FROM requests")
        while let row = try rows.next() {
            if let id = row[0].string.flatMap({ RequestID($0) }) {
                if derived.requests[id] != nil { continue }
                if !suspects.contains(id), let index = row[1].unsigned, receipt(of: id, at: index) != nil { continue }
            }
            report(.request(row[0].text), "row", expected: "none: no entry speaks of it", found: "a row")
        }
    }

    /// A derived row of the runs must be there for every run, and no other.
    mutating func checkRuns() throws {
        var missing = Dictionary(
            state.runs.values.map { ($0.runID.text, ExpectedRow(cells: $0.cells, entry: $0.lastIndex)) }
        ) { first, _ in first }
        for row in try Cells.fetch(db, TableShape.runs.select) {
            let key = row[0].text
            guard let wanted = missing.removeValue(forKey: key) else {
                report(.run(key), "row", expected: "none: no entry speaks of it", found: "a row")
                continue
            }
            for (index, column) in TableShape.runs.columns.enumerated() where row[index] != wanted.cells[index] {
                report(
                    .run(key), entry: wanted.entry, column.name, expected: wanted.cells[index].excerpt,
                    found: row[index].excerpt)
            }
        }
        for (key, wanted) in missing.sorted(by: { $0.value.entry < $1.value.entry }) {
            report(.run(key), entry: wanted.entry, "row", expected: "one in table runs", found: "none")
        }
    }

    /// Which requests have no certificate. The rows were compared with the entries before.
    func completeness(listing: Int) throws -> LedgerAudit.Completeness {
        var found = LedgerAudit.Completeness()
        found.certificates = certificates.count
        found.certificatesWithoutRequest = certificates.withoutRequest
        found.fulfilledByRuns = fulfilledByRuns
        for row in try Cells.fetch(db, "SELECT CAST(state AS BLOB), count(*) FROM requests GROUP BY state") {
            let count = Int(clamping: row[1].unsigned ?? 0)
            found.requests += count
            found.withoutCertificateByState[row[0].text] = count
        }
        try certificates.readRequests { certified in
            while let id = try certified.next()?[0] {
                guard let state = try requestRows.first([id], { Cells.cell($0, 2).text }) else { continue }
                found.withoutCertificateByState[state, default: 0] -= 1
            }
        }
        found.withoutCertificateByState = found.withoutCertificateByState.filter { $0.value > 0 }
        try certificates.readRequests { certified in
            var rows = try RowStream(
                db, "SELECT request_id, CAST(state AS BLOB), received_index FROM requests ORDER BY request_id")
            var next = try certified.next()?[0].blob
            while found.withoutCertificate.count < listing, let row = try rows.next() {
                let id = row[0].blob ?? []
                while let certificate = next, certificate.lexicographicallyPrecedes(id) {
                    next = try certified.next()?[0].blob
                }
                if next == id { continue }
                found.withoutCertificate.append(
                    .init(requestID: row[0].text, state: row[1].text, receivedIndex: row[2].unsigned ?? 0))
            }
        }
        return found
    }
}
