import Foundation
import GRDB
import LetheCrypto

/// One stored value. Texts are read as their bytes: SQLite's texts may hold NUL, and a value cut short must not look right.
enum Cell: Hashable {
    case null
    case integer(Int64)
    case bytes([UInt8])

    static func text(_ text: String?) -> Cell { text.map { .bytes(Array($0.utf8)) } ?? .null }
    static func number(_ number: UInt64?) -> Cell {
        number.flatMap { Int64(exactly: $0) }.map { .integer($0) } ?? .null
    }

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
}

/// Rows read without conversions that could trap.
enum Cells {
    /// All rows of a query.
    static func fetch(_ db: Database, _ sql: String, _ arguments: StatementArguments = []) throws -> [[Cell]] {
        var rows: [[Cell]] = []
        try forEach(db, sql, arguments) { rows.append($0) }
        return rows
    }

    /// Every row of a query, one at a time.
    static func forEach(
        _ db: Database, _ sql: String, _ arguments: StatementArguments = [], _ body: ([Cell]) throws -> Void
    ) throws {
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: arguments)
        while let row = try cursor.next() {
            try body(row.databaseValues.map(cell))
        }
    }

    private static func cell(_ value: DatabaseValue) -> Cell {
        switch value.storage {
        case .null: .null
        case .int64(let value): .integer(value)
        case .double(let value): .bytes(Array("\(value)".utf8))
        case .string(let value): .bytes(Array(value.utf8))
        case .blob(let value): .bytes(Array(value))
        }
    }
}

/// How a table's columns are read and written.
struct TableShape {
    let name: String
    let columns: [(name: String, isText: Bool)]
    let keyCount: Int

    /// `SELECT` with every text as its bytes.
    var select: String {
        let list = columns.map { $0.isText ? "CAST(\($0.name) AS BLOB)" : $0.name }.joined(separator: ", ")
        return "SELECT \(list) FROM \(name)"
    }

    /// `INSERT`, or overwrite of the row with the same key.
    var upsert: String {
        let names = columns.map(\.name).joined(separator: ", ")
        let places = columns.map { $0.isText ? "CAST(? AS TEXT)" : "?" }.joined(separator: ", ")
        let updates = columns.dropFirst(keyCount).map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
        let keys = columns.prefix(keyCount).map(\.name).joined(separator: ", ")
        return "INSERT INTO \(name) (\(names)) VALUES (\(places)) ON CONFLICT (\(keys)) DO UPDATE SET \(updates)"
    }

    func write(_ cells: [Cell], to db: Database) throws {
        try db.execute(sql: upsert, arguments: StatementArguments(cells.map(\.databaseValue)))
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

extension Cell {
    var databaseValue: (any DatabaseValueConvertible)? {
        switch self {
        case .null: nil
        case .integer(let value): value
        case .bytes(let bytes): Data(bytes)
        }
    }
}
