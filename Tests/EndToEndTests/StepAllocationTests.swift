import Foundation
import Testing

/// What a training step takes from the heap once the first steps have sized its buffers, counted below the C library.
///
/// The numbers and the arrays that describe a batch live in memory that is kept from step to step: nothing of 64 KiB or more is asked
/// for again, and a step makes a dozen small objects. The benchmark's own making of batches counts too: two arrays a row and a few
/// more.
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

    /// Arrays that the benchmark makes for the rows of a batch; E2URec's batches are two, with a cached teacher for one and the
    /// logits of the other handed out in arrays of their own.
    @Test(arguments: [
        (job: "full", ofRows: 2, besides: 16), (job: "lora", ofRows: 2, besides: 24),
        (job: "e2urec", ofRows: 6, besides: 40),
    ])
    func aStepTakesNoBufferAndAlmostNoObjectFromTheHeap(job: String, ofRows: Int, besides: Int) throws {
        let batch = 8
        let step = try callsPerStep(job, batch: batch, lengths: "[40]")
        #expect(step.large == 0)
        // Counting works: there are the benchmark's.
        #expect(step.all >= Double(ofRows * batch))
        #expect(step.all < Double(ofRows * batch + besides))
    }

    /// Nothing of a step is made by row: what more rows take are the benchmark's two arrays for each.
    @Test func moreRowsTakeNoMoreFromTheHeap() throws {
        let few = try callsPerStep("full", batch: 4, lengths: "[40]")
        let many = try callsPerStep("full", batch: 24, lengths: "[40]")
        #expect(many.all - few.all < 2 * 20 + 8)
    }

    @Test func longerSequencesTakeNoMoreFromTheHeap() throws {
        let short = try callsPerStep("full", batch: 8, lengths: "[20]")
        let long = try callsPerStep("full", batch: 8, lengths: "[160]")
        #expect(long.large == 0)
        #expect(long.all < short.all + 8)
    }
}
