import ArgumentParser
import LetheBytes
import LetheService

/// `lethe data`
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Make and describe data sets.", subcommands: [Synthesize.self, Describe.self])

    /// `lethe data synthesize`
    struct Synthesize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write invented data in MovieLens-1M's own format.",
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
            abstract: "Print counts, label balance and digests of a data set and of its split.")

        @Argument(help: ArgumentHelp("A folder in MovieLens-1M's format.", valueName: "dir"))
        var folder: String

        @Option(name: .long, help: "The protocol to split by: synthetic or ml-1m.")
        var dataset = DatasetProfile.Kind.movieLens1M

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let description = try DataRoom.describe(DatasetProfile(kind: dataset, folder: folder))
            try outputOptions.show(description.json, description.text)
        }
    }
}
