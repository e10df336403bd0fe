import Foundation
import GRDB
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

@Suite(.serialized)
struct LedgerAuditTests {
    @Test func anHonestLedgerHasNoFindings() throws {
        let ledger = try TestLedger.full()
        #expect(try ledger.audit().map(\.description) == [])
        #expect(try LedgerAudit.run(ledger.store, trust: ledger.trust).map(\.description) == [])
        let reopened = try LedgerStore.open(ledger.path, logVerifier: ledger.signer.verifier)
        #expect(try LedgerAudit.run(reopened, trust: ledger.trust, masterKey: ledger.masterKey) == [])
        #expect(try TestLedger().audit() == [])
    }

    /// Every table with its columns and those that make its key.
    static let tables: [(name: String, columns: [String], key: [String])] = [
        ("meta", ["key", "value"], ["key"]),
        ("entries", ["idx", "bytes"], ["idx"]),
        ("nodes", ["level", "position", "hash"], ["level", "position"]),
        ("registrations", ["type", "idx"], ["type", "idx"]),
        ("checkpoints", ["size", "previous", "note"], ["size"]),
        ("cosignatures", ["size", "key_name", "key_id", "line"], ["size", "key_name", "key_id"]),
        ("timestamps", ["size", "authority", "response"], ["size", "authority"]),
        ("requests", TableShape.requests.columns.map(\.name), ["request_id"]),
        ("runs", TableShape.runs.columns.map(\.name), ["run_id"]),
        ("vault", ["request_id", "wrapped_key", "sealed"], ["request_id"]),
        ("subject_tags", ["request_id", "tag"], ["request_id"]),
    ]

    @Test func theTableOfTablesIsComplete() throws {
        let ledger = try TestLedger()
        try ledger.tamper { db in
            let names = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            #expect(names == Self.tables.map(\.name).sorted())
            for table in Self.tables {
                let columns = try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info('\(table.name)')")
                #expect(columns == table.columns)
            }
        }
    }

    @Test func changingAnyColumnOfAnyRowIsFound() throws {
        let ledger = try TestLedger.full()
        var changes = 0
        try ledger.rehearse { db, audit in
            for table in Self.tables {
                let rows = try Row.fetchAll(db, sql: "SELECT * FROM \(table.name)")
                #expect(!rows.isEmpty, "\(table.name)")
                for row in rows {
                    let condition = table.key.map { "\($0) IS ?" }.joined(separator: " AND ")
                    let key = table.key.map { row[$0] as DatabaseValue }
                    for column in table.columns {
                        for changed in variants(of: row[column]) {
                            // A text goes in as bytes, or SQLite's C interface would stop at a NUL.
                            let (place, argument) = binding(changed)
                            let isChanged = try attempt(
                                db, "UPDATE \(table.name) SET \(column) = \(place) WHERE \(condition)", [argument] + key
                            )
                            guard isChanged else { continue }
                            changes += 1
                            let findings = try audit()
                            #expect(!findings.isEmpty, "\(table.name).\(column) of \(key) to \(changed)")
                            #expect(findings.allSatisfy { !$0.description.contains("\n") })
                            requireNamed(findings, table: table.name, row: row, column: column)
                            try db.execute(sql: "ROLLBACK TO unharmed")
                        }
                    }
                }
            }
        }
        #expect(changes > 500)
        #expect(try ledger.audit() == [])
    }

    @Test func deletingAnyRowIsFound() throws {
        let ledger = try TestLedger.full()
        try ledger.rehearse { db, audit in
            // What others said of a checkpoint is nowhere promised: that it is gone, only a quorum can notice.
            for table in Self.tables where !["cosignatures", "timestamps"].contains(table.name) {
                for row in try Row.fetchAll(db, sql: "SELECT * FROM \(table.name)") {
                    let condition = table.key.map { "\($0) IS ?" }.joined(separator: " AND ")
                    let key = table.key.map { row[$0] as DatabaseValue }
                    #expect(try attempt(db, "DELETE FROM \(table.name) WHERE \(condition)", key))
                    #expect(try !audit().isEmpty, "\(table.name) \(key)")
                    try db.execute(sql: "ROLLBACK TO unharmed")
                }
            }
        }
    }

    @Test func swappingRowsIsFound() throws {
        let ledger = try TestLedger.full()
        try ledger.rehearse { db, audit in
            for (table, key, value) in [
                ("entries", "idx", "bytes"), ("checkpoints", "size", "note"), ("vault", "request_id", "sealed"),
                ("vault", "request_id", "wrapped_key"), ("requests", "request_id", "state"),
            ] {
                let rows = try Row.fetchAll(db, sql: "SELECT \(key), \(value) FROM \(table) ORDER BY \(key)")
                for (first, second) in zip(rows, rows.dropFirst().dropFirst()) {
                    let pairs: [(DatabaseValue, DatabaseValue)] = [(first[1], second[0]), (second[1], first[0])]
                    guard first[1] as DatabaseValue != second[1] as DatabaseValue else { continue }
                    for (content, place) in pairs {
                        try db.execute(
                            sql: "UPDATE \(table) SET \(value) = ? WHERE \(key) = ?", arguments: [content, place])
                    }
                    #expect(try !audit().isEmpty, "\(table) \(first[0] as DatabaseValue)")
                    try db.execute(sql: "ROLLBACK TO unharmed")
                }
            }
        }
    }

    @Test func aChangeOnDiskIsFoundByAFreshProcess() throws {
        for table in Self.tables {
            let ledger = try TestLedger.full()
            let column = try #require(table.columns.last)
            try ledger.tamper { db in
                let row = try #require(
                    try Row.fetchOne(db, sql: "SELECT * FROM \(table.name) LIMIT 1 OFFSET 1")
                        ?? Row.fetchOne(db, sql: "SELECT * FROM \(table.name)"))
                let condition = table.key.map { "\($0) IS ?" }.joined(separator: " AND ")
                let (place, argument) = binding(variants(of: row[column])[table.name == "registrations" ? 2 : 1])
                try db.execute(
                    sql: "UPDATE \(table.name) SET \(column) = \(place) WHERE \(condition)",
                    arguments: StatementArguments([argument] + table.key.map { row[$0] as DatabaseValue }))
            }
            #expect(try !findings(ledger).isEmpty, "\(table.name).\(column)")
        }
    }

    @Test func addingARowIsFound() throws {
        let ledger = try TestLedger.full()
        let other = try ledger.store.entry(5)
        let additions: [(String, [any DatabaseValueConvertible & Sendable])] = try [
            ("INSERT INTO meta VALUES ('note', 'x')", []),
            ("INSERT INTO entries SELECT max(idx) + 1, ? FROM entries", [Data(other)]),
            ("INSERT INTO entries SELECT max(idx) + 7, ? FROM entries", [Data(other)]),
            ("INSERT INTO entries VALUES (9223372036854775807, ?)", [Data(other)]),
            ("INSERT INTO nodes VALUES (0, 900, ?)", [Data(digest("x").bytes)]),
            ("INSERT INTO nodes VALUES (40, 0, ?)", [Data(digest("x").bytes)]),
            ("INSERT INTO nodes VALUES (200, 0, ?)", [Data(digest("x").bytes)]),
            ("INSERT INTO checkpoints SELECT max(size) + 1, max(size), ? FROM checkpoints", [note(of: ledger)]),
            ("INSERT INTO checkpoints SELECT max(size) + 1, NULL, ? FROM checkpoints", [note(of: ledger)]),
            ("INSERT INTO checkpoints VALUES (9223372036854775807, NULL, 'x')", []),
            ("INSERT INTO cosignatures VALUES (4, 'w', 7, 'x')", []),
            ("INSERT INTO timestamps SELECT 7, authority, response FROM timestamps", []),
            ("INSERT INTO cosignatures SELECT 7, key_name, key_id, line FROM cosignatures WHERE size = 4", []),
            (
                "INSERT INTO requests SELECT '00000000-0000-4000-8000-000000000009', regulation, state, extended, ground, duplicate_of, confirm_by, due, extended_due, subject_commitment, request_commitment, 'x', replay_tag, policy_digest, received_at, updated_at, received_index, last_index, run_id, certificate_index, shredded_index FROM requests LIMIT 1",
                []
            ),
            (
                "INSERT INTO runs SELECT 'x', stage, started_at, updated_at, indexes, last_index, artifacts, verdict FROM runs",
                []
            ),
            ("INSERT INTO vault SELECT '\(makeRequestID(1))', wrapped_key, sealed FROM vault LIMIT 1", []),
            ("INSERT INTO vault VALUES ('x', x'00', x'00')", []),
            ("CREATE TABLE notes (a)", []),
            ("CREATE TRIGGER quiet AFTER INSERT ON entries BEGIN DELETE FROM vault; END", []),
            ("CREATE INDEX more ON entries (bytes)", []),
        ]
        for (sql, arguments) in additions {
            let copy = try copy(of: ledger)
            try copy.tamper { db in
                try db.execute(sql: sql, arguments: StatementArguments(arguments))
            }
            #expect(try !findings(copy).isEmpty, "\(sql)")
        }
    }

    @Test func missingTriggersAreFound() throws {
        let ledger = try TestLedger.full()
        let queue = try DatabaseQueue(path: ledger.path)
        try queue.write { try $0.execute(sql: "DROP TRIGGER entries_no_update") }
        try queue.close()
        let findings = try ledger.audit()
        #expect(findings.count == 1 && findings[0].description.contains("entries_no_update"))
    }

    @Test func damageThatSQLiteCannotOpenIsAClearError() throws {
        for offset in [0, 20, 100] {
            let ledger = try TestLedger.full()
            try ledger.store.truncateLog()
            var bytes = try Files.read(ledger.path, limit: 1 << 24)
            for index in offset..<(offset + 16) { bytes[index] = 0xA5 }
            let path = "\(ledger.folder.path)/damaged.sqlite"
            try Files.write(bytes, to: path)
            let error = #expect(throws: StoreError.self) {
                let store = try LedgerStore.open(path)
                if try !LedgerAudit.run(store, trust: ledger.trust).isEmpty {
                    throw StoreError.corrupt(detail: "found")
                }
            }
            #expect(error.map { !$0.description.contains("\n") } ?? false)
        }
    }

    @Test func everyDamagedPageIsFoundOrAnError() throws {
        let ledger = try TestLedger.full()
        try ledger.store.truncateLog()
        let bytes = try Files.read(ledger.path, limit: 1 << 24)
        for page in 0..<(bytes.count / 4_096) {
            var damaged = bytes
            for index in (page * 4_096 + 200)..<(page * 4_096 + 4_096) where damaged[index] != 0 {
                damaged[index] ^= 0x55
            }
            guard damaged != bytes else { continue }
            let path = "\(ledger.folder.path)/page\(page).sqlite"
            try Files.write(damaged, to: path)
            let isFound: Bool
            do {
                let store = try LedgerStore.open(path)
                isFound = try !LedgerAudit.run(store, trust: ledger.trust, masterKey: ledger.masterKey).isEmpty
            } catch { isFound = true }
            #expect(isFound, "page \(page)")
        }
    }

    // MARK: Parts

    /// The findings of an audit of the reopened file; a clear refusal to open counts as one.
    private func findings(_ ledger: TestLedger) throws -> [AuditFinding] {
        do {
            _ = try LedgerStore.open(ledger.path, logVerifier: ledger.signer.verifier)
        } catch {
            #expect(!error.description.contains("\n"))
        }
        return try ledger.audit()
    }

    /// Other values of the same type, and NULL.
    private func variants(of value: DatabaseValue) -> [DatabaseValue] {
        switch value.storage {
        case .null: ["x".databaseValue, 1.databaseValue]
        case .int64(let number): [.null, (number + 1).databaseValue, Int64.max.databaseValue]
        case .double(let number): [(number + 1).databaseValue]
        case .string(let text): [.null, (text + "\u{0}").databaseValue, flipped(text).databaseValue]
        case .blob(let data):
            [.null]
                + [0, data.count - 1].map { index in
                    var changed = data
                    changed[index] ^= 1
                    return changed.databaseValue
                } + [(data + [0]).databaseValue]
        }
    }

    /// Executes, or says that the table itself refuses: a key taken, a NULL, a negative index.
    private func attempt(_ db: Database, _ sql: String, _ arguments: [DatabaseValue]) throws -> Bool {
        do {
            try db.execute(sql: sql, arguments: StatementArguments(arguments))
            return true
        } catch let error as DatabaseError
            where [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH].contains(error.resultCode)
        {
            return false
        }
    }

    private func binding(_ value: DatabaseValue) -> (String, DatabaseValue) {
        guard case .string(let text) = value.storage else { return ("?", value) }
        return ("CAST(? AS TEXT)", Data(text.utf8).databaseValue)
    }

    private func flipped(_ text: String) -> String {
        var bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return "x" }
        bytes[bytes.count / 2] = bytes[bytes.count / 2] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The finding must lead to the entry: the entry itself, a request's receipt, a run's last event, a checkpoint's last entry.
    private func requireNamed(_ findings: [AuditFinding], table: String, row: Row, column: String) {
        switch table {
        case "entries" where column == "bytes":
            let index: Int64 = row["idx"]
            #expect(findings.contains { $0.place == .entry(UInt64(index)) }, "entry \(index)")
        case "requests" where column != "request_id":
            let index: Int64 = row["received_index"]
            let id: String = row["request_id"]
            #expect(
                findings.contains { $0.place == .request(id) && $0.entryIndex == UInt64(index) && $0.field == column },
                "\(column): \(findings)")
        case "runs" where column != "run_id":
            let index: Int64 = row["last_index"]
            let id: String = row["run_id"]
            #expect(
                findings.contains { $0.place == .run(id) && $0.entryIndex == UInt64(index) && $0.field == column })
        case "vault" where column != "request_id":
            let id: String = row["request_id"]
            #expect(findings.contains { $0.place == .vault(id) && $0.entryIndex != nil })
        case "nodes" where column == "hash" && row["level"] == 0:
            let index: Int64 = row["position"]
            #expect(findings.contains { $0.place == .entry(UInt64(index)) })
        case "checkpoints" where column == "note":
            let size: Int64 = row["size"]
            #expect(findings.contains { $0.place == .checkpoint("\(size)") && $0.entryIndex == UInt64(size - 1) })
        default: break
        }
    }

    private func note(of ledger: TestLedger) throws -> String {
        String(decoding: try #require(try ledger.store.lastCheckpoint()).bytes, as: UTF8.self)
    }

    private func copy(of ledger: TestLedger) throws -> TestLedger {
        try ledger.store.truncateLog()
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/ledger.sqlite"
        try FileManager.default.copyItem(atPath: ledger.path, toPath: path)
        return try TestLedger(copyOf: ledger, in: folder, path: path)
    }
}

extension TestLedger {
    /// The same ledger in another file.
    init(copyOf other: TestLedger, in folder: TemporaryFolder, path: String) throws {
        self.folder = folder
        self.path = path
        store = try LedgerStore.open(path)
        root = other.root
        controller = other.controller
        verifier = other.verifier
        requester = other.requester
        signer = other.signer
        witness = other.witness
        masterKey = other.masterKey
        policy = other.policy
        now = other.now
    }
}
