public import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheMachine
public import LetheRequests
import LetheService
import LetheStatements

/// `lethe request`: sign, file and follow deletion requests.
struct Request: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Sign, submit and follow deletion requests.",
        subcommands: [
            Sign.self, Submit.self, List.self, Statistics.self, Show.self, Confirm.self, Doubt.self, Expire.self,
            Extend.self, Deny.self, Withdraw.self, Duplicate.self, Shred.self, Proposals.self, Approve.self,
            Reject.self,
            Receipt.self, Verify.self,
        ])

    /// `lethe request sign`
    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sign", abstract: "Write a signed deletion request.",
            discussion: """
                The file holds personal data: it is for the controller named by --audience, not for publication. The key must \
                be one that the controller accepts requests from; a workspace accepts its own portal's, keys/portal.pem.
                """)

        @Option(name: .long, help: ArgumentHelp("Whom to forget: the user's number in the data set.", valueName: "id"))
        var subject: String

        @Option(name: .long, help: ArgumentHelp("The private key that signs, PEM.", valueName: "file"))
        var key: String

        @Option(name: .long, help: ArgumentHelp("Where the request goes.", valueName: "file"))
        var output: String

        @Option(name: .long, help: ArgumentHelp("The origin of the log it is meant for.", valueName: "origin"))
        var audience: String?

        @Option(name: .long, help: "The law: gdpr or ccpa.")
        var regulation = Regulation.gdpr

        @Option(name: .long, help: ArgumentHelp("How long it may be submitted.", valueName: "seconds"))
        var validSeconds: Int64 = 3600

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            guard !Files.exists(output) else { throw InputError("\(output): exists already; expected a new path") }
            guard (1...2_592_000).contains(validSeconds) else {
                throw InputError("--valid-seconds \(validSeconds): expected 1 to 2592000")
            }
            let signer = try readPrivateKey(key, workspaceOptions.passphraseOptions)
            guard let identity = SubjectIdentity(type: "user-id", value: subject) else {
                throw InputError("--subject: expected 1 to 256 bytes of text without control characters")
            }
            let origin = try audience ?? Workspace.origin(of: workspaceOptions.workspace)
            var generator = SecureGenerator()
            let request = try DeletionRequest(
                regulation: regulation, subject: identity, audience: origin, issuedAt: Clock.now(),
                validSeconds: validSeconds, agent: "privacy-portal",
                identity: IdentityProof(level: .accountAuthenticated, method: .accountSession), using: &generator)
            try Files.write(try request.sign(with: signer), to: output, permissions: 0o600)
            try outputOptions.show(
                ["requestId": .string(request.requestID.text), "file": .string(output), "audience": .string(origin)],
                "request \(request.requestID.text) for \(origin), signed, in \(output)")
        }
    }

    /// `lethe request show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show one request as the log has it.",
            discussion: """
                With --format drp or opendsr, one JSON document: the request's status as that protocol says it.
                """)

        @Argument(help: "The request's id.")
        var id: String

        @Option(name: .long, help: "native, drp or opendsr.")
        var format = FormatName.native

        @Flag(help: "Print by what the request names its person, out of the vault, and nothing else: personal data.")
        var identity = false

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            guard !identity else { return try showIdentity(workspace.identities(of: id)) }
            let record = try workspace.request(id)
            if let status = format.format.status(of: record, from: workspace) {
                return StandardOutput.line(String(decoding: try status.canonicalBytes(), as: UTF8.self))
            }
            let list = workspace.list([record])
            let recipients = try record.runID.map { try workspace.recipients(ofRun: $0.text) } ?? []
            let partial = try workspace.untold(of: record)
            let decisions = try workspace.decisions(about: record)
            try outputOptions.show(
                record.json(in: list).adding(partial: partial).adding(recipients: recipients).adding(
                    ["decisions": .array(decisions.map(\.json))]),
                """
                request      \(record.requestID.text)
                state        \(record.state.name)\(record.stateDetail)\(partial.isEmpty ? "" : ", not every recipient was told")
                law          \(record.lifecycle.regulation.rawValue)
                received     \(record.receivedAt), entry \(record.receivedIndex)
                due          \(record.due)\(record.daysLeft(on: list.today).map { ", in \($0) days" } ?? "")\(record.clockDetail)
                subject      commitment \(record.subjectCommitment.hex)
                certificate  \(record.certificateDetail)
                personal data \(record.shreddedIndex.map { "destroyed, entry \($0)" } ?? "in the vault")
                """ + decisions.map { "\ndecided      \($0.line)" }.joined()
                    + recipients.map { "\nrecipient    \($0.line)" }.joined())
        }

        private func showIdentity(
            _ found: (claimed: SubjectIdentity, subject: SubjectIdentity?, proposed: SubjectIdentity?)
        ) throws {
            var members: [String: JSONValue] = [
                "requestId": .string(id), "type": .string(found.claimed.type), "value": .string(found.claimed.value),
            ]
            members["subject"] = found.subject.map { .string($0.value) }
            members["proposed"] = found.proposed.map { .string($0.value) }
            try outputOptions.show(
                .object(members),
                """
                claimed      \(found.claimed.type) \(Printable.quoted(found.claimed.value, limit: 256))
                subject      \(found.subject.map { Printable.quoted($0.value, limit: 256) } ?? "not named yet: lethe request confirm --subject")
                """
                    + (found.proposed.map {
                        "\nproposed     \(Printable.quoted($0.value, limit: 256)), which waits for a second person"
                    } ?? ""))
        }
    }
}

extension Regulation: ExpressibleByArgument {}

extension RequestRecord {
    /// What belongs to the state, for people.
    fileprivate var stateDetail: String {
        switch state {
        case .refused(let ground): ", \(ground.citation)"
        case .duplicate(let original): " of \(original)"
        default: ""
        }
    }

    /// Its certificate, for people.
    fileprivate var certificateDetail: String {
        if let certificateIndex { return "entry \(certificateIndex)" }
        return state == .fulfilled ? "none: there was nothing of this person to erase" : "none yet"
    }

    /// What moves the deadline, for people.
    fileprivate var clockDetail: String {
        (lifecycle.isExtended ? ", extended" : "") + (isPaused ? ", clock stands still" : "")
    }
}

extension TakenDecision {
    fileprivate var json: JSONValue {
        [
            "decision": .string(kind.rawValue), "at": .string("\(at)"), "entry": .string("\(entry)"),
            "signedBy": .array(signers.map { ["role": .string($0.role.rawValue), "keyid": .string($0.keyID)] }),
        ]
    }

    fileprivate var line: String {
        let keys = signers.map { "\($0.role.rawValue) key \($0.keyID)" }
        return "\(kind.rawValue) at \(at), entry \(entry), signed by \(keys.joined(separator: ", "))"
    }
}
