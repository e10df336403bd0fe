import ArgumentParser
import LetheBytes
import LetheService

/// `lethe data`
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Make, describe and clean data sets.",
        subcommands: [Synthesize.self, Describe.self, Tombstones.self, Check.self])

    /// `lethe data synthesize`
    struct Synthesize: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "synthesize", abstract: "Write invented data in MovieLens-1M's own format.",
            discussion: "The same seed gives the same bytes. People have quirks that a model can memorise.")

        @Option(name: .long, help: ArgumentHelp("A new folder.", valueName: "dir"))
        var output: String

        @Option(name: .long, help: "The seed.")
        var seed: UInt64 = 1

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let description = try DataRoom.synthesize(to: output, seed: seed)
            try outputOptions.show(description.json, description.text)
        }
    }

    /// `lethe data describe`
    struct Describe: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "describe",
            abstract: "Print counts, label balance and digests of a data set and of its split.",
            discussion: """
                Rows that were left out are counted with their reason and the first line. Without --dataset, the folder is \
                taken for MovieLens-1M.
                """)

        @Argument(help: ArgumentHelp("The folder with the data set's files (plain or .gz).", valueName: "dir"))
        var folder: String

        @OptionGroup var recommender: RecommenderOptions

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Also count the prompts that are too long for the policy with this vocabulary (a model's spiece.model).",
                valueName: "file"))
        var tokenizer: String?

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Write every part of the split into this new folder: personal data, as `sha256sum` checks it.",
                valueName: "dir"))
        var splits: String?

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let profile = try recommender.profile(folder: folder, default: .movieLens1M)
            let prompts = try tokenizer.map {
                DataRoom.PromptLimit(vocabulary: $0, policy: try recommender.readPolicyBytes(for: profile.kind))
            }
            let description = try DataRoom.describe(profile, prompts: prompts, splits: splits)
            try outputOptions.show(description.json, description.text)
        }
    }
}
