import ArgumentParser
import Foundation
import LetheBytes
import LetheService

/// `lethe verify simulate`
struct VerifySimulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Error rates and power of the decision rule in simulated audits whose truth is known.",
        discussion: """
            Every simulated audit is judged by the function that judges runs. The result is the same at any number of threads. Exits 1 \
            where more than 5% are certified in error. A full simulation takes minutes; --repetitions 20 gives a first look.
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("Sizes of audits: forgotten users, x, references; with commas.", valueName: "sizes"))
    var settings = ErrorRates.Setting.stated.map { "\($0.users)x\($0.references)" }.joined(separator: ",")

    @Option(
        name: .long,
        help: ArgumentHelp("Whose margins and replicates apply; default: 0.20 and 0.25.", valueName: "file"))
    var policy: String?

    @Option(name: .long, help: "Audits a row, 1 to 1000000.")
    var repetitions = 400

    @Option(name: .long, help: "Bootstrap replicates, 100 to 1000000; default: the policy's, or 2000.")
    var replicates: Int?

    @Option(name: .long, help: "What all draws depend on.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "Threads, 1 to 1024.")
    var threads = 2

    @Option(name: .long, help: ArgumentHelp("Where the JSON goes; Markdown goes beside it.", valueName: "file"))
    var output: String?

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        _ = try sizes()
        guard 1...1_000_000 ~= repetitions else { throw ValidationError("--repetitions: expected 1 to 1000000") }
        guard 100...1_000_000 ~= replicates ?? 100 else {
            throw ValidationError("--replicates: expected 100 to 1000000")
        }
        guard 1...1_024 ~= threads else { throw ValidationError("--threads: expected 1 to 1024") }
        guard output?.hasSuffix(".json") ?? true else {
            throw ValidationError("--output: expected a name that ends with .json")
        }
    }

    func run() throws {
        let rates = try ErrorRates(
            settings: try sizes(), policy: try policy.map(readPolicy), replicates: replicates, repetitions: repetitions,
            seed: seed, threads: threads
        ) { StandardError.write("simulating \($0)\n") }
        let version = Lethe.configuration.version
        let (json, markdown) = (
            rates.json(command: command, version: version), rates.markdown(command: command, version: version)
        )
        if let output {
            try Files.write(json.prettyBytes(), to: output)
            try Files.write(Array(markdown.utf8), to: output.dropLast(4) + "md")
        }
        try outputOptions.show(json, markdown)
        guard rates.holds else { throw DoesNotHold(reason: "lethe: more than 5% are certified in error") }
    }

    /// The command without what the result does not depend on.
    private var command: String {
        "lethe verify simulate --settings \(settings)\(policy.map { " --policy \($0)" } ?? "") --repetitions \(repetitions)"
            + "\(replicates.map { " --replicates \($0)" } ?? "") --seed \(seed)"
    }

    private func sizes() throws -> [ErrorRates.Setting] {
        try settings.split(separator: ",", omittingEmptySubsequences: false).map { text in
            let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count == 2, let users = parts[0], let references = parts[1], 1...10_000 ~= users,
                2...100 ~= references
            else {
                throw ValidationError(
                    "--settings: \"\(text)\" is none; expected users x references, such as 205x5, with 1 to 10000 users "
                        + "and 2 to 100 references")
            }
            return ErrorRates.Setting(users: users, references: references)
        }
    }
}
