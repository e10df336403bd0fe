public import ArgumentParser
import LetheBytes
import LetheMachine
public import LetheService

/// What `lethe benchmark methods` and `lethe benchmark search` have in common.
struct MethodsBenchmarkOptions: ParsableArguments {
    @OptionGroup var datasetOptions: DatasetOptions

    @Option(name: .long, help: ArgumentHelp("The folder with the data set's files.", valueName: "dir"))
    var data: String

    @Option(name: .long, help: "all, or names with commas: \(MethodsBenchmark.all.joined(separator: ", ")).")
    var methods = "all"

    @Option(name: .long, help: "The models' shape: micro, mini or tiny.")
    var shape = BenchmarkShape.tiny

    @Option(
        name: .long,
        help: ArgumentHelp("A folder that receives everything; what is there already is used.", valueName: "dir"))
    var output: String

    @Option(
        name: .long,
        help: ArgumentHelp("The settings: early-stopped, memorising, or both with a comma.", valueName: "names"))
    var settings = "early-stopped,memorising"

    @Option(
        name: .long,
        help: ArgumentHelp("A policy for the setting early-stopped; default: the built-in one.", valueName: "file"))
    var earlyStoppedPolicy: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A policy for the setting memorising; default: the built-in one.", valueName: "file"))
    var memorisingPolicy: String?

    @Option(
        name: .long,
        help: "Training users of the setting memorising; 0 for all. Default: 256, and all of invented data.")
    var memorisingUsers: Int?

    @Flag(name: .long, help: "A subsample of the users of a real data set in both settings.")
    var quick = false

    /// The data that were asked for.
    func profile() throws -> DatasetProfile {
        guard let kind = datasetOptions.dataset else {
            throw InputError("--dataset is missing: expected synthetic, ml-1m, goodreads or mapping")
        }
        return DatasetProfile(
            kind: kind, folder: data, isQuick: quick, mapping: try datasetOptions.readMapping(for: kind))
    }

    /// The settings that were asked for, in the order of the table.
    func chosenSettings() throws -> [MethodsBenchmark.Setting] {
        let names = settings.split(separator: ",").map { String($0.filter { $0 != " " }) }
        let users = memorisingUsers ?? (datasetOptions.dataset == .synthetic || quick ? 0 : 256)
        let known: [MethodsBenchmark.Setting] = [
            .init(
                name: "early-stopped", policy: try policy(earlyStoppedPolicy) ?? BuiltInPolicy.earlyStopped),
            .init(
                name: "memorising", policy: try policy(memorisingPolicy) ?? BuiltInPolicy.memorising,
                users: users == 0 ? nil : users),
        ]
        for name in names where !known.contains(where: { $0.name == name }) {
            throw InputError("--settings names \(name); expected early-stopped, memorising or both")
        }
        return known.filter { names.contains($0.name) }
    }

    private func policy(_ path: String?) throws -> [UInt8]? {
        guard let path else { return nil }
        _ = try readPolicy(path)
        return try Files.read(path, limit: 1 << 16)
    }
}

extension BenchmarkShape: ExpressibleByArgument {}

/// `lethe benchmark methods`
struct BenchmarkMethods: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods",
        abstract: "The paper's table: every method of unlearning on one data set, with intervals and the noise floor.",
        discussion: """
            Trains what is needed once and keeps it below --output; the same command goes on after Ctrl-C or a crash. Two settings \
            stand side by side: early-stopped, which a company would ship, and memorising, in which there is more to forget. Writes \
            methods.json, methods.md, methods.csv and figures. Exits 1 where something that must hold does not.
            """)

    @OptionGroup var common: MethodsBenchmarkOptions

    @Option(name: .long, help: "Seeds: models of every method.")
    var seeds = 3

    @Option(
        name: .long, help: "Retrained models, for the row and the noise floor; default: as many as seeds, at least 3.")
    var references: Int?

    @Option(name: .long, help: "The most forgotten records whose outputs are compared, evenly spaced.")
    var auditRecords = 4_096

    @Option(name: .long, help: "The most test records, evenly spaced; default: all.")
    var testRecords: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Users to forget instead of the data set's own choice, from 1 up; with commas, every setting once for each.",
            valueName: "numbers"))
    var forgetUsers: String?

    @Option(
        name: .long,
        help:
            "Also E2URec, its calibrated form and rewind answering this many requests in turn, each from what the last one left."
    )
    var requests: Int?

    @Option(name: .long, help: "Drawings of the bootstrap.")
    var replicates = 400

    @Flag(name: .long, help: "Also e2urec-calibrated and rewind with one ingredient left out at a time.")
    var ablations = false

    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let options = MethodsBenchmark.Options(
            profile: try common.profile(), settings: try forgetting(common.chosenSettings()),
            methods: try MethodsBenchmark.methods(named: common.methods), seeds: seeds, references: references,
            shape: common.shape, auditRecords: auditRecords, testRecords: testRecords, replicates: replicates,
            requests: requests, ablations: ablations, output: common.output, command: Self.command)
        let benchmark = try MethodsBenchmark(options, environment: Clock.environment())
        Interruption.watch()
        let display = ProgressDisplay()
        let report = try benchmark.run(
            shouldStop: { Interruption.isRequested }, isInterrupted: { Interruption.isRequested }
        ) { display.show($0) }
        display.finish()
        guard let report else { Self.stop() }
        try report.write()
        try outputOptions.show(report.json, report.markdown)
        guard report.holds else { throw DoesNotHold(reason: "lethe: something that must hold does not") }
    }

    /// The settings, each once for every number of users to forget.
    private func forgetting(_ settings: [MethodsBenchmark.Setting]) throws -> [MethodsBenchmark.Setting] {
        guard let forgetUsers else { return settings }
        let counts = try forgetUsers.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard let count = Int(text.filter { $0 != " " }) else {
                throw InputError("--forget-users names \"\(text)\"; expected whole numbers from 1 up, with commas")
            }
            return count
        }
        return settings.flatMap { setting in counts.map(setting.forgetting) }
    }

    /// The command as it was given.
    static var command: String { CommandLine.arguments.dropFirst().reduce("lethe") { $0 + " " + $1 } }

    static func stop() -> Never {
        StandardError.write("lethe: stopped; the same command goes on from here\n")
        Interruption.end()
    }
}

/// `lethe benchmark search`
struct BenchmarkSearch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Choose every method's hyper-parameters on validation data, without a retrained model.",
        discussion: """
            Every method gets the same number of trials. The criterion is printed and written beside the result: \
            \(MethodsSearch.criterion) Writes a policy for every setting, which `lethe benchmark methods` takes, and search.json.
            """)

    @OptionGroup var common: MethodsBenchmarkOptions

    @Option(name: .long, help: "Trials of every method, 1 to 9.")
    var trials = 6

    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let options = MethodsBenchmark.Options(
            profile: try common.profile(), settings: try common.chosenSettings(),
            methods: try MethodsBenchmark.methods(named: common.methods), seeds: 1, shape: common.shape,
            output: common.output, command: BenchmarkMethods.command)
        let search = try MethodsSearch(options, trials: trials, environment: Clock.environment())
        Interruption.watch()
        let display = ProgressDisplay()
        let outcome = try search.run(
            shouldStop: { Interruption.isRequested }, isInterrupted: { Interruption.isRequested }
        ) { display.show($0) }
        display.finish()
        guard let outcome else { BenchmarkMethods.stop() }
        try outputOptions.show(outcome.json, outcome.text)
    }
}

extension ProgressDisplay {
    /// Shows what a benchmark of methods tells.
    func show(_ event: MethodsBenchmark.Event) {
        switch event {
        case .job(let number, let count, let name, let left):
            finish()
            let estimate = left.map { ", about \(Self.duration($0)) left in all" } ?? ""
            note("\(number) of \(count): \(name)\(estimate)")
        case .found: note("  found")
        case .progress(let progress): show(progress)
        case .outcome(let text):
            finish()
            note("  \(text)")
        }
    }
}
