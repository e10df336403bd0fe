import Foundation
import LetheBytes
import Testing

/// Long commands of a workspace that are killed wherever they happen to be: the same command goes on, to the same bytes.
struct KilledTrainingTests {
    /// Starts a command and ends it by a signal once a checkpoint is there and `pause` more seconds have gone by.
    /// - Returns: whether the signal ended it; false where it was through before.
    private func strike(
        _ arguments: [String], in folder: TemporaryFolder, with signal: Int32, after pause: Double
    ) throws -> Bool {
        let process = Process()
        process.executableURL = LetheCommand.executable
        process.arguments = arguments + ["--workspace", "desk", "--checkpoint-seconds", "0"]
        process.currentDirectoryURL = folder.url
        for stream in [\Process.standardError, \Process.standardOutput, \Process.standardInput] {
            process[keyPath: stream] = FileHandle.nullDevice
        }
        try process.run()
        while process.isRunning, !hasCheckpoint(folder) { Thread.sleep(forTimeInterval: 0.005) }
        Thread.sleep(forTimeInterval: pause)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal && process.terminationStatus == signal
    }

    private func hasCheckpoint(_ folder: TemporaryFolder) -> Bool {
        let trainings = folder.path("desk/trainings")
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: trainings)) ?? []
        return names.contains { $0.hasSuffix(".state") }
    }

    private func copy(_ folder: TemporaryFolder) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in ["desk", "data"] {
            try FileManager.default.copyItem(atPath: folder.path(name), toPath: copy.path(name))
        }
        return copy
    }

    private func finish(_ arguments: [String], in folder: TemporaryFolder) throws -> LetheCommand.Result {
        let result = try LetheCommand.run(arguments + ["--workspace", "desk", "--json"], in: folder)
        #expect([0, 1].contains(result.status), "\(arguments): \(result.errors)")
        return result
    }

    /// Kills the command in one folder again and again, ends it undisturbed in a copy, and compares.
    private func expectSameBytes(
        _ arguments: [String], in folder: TemporaryFolder, of files: (LetheCommand.Result) throws -> [String]
    ) throws {
        #expect(
            try strike(arguments, in: folder, with: SIGKILL, after: 0), "\(arguments) was through before the first blow"
        )
        let undisturbed = try copy(folder)
        for (signal, pause) in [(SIGKILL, 0.02), (SIGINT, 0.01), (SIGKILL, 0.03), (SIGTERM, 0)] {
            guard try strike(arguments, in: folder, with: signal, after: pause) else { break }
        }
        let whole = try finish(arguments, in: undisturbed)
        // Where the last blow came after the end there is nothing left to do; the undisturbed one says what was made.
        _ = try? LetheCommand.run(arguments + ["--workspace", "desk", "--json"], in: folder)
        for file in try files(whole) {
            #expect(try folder.bytes(file) == undisturbed.bytes(file), "\(arguments): \(file)")
        }
        for desk in [folder, undisturbed] {
            #expect(!hasCheckpoint(desk), "\(arguments) left a checkpoint behind")
            #expect(try LetheCommand.run("log", "audit", "--workspace", "desk", in: desk).status == 0)
        }
    }

    @Test func everyLongCommandGoesOnToTheSameBytes() throws {
        let folder = try TemporaryFolder()
        try Tour.writeData(to: folder.path("data"))
        try folder.write(Array(Tour.policy.utf8), to: "policy.yaml")
        let made = try LetheCommand.run(
            "init", "--workspace", "desk", "--policy", "policy.yaml", "--data", "data", "--origin", Tour.origin,
            in: folder)
        #expect(made.status == 0, "\(made.errors)")
        try expectSameBytes(["model", "pretrain"], in: folder) { _ in ["desk/models/base/model.safetensors"] }
        try expectSameBytes(["model", "train"], in: folder) { _ in
            ["desk/models/original/model.safetensors", "desk/models/original-model.csv"]
        }
        let user = try #require(try Tour.trainingUsers(in: folder.path("data")).first)
        for arguments in [
            [
                "request", "sign", "--workspace", "desk", "--subject", "\(user)", "--key", "desk/keys/portal.pem",
                "--output", "request.json",
            ], ["request", "submit", "request.json", "--workspace", "desk"],
        ] {
            let result = try LetheCommand.run(arguments, in: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
        var run = ""
        try expectSameBytes(["unlearn"], in: folder) { result in
            run = try #require(try result.json()["run"]?.stringValue)
            return ["desk/runs/\(run)/candidate/model.safetensors"]
        }
        try expectSameBytes(["verify", run], in: folder) { _ in
            ["references/1/model.safetensors", "reference-model-1-of-2.csv", "measurements.json"].map {
                "desk/runs/\(run)/\($0)"
            }
        }
    }
}
