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

        /// Every step of a restore fails or is the last: what was acknowledged is in the ledger that is there, or in the one that restoring
        /// again puts there; and a ledger that was replaced, or was going to be, is kept. A rotating part of the calls, or all of them with
        /// LETHE_EXHAUSTIVE=1.
        @Test(arguments: [Fault.Mode.lost, .kept, .before, .after, .torn], [true, false])
        func aRestoreThatEndsAnywhereLosesNothing(mode: Fault.Mode, isLost: Bool) throws {
            let made = try FaultDesk.current
            let source = try made.copy()
            let files = try made.sign(2, in: source)
            let old = source.path + "/disk/old"
            #expect(try made.run(["log", "backup", "--output", old] + desk, in: source).status == 0)
            let received = try made.run(["request", "submit"] + files + desk, in: source)
            #expect(received.acknowledged.count == 2, "\(received.errors)")
            #expect(
                try made.run(["log", "backup", "--output", source.path + "/disk/new"] + desk, in: source).status == 0)
            try lose(source)
            // What is to be replaced: nothing, or a whole ledger that was put back from an older copy by hand.
            if !isLost {
                try FileManager.default.copyItem(atPath: old, toPath: source.path + "/disk/desk/ledger.sqlite")
            }
            let restore = ["log", "restore", "disk/new"] + desk
            let isExhaustive = ProcessInfo.processInfo.environment["LETHE_EXHAUSTIVE"] == "1"
            var call = isExhaustive ? 1 : 1 + Int(Date().timeIntervalSince1970 / 86_400) % 4
            var struckCount = 0
            while true {
                let folder = try ScratchFolder()
                try FileManager.default.copyItem(atPath: source.path + "/disk", toPath: folder.path + "/disk")
                let fault = Fault(at: call, mode: mode, repeats: call % 3 == 0)
                let struck = try made.run(restore, in: folder, fault: fault)
                #expect(
                    struck.wasKilled || [0, 3].contains(struck.status), "\(fault): \(struck.status) \(struck.errors)")
                #expect(
                    struck.wasKilled || struck.status == 0 || struck.errors.split(separator: "\n").count == 1,
                    "\(fault): \(struck.errors)")
                if struck.wasKilled || struck.status == 3 { struckCount += 1 }
                if struck.status == 0, !struck.wasKilled {
                    try made.expectWhole(folder, acknowledged: Set(received.acknowledged), "\(fault)")
                } else {
                    let again = try made.run(restore, in: folder)
                    // It may have been done: then the ledger is whole, and not replaced.
                    #expect(
                        again.status == 0 || (again.status == 2 && again.errors.contains("whole")),
                        "\(fault), again: \(again.status) \(again.errors)")
                    try made.expectWhole(folder, acknowledged: Set(received.acknowledged), "\(fault), again")
                }
                let names = try Files.names(in: folder.path + "/disk/desk")
                #expect(isLost || names.contains { $0.hasPrefix("ledger.sqlite.replaced-") }, "\(fault): \(names)")
                // Where the copy could not be removed at the end it stays, and the next restore removes it.
                let isTidy = !names.contains { $0.contains("restoring") }
                #expect(isTidy || struck.status == 0, "\(fault): \(names)")
                if let calls = struck.calls, calls < call { break }
                call += isExhaustive ? 1 : 4
                #expect(call < 1_000)
            }
            #expect(struckCount > 3)
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
