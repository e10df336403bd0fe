import ArgumentParser
import LetheBytes
import LetheService

/// `lethe model`
struct Model: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Train, merge, check and describe models: folders in Hugging Face's layout.",
        subcommands: [
            Pretrain.self, ModelTrain.self, ModelLogits.self, Merge.self, Describe.self, Check.self,
        ])

    /// `lethe model pretrain`
    struct Pretrain: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pretrain",
            abstract: "Train vocabulary and base model on records of people outside the training window.",
            discussion: TrainingOptions.discussion)

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var trainingOptions: TrainingOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            try trainingOptions.run(workspaceOptions) { workspace, display in
                try workspace.pretrain(progress: display.show)
                display.finish()
                try showModel("base", workspace, outputOptions)
            }
        }
    }

    /// `lethe model merge`
    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "merge",
            abstract: "Add an adapter's update to a model's weights and write the result as a new folder.")

        @Option(name: .long, help: ArgumentHelp("The model's folder.", valueName: "dir"))
        var model: String

        @Option(name: .long, help: ArgumentHelp("The adapter: a PEFT folder.", valueName: "dir"))
        var adapter: String

        @Option(name: .long, help: ArgumentHelp("The new folder; nothing may be there.", valueName: "dir"))
        var output: String

        @Option(name: .long, help: "Bytes of one weight file at most; beyond them there are several with an index.")
        var maximumShardSize: Int?

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let merged = try ModelFolders.merge(
                model: model, adapter: adapter, output: output, shardSize: maximumShardSize)
            try outputOptions.show(merged, "merged model in \(output)")
        }
    }

    /// `lethe model describe`
    struct Describe: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "describe", abstract: "Print a model's shape, parameters by module and digest.",
            discussion: """
                A folder with weights is read and checked whole. A config.json alone is described by its shape; with \
                --lora-rank it also says how many parameters an adapter on q and v has.
                """)

        @Argument(help: ArgumentHelp("A model folder, a PEFT folder or a config.json.", valueName: "path"))
        var path: String

        @Option(name: .long, help: "Also count an adapter of this rank on q and v.")
        var loraRank: Int?

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let description = try ModelDescription(path: path, loraRank: loraRank)
            try outputOptions.show(description.json, description.text)
        }
    }
}

func showModel(_ role: String, _ workspace: Workspace, _ options: OutputOptions) throws {
    let folder = workspace.paths.model(role)
    let description = try ModelDescription(path: folder)
    try options.show(
        ["role": .string(role), "folder": .string(folder), "digest": .string(description.digest)],
        "\(role) model in \(folder), in the log with digest \(description.digest)")
}
