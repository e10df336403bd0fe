import GRDB
import GRDBSQLite
import LetheCrypto
import LetheRequests
import LetheStatements

extension RequestRecord {
    /// Reads the row that a statement over the columns of `TableShape.requests` stands on, value by value where SQLite has them: a desk's
    /// list reads a hundred thousand rows, and a `Cell` for each of their values would be most of its time.
    /// - Throws: `StoreError.corrupt` where a value has no meaning.
    init(row: SQLiteStatement) throws {
        // What is not as it is written is left to the reader of cells, which says what is wrong.
        if let record = RequestRecord(sound: RowValues(handle: row)) {
            self = record
        } else {
            try self.init(cells: Cells.cells(of: row))
        }
    }

    private init?(sound row: RowValues) {
        guard let id = row.text(0).flatMap({ RequestID(ascii: $0) }),
            let regulation = row.string(1).flatMap(Regulation.init),
            let state = RequestState(name: row.string(2), ground: row.string(4), original: row.string(5)),
            let extended = row.number(3), let due = row.text(7).flatMap({ CivilDate(ascii: $0) }),
            let extendedDue = row.text(8).flatMap({ CivilDate(ascii: $0) }),
            let subject = row.digest(9), let request = row.digest(10), let nonceTag = row.digest(11),
            let replayTag = row.digest(12), let policy = row.digest(13), let receivedAt = row.time(14),
            let updatedAt = row.time(15), let receivedIndex = row.number(16), let lastIndex = row.number(17),
            receivedIndex <= lastIndex
        else { return nil }
        var (confirmBy, runID): (CivilDate?, RunID?)
        var (certificate, shredded): (UInt64?, UInt64?)
        if !row.isNull(6) {
            guard let day = row.text(6).flatMap({ CivilDate(ascii: $0) }) else { return nil }
            confirmBy = day
        }
        if !row.isNull(18) {
            guard let run = row.text(18).flatMap({ RunID(ascii: $0) }) else { return nil }
            runID = run
        }
        if !row.isNull(19) {
            guard let index = row.number(19) else { return nil }
            certificate = index
        }
        if !row.isNull(20) {
            guard let index = row.number(20) else { return nil }
            shredded = index
        }
        self.init(
            lifecycle: Lifecycle(requestID: id, regulation: regulation, state: state, isExtended: extended == 1),
            clock: LoggedClock(confirmBy: confirmBy, due: due, extended: extendedDue), subjectCommitment: subject,
            requestCommitment: request, nonceTag: nonceTag, replayTag: replayTag, policyDigest: policy,
            receivedAt: receivedAt, updatedAt: updatedAt, receivedIndex: receivedIndex, lastIndex: lastIndex,
            runID: runID, certificateIndex: certificate, shreddedIndex: shredded)
    }
}

/// The values of the row that a statement stands on, until it steps on.
private struct RowValues {
    let handle: SQLiteStatement

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func number(_ column: Int32) -> UInt64? {
        guard sqlite3_column_type(handle, column) == SQLITE_INTEGER else { return nil }
        return UInt64(exactly: sqlite3_column_int64(handle, column))
    }

    /// The bytes of a text; nil for any other kind of value.
    func text(_ column: Int32) -> UnsafeBufferPointer<UInt8>? {
        guard sqlite3_column_type(handle, column) == SQLITE_TEXT, let start = sqlite3_column_blob(handle, column) else {
            return nil
        }
        let count = Int(sqlite3_column_bytes(handle, column))
        return UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count)
    }

    func string(_ column: Int32) -> String? { text(column).map { String(decoding: $0, as: UTF8.self) } }

    func digest(_ column: Int32) -> Digest? { text(column).flatMap { Digest(lowercaseHex: $0) } }

    func time(_ column: Int32) -> Timestamp? { text(column).flatMap { Timestamp(ascii: $0) } }
}
