import Foundation
import LetheBytes
import Testing

/// `lethe benchmark methods` and `search` at the command line; what they compute is tested in LetheServiceTests.
struct MethodsBenchmarkCommandTests {
    @Test(arguments: [
        ["--methods", "nothing"], ["--seeds", "0"], ["--references", "1"], ["--settings", "both"],
        ["--early-stopped-policy", "missing.yaml"], ["--replicates", "1"], ["--memorising-users", "1"],
        ["--mapping", "map.yaml"], ["--requests", "1"], ["--forget-users", "0"], ["--forget-users", "1,,3"],
    ])
    func badValuesAreRefusedInOneLineAndNothingIsMade(options: [String]) throws {
        let folder = try TemporaryFolder()
        let result = try LetheCommand.run(
            ["benchmark", "methods", "--dataset", "synthetic", "--data", "data", "--output", "out"] + options,
            in: folder)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(
            result.errors.hasPrefix("lethe: ") && result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(try folder.names().isEmpty)
    }

    /// Everything that a run made, but for times and for what a kill left half-written under a temporary name.
    private func outcome(_ folder: TemporaryFolder, _ output: String) throws -> [String: [UInt8]] {
        var outcome: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path(output))
        where !name.hasPrefix("cache/.") {
            if name.hasSuffix(".safetensors") || name.hasPrefix("cache/vocabulary") {
                outcome[name] = try folder.bytes("\(output)/\(name)")
            } else if name.hasPrefix("cache/measured-") {
                let row = try StrictJSON.parse(try folder.bytes("\(output)/\(name)"))
                for member in ["method", "seed", "weights", "test", "forgotten", "control", "distances"] {
                    outcome["\(name) \(member)"] = Array("\(row[member] ?? .null)".utf8)
                }
            }
        }
        return outcome
    }

    @Test func aRunThatIsKilledAnywhereGoesOnToTheSameBytes() throws {
        let folder = try TemporaryFolder()
        try Tour.writeData(to: folder.path("data"))
        try folder.write(Array(Tour.policy.utf8), to: "policy.yaml")
        func arguments(_ output: String) -> [String] {
            [
                "benchmark", "methods", "--dataset", "synthetic", "--data", "data", "--output", output, "--shape",
                "mini",
                "--settings", "early-stopped", "--early-stopped-policy", "policy.yaml", "--methods", "retrain,e2urec",
                "--seeds", "2", "--replicates", "10",
            ]
        }
        let whole = try LetheCommand.run(arguments("whole"), in: folder)
        #expect([0, 1].contains(whole.status), "\(whole.errors)")

        // Killed while it trains, measures and writes: after so many files, and a little later every time.
        var blows = 0
        for (files, pause) in [(1, 0.0), (4, 0.02), (8, 0.05), (12, 0.01), (20, 0.04), (30, 0.0)] {
            let process = Process()
            process.executableURL = LetheCommand.executable
            process.arguments = arguments("pieces")
            process.currentDirectoryURL = folder.url
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            func count() -> Int {
                (try? FileManager.default.subpathsOfDirectory(atPath: folder.path("pieces/cache")))?.count ?? 0
            }
            while process.isRunning, count() < files { Thread.sleep(forTimeInterval: 0.002) }
            Thread.sleep(forTimeInterval: pause)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            guard process.terminationReason == .uncaughtSignal else { break }
            blows += 1
            #expect(!folder.has("pieces/methods.json"))
        }
        #expect(blows >= 3)
        let rest = try LetheCommand.run(arguments("pieces"), in: folder)
        #expect(rest.status == whole.status, "\(rest.errors)")
        #expect(rest.errors.contains("found"))
        let (first, second) = (try outcome(folder, "whole"), try outcome(folder, "pieces"))
        #expect(first.count > 40 && first == second)
    }

    @Test(arguments: ["methods", "search"])
    func withoutADataSetItSaysWhichThereAre(command: String) throws {
        let folder = try TemporaryFolder()
        let result = try LetheCommand.run(["benchmark", command, "--data", "data", "--output", "out"], in: folder)
        #expect(result.status == 2)
        #expect(result.errors.contains("synthetic, ml-1m, goodreads or mapping"))
    }
}
