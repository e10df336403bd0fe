import ArgumentParser

/// `lethe benchmark`: what this machine does. One sub-command a file, `Benchmark+*.swift`.
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure this machine: JSON and Markdown with the machine, settings and versions.",
        subcommands: [
            BenchmarkEngine.self, Ledger.self, Desk.self, BenchmarkMethods.self, BenchmarkSearch.self,
            BenchmarkRedTeam.self,
        ])
}
