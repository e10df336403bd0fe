import ArgumentParser
import LetheBytes
import LetheMachine
import LetheService

extension Log {
    /// `lethe log backup`
    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup", abstract: "Copy the ledger to a file, while it is in use, and audit the copy.",
            discussion: """
                The file appears only when it is complete and the audit has found nothing. No private key is in it. The vault's \
                rows are, sealed; with keys/vault.key they open, so a backup must be destroyed as soon as the personal data of \
                a request that it holds must be gone.
                """)

        @Option(name: .long, help: ArgumentHelp("Where the copy goes; nothing may be there.", valueName: "file"))
        var output: String

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            guard !Files.exists(output) else { throw InputError("\(output): exists already; expected a new path") }
            let copy = try Log.holding { try openWorkspace(workspaceOptions).backUpLedger(to: output) }
            try outputOptions.show(
                ["output": .string(output), "entries": .string("\(copy.entries)")],
                "\(output): \(copy.entries) entries, audited")
        }
    }

    /// `lethe log restore`
    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restore", abstract: "Put a backup in the place of a lost or damaged ledger.",
            discussion: """
                Never makes two histories of one log: refuses a backup that is older than any checkpoint known to have been \
                published (recorded beside the database, in the workspace's certificates, or given with --checkpoint), one \
                that an audit finds fault with, and one that would replace a whole ledger with as many entries. So nothing \
                that was shredded since the backup comes back. What was there is kept beside the new database.
                """)

        @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
        var backup: String

        @Option(
            name: .long,
            help: ArgumentHelp("A checkpoint, proof or certificate of this log from elsewhere.", valueName: "file"))
        var checkpoint: [String] = []

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let copy = try Log.holding {
                try Workspace.restoreLedger(
                    from: backup, at: workspaceOptions.workspace, checkpoints: checkpoint,
                    environment: Clock.environment())
            }
            try outputOptions.show(
                [
                    "entries": .string("\(copy.entries)"), "replaced": copy.replaced.map { .string($0) } ?? .null,
                    "knownCheckpoints": JSONValue(copy.known),
                ],
                """
                restored    \(copy.entries) entries, audited
                checked     against \(copy.known) published checkpoints\(copy.known == 0 ? ": nothing here knows of any; compare with a witness" : "")
                was there   \(copy.replaced.map { "kept as \($0)" } ?? "nothing")
                """)
        }
    }

    /// A copy that does not hold is a failed check, not bad input.
    fileprivate static func holding<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as AuditFailure { throw DoesNotHold(reason: "lethe: \(error)") }
    }
}
