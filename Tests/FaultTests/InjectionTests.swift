import Foundation
import Testing

extension FaultTests {
    /// Every storage call of a command fails once: not done, or done and said to have failed; for once, or from then on.
    @Suite(.serialized) struct Injection {
        /// How a call fails.
        struct Way: Sendable, CustomTestStringConvertible {
            let mode: Fault.Mode
            let repeats: Bool
            let code: Int32

            var testDescription: String {
                "\(mode.rawValue)\(repeats ? ", for good" : ""), \(code == EIO ? "EIO" : "ENOSPC")"
            }
        }

        private static let ways = [
            Way(mode: .lost, repeats: false, code: EIO), Way(mode: .kept, repeats: false, code: EIO),
            Way(mode: .lost, repeats: true, code: ENOSPC), Way(mode: .kept, repeats: true, code: EIO),
        ]

        @Test(arguments: ways)
        func aSubmissionThatFailsAnywhereLosesNothing(way: Way) throws {
            let desk = try FaultDesk.current
            var failures = 0
            for call in 1...400 {
                let folder = try desk.copy()
                let files = try desk.sign(2, in: folder)
                let submit = ["request", "submit", "--workspace", "disk/desk"] + files
                let fault = Fault(at: call, mode: way.mode, repeats: way.repeats, code: way.code)
                let struck = try desk.run(submit, in: folder, fault: fault)
                #expect([0, 3].contains(struck.status), "\(fault): \(struck.status) \(struck.errors)")
                #expect(
                    struck.status == 0 || struck.errors.split(separator: "\n").count == 1, "\(fault): \(struck.errors)")
                if struck.status == 3 {
                    failures += 1
                    #expect(struck.acknowledged.isEmpty, "\(fault): a failed group was acknowledged")
                }
                try desk.expectWhole(folder, acknowledged: Set(struck.acknowledged), "\(fault)")
                // Submitting again ends well: what is in the log is recognised, the rest is received.
                let again = try desk.run(submit, in: folder)
                #expect(
                    again.output.split(separator: "\n").allSatisfy { $0.contains("received") || $0.contains("replay") },
                    "\(fault): \(again.output)\(again.errors)")
                #expect([0, 2].contains(again.status))
                try desk.expectWhole(
                    folder, acknowledged: Set(struck.acknowledged + again.acknowledged), "\(fault), again")
                if let calls = struck.calls, calls < call {
                    #expect(failures > 3, "too few calls were struck")
                    return
                }
            }
            Issue.record("the command makes more than 400 calls")
        }

        @Test(arguments: [Fault.Mode.lost, .kept])
        func aWorkspaceThatIsNotMadeWholeIsNotThere(mode: Fault.Mode) throws {
            let desk = try FaultDesk.current
            var failures = 0
            var call = 1
            while true {
                let folder = try ScratchFolder()
                try FileManager.default.createDirectory(
                    atPath: folder.path + "/disk", withIntermediateDirectories: false)
                let make = [
                    "init", "--workspace", "disk/desk", "--data", desk.template.path + "/data", "--origin",
                    FaultDesk.origin,
                ]
                let fault = Fault(at: call, mode: mode, repeats: call % 3 == 0)
                let struck = try desk.run(make, in: folder, fault: fault)
                #expect([0, 3].contains(struck.status), "\(fault): \(struck.status) \(struck.errors)")
                if struck.status != 0 { failures += 1 }
                let isThere = FileManager.default.fileExists(atPath: folder.path + "/disk/desk")
                #expect(struck.status != 0 || isThere)
                if !isThere {
                    let again = try desk.run(make, in: folder)
                    #expect(again.status == 0, "\(fault): \(again.errors)")
                }
                try desk.expectWhole(folder, acknowledged: [], "\(fault)")
                if let calls = struck.calls, calls < call { break }
                // The first calls one by one, the many alike ones of SQLite in steps.
                call += call < 40 ? 1 : 3
                #expect(call < 2_000)
            }
            #expect(failures > 20)
        }

        @Test(arguments: [["log", "checkpoint"], ["log", "backup", "--output", "disk/backup"]])
        func aCheckpointOrBackupThatFailsChangesNothing(command: [String]) throws {
            let desk = try FaultDesk.current
            for mode in [Fault.Mode.lost, .kept] {
                for call in 1...400 {
                    let folder = try desk.copy()
                    let fault = Fault(at: call, mode: mode)
                    let struck = try desk.run(command + ["--workspace", "disk/desk"], in: folder, fault: fault)
                    #expect([0, 3].contains(struck.status), "\(fault): \(struck.status) \(struck.errors)")
                    try desk.expectWhole(folder, acknowledged: [], "\(fault)")
                    let again = try desk.run(command + ["--workspace", "disk/desk"], in: folder)
                    let isThere = struck.status == 0 || again.errors.contains("exists already")
                    #expect(again.status == 0 || isThere, "\(fault): \(again.errors)")
                    if let calls = struck.calls, calls < call { break }
                }
            }
        }
    }
}
