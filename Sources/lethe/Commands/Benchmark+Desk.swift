import ArgumentParser
import Foundation
import LetheBytes
import LetheMachine
import LetheService

extension Benchmark {
    /// `lethe benchmark desk`
    struct Desk: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "desk",
            abstract: "What the officer's commands take in a workspace with many open requests.",
            discussion: """
                Makes a workspace of its own below --scratch, fills it, runs each command as a process, and removes it. --output FILE.json \
                writes the figures and, beside them, FILE.md. Exits 1 where a command takes a second or more.
                """)

        @Option(name: .long, help: "Open requests.")
        var requests = 100_000

        @Option(name: .long, help: ArgumentHelp("Where to work.", valueName: "dir"))
        var scratch = "."

        @Option(name: .long, help: ArgumentHelp("Where the JSON goes; Markdown goes beside it.", valueName: "file"))
        var output: String?

        @OptionGroup var outputOptions: OutputOptions

        func validate() throws {
            guard (1...10_000_000).contains(requests) else {
                throw ValidationError("--requests: expected 1 to 10000000")
            }
            guard output?.hasSuffix(".json") ?? true else {
                throw ValidationError("--output: expected a name that ends with .json")
            }
        }

        func run() throws {
            let folder = Files.join(scratch, ".lethe-benchmark-\(getpid())")
            try Files.createFolder(folder, permissions: 0o700)
            defer { try? Files.remove(folder) }
            let figures = try DeskBenchmark(
                requests: requests, in: folder, environment: Clock.environment(), run: Benchmark.seconds(running:)
            ).figures { StandardError.write("measuring \($0)\n") }
            let command = CommandLine.arguments.dropFirst().reduce("lethe") { $0 + " " + $1 }
            let markdown = figures.markdown(command: command)
            if let output {
                try Files.write(figures.json.prettyBytes(), to: output)
                try Files.write(Array(markdown.utf8), to: output.dropLast(4) + "md")
            }
            try outputOptions.show(figures.json, markdown)
            guard figures.meetsTarget else { throw DoesNotHold(reason: "lethe: a command took too long") }
        }
    }
}
