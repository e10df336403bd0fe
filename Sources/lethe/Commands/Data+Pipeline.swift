import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheMachine
import LetheService

extension DataCommand {
    /// `lethe data tombstones`
    struct Tombstones: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tombstones", abstract: "Write the rows that the data pipeline must delete after a run.",
            discussion: """
                JSON lines: {"kind":"person"} for whom to delete, {"kind":"interaction"} for each of their rows. Personal data: the file is \
                for the pipeline alone. The workspace keeps the list sealed for as long as the policy's retention.tombstoneDays says; \
                --destroy ends that at once, and the log says so.
                """)

        @Argument(help: ArgumentHelp("A run that passed.", valueName: "run"))
        var runID: String

        @Option(name: .long, help: ArgumentHelp("Where the list goes.", valueName: "file"))
        var output: String?

        @Flag(name: .long, help: "Destroy the workspace's copy afterwards.")
        var destroy = false

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func validate() throws {
            if output == nil, !destroy { throw ValidationError("expected --output, --destroy, or both") }
        }

        func run() throws {
            if let output, Files.exists(output) {
                throw InputError("\(output): exists already; expected a new path")
            }
            let workspace = try openWorkspace(workspaceOptions)
            let list = try workspace.tombstones(of: runID)
            let rows = list.count { $0 == 0x0A }
            if let output { try Files.write(list, to: output, permissions: 0o600) }
            if destroy { try workspace.destroyTombstones(of: runID) }
            try outputOptions.show(
                [
                    "run": .string(runID), "rows": .string("\(rows)"), "destroyed": .bool(destroy),
                    "file": output.map { .string($0) } ?? .null,
                ],
                "\(rows) rows\(output.map { " in \($0)" } ?? "")\(destroy ? ", the workspace's copy is destroyed" : "")"
            )
        }
    }

    /// `lethe data check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check that a cleaned data set is exactly what a run said must be left.",
            discussion: """
                Computes the root of the training records in the folder and compares it with the one in the log. Exits 1 where it differs: \
                a row of a deleted person is left, or one of somebody else's is missing or changed.
                """)

        @Argument(help: ArgumentHelp("A run that passed.", valueName: "run"))
        var runID: String

        @Option(name: .long, help: ArgumentHelp("The folder with the cleaned data set's files.", valueName: "dir"))
        var data: String

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let check = try openWorkspace(workspaceOptions).checkCleanedData(of: runID, in: data)
            try outputOptions.show(
                [
                    "run": .string(runID), "holds": .bool(check.holds), "expected": .string(check.expected.hex),
                    "found": .string(check.found.hex), "expectedRecords": .string("\(check.expectedRecords)"),
                    "foundRecords": .string("\(check.foundRecords)"),
                ],
                """
                \(data): \(check.holds ? "holds" : "does not hold")
                expected  \(check.expectedRecords) training records, root \(check.expected.hex)
                found     \(check.foundRecords) training records, root \(check.found.hex)
                """)
            guard check.holds else { throw DoesNotHold() }
        }
    }
}
