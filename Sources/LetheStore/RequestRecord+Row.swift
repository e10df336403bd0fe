import LetheCrypto
import LetheRequests
import LetheStatements

extension RequestRecord {
    /// The row of table `requests`.
    var cells: [Cell] {
        var row: [Cell] = []
        row.reserveCapacity(TableShape.requests.columns.count)
        write(to: &row)
        return row
    }

    /// The same row to compare with a stored one.
    var packed: PackedRow {
        var row = PackedRow()
        write(to: &row)
        return row
    }

    /// Writes the values in the order of `TableShape.requests`.
    private func write(to row: inout some RowWriter) {
        var ground: String?
        var original: String?
        if case .refused(let reason) = state { ground = reason.rawValue }
        if case .duplicate(let id) = state { original = id.text }
        row.add(requestID.text)
        row.add(lifecycle.regulation.rawValue)
        row.add(state.name)
        row.add(lifecycle.isExtended ? 1 : 0)
        row.add(ground)
        row.add(original)
        for day in [clock.confirmBy, clock.due, clock.extended] { row.add(day?.description) }
        for digest in [subjectCommitment, requestCommitment, nonceTag, replayTag, policyDigest] {
            row.add(hexOf: digest)
        }
        row.add(receivedAt.description)
        row.add(updatedAt.description)
        row.add(receivedIndex)
        row.add(lastIndex)
        row.add(runID?.text)
        row.add(certificateIndex)
        row.add(shreddedIndex)
    }

    /// Reads a row back.
    /// - Throws: `StoreError.corrupt` where a value has no meaning.
    init(cells: [Cell]) throws {
        let row = RowReader(table: "requests", shape: .requests, cells: cells)
        let id = try row.require("request_id", cells[0].string.flatMap { RequestID($0) })
        let regulation = try row.require("regulation", cells[1].string.flatMap(Regulation.init))
        let state = try row.require(
            "state", RequestState(name: cells[2].string, ground: cells[4].string, original: cells[5].string))
        self.init(
            lifecycle: Lifecycle(
                requestID: id, regulation: regulation, state: state,
                isExtended: try row.require("extended", cells[3].unsigned) == 1),
            clock: LoggedClock(
                confirmBy: try row.optional("confirm_by", cells[6]) { try? CivilDate($0) },
                due: try row.require("due", cells[7].string.flatMap { try? CivilDate($0) }),
                extended: try row.require("extended_due", cells[8].string.flatMap { try? CivilDate($0) })),
            subjectCommitment: try row.digest(9), requestCommitment: try row.digest(10), nonceTag: try row.digest(11),
            replayTag: try row.digest(12), policyDigest: try row.digest(13), receivedAt: try row.time(14),
            updatedAt: try row.time(15), receivedIndex: try row.require("received_index", cells[16].unsigned),
            lastIndex: try row.require(
                "last_index", cells[17].unsigned.flatMap { $0 >= cells[16].unsigned ?? 0 ? $0 : nil }),
            runID: try row.optional("run_id", cells[18]) { RunID($0) }, certificateIndex: cells[19].unsigned,
            shreddedIndex: cells[20].unsigned)
    }
}

extension RequestState {
    /// The state of a row, out of its columns `state`, `ground` and `duplicate_of`; nil where they have no meaning.
    init?(name: String?, ground: String?, original: String?) {
        switch name {
        case "received": self = .received
        case "identity_pending": self = .identityPending
        case "in_progress": self = .inProgress
        case "blocked_partial": self = .blockedPartial
        case "verifying": self = .verifying
        case "fulfilled": self = .fulfilled
        case "withdrawn": self = .withdrawn
        case "expired": self = .expired
        case "refused":
            guard let ground = ground.flatMap(RefusalGround.init) else { return nil }
            self = .refused(ground)
        case "duplicate":
            guard let original = original.flatMap({ RequestID($0) }) else { return nil }
            self = .duplicate(of: original)
        default: return nil
        }
    }
}

/// Reads the values of one row and names the column that has none.
struct RowReader {
    let table: String
    let shape: TableShape
    let cells: [Cell]

    func require<Value>(_ column: String, _ value: Value?) throws -> Value {
        guard let value else {
            throw StoreError.corrupt(
                detail: "\(table) row \(cells.first?.excerpt ?? "?"): column \(column) has no valid value")
        }
        return value
    }

    func optional<Value>(_ column: String, _ cell: Cell, _ read: (String) -> Value?) throws -> Value? {
        if cell == .null { return nil }
        return try require(column, cell.string.flatMap(read))
    }

    func digest(_ index: Int) throws -> Digest {
        try require(shape.columns[index].name, cells[index].string.flatMap { try? Digest(hex: $0) })
    }

    func time(_ index: Int) throws -> Timestamp {
        try require(shape.columns[index].name, cells[index].string.flatMap { try? Timestamp($0) })
    }
}
