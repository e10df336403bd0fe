import ArgumentParser

/// `lethe benchmark`
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure speed on this machine.", subcommands: [BenchmarkEngine.self])
}
