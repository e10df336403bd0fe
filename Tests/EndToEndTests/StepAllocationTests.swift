import Foundation
import Testing

/// What a training step takes from the heap once the first steps have sized its buffers, counted below the C library.
///
/// The numbers live in arenas: nothing of 64 KiB or more is asked for again. What stays are the small objects that describe a batch:
/// views of buffers, tasks, the closures that run them. Their number depends on the layers and on the rows of a batch alone.
struct StepAllocationTests {
    private static let steps = (few: 5, many: 13)

    /// Calls a step, all and those for 64 KiB or more, the benchmark's own making of batches among them.
    private func callsPerStep(_ job: String, batch: Int, lengths: String) throws -> (all: Double, large: Double) {
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
                    "--steps", "\(steps)", "--lengths", folder.path("lengths.json"),
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

    @Test(arguments: ["full", "lora", "e2urec"])
    func aStepTakesNoBufferAndFewSmallObjectsFromTheHeap(_ job: String) throws {
        let step = try callsPerStep(job, batch: 8, lengths: "[40]")
        #expect(step.large == 0)
        // Counting works: there are some.
        #expect(step.all > 8 && step.all < 1_500)
    }

    @Test func longerSequencesTakeNoMoreFromTheHeap() throws {
        let short = try callsPerStep("full", batch: 8, lengths: "[20]")
        let long = try callsPerStep("full", batch: 8, lengths: "[160]")
        #expect(long.large == 0)
        // Arrays of token ids grow by doubling: three times for eight times the tokens, in a handful of arrays.
        #expect(long.all < short.all + 100)
    }
}
