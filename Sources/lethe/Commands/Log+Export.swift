import ArgumentParser
import LetheBytes
import LetheService

extension Log {
    /// `lethe log export`
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract:
                "Write the log as a static folder that any C2SP tlog-tiles client reads, or bring one up to date.",
            discussion: """
                Serve the folder with any web server. A second export writes only what is new; it refuses a folder that \
                does not hold a prefix of this log.
                """)

        @Option(name: .long, help: ArgumentHelp("The folder.", valueName: "dir"))
        var output: String

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let export = try openWorkspace(workspaceOptions).exportLog(to: output)
            try outputOptions.show(
                [
                    "output": .string(output), "entries": .string("\(export.size)"),
                    "filesAdded": .string("\(export.added)"),
                ], "\(output): \(export.size) entries, \(export.added) new files")
        }
    }
}
