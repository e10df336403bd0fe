import ArgumentParser
import LetheBytes
import LetheLog
import LetheService

/// `lethe log`
struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "The transparency log: checkpoints, witnesses, proofs, audit, export, backup.",
        subcommands: [
            CheckpointCommand.self, Prove.self, Audit.self, Export.self, Backup.self, Restore.self,
        ])

    /// `lethe log prove`
    struct Prove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prove", abstract: "Print the proof that an entry is in the log (a C2SP .tlog-proof file).")

        @Argument(help: "The entry's index, counted from 0.")
        var index: UInt64

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let proof = try openWorkspace(workspaceOptions).prove(index).text
            if outputOptions.json {
                try outputOptions.show(["proof": .string(proof)], "")
            } else {
                StandardOutput.write(proof)
            }
        }
    }
}
