import ArgumentParser
import LetheBytes
import LetheMachine
import LetheService

/// `lethe demo`
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole way on real steps: requests, unlearning, verification, certificates, report.",
        discussion: """
            With synthetic data it takes a few minutes. With --dataset ml-1m --data DIR it runs the paper's split of \
            MovieLens-1M, which you get from GroupLens (grouplens.org/datasets/movielens/1m). With --dataset goodreads \
            it runs a split of GoodReads that is ours, not the paper's, on goodbooks-10k or a genre of the UCSD Book Graph.

            The exit code says whether the demonstration went its way, not what the verdict is: a demonstration that ends \
            in INCONCLUSIVE has shown that Lethe says so. The verdict is in summary.json; `lethe verify` exits by it.
            """)

    @Option(name: .long, help: ArgumentHelp("The folder with the data; default: invented data.", valueName: "dir"))
    var data: String?

    @Option(name: .long, help: ArgumentHelp("A new or empty folder that receives everything.", valueName: "dir"))
    var output = "lethe-demo"

    @Option(name: .long, help: "The seed of the invented data.")
    var seed: UInt64 = 1

    @OptionGroup var recommender: RecommenderOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let kind = recommender.datasetOptions.dataset ?? .synthetic
        if kind != .synthetic, data == nil {
            throw InputError("--dataset \(kind.rawValue) needs --data DIR, the folder with the data set's files")
        }
        let mapping = try recommender.datasetOptions.readMapping(for: kind)
        let policy = try recommender.readPolicyBytes(for: kind)
        let display = ProgressDisplay()
        let demonstration = Demonstration(
            options: .init(
                kind: kind, dataFolder: data, mapping: mapping, output: output, isQuick: recommender.quick, seed: seed,
                policy: policy),
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
