import ArgumentParser
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheMachine
import LetheRequests
import LetheService

extension Request {
    /// `lethe request receipt`
    struct Receipt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "receipt",
            abstract: "Write what a data subject needs to prove that their request is in the log.",
            discussion: """
                The file holds the entry that received the request, its place in the log under a signed checkpoint, and what opens its \
                commitments, which is personal data: it is for the subject alone, with trust.txt. Nobody else's data is in it. Once \
                the request's key was destroyed, the receipt has no opening.
                """)

        @Argument(help: "The request's id.")
        var id: String

        @Option(name: .long, help: ArgumentHelp("Where the receipt goes.", valueName: "file"))
        var output: String

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            guard !Files.exists(output) else { throw InputError("\(output): exists already; expected a new path") }
            let receipt = try openWorkspace(workspaceOptions).receipt(of: id)
            try Files.write(try receipt.bytes(), to: output, permissions: 0o600)
            try outputOptions.show(
                [
                    "file": .string(output), "requestId": .string(id), "entry": .string("\(receipt.proof.index)"),
                    "opens": .bool(receipt.opening != nil),
                ],
                "receipt of request \(id), entry \(receipt.proof.index), in \(output)"
                    + (receipt.opening == nil ? "; its personal data was destroyed, it opens nothing" : ""))
        }
    }

    /// `lethe request verify`
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Verify a receipt with nothing but the file and the keys you trust.",
            discussion: """
                With --request, the receipt must also open to exactly these bytes. Exits 1 where something does not hold, and says what.
                """)

        @Argument(help: ArgumentHelp("A receipt.", valueName: "file"))
        var file: String

        @Option(name: .long, help: ArgumentHelp("A trust file, or one public key in PEM.", valueName: "keyfile"))
        var trust: String

        @Option(name: .long, help: ArgumentHelp("The request as it was sent.", valueName: "file"))
        var request: String?

        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let trustFile = try readTrustFile(trust)
            let bytes = try Files.read(file, limit: RequestReceipt.maximumByteCount + 1)
            let sent = try request.map { try Files.read($0, limit: RequestReceipt.maximumByteCount) }
            let (receipt, verified): (RequestReceipt, VerifiedReceipt)
            do {
                receipt = try RequestReceipt(parsing: bytes)
                verified = try receipt.verify(trusting: trustFile)
                if let sent {
                    guard let opening = receipt.opening else { throw ReceiptError.closed }
                    guard opening.request == sent else { throw ReceiptError.opening("file given") }
                }
            } catch let error as ReceiptError {
                if outputOptions.json {
                    try outputOptions.show(
                        ["file": .string(file), "holds": false, "reason": .string("\(error)")], "")
                }
                throw DoesNotHold(reason: "\(file): does not hold: \(error)")
            }
            let (event, inclusion) = (verified.event, verified.inclusion)
            let opens = receipt.opening != nil
            let witnesses = inclusion.cosignatures.map(\.verifier.name)
            let vouching =
                witnesses.isEmpty
                ? "none: nobody but the log vouches that others are shown the same history"
                : witnesses.joined(separator: ", ")
            let commitments =
                opens ? "open to the request and the subject in this file" : "not opened: their key was destroyed"
            try outputOptions.show(
                [
                    "file": .string(file), "holds": true, "requestId": .string(event.requestID.text),
                    "log": .string(inclusion.checkpoint.origin), "entry": .string("\(inclusion.index)"),
                    "receivedAt": .string("\(event.at)"), "due": .string("\(verified.receipt.clock.due)"),
                    "opens": .bool(opens), "witnesses": .array(witnesses.map { .string($0) }),
                ],
                """
                \(file): holds
                request      \(event.requestID)
                received     \(event.at), answer due \(verified.receipt.clock.due)
                log          \(inclusion.checkpoint.origin), entry \(inclusion.index) of \(inclusion.checkpoint.size)
                signed by    \(verified.controller.keyID)
                witnesses    \(vouching)
                commitments  \(commitments)
                """)
        }
    }
}
