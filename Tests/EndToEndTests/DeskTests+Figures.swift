import Foundation
import LetheBytes
import Testing

extension DeskTests {
    /// Lists, statistics and scheduled runs as commands.
    struct Figures {
        private let desk = ["--workspace", "desk"]

        private func ids() throws -> [String] {
            try Tour.current.sign.map { try #require(try $0.json()["requestId"]?.stringValue) }
        }

        private func lines(_ arguments: [String], in folder: TemporaryFolder) throws -> [String] {
            let result = try LetheCommand.run(arguments + desk, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            return result.output.components(separatedBy: "\r\n")
        }

        @Test func theYearIsCountedInThreeForms() throws {
            let folder = try Tour.current.copy()
            let ids = try ids()
            let statistics = ["request", "statistics"]
            for decision in [["deny", ids[0], "--ground", "gdpr-12.5"], ["withdraw", ids[1]]] {
                #expect(try LetheCommand.run(["request"] + decision + desk, in: folder).status == 0)
            }
            let json = try LetheCommand.run(statistics + desk + ["--json"], in: folder).json()
            #expect(json["received"]?.stringValue == "\(Tour.people)")
            #expect(json["denied"]?.stringValue == "1")
            #expect(json["deniedOnOtherGrounds"] == nil)
            #expect(json["deniedOtherGrounds"]?.stringValue == "1")
            #expect(json["refusedByGround"]?["gdpr-12.5"]?.stringValue == "1")
            #expect(json["withdrawn"]?.stringValue == "1")
            #expect(json["open"]?.stringValue == "\(Tour.people - 2)")
            #expect(try LetheCommand.run(statistics + desk + ["--format", "json"], in: folder).json() == json)
            let csv = try lines(statistics + ["--format", "csv"], in: folder)
            #expect(csv.first == "figure,value")
            #expect(csv.contains("received,\(Tour.people)") && csv.contains("refused:gdpr-12.5,1"))
            let text = try LetheCommand.run(statistics + desk, in: folder).output
            #expect(text.contains("denied           1: 0 not verifiable, 0 exempt, 1 on other grounds"))
            let before = try LetheCommand.run(statistics + desk + ["--year", "1999", "--json"], in: folder).json()
            #expect(before["received"]?.stringValue == "0" && before["medianDays"] == nil)
            let law = try LetheCommand.run(statistics + desk + ["--regulation", "ccpa", "--json"], in: folder).json()
            #expect(law["received"]?.stringValue == "0")
            try expectRefusal(
                statistics + ["--from", "2026-03-02", "--to", "2026-03-01"] + desk, in: folder, naming: "2026-03-02")
            try expectRefusal(statistics + ["--year", "0"] + desk, in: folder, naming: "year")
        }

        @Test func theListIsATableForPeopleAndCSVForSpreadsheets() throws {
            let folder = try Tour.current.copy()
            let csv = try lines(["request", "list", "--format", "csv"], in: folder)
            #expect(csv.count == Tour.people + 2)
            #expect(csv[0].hasPrefix("request_id,regulation,state,ground,"))
            for (row, id) in zip(csv.dropFirst(), try ids()) {
                #expect(row.hasPrefix(id + ",gdpr,in_progress,,,"))
                #expect(row.contains(",ahead,green,no,"))
            }
            let listed = try LetheCommand.run(["request", "list", "--json"] + desk, in: folder).json()
            for (place, id) in try ids().enumerated() {
                var shown = try LetheCommand.run(["request", "show", id, "--json"] + desk, in: folder).json()
                    .objectValue
                let decisions = shown?.removeValue(forKey: "decisions")?.arrayValue
                #expect(decisions?.map { $0["decision"]?.stringValue } == ["confirm"])
                #expect(decisions?.first?["signedBy"]?[0]?["role"]?.stringValue == "controller")
                #expect(shown.map { .object($0) } == listed[place])
            }
            // A file and a pipe get no colours; a terminal does, unless its reader has said no.
            let plain = try LetheCommand.run(["request", "list"] + desk, in: folder).output
            #expect(!plain.contains("\u{1B}") && plain.contains("  green   "))
            func terminal(_ environment: [String: String]) throws -> String {
                try PseudoTerminal.output(of: ["request", "list"] + desk, in: folder, environment: environment)
            }
            let shown = try terminal(["TERM": "xterm"])
            #expect(shown.contains("\u{1B}[32mgreen\u{1B}[0m"))
            let uncoloured = shown.replacing("\u{1B}[32m", with: "").replacing("\u{1B}[0m", with: "")
            #expect(uncoloured.replacing("\r\n", with: "\n") == plain)
            for environment in [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"]] {
                #expect(try terminal(environment).contains("\u{1B}") == false)
            }
            #expect(try terminal(["TERM": "xterm", "NO_COLOR": ""]).contains("\u{1B}"), "empty is not set")
        }

        // MARK: lethe run, again and again

        private func plan(in folder: TemporaryFolder) throws -> JSONValue {
            let before = try Set(folder.names())
            let result = try LetheCommand.run(["run", "--plan", "--json"] + desk, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try folder.names() == before)
            return try result.json()
        }

        @Test func whereNobodyWaitsARunEndsWell() throws {
            let folder = try Tour.current.copy()
            for id in try ids() {
                #expect(try LetheCommand.run(["request", "withdraw", id] + desk, in: folder).status == 0)
            }
            #expect(try plan(in: folder)["step"]?.stringValue == "nothing")
            let ledger = try LetheCommand.run(["log", "audit"] + desk, in: folder).output
            for options in [[], ["--when-due"]] {
                let result = try LetheCommand.run(["run"] + options + desk, in: folder)
                #expect(result.status == 0, "\(result.errors)")
                #expect(result.output.contains("nothing to do"))
            }
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).output == ledger, "no entry more")
        }

        @Test func withTimeLeftARunWaitsUntilItIsDue() throws {
            let folder = try Tour.current.copy()
            let plan = try plan(in: folder)
            #expect(plan["step"]?.stringValue == "unlearn" && plan["isDue"]?.boolValue == false)
            #expect(plan["waiting"]?.stringValue == "\(Tour.people)")
            let result = try LetheCommand.run(["run", "--when-due"] + desk, in: folder)
            #expect(result.status == 0 && result.output.contains("the policy wants no run yet"))
        }

        @Test func aRunThatWasCutOffBeforeItsCertificatesIsFinishedFirst() throws {
            let folder = try Tour.current.copy()
            let unlearned = try LetheCommand.run(["unlearn", "--json"] + desk, in: folder)
            let run = try #require(try unlearned.json()["run"]?.stringValue)
            #expect(try plan(in: folder)["step"]?.stringValue == "verify")
            #expect([0, 1].contains(try LetheCommand.run(["verify", run] + desk, in: folder).status))
            let next = try plan(in: folder)
            #expect(next["step"]?.stringValue == "certify" && next["run"]?.stringValue == run)
            #expect(next["isDue"]?.boolValue == true)
            let finished = try LetheCommand.run(["run", "--when-due", "--json"] + desk, in: folder)
            #expect([0, 1].contains(finished.status), "\(finished.errors)")
            #expect(try finished.json()["run"]?.stringValue == run)
            let certificates = try LetheCommand.run(["certificate", "list", "--json"] + desk, in: folder).json()
            #expect(certificates.arrayValue?.count == 2 * Tour.people)
            #expect(try plan(in: folder)["step"]?.stringValue != "certify")
            // A certificate's file that was lost is written again.
            try Files.remove(folder.path("desk/certificates/0005.lethe-certificate.json"))
            #expect(try plan(in: folder)["step"]?.stringValue == "certify")
            #expect([0, 1].contains(try LetheCommand.run(["run"] + desk, in: folder).status))
            #expect(folder.has("desk/certificates/0005.lethe-certificate.json"))
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).status == 0)
        }

        @Test func ofTwoRunsAtOnceOneDoesTheWorkAndTheOtherChangesNothing() throws {
            let folder = try Tour.current.copy()
            let before = try runs(in: folder)
            var processes: [Process] = []
            for _ in 0..<2 {
                let process = Process()
                process.executableURL = LetheCommand.executable
                process.arguments = ["run"] + desk
                process.currentDirectoryURL = folder.url
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                try process.run()
                processes.append(process)
            }
            for process in processes { process.waitUntilExit() }
            let statuses = processes.map(\.terminationStatus).sorted()
            #expect(statuses.allSatisfy { [0, 1, 2].contains($0) }, "\(statuses)")
            #expect(statuses.contains { $0 != 2 }, "somebody did the work")
            // One that came late began where the other had ended; no two worked on the same.
            #expect(try runs(in: folder) == before + statuses.count { $0 != 2 })
            #expect(try LetheCommand.run(["log", "audit"] + desk, in: folder).status == 0)
            let certificates = try LetheCommand.run(["certificate", "list", "--json"] + desk, in: folder).json()
            #expect(try certificates.arrayValue?.count == runs(in: folder) * Tour.people)
        }

        private func runs(in folder: TemporaryFolder) throws -> Int {
            try Files.names(in: folder.path("desk/runs")).filter { $0.count == 36 }.count
        }
    }
}

/// A terminal that nobody looks at.
enum PseudoTerminal {
    /// What `lethe` writes where its standard output is a terminal, which Python's module `pty` lends it.
    static func output(
        of arguments: [String], in folder: TemporaryFolder, environment: [String: String]
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["python3", "-c", "import pty, sys; pty.spawn(sys.argv[1:])", LetheCommand.executable.path] + arguments
        process.currentDirectoryURL = folder.url
        var variables = ProcessInfo.processInfo.environment
        variables["NO_COLOR"] = nil
        process.environment = variables.merging(environment) { _, new in new }
        let shown = folder.url.appending(path: ".output-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: shown) }
        try Data().write(to: shown)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: shown)
        try process.run()
        process.waitUntilExit()
        return String(decoding: try Data(contentsOf: shown), as: UTF8.self)
    }
}
