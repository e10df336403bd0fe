import Foundation
import LetheBytes
import Testing

extension FaultTests {
    /// The commands around a lost ledger, as somebody uses them.
    @Suite(.serialized) struct Restore {
        private let desk = ["--workspace", "disk/desk"]

        private func lose(_ folder: ScratchFolder) throws {
            for suffix in ["", "-wal", "-shm"] { try Files.remove(folder.path + "/disk/desk/ledger.sqlite" + suffix) }
        }

        @Test func aLostLedgerComesBackFromItsNewestBackupOnly() throws {
            let made = try FaultDesk.current
            let folder = try made.copy()
            let files = try made.sign(4, in: folder)
            let first = try made.run(["request", "submit"] + files.prefix(2) + desk, in: folder)
            #expect(first.acknowledged.count == 2, "\(first.errors)")
            #expect(try made.run(["log", "backup", "--output", "old"] + desk, in: folder).status == 0)
            let second = try made.run(["request", "submit"] + files.suffix(2) + desk, in: folder)
            #expect(second.acknowledged.count == 2)
            #expect(try made.run(["log", "backup", "--output", "new", "--json"] + desk, in: folder).status == 0)
            let twice = try made.run(["log", "backup", "--output", "new"] + desk, in: folder)
            #expect(twice.status == 2 && twice.errors.contains("exists already"))

            // A whole ledger is not replaced, not even by its own copy.
            for (backup, needle) in [("new", "whole"), ("old", "published"), ("request-0.json", "database")] {
                let refused = try made.run(["log", "restore", backup] + desk, in: folder)
                #expect(refused.status != 0 && refused.errors.contains(needle), "\(backup): \(refused.errors)")
                #expect(refused.errors.split(separator: "\n").count == 1)
            }
            try lose(folder)
            let older = try made.run(["log", "restore", "old"] + desk, in: folder)
            #expect(older.status == 2 && older.errors.contains("second history"), "\(older.errors)")
            #expect(!Files.exists(folder.path + "/disk/desk/ledger.sqlite"))
            let restored = try made.run(["log", "restore", "new"] + desk, in: folder)
            #expect(restored.status == 0, "\(restored.errors)")
            try made.expectWhole(folder, acknowledged: Set(first.acknowledged + second.acknowledged), "restored")
        }

        @Test func aCheckpointFromElsewhereIsEnoughToRefuseAnOldBackup() throws {
            let made = try FaultDesk.current
            let folder = try made.copy()
            #expect(try made.run(["log", "backup", "--output", "old"] + desk, in: folder).status == 0)
            let files = try made.sign(1, in: folder)
            #expect(try made.run(["request", "submit"] + files + desk, in: folder).status == 0)
            let checkpoint = try made.run(["log", "checkpoint"] + desk, in: folder)
            try Files.write(Array(checkpoint.output.utf8), to: folder.path + "/kept")
            // The whole disk is lost, the record of the newest checkpoint with it.
            try lose(folder)
            try Files.remove(folder.path + "/disk/desk/ledger.sqlite.checkpoint")
            let refused = try made.run(["log", "restore", "old", "--checkpoint", "kept"] + desk, in: folder)
            #expect(refused.status == 2 && refused.errors.contains("kept"), "\(refused.errors)")
            let blind = try made.run(["log", "restore", "old"] + desk, in: folder)
            #expect(blind.status == 0 && blind.output.contains("witness"), "\(blind.errors)\(blind.output)")
        }

        @Test func anAuditSaysWhatIsOpen() throws {
            let made = try FaultDesk.current
            let folder = try made.copy()
            let files = try made.sign(3, in: folder)
            let submit = try made.run(["request", "submit", "--json"] + files + ["request-0.json"] + desk, in: folder)
            #expect(submit.status == 2)
            let answers = try StrictJSON.parse(Array(submit.output.utf8))
            #expect(answers["received"]?.stringValue == "3" && answers["refused"]?.stringValue == "1")
            #expect(answers["results"]?[3]?["refused"]?.stringValue?.contains("replay") == true)
            let audit = try made.run(["log", "audit", "--json"] + desk, in: folder)
            #expect(audit.status == 0)
            let json = try StrictJSON.parse(Array(audit.output.utf8))
            #expect(json["signaturesChecked"]?.boolValue == true && json["firstBadEntry"]?.isNull == true)
            #expect(json["lastGoodCheckpoint"] == json["entries"])
            let open = try #require(json["completeness"]?["requestsWithoutCertificate"]?.arrayValue)
            #expect(open.map { $0["state"]?.stringValue } == ["in_progress", "in_progress", "in_progress"])
            let quick = try made.run(["log", "audit", "--structure-only"] + desk, in: folder)
            #expect(quick.status == 0 && quick.output.contains("signatures were not checked"))
            #expect(quick.output.contains("3 requests, 0 certificates; without one: 3 in_progress"), "\(quick.output)")
        }

        @Test func wrongWaysToSubmitAreRefused() throws {
            let made = try FaultDesk.current
            let folder = try made.copy()
            for wrong in [
                [], ["a", "--from", "disk"], ["--from", "nowhere"], ["--lines", "nowhere"], ["a", "--group", "0"],
                ["none-1.json", "none-2.json"],
            ] {
                let refused = try made.run(["request", "submit"] + wrong + desk, in: folder)
                #expect([2, 3].contains(refused.status), "\(wrong): \(refused.output)")
                #expect(!refused.errors.isEmpty && refused.acknowledged.isEmpty)
            }
            try made.expectWhole(folder, acknowledged: [], "refused")
        }
    }
}
