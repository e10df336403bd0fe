import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService

extension Request {
    /// `lethe request proposals`
    struct Proposals: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "proposals",
            abstract: "List the decisions that wait for a second person, and those that one has rejected.",
            discussion: """
                A proposal lapses when its request moves on, when another policy is adopted, and when the key of who made it ends; a lapsed \
                one is never applied, and makes way for a new one.
                """)

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let workspace = try openWorkspace(workspaceOptions)
            let (proposals, rejections) = (try workspace.proposals(), try workspace.rejections())
            try outputOptions.show(
                .array(
                    proposals.map { kept in
                        kept.proposal.json.adding(["lapsed": kept.lapse.map { .string($0) } ?? .bool(false)])
                    } + rejections.map(\.json)),
                Table(["request", "decision", "proposed at", "by key", "state"]) {
                    proposals.map { kept in
                        [
                            kept.proposal.requestID.text, kept.proposal.kind.rawValue, "\(kept.proposal.at)",
                            kept.proposal.proposer, kept.lapse ?? "waits",
                        ]
                    }
                        + rejections.map { rejection in
                            [
                                rejection.requestID.text, rejection.kind.rawValue, "\(rejection.proposedAt)",
                                rejection.proposer, "rejected at \(rejection.at) by key \(rejection.rejecter)",
                            ]
                        }
                }.text)
        }
    }

    /// `lethe request approve`
    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve", abstract: "Agree to a proposed decision as the second person: it is taken now.",
            discussion: """
                The entry holds both signatures. State, days and policy are looked at again; the first person cannot be the second.
                """)

        @OptionGroup var options: DecisionOptions

        func run() throws {
            let key = try options.actorOptions.requiredKey(options.workspaceOptions.passphraseOptions)
            let (kind, record) = try openWorkspace(options.workspaceOptions).approve(options.id, as: key)
            try options.outputOptions.show(
                record.json.adding(["decision": .string(kind.rawValue), "entry": .string("\(record.lastIndex)")]),
                "request \(record.requestID.text): two persons have decided to \(kind.words), entry \(record.lastIndex)"
            )
        }
    }

    /// `lethe request reject`
    struct Reject: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reject",
            abstract: "Turn a proposed decision down: nothing is decided, and nothing is logged.",
            discussion: "The desk keeps who has rejected what and when, signed; lethe request proposals shows it.")

        @OptionGroup var options: DecisionOptions

        func run() throws {
            let key = try options.actorOptions.requiredKey(options.workspaceOptions.passphraseOptions)
            let rejection = try openWorkspace(options.workspaceOptions).reject(options.id, as: key)
            try options.outputOptions.show(
                rejection.json,
                "proposal to \(rejection.kind.rawValue) request \(rejection.requestID) rejected; nothing was decided")
        }
    }
}

/// Says that a decision waits for a second person.
func showWaiting(_ proposal: Proposal, _ options: OutputOptions) throws {
    try options.show(
        proposal.json.adding(["waits": true]),
        "proposal to \(proposal.kind.rawValue) request \(proposal.requestID) waits for a second person: "
            + "lethe request approve \(proposal.requestID) --as FILE")
}
