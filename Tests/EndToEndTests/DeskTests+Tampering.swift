import Foundation
import GRDB
import LetheBytes
import Testing

extension DeskTests {
    struct Tampering {
        /// A change of a row behind the log's back, and what the audit must name.
        struct Change: Sendable, CustomTestStringConvertible {
            let sql: String
            let names: String

            var testDescription: String { sql }
        }

        private static let changes = [
            Change(
                sql: "UPDATE entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'a', 'b') AS BLOB) WHERE idx = 0",
                names: "entry 0"),
            Change(
                sql: "UPDATE entries SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE idx = 7", names: "entry 7"),
            Change(
                sql: "UPDATE entries SET bytes = (SELECT bytes FROM entries WHERE idx = 8) WHERE idx = 9",
                names: "entry 9"),
            Change(
                sql: "UPDATE entries SET bytes = x'00' WHERE idx = (SELECT max(idx) FROM entries)", names: "entry "),
            Change(sql: "DELETE FROM entries WHERE idx = 6", names: "entry 6"),
            Change(sql: "DELETE FROM entries WHERE idx = (SELECT max(idx) FROM entries)", names: "entry "),
            Change(
                sql: "INSERT INTO entries SELECT max(idx) + 1, (SELECT bytes FROM entries WHERE idx = 6) FROM entries",
                names: "entry "),
            Change(
                sql: "UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND position = 5", names: "entry 5"),
            Change(
                sql: "UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND position = 0", names: "tree node 2/0"),
            Change(
                sql:
                    "UPDATE checkpoints SET note = replace(note, 'tour', 'torn') WHERE size = (SELECT max(size) FROM checkpoints)",
                names: "checkpoint"),
            Change(
                sql: "DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)", names: "entry "),
            Change(sql: "UPDATE requests SET state = 'withdrawn'", names: "state"),
            Change(sql: "UPDATE requests SET due = '2099-01-01'", names: "due"),
            Change(sql: "UPDATE requests SET subject_commitment = request_commitment", names: "subject_commitment"),
            Change(sql: "DELETE FROM requests", names: "request "),
            Change(sql: "UPDATE runs SET verdict = 'PASS-STATISTICAL'", names: "verdict"),
            Change(sql: "DELETE FROM runs", names: "run "),
            Change(sql: "UPDATE vault SET sealed = zeroblob(length(sealed))", names: "vault"),
            Change(
                sql: "UPDATE vault SET wrapped_key = (SELECT wrapped_key FROM vault ORDER BY request_id DESC LIMIT 1)",
                names: "vault"),
            Change(sql: "DELETE FROM vault", names: "vault"),
            Change(sql: "UPDATE meta SET value = 'other.example/log' WHERE key = 'origin'", names: "origin"),
        ]

        @Test(arguments: changes)
        func aChangedRowIsFoundAndNamed(change: Change) throws {
            let folder = try Tour.current.copy()
            let desk = ["--workspace", "desk"]
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).status == 0)
            try execute(change.sql, on: folder.path("desk/ledger.sqlite"))
            let audit = try LetheCommand.run(["log", "audit"] + desk, in: folder)
            #expect(audit.status == 1, "\(audit.errors)")
            #expect(audit.output.contains(change.names), "\(audit.output)")
            #expect(audit.output.contains("entry "), "\(audit.output)")
            let json = try LetheCommand.run(["log", "audit", "--json"] + desk, in: folder)
            #expect(json.status == 1)
            #expect(try json.json()["holds"]?.boolValue == false)
        }

        /// Runs a statement as somebody with the file and SQLite could: the guards out of the way first, and back afterwards.
        private func execute(_ sql: String, on path: String) throws {
            let queue = try DatabaseQueue(path: path)
            let changed = try queue.write { database in
                let triggers = try Row.fetchAll(
                    database, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
                #expect(triggers.count == 14)
                for trigger in triggers { try database.execute(sql: "DROP TRIGGER \(trigger["name"] as String)") }
                try database.execute(sql: sql)
                let changed = database.changesCount
                for trigger in triggers { try database.execute(sql: trigger["sql"]) }
                return changed
            }
            #expect(changed > 0, "nothing was changed: \(sql)")
            try queue.close()
        }

        @Test func withoutItsGuardsALedgerIsNotWhatItWas() throws {
            let folder = try Tour.current.copy()
            let queue = try DatabaseQueue(path: folder.path("desk/ledger.sqlite"))
            #expect(throws: DatabaseError.self) {
                try queue.write { try $0.execute(sql: "UPDATE entries SET bytes = x'00' WHERE idx = 3") }
            }
            try queue.write { try $0.execute(sql: "DROP TRIGGER entries_no_update") }
            try queue.close()
            let audit = try LetheCommand.run("log", "audit", "--workspace", "desk", in: folder)
            #expect(audit.status == 1)
            #expect(audit.output.contains("entries_no_update"))
        }

        @Test func aLedgerThatIsNoneIsRefused() throws {
            let folder = try Tour.current.copy()
            let bytes = try folder.bytes("desk/ledger.sqlite")
            for suffix in ["-wal", "-shm"] { try Files.remove(folder.path("desk/ledger.sqlite" + suffix)) }
            for damaged in [Array("not a database at all, just text".utf8), Array(bytes.prefix(bytes.count / 2)), []] {
                try folder.write(damaged, to: "desk/ledger.sqlite")
                let audit = try LetheCommand.run("log", "audit", "--workspace", "desk", in: folder)
                #expect(audit.status == 1, "\(audit.output)\(audit.errors)")
                let list = try LetheCommand.run("request", "list", "--workspace", "desk", in: folder)
                #expect([2, 3].contains(list.status), "\(list.output)")
                #expect(list.errors.split(separator: "\n").count == 1)
            }
        }

        @Test func anotherPolicyThanTheLogsIsFound() throws {
            let folder = try Tour.current.copy()
            let loose = Tour.policy.replacing("rrmMargin: 0.20", with: "rrmMargin: 1")
            try folder.write(Array(loose.utf8), to: "desk/policy.yaml")
            let audit = try LetheCommand.run("log", "audit", "--workspace", "desk", in: folder)
            #expect(audit.status == 1)
            #expect(audit.output.contains("policy.yaml"))
            try expectRefusal(["run", "--workspace", "desk"], in: folder, naming: "policy.yaml")
        }

        @Test func everyThirtySeventhByteOfACertificateMatters() throws {
            let tour = try Tour.current
            let folder = try TemporaryFolder()
            try folder.write(try tour.folder.bytes("desk/trust.txt"), to: "trust.txt")
            let bytes = try tour.folder.bytes(try #require(try tour.certificates().last))
            let verify = ["certificate", "verify", "certificate.json", "--trust", "trust.txt"]
            for place in stride(from: 0, to: bytes.count, by: 37) {
                var changed = bytes
                changed[place] ^= 1 << UInt8(place % 7)
                try folder.write(changed, to: "certificate.json")
                let result = try LetheCommand.run(verify, in: folder)
                #expect([1, 2].contains(result.status), "byte \(place) of \(bytes.count)")
                #expect(result.errors.hasPrefix("certificate.json: does not hold: "), "byte \(place): \(result.errors)")
                #expect(result.errors.split(separator: "\n").count == 1, "byte \(place): \(result.errors)")
                #expect(result.output.isEmpty)
            }
            for count in [0, 1, bytes.count / 2, bytes.count - 1] {
                try folder.write(Array(bytes.prefix(count)), to: "certificate.json")
                #expect(try LetheCommand.run(verify, in: folder).status == 1)
            }
            try folder.write(bytes, to: "certificate.json")
            #expect(try LetheCommand.run(verify, in: folder).status == 0)
        }

        @Test func trustMustBeTheRightOne() throws {
            let tour = try Tour.current
            let folder = try tour.copy()
            let certificate = try #require(try tour.certificates().first)
            func verify(_ trust: String) -> [String] { ["certificate", "verify", certificate, "--trust", trust] }
            let made = try LetheCommand.run(
                "init", "--data", "data", "--policy", "policy.yaml", "--origin", Tour.origin, "--workspace", "other",
                in: folder)
            #expect(made.status == 0, "\(made.errors)")
            try expectRefusal(verify("other/trust.txt"), in: folder, status: 1, naming: certificate, "does not hold")
            _ = try LetheCommand.run("key", "generate", "--output", "key.pem", in: folder)
            try expectRefusal(verify("key.pem.pub"), in: folder, status: 1, naming: "does not hold")
            try expectRefusal(verify("key.pem"), in: folder, naming: "key.pem")
            try expectRefusal(verify("none.txt"), in: folder, naming: "none.txt")
            let trust = try folder.bytes("desk/trust.txt")
            for count in [0, trust.count / 2, trust.count - 20] {
                try folder.write(Array(trust.prefix(count)), to: "short.txt")
                let result = try LetheCommand.run(verify("short.txt"), in: folder)
                #expect([1, 2].contains(result.status), "\(count) bytes: \(result.output)")
                #expect(result.errors.split(separator: "\n").count == 1)
            }
            try expectRefusal(
                ["certificate", "verify", "none.json", "--trust", "desk/trust.txt"], in: folder, naming: "none.json")
        }
    }
}
