import ArgumentParser
import LetheBytes
import LetheMachine
import LetheService

extension Log {
    /// `lethe log audit`
    struct Audit: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "audit",
            abstract: "Derive the whole ledger again from its entries and name everything that differs.",
            discussion: """
                Exits 1 where something differs, and names the entry, the field, what was expected and found, and the last \
                checkpoint that is still good. Checks tree, checkpoints, signatures, keys, states, runs, certificates and the \
                vault on all cores, and says which requests have no certificate. An auditor needs no private key.
                """)

        @Flag(name: .long, help: "Check no signatures: many times faster, and it proves much less.")
        var structureOnly = false

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let outcome = try Workspace.auditLedger(
                at: workspaceOptions.workspace, environment: Clock.environment(), checksSignatures: !structureOnly,
                listing: outputOptions.json ? .max : 10)
            try outputOptions.show(outcome.json, outcome.text)
            guard outcome.holds else { throw DoesNotHold() }
        }
    }
}
