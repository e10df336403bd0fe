import ArgumentParser
import LetheBytes
import LetheCertificates
import LetheService

extension CertificateCommand {
    /// `lethe certificate bundle`
    struct Bundle: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "bundle",
            abstract: "Write a folder with which a certificate can be checked with sh, openssl and sha256sum alone.",
            discussion: """
                It holds the certificate, the forgetting test and the request's receipt as they stand in the log, with their proofs, the \
                public keys, and verify.sh, which checks them and says what it did not check.

                With --replay it also holds what lethe replay --bundle needs of the run: its steps in the log, the policy's text, and \
                digests of what learned on the way. No file of it says whose records the run removed.
                """)

        @Argument(help: "The certificate's number.")
        var number: Int

        @Option(name: .long, help: ArgumentHelp("A new folder.", valueName: "dir"))
        var output: String

        @Flag(name: .long, help: "Add what a stranger needs to repeat the run; the policy's text is among it.")
        var replay = false

        @Option(
            name: .long,
            help: ArgumentHelp(
                "With --replay: a new file for whose records the run removed, while the vault says so. Personal data, for whoever is to "
                    + "repeat the run, and never in the bundle.", valueName: "file"))
        var subjects: String?

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func validate() throws {
            if subjects != nil, !replay { throw ValidationError("--subjects needs --replay") }
        }

        func run() throws {
            let verified = try openWorkspace(workspaceOptions).writeBundle(
                number, to: output, replayable: replay, people: subjects)
            try outputOptions.show(
                [
                    "folder": .string(output), "certificateId": .string(verified.certificate.certificateID),
                    "entry": .string("\(verified.index)"),
                ],
                "\(verified.certificate.certificateID), entry \(verified.index), in \(output): sh \(output)/verify.sh")
        }
    }
}
