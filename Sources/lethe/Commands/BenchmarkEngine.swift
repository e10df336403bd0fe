import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheService

/// `lethe benchmark engine`
struct BenchmarkEngine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Time training steps on random tokens: samples, tokens, operations, memory.",
        discussion: """
            Each job runs in a process of its own, so that the peak memory is its own. The share of the peak compares with \
            what the linear algebra library reaches on a large product in the same process on the same threads.
            """)

    @Option(name: .long, help: ArgumentHelp("tiny, small, or the path of a config.json.", valueName: "shape"))
    var shape = "tiny"

    @Option(name: .long, help: "Threads that compute.")
    var threads = 2

    @Option(name: .long, help: "Rows of a batch.")
    var batch = 32

    @Option(name: .long, help: "Timed steps of each job.")
    var steps = 12

    @Option(name: .long, help: "Steps of each job before the clock starts.")
    var warmup = 3

    @Option(name: .long, help: ArgumentHelp("A JSON list of source lengths to draw from.", valueName: "file"))
    var lengths: String?

    @Option(name: .long, help: "The share that dropout clears in steps that learn.")
    var dropout: Float = 0

    @Option(name: .long, help: "The jobs, separated by commas: full, lora, e2urec, forward, full-bf16.")
    var jobs = EngineBenchmark.Job.allCases.map(\.rawValue).joined(separator: ",")

    @Flag(name: .long, help: .hidden)
    var inProcess = false

    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let jobs = try jobs.split(separator: ",").map { name in
            guard let job = EngineBenchmark.Job(rawValue: String(name)) else {
                throw InputError(
                    "--jobs names \(name); expected some of "
                        + EngineBenchmark.Job.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return job
        }
        let benchmark = try EngineBenchmark(
            .init(
                shape: shape, batch: batch, steps: steps, warmup: warmup, threads: threads,
                lengths: try lengths.map(readLengths), dropout: dropout))
        if inProcess, let job = jobs.first {
            var result = try benchmark.run(job, seconds: Clock.environment().seconds).json.objectValue ?? [:]
            result["peak_rss_mib"] = .number(String(format: "%.1f", peakMemory() ?? 0))
            StandardOutput.line(String(decoding: JSONValue.object(result).prettyBytes(), as: UTF8.self))
            return
        }
        let results = try jobs.map(runInProcessOfItsOwn)
        let machine = Clock.environment().description
        try outputOptions.show(
            [
                "shape": .string(shape), "threads": JSONValue(threads), "batch": JSONValue(batch),
                "steps": JSONValue(steps), "warmup": JSONValue(warmup),
                "dropout": .number("\(dropout)"),
                "precision": "float32; full-bf16: bfloat16 products",
                "machine": .object(machine.mapValues { .string($0) }),
                "linear_algebra": .object(EngineBenchmark.linearAlgebra.mapValues { .string($0) }),
                "results": .array(results),
            ],
            Table(["job", "samples/s", "tokens/s", "GFLOP/s", "of sgemm peak", "peak MiB"]) {
                results.map { result in
                    func number(_ name: String) -> Double { result[name]?.doubleValue ?? 0 }
                    return [
                        result["job"]?.stringValue ?? "", String(format: "%.1f", number("samples_per_s")),
                        String(format: "%.0f", number("tokens_per_s")), String(format: "%.1f", number("gflop_per_s")),
                        String(format: "%.0f%%", 100 * number("share_of_peak")),
                        String(format: "%.0f", number("peak_rss_mib")),
                    ]
                }
            }.text)
    }

    private func runInProcessOfItsOwn(_ job: EngineBenchmark.Job) throws -> JSONValue {
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        var arguments = ["benchmark", "engine", "--in-process", "--jobs", job.rawValue, "--shape", shape]
        for (name, value) in [("threads", threads), ("batch", batch), ("steps", steps), ("warmup", warmup)] {
            arguments += ["--\(name)", "\(value)"]
        }
        arguments += ["--dropout", "\(dropout)"]
        if let lengths { arguments += ["--lengths", lengths] }
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
        return try StrictJSON.parse([UInt8](bytes))
    }

    private func readLengths(_ path: String) throws -> [Int] {
        let value = try StrictJSON.parse(try Files.read(path, limit: 1 << 22))
        let lengths = (value.arrayValue ?? []).compactMap(\.intValue)
        guard !lengths.isEmpty, lengths.count == value.arrayValue?.count else {
            throw InputError("\(path): expected a list of whole numbers")
        }
        return lengths
    }

    /// The most memory this process ever held, in MiB.
    private func peakMemory() -> Double? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(separator: " ").compactMap { Double($0.trimmingCharacters(in: .whitespaces)) }.first.map {
            $0 / 1024
        }
    }
}
