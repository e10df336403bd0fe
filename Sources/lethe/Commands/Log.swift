import ArgumentParser
import LetheBytes
import LetheLog
import LetheService

/// `lethe log`
struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The transparency log: checkpoints, witnesses, proofs, audit, export.",
        subcommands: [CheckpointCommand.self, Prove.self, Audit.self, Export.self])

    /// `lethe log prove`
    struct Prove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the proof that an entry is in the log (a C2SP .tlog-proof file).")

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

    /// `lethe log audit`
    struct Audit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Derive the whole ledger again from its entries and name everything that differs.",
            discussion:
                "Exits 1 where something differs. Checks tree, checkpoints, signatures, states, runs and the vault.")

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let (size, findings) = try Workspace.auditLedger(
                at: workspaceOptions.workspace, environment: Clock.environment())
            try outputOptions.show(
                [
                    "entries": .string(size.map { "\($0)" } ?? "unknown"), "holds": .bool(findings.isEmpty),
                    "findings": .array(findings.map { .string($0) }),
                ],
                findings.isEmpty
                    ? "\(size.map { "\($0) entries: " } ?? "")everything agrees" : findings.joined(separator: "\n"))
            guard findings.isEmpty else { throw DoesNotHold() }
        }
    }
}
