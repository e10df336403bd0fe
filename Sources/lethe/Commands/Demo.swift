import ArgumentParser
import LetheBytes
import LetheService

/// `lethe demo`
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The whole way on real steps: requests, unlearning, verification, certificates, report.",
        discussion: """
            With synthetic data it takes a few minutes. With --dataset ml-1m --data DIR it runs the paper's split of \
            MovieLens-1M, which you get from GroupLens (grouplens.org/datasets/movielens/1m).

            The exit code says whether the demonstration went its way, not what the verdict is: a demonstration that ends \
            in INCONCLUSIVE has shown that Lethe says so. The verdict is in summary.json; `lethe verify` exits by it.
            """)

    @Option(name: .long, help: "The data set: synthetic or ml-1m.")
    var dataset = DatasetProfile.Kind.synthetic

    @Option(name: .long, help: ArgumentHelp("The folder with the data; default: invented data.", valueName: "dir"))
    var data: String?

    @Option(name: .long, help: ArgumentHelp("A new or empty folder that receives everything.", valueName: "dir"))
    var output = "lethe-demo"

    @Option(
        name: .long,
        help: ArgumentHelp("A policy in YAML; default: the built-in one for the data set.", valueName: "file"))
    var policy: String?

    @Option(name: .long, help: "The seed of the invented data.")
    var seed: UInt64 = 1

    @Flag(name: .long, help: "A subsample of MovieLens-1M's users instead of the paper's whole split.")
    var quick = false

    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        if dataset != .synthetic, data == nil {
            throw InputError("--dataset \(dataset.rawValue) needs --data DIR, the folder with the data set's files")
        }
        let bytes = try policy.map { path in
            _ = try readPolicy(path)
            return try Files.read(path, limit: 1 << 16)
        }
        let display = ProgressDisplay()
        let demonstration = Demonstration(
            options: .init(
                kind: dataset, dataFolder: data, output: output, isQuick: quick, seed: seed,
                policy: bytes ?? BuiltInPolicy.policy(for: dataset)),
            environment: Clock.environment()
        ) { event in
            switch event {
            case .heading(let text):
                display.finish()
                display.note("\n\(text)")
            case .fact(let text):
                display.finish()
                display.note("  \(text)")
            case .refused(let what, let why): display.note("  refused: \(what)\n           \(why)")
            case .progress(let progress): display.show(progress)
            }
        }
        let summary = try demonstration.run()
        display.finish()
        try outputOptions.show(
            summary.json,
            """

            verdict       \(summary.verdict)
            certificates  \(summary.certificates.count) in \(Files.join(output, Files.folder(of: summary.certificates.first ?? "")))
            report        \(Files.join(output, summary.report))
            check one     lethe certificate verify \(Files.join(output, summary.certificates.first ?? "")) --trust \(Files.join(output, summary.trust))
            """)
    }
}
