import ArgumentParser
import LetheBytes
import LetheService

/// `lethe model`
struct Model: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train and describe models: folders in Hugging Face's layout.",
        subcommands: [Pretrain.self, Train.self, Describe.self, Check.self])

    /// `lethe model pretrain`
    struct Pretrain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train vocabulary and base model on records of people outside the training window.")

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let display = ProgressDisplay()
            try workspace.pretrain(progress: display.show)
            display.finish()
            try showModel("base", workspace, outputOptions)
        }
    }

    /// `lethe model train`
    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fine-tune the base model on everybody's training records: the original model.")

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let display = ProgressDisplay()
            try workspace.trainOriginal(progress: display.show)
            display.finish()
            try showModel("original", workspace, outputOptions)
        }
    }

    /// `lethe model describe`
    struct Describe: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a model's shape, parameters by module and digest.")

        @Argument(help: ArgumentHelp("A model folder.", valueName: "dir"))
        var folder: String

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let description = try ModelDescription(folder: folder)
            try outputOptions.show(description.json, description.text)
        }
    }
}

private func showModel(_ role: String, _ workspace: Workspace, _ options: OutputOptions) throws {
    let folder = workspace.paths.model(role)
    let description = try ModelDescription(folder: folder)
    try options.show(
        ["role": .string(role), "folder": .string(folder), "digest": .string(description.digest)],
        "\(role) model in \(folder), in the log with digest \(description.digest)")
}
