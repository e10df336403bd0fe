import GRDB
import GRDBSQLite
import LetheCrypto

/// The values of a row in one block of memory: what an audit holds of a row that it compares with another and does not look into.
struct PackedRow: Hashable, Sendable {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(1_024) }

    /// The row that the statement stands on.
    init(_ handle: SQLiteStatement) {
        self.init()
        for column in 0..<sqlite3_column_count(handle) {
            switch sqlite3_column_type(handle, column) {
            case SQLITE_NULL: addNull()
            case SQLITE_INTEGER: add(integer: sqlite3_column_int64(handle, column))
            default:
                let start = sqlite3_column_blob(handle, column)
                add(bytes: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
            }
        }
    }

    // Every value starts with its kind, and bytes with their number: two rows are packed alike only where all values are.

    private mutating func addNull() { bytes.append(0) }

    private mutating func add(integer: Int64) {
        bytes.append(1)
        withUnsafeBytes(of: integer.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func add(bytes added: UnsafeRawBufferPointer) {
        beginBytes(count: added.count)
        bytes.append(contentsOf: added)
    }

    private mutating func beginBytes(count: Int) {
        bytes.append(2)
        withUnsafeBytes(of: UInt64(count).littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Takes the values of a row, one after the other.
protocol RowWriter {
    mutating func add(_ text: String?)
    mutating func add(_ number: UInt64?)
    mutating func add(hexOf digest: Digest)
}

extension PackedRow: RowWriter {
    mutating func add(_ text: String?) {
        guard var text else { return addNull() }
        text.withUTF8 { add(bytes: UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ number: UInt64?) {
        guard let number = number.flatMap({ Int64(exactly: $0) }) else { return addNull() }
        add(integer: number)
    }

    mutating func add(hexOf digest: Digest) {
        beginBytes(count: 2 * Digest.byteCount)
        digest.append(hexTo: &bytes)
    }
}

extension [Cell]: RowWriter {
    mutating func add(_ text: String?) { append(.text(text)) }
    mutating func add(_ number: UInt64?) { append(.number(number)) }
    mutating func add(hexOf digest: Digest) { append(.text(digest.hex)) }
}
