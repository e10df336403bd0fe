import Foundation
import Testing

/// What a training step takes from the heap once the first steps have sized its buffers, counted below the C library: nothing.
struct StepAllocationTests {
    /// The benchmark's batches come again after eight steps.
    private static let steps = (few: 9, many: 17)

    /// Calls a step, all and those for 64 KiB or more.
    private func callsPerStep(
        _ job: String, batch: Int, lengths: String, dropout: Double
    ) throws -> (all: Double, large: Double) {
        let folder = try TemporaryFolder()
        let shim = folder.path("allocations.so")
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Shim/allocations.c").path
        try run("/usr/bin/env", ["cc", "-shared", "-fPIC", "-O1", "-o", shim, source], [:])
        try Data(lengths.utf8).write(to: URL(filePath: folder.path("lengths.json")))
        func calls(_ steps: Int) throws -> [Double] {
            let count = folder.path("count")
            try run(
                LetheCommand.executable.path,
                [
                    "benchmark", "engine", "--in-process", "--shape", "tiny", "--jobs", job, "--batch", "\(batch)",
                    "--steps", "\(steps)", "--lengths", folder.path("lengths.json"), "--dropout", "\(dropout)",
                ], ["LD_PRELOAD": shim, "LETHE_ALLOCATION_COUNT": count])
            return try String(contentsOfFile: count, encoding: .utf8).split { $0.isWhitespace }.compactMap {
                Double($0)
            }
        }
        let (few, many) = (try calls(Self.steps.few), try calls(Self.steps.many))
        try #require(few.count == 2 && many.count == 2)
        let between = Double(Self.steps.many - Self.steps.few)
        return ((many[0] - few[0]) / between, (many[1] - few[1]) / between)
    }

    private func run(_ program: String, _ arguments: [String], _ environment: [String: String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) ended with \(process.terminationStatus)")
    }

    @Test(arguments: ["full", "lora", "e2urec"], ["[40]", "[160]", "[9, 40, 25, 61]"])
    func aStepTakesNothingFromTheHeap(job: String, lengths: String) throws {
        for dropout in [0, 0.1] {
            let step = try callsPerStep(job, batch: 8, lengths: lengths, dropout: dropout)
            // Threads may take something once; of a step there is nothing.
            #expect(step.all < 1 && step.large == 0, "dropout \(dropout)")
        }
    }

    /// That counting works: the losses of a forward pass are handed out in memory of their own.
    @Test func whatIsTakenIsCounted() throws {
        #expect(try callsPerStep("forward", batch: 8, lengths: "[40]", dropout: 0).all >= 1)
    }
}
