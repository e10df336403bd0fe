import Foundation
import GRDB
import GRDBSQLite
import LetheCrypto

/// One stored value. Texts are read as their bytes: they may hold NUL, and a value cut short must not look right.
enum Cell: Hashable {
    case null
    case integer(Int64)
    case bytes([UInt8])

    static func text(_ text: String?) -> Cell { text.map { .bytes(Array($0.utf8)) } ?? .null }
    static func number(_ number: UInt64?) -> Cell {
        number.flatMap { Int64(exactly: $0) }.map { .integer($0) } ?? .null
    }
    /// A number that selects rows: beyond SQLite's range it selects none.
    static func position(_ number: UInt64) -> Cell { .integer(Int64(clamping: number)) }

    /// The bytes as text, for errors; damaged UTF-8 is repaired.
    var text: String {
        switch self {
        case .null: "null"
        case .integer(let value): String(value)
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }

    /// A short form for a finding.
    var excerpt: String {
        switch self {
        case .null, .integer: text
        case .bytes(let bytes):
            String(validating: bytes, as: UTF8.self).map { Printable.quoted($0) }
                ?? "\(bytes.count) bytes with SHA-256 \(Digest(sha256: bytes).hex.prefix(16))…"
        }
    }

    var string: String? {
        guard case .bytes(let bytes) = self else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    var unsigned: UInt64? {
        guard case .integer(let value) = self else { return nil }
        return UInt64(exactly: value)
    }

    var blob: [UInt8]? {
        guard case .bytes(let bytes) = self else { return nil }
        return bytes
    }

    var digest: Digest? { blob.flatMap { try? Digest(bytes: $0) } }
}

/// Rows read and written as cells: no conversion that could trap, no box around a value, every statement compiled once.
///
/// GRDB owns the connection, its transactions and the statements; only values pass it by, through the handles it gives out.
enum Cells {
    /// All rows of a query.
    static func fetch(_ db: Database, _ sql: String, _ arguments: [Cell] = []) throws -> [[Cell]] {
        let statement = try db.cachedStatement(sql: sql)
        var rows: [[Cell]] = []
        try step(statement, in: db, arguments) { rows.append(cells(of: $0)) }
        return rows
    }

    /// All rows of a query with GRDB's own arguments.
    static func fetch(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> [[Cell]] {
        let statement = try db.makeStatement(sql: sql)
        try statement.setArguments(arguments)
        var rows: [[Cell]] = []
        while try next(statement.sqliteStatement, in: db) { rows.append(cells(of: statement.sqliteStatement)) }
        return rows
    }

    /// The first row of a query that has at most one.
    static func first(_ db: Database, _ sql: String, _ arguments: [Cell] = []) throws -> [Cell]? {
        try fetch(db, sql, arguments).first
    }

    /// What `read` makes of each row of a query.
    static func map<Value>(
        _ db: Database, _ sql: String, _ arguments: [Cell], _ read: (SQLiteStatement) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        try step(db.cachedStatement(sql: sql), in: db, arguments) { values.append(try read($0)) }
        return values
    }

    /// Every row of a query, one at a time; `body` may run other queries.
    static func forEach(
        _ db: Database, _ sql: String, _ arguments: [Cell] = [], _ body: ([Cell]) throws -> Void
    ) throws {
        // Not out of the cache: `body` may want the same statement.
        try step(db.makeStatement(sql: sql), in: db, arguments) { try body(cells(of: $0)) }
    }

    /// Runs a statement that gives no rows.
    static func run(_ db: Database, _ sql: String, _ arguments: [Cell]) throws {
        try step(db.cachedStatement(sql: sql), in: db, arguments) { _ in }
    }

    private static func step(
        _ statement: Statement, in db: Database, _ arguments: [Cell], _ body: (SQLiteStatement) throws -> Void
    ) throws {
        let handle = statement.sqliteStatement
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        sqlite3_reset(handle)
        try bind(arguments, to: handle, in: db)
        while try next(handle, in: db) { try body(handle) }
        // The statement lives until its last row was read.
        withExtendedLifetime(statement) {}
    }

    static func bind(_ arguments: [Cell], to handle: SQLiteStatement, in db: Database) throws {
        for (index, cell) in arguments.enumerated() {
            let code =
                switch cell {
                case .null: sqlite3_bind_null(handle, Int32(index + 1))
                case .integer(let value): sqlite3_bind_int64(handle, Int32(index + 1), value)
                case .bytes(let bytes):
                    bytes.withUnsafeBytes { raw in
                        raw.count == 0
                            ? sqlite3_bind_zeroblob(handle, Int32(index + 1), 0)
                            // SQLITE_TRANSIENT: SQLite copies the bytes before this returns.
                            : sqlite3_bind_blob(
                                handle, Int32(index + 1), raw.baseAddress, Int32(raw.count),
                                unsafeBitCast(-1, to: sqlite3_destructor_type.self))
                    }
                }
            guard code == SQLITE_OK else { throw failure(db) }
        }
    }

    static func next(_ handle: SQLiteStatement, in db: Database) throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        default: throw failure(db)
        }
    }

    private static func failure(_ db: Database) -> DatabaseError {
        DatabaseError(resultCode: db.lastErrorCode, message: db.lastErrorMessage)
    }

    static func cells(of handle: SQLiteStatement) -> [Cell] {
        (0..<sqlite3_column_count(handle)).map { cell(handle, $0) }
    }

    /// The digest in a column, without an array between; nil for anything else.
    static func digest(_ handle: SQLiteStatement, _ column: Int32) -> Digest? {
        guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { return nil }
        let start = sqlite3_column_blob(handle, column)
        return try? Digest(
            bytes: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    static func cell(_ handle: SQLiteStatement, _ column: Int32) -> Cell {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .bytes(Array("\(sqlite3_column_double(handle, column))".utf8))
        default:
            guard let bytes = sqlite3_column_blob(handle, column) else { return .bytes([]) }
            return .bytes(
                Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column)))))
        }
    }
}

/// A query that is read row by row beside others, in step with them.
struct RowStream {
    private let statement: Statement
    private let db: Database
    private var isAtEnd = false

    /// The rows of `sql`.
    init(_ db: Database, _ sql: String, _ arguments: [Cell] = []) throws {
        self.db = db
        statement = try db.makeStatement(sql: sql)
        try Cells.bind(arguments, to: statement.sqliteStatement, in: db)
    }

    /// The next row, nil after the last.
    mutating func next() throws -> [Cell]? { try next(Cells.cells(of:)) }

    /// What `read` makes of the next row, nil after the last.
    mutating func next<Value>(_ read: (SQLiteStatement) -> Value) throws -> Value? {
        guard !isAtEnd else { return nil }
        guard try Cells.next(statement.sqliteStatement, in: db) else {
            isAtEnd = true
            return nil
        }
        return read(statement.sqliteStatement)
    }
}

/// A query for one row that is asked again and again, compiled once.
struct RowLookup {
    private let statement: Statement
    private let db: Database

    /// The first row of `sql`, by its arguments.
    init(_ db: Database, _ sql: String) throws {
        self.db = db
        statement = try db.makeStatement(sql: sql)
    }

    /// What `read` makes of the row for these arguments; nil where there is none.
    func first<Value>(_ arguments: [Cell], _ read: (SQLiteStatement) -> Value) throws -> Value? {
        let handle = statement.sqliteStatement
        defer { sqlite3_reset(handle) }
        try Cells.bind(arguments, to: handle, in: db)
        return try Cells.next(handle, in: db) ? read(handle) : nil
    }
}

extension Cell {
    /// The value for GRDB's own statements.
    var databaseValue: (any DatabaseValueConvertible)? {
        switch self {
        case .null: nil
        case .integer(let value): value
        case .bytes(let bytes): Data(bytes)
        }
    }
}

/// How a table's columns are read and written.
struct TableShape: Sendable {
    let name: String
    let columns: [(name: String, isText: Bool)]
    /// `SELECT` of all columns.
    let select: String
    /// `INSERT`, or overwrite of the row with the same key.
    let upsert: String

    init(name: String, columns: [(name: String, isText: Bool)], keyCount: Int) {
        self.name = name
        self.columns = columns
        let names = columns.map(\.name).joined(separator: ", ")
        select = "SELECT \(names) FROM \(name)"
        let places = columns.map { $0.isText ? "CAST(? AS TEXT)" : "?" }.joined(separator: ", ")
        let updates = columns.dropFirst(keyCount).map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
        let keys = columns.prefix(keyCount).map(\.name).joined(separator: ", ")
        upsert = "INSERT INTO \(name) (\(names)) VALUES (\(places)) ON CONFLICT (\(keys)) DO UPDATE SET \(updates)"
    }

    func write(_ cells: [Cell], to db: Database) throws {
        try Cells.run(db, upsert, cells)
    }

    static let requests = TableShape(
        name: "requests",
        columns: [
            ("request_id", true), ("regulation", true), ("state", true), ("extended", false), ("ground", true),
            ("duplicate_of", true), ("confirm_by", true), ("due", true), ("extended_due", true),
            ("subject_commitment", true), ("request_commitment", true), ("nonce_tag", true), ("replay_tag", true),
            ("policy_digest", true), ("received_at", true), ("updated_at", true), ("received_index", false),
            ("last_index", false), ("run_id", true), ("certificate_index", false), ("shredded_index", false),
        ], keyCount: 1)

    static let runs = TableShape(
        name: "runs",
        columns: [
            ("run_id", true), ("stage", true), ("started_at", true), ("updated_at", true), ("indexes", true),
            ("last_index", false), ("artifacts", true), ("verdict", true),
        ], keyCount: 1)
}
