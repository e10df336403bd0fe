import ArgumentParser
import LetheBytes
import LetheMachine
import LetheService

/// `lethe benchmark redteam`
struct BenchmarkRedTeam: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redteam",
        abstract:
            "False models and false papers, each to be refused for the right reason, and honest ones to be let through.",
        discussion: """
            First papers: one workspace with invented data is brought to certificates, which must hold; then forged training logs, searched \
            seeds, chosen references, other models, stale certificates and those of other tenants are made on copies of it, with the \
            controller's own keys, and shown to the functions behind certificate verify, log audit, replay and model check. With --papers-only \
            that is all: a minute, without --dataset.

            Then models: trains references, honestly retrained candidates, originals, and models that only look unlearned; judges each with all gates \
            of verification. What is trained is kept below --output; the same command goes on after Ctrl-C or a crash. Writes \
            redteam.json and redteam.md. Exits 1 where something that must hold does not.
            """)

    @OptionGroup var datasetOptions: DatasetOptions

    @Option(
        name: .long,
        help: ArgumentHelp("The folder with the data set's files; not with --papers-only.", valueName: "dir"))
    var data: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A folder that receives everything; what is there already is used.", valueName: "dir"))
    var output: String

    @Option(name: .long, help: "The models' shape: micro, mini or tiny.")
    var shape = BenchmarkShape.tiny

    @Option(
        name: .long,
        help: ArgumentHelp("A policy in place of the built-in one of the setting memorising.", valueName: "file"))
    var policy: String?

    @Option(name: .long, help: "Training users; 0 for all. Default: 256, and all of invented data.")
    var users: Int?

    @Option(name: .long, help: "Honest candidates, and as many originals.")
    var candidates = 10

    @Option(name: .long, help: "Reference models.")
    var references = 5

    @Option(name: .long, help: "The most forgotten records that are compared, evenly spaced.")
    var auditRecords = 4_096

    @Option(name: .long, help: "The most test records, evenly spaced; default: all.")
    var testRecords: Int?

    @Flag(name: .long, help: "False papers alone: no model of the data set is trained.")
    var papersOnly = false

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard papersOnly else { return }
        guard datasetOptions.dataset == nil, datasetOptions.mapping == nil, data == nil, policy == nil, users == nil
        else {
            throw ValidationError(
                "--papers-only makes data and policy of its own: expected no --dataset, --mapping, --data, --policy or --users"
            )
        }
    }

    func run() throws {
        if papersOnly { return try runPapers() }
        guard let kind = datasetOptions.dataset else {
            throw InputError("--dataset is missing: expected synthetic, ml-1m, goodreads or mapping")
        }
        guard let data else { throw InputError("--data is missing: expected the folder with the data set's files") }
        if let policy { _ = try readPolicy(policy) }
        let rules = try policy.map { try Files.read($0, limit: 1 << 16) } ?? BuiltInPolicy.memorising
        let kept = users ?? (kind == .synthetic ? 0 : 256)
        let team = try RedTeam(
            RedTeam.Options(
                bench: MethodsBenchmark.Options(
                    profile: DatasetProfile(
                        kind: kind, folder: data, mapping: try datasetOptions.readMapping(for: kind)),
                    settings: [.init(name: "memorising", policy: rules, users: kept == 0 ? nil : kept)],
                    shape: shape, auditRecords: auditRecords, testRecords: testRecords, output: output,
                    command: BenchmarkMethods.command),
                candidates: candidates, references: references),
            environment: Clock.environment())
        Interruption.watch()
        let display = ProgressDisplay()
        let papers = try court.run(isInterrupted: { Interruption.isRequested }) { display.show($0) }
        guard let papers else {
            display.finish()
            BenchmarkMethods.stop()
        }
        let judged = try team.run(isInterrupted: { Interruption.isRequested }) { display.show($0) }
        display.finish()
        guard var report = judged else { BenchmarkMethods.stop() }
        report.papers = papers
        try report.write()
        try outputOptions.show(report.json, report.markdown)
        guard report.holds else { throw DoesNotHold(reason: "lethe: something that must hold does not") }
    }

    private var court: PaperCourt { PaperCourt(output: output, environment: Clock.environment()) }

    private func runPapers() throws {
        Interruption.watch()
        let display = ProgressDisplay()
        let report = try court.run(isInterrupted: { Interruption.isRequested }) { display.show($0) }
        display.finish()
        guard let report else { BenchmarkMethods.stop() }
        let command = BenchmarkMethods.command
        try report.write(to: output, command: command)
        try outputOptions.show(report.json(command: command), report.markdown(command: command))
        guard report.holds else { throw DoesNotHold(reason: "lethe: something that must hold does not") }
    }
}
