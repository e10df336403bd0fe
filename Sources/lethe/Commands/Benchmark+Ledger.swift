import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheService

extension Benchmark {
    /// `lethe benchmark ledger`
    struct Ledger: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ledger",
            abstract:
                "Requests a second, latency, audit rate and memory of the ledger, beside the machine's own limits.",
            discussion: """
                Works in a folder of its own below --scratch (on the disk that is meant) and removes it. With --entries 1000000 it \
                also grows the log to that size, which takes minutes, and measures whether memory stays flat. --output FILE.json \
                writes the figures and, beside them, FILE.md. Exits 1 where a target is missed.
                """)

        @Option(name: .long, help: "Signed requests to receive in groups.")
        var requests = LedgerBenchmark.Settings().requests

        @Option(name: .long, help: "Requests that become durable together.")
        var group = LedgerBenchmark.Settings().groupSize

        @Option(name: .long, help: "How long requests arrive in the latency measurement, in seconds.")
        var seconds = LedgerBenchmark.Settings().arrivalSeconds

        @Option(name: .long, help: "Entries of the large log; by default there is none.")
        var entries: Int?

        @Option(name: .long, help: ArgumentHelp("Where to work.", valueName: "dir"))
        var scratch = "."

        @Option(name: .long, help: ArgumentHelp("Where the JSON goes; Markdown goes beside it.", valueName: "file"))
        var output: String?

        @OptionGroup var outputOptions: OutputOptions

        func validate() throws {
            guard requests > 0, group > 0, seconds > 0, entries ?? 1 > 0 else {
                throw ValidationError("--requests, --group, --seconds and --entries: expected numbers above 0")
            }
            guard output?.hasSuffix(".json") ?? true else {
                throw ValidationError("--output: expected a name that ends with .json")
            }
        }

        func run() throws {
            var settings = LedgerBenchmark.Settings()
            settings.requests = requests
            settings.groupSize = group
            settings.arrivalSeconds = seconds
            settings.largeEntries = entries
            let folder = Files.join(scratch, ".lethe-benchmark-\(getpid())")
            try Files.createFolder(folder, permissions: 0o700)
            defer { try? Files.remove(folder) }
            let figures = try LedgerBenchmark(
                settings, in: folder, environment: Clock.environment(),
                verifyAsProcess: { file, trust in
                    try Benchmark.seconds(running: ["certificate", "verify", file, "--trust", trust])
                }
            ).run { StandardError.write("measuring \($0)\n") }
            let command = CommandLine.arguments.dropFirst().reduce("lethe") { $0 + " " + $1 }
            let markdown = figures.markdown(command: command)
            if let output {
                try Files.write(figures.json.prettyBytes(), to: output)
                try Files.write(Array(markdown.utf8), to: output.dropLast(4) + "md")
            }
            try outputOptions.show(figures.json, markdown)
            guard figures.meetsTargets else { throw DoesNotHold(reason: "lethe: a target was missed") }
        }
    }

    /// Runs this program, its standard output thrown away, and returns the seconds from start to end.
    ///
    /// Without Foundation's `Process`, which looks for the end of a child every fifty milliseconds.
    /// - Throws: where it does not end with exit code 0.
    static func seconds(running arguments: [String]) throws -> Double {
        let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            for word in words { free(word) }
        }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var child = pid_t()
        var status: Int32 = 0
        let clock = ContinuousClock()
        let start = clock.now
        guard posix_spawn(&child, program, &actions, nil, &words, environ) == 0 else {
            throw InputError("\(program): cannot be run")
        }
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let seconds = (clock.now - start) / .seconds(1)
        guard status == 0 else { throw InputError("lethe \(arguments.joined(separator: " ")): does not end well") }
        return seconds
    }
}
