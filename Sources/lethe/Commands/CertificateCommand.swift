import ArgumentParser
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheMachine
import LetheService

/// `lethe certificate`
struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "List, show, verify and bundle certificates.",
        subcommands: [List.self, Show.self, Verify.self, Bundle.self])

    /// `lethe certificate list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the certificates of a workspace.")

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let records = try workspace.certificates()
            func path(_ number: Int) -> String {
                Files.join(workspace.paths.certificates, Workspace.certificateName(number))
            }
            try outputOptions.show(
                .array(
                    records.map {
                        [
                            "number": .string("\($0.number)"), "request": .string($0.request),
                            "entry": .string("\($0.entry)"), "file": .string(path($0.number)),
                        ]
                    }),
                Table(["number", "request", "entry", "file"]) {
                    records.map { ["\($0.number)", $0.request, "\($0.entry)", path($0.number)] }
                }.text)
        }
    }

    /// `lethe certificate show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print one certificate of a workspace in words.")

        @Argument(help: "The certificate's number.")
        var number: Int

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let records = try workspace.certificates()
            guard records.contains(where: { $0.number == number }) else {
                throw ServiceError.unknownCertificate(number: number, count: records.count)
            }
            let path = Files.join(workspace.paths.certificates, Workspace.certificateName(number))
            try verifyCertificate(path, trusting: try workspace.trust(), outputOptions)
        }
    }

    /// `lethe certificate verify`
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract:
                "Verify a certificate with nothing but the file and the keys you trust: no workspace, no network.",
            discussion: "Exits 1 where the certificate does not hold, and says what, expected and found.")

        @Argument(help: ArgumentHelp("A certificate.", valueName: "file"))
        var file: String

        @Option(name: .long, help: ArgumentHelp("A trust file, or one public key in PEM.", valueName: "keyfile"))
        var trust: String

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            try verifyCertificate(file, trusting: try readTrustFile(trust), outputOptions)
        }
    }
}

/// Reads the keys that a verifier trusts.
func readTrustFile(_ path: String) throws -> TrustFile {
    do {
        return try TrustFile(parsing: String(decoding: try Files.read(path, limit: 1 << 16), as: UTF8.self))
    } catch let error as TrustFileError {
        throw InputError("\(path): \(error)")
    }
}

/// Verifies a certificate file and says what was checked and what was not.
private func verifyCertificate(_ path: String, trusting trust: TrustFile, _ options: OutputOptions) throws {
    let bytes = try Files.read(path, limit: CertificateFile.maximumByteCount + 1)
    let verified: VerifiedCertificate
    do {
        verified = try CertificateVerifier.verify(bytes, trusting: trust)
    } catch {
        if options.json {
            try options.show(
                ["file": .string(path), "holds": false, "reason": .string("\(error)")], "")
        }
        throw DoesNotHold(reason: "\(path): does not hold: \(error)")
    }
    let certificate = verified.certificate
    let recipients = certificate.notifications.map { notification -> JSONValue in
        [
            "recipient": .string(notification.recipient), "at": .string("\(notification.at)"),
            "outcome": .string(notification.outcome.rawValue),
        ]
    }
    let backups = certificate.backups.map { backup -> JSONValue in
        ["system": .string(backup.system), "purgeBy": .string("\(backup.purgeBy)")]
    }
    let retained = certificate.retained.map { kept -> JSONValue in
        [
            "category": .string(kept.category), "ground": .string(kept.ground),
            "until": kept.until.map { .string("\($0)") } ?? .null,
        ]
    }
    let beyondTheModel =
        certificate.notifications.map {
            "\nrecipient    \($0.recipient), \($0.at): \($0.outcome == .failed ? "NOT told, given up" : $0.outcome.rawValue)"
        } + certificate.backups.map { "\nbackup       \($0.system), to be purged by \($0.purgeBy)" }
        + certificate.retained.map {
            "\nkept         \($0.category), on \($0.ground)" + ($0.until.map { ", until \($0)" } ?? ", without an end")
        }
    try options.show(
        [
            "file": .string(path), "holds": true, "certificateId": .string(certificate.certificateID),
            "request": .string(certificate.request.requestID), "log": .string(verified.origin),
            "entry": .string("\(verified.index)"), "verdict": .string(certificate.verification.verdict.rawValue),
            "result": .string(certificate.verification.verdict.result.rawValue), "claim": .string(certificate.claim),
            "model": .string(certificate.model.digest.hex), "notifications": .array(recipients),
            "backups": .array(backups), "retained": .array(retained),
            "checked": .array(verified.checked.map { .string($0) }),
            "notChecked": .array(verified.notChecked.map { .string("\($0)") }),
        ],
        """
        \(path): holds
        certificate  \(certificate.certificateID), issued \(certificate.issuedAt)
        request      \(certificate.request.requestID)
        log          \(verified.origin), entry \(verified.index)
        result       \(certificate.verification.verdict.result.rawValue) (\(certificate.verification.verdict.rawValue))
        claim        \(certificate.claim)
        model        \(certificate.model.digest.hex)\(beyondTheModel.joined())
        checked      \(verified.checked.joined(separator: "\n             "))
        not checked  \(verified.notChecked.map { "\($0)" }.joined(separator: "\n             "))
        """)
}
