import GRDB
import GRDBSQLite

/// Whether the indexes of the tables `requests` and `subject_tags` hold exactly what the tables hold.
///
/// SQLite's `integrity_check` looks every row up in every index: of a random nonce tag, that is one page from anywhere in the file
/// for each request, most of what the check costs. Here table and indexes are read once each, from left to right. They must be in
/// order, a nonce tag must not come twice, and the rows must be the same: the sum of their hashes is, whatever the order. The hash is
/// `Hasher`, which is keyed anew in every process, so that nobody can write rows that differ and add up to the same.
enum RequestIndexes {
    static let byNonceTag = """
        SELECT nonce_tag, request_id FROM requests INDEXED BY requests_by_nonce ORDER BY nonce_tag
        """
    static let byState = """
        SELECT state, received_index, request_id FROM requests INDEXED BY requests_by_state
        ORDER BY state, received_index, request_id
        """

    static let byTag = """
        SELECT tag, request_id FROM subject_tags INDEXED BY subject_tags_by_tag ORDER BY tag, request_id
        """

    /// - Returns: false also where a value is of no kind that these columns have; `integrity_check` says then what is wrong.
    static func agree(_ db: Database) throws -> Bool {
        // The table is a tree in the order of its key, and NOT INDEXED keeps to it.
        let table = try scan(
            db, "SELECT request_id, nonce_tag, state, received_index FROM requests NOT INDEXED ORDER BY request_id",
            order: [0], sums: [[1, 0], [2, 3, 0]])
        let nonces = try scan(db, byNonceTag, order: [0], sums: [[0, 1]])
        let states = try scan(db, byState, order: [0, 1, 2], sums: [[0, 1, 2]])
        guard let table, let nonces, let states, table == nonces + states else { return false }
        guard try Cells.first(db, "SELECT 1 FROM sqlite_schema WHERE name = 'subject_tags'") != nil else { return true }
        let tags = try scan(
            db, "SELECT request_id, tag FROM subject_tags NOT INDEXED ORDER BY request_id", order: [0], sums: [[1, 0]])
        let people = try scan(db, byTag, order: [0, 1], sums: [[0, 1]])
        return tags != nil && tags == people
    }

    /// Reads all rows and checks that each comes after the one before it by the columns `order`.
    /// - Returns: for each list of columns in `sums`, the sum of the rows' hashes; nil where the rows are not in order.
    private static func scan(
        _ db: Database, _ sql: String, order: [Int32], sums columns: [[Int32]]
    ) throws -> [UInt]? {
        var rows = try RowStream(db, sql)
        var sums = [UInt](repeating: 0, count: columns.count)
        var (key, last, packed): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
        while let isSound = try rows.next({ handle in
            swap(&key, &last)
            guard pack(handle, order, into: &key), last.lexicographicallyPrecedes(key) else { return false }
            for (index, columns) in columns.enumerated() {
                guard pack(handle, columns, into: &packed) else { return false }
                var hasher = Hasher()
                packed.withUnsafeBytes { hasher.combine(bytes: $0) }
                sums[index] &+= UInt(bitPattern: hasher.finalize())
            }
            return true
        }) {
            guard isSound else { return nil }
        }
        return sums
    }

    /// The values of columns as bytes that are ordered as SQLite orders the values: a text ends with NUL, a number is big-endian.
    /// - Returns: false for a text that holds NUL, a number below zero, and any other kind of value.
    private static func pack(_ handle: SQLiteStatement, _ columns: [Int32], into packed: inout [UInt8]) -> Bool {
        packed.removeAll(keepingCapacity: true)
        for column in columns {
            switch sqlite3_column_type(handle, column) {
            case SQLITE_TEXT:
                let start = sqlite3_column_blob(handle, column)
                let text = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
                guard !text.contains(0) else { return false }
                packed.append(contentsOf: text)
                packed.append(0)
            case SQLITE_INTEGER:
                guard let number = UInt64(exactly: sqlite3_column_int64(handle, column)) else { return false }
                withUnsafeBytes(of: number.bigEndian) { packed.append(contentsOf: $0) }
            default: return false
            }
        }
        return true
    }
}
