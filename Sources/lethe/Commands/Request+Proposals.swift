import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService

extension Request {
    /// `lethe request proposals`
    struct Proposals: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "proposals", abstract: "List the decisions that wait for a second person.",
            discussion: """
                A proposal lapses when its request moves on, when another policy is adopted, and when the key of who made it ends; a lapsed \
                one is never applied, and makes way for a new one.
                """)

        @OptionGroup var workspaceOptions: WorkspaceOptions
        @OptionGroup var outputOptions: OutputOptions

        func run() throws {
            let proposals = try openWorkspace(workspaceOptions).proposals()
            try outputOptions.show(
                .array(
                    proposals.map { kept in
                        kept.proposal.json.adding(["lapsed": kept.lapse.map { .string($0) } ?? .bool(false)])
                    }),
                Table(["request", "decision", "proposed at", "by key", "state"]) {
                    proposals.map { kept in
                        [
                            kept.proposal.requestID.text, kept.proposal.kind.rawValue, "\(kept.proposal.at)",
                            kept.proposal.proposer, kept.lapse ?? "waits",
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
            let record = try openWorkspace(options.workspaceOptions).approve(options.id, as: key)
            try options.outputOptions.show(
                record.json.adding(["entry": .string("\(record.lastIndex)")]),
                "request \(record.requestID.text) decided by two persons, \(record.state.name), entry \(record.lastIndex)"
            )
        }
    }

    /// `lethe request reject`
    struct Reject: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reject", abstract: "Drop a proposed decision: nothing is decided, and nothing is logged.")

        @OptionGroup var options: DecisionOptions

        func run() throws {
            let key = try options.actorOptions.requiredKey(options.workspaceOptions.passphraseOptions)
            let proposal = try openWorkspace(options.workspaceOptions).reject(options.id, as: key)
            try options.outputOptions.show(
                proposal.json.adding(["rejected": true]),
                "proposal to \(proposal.kind.rawValue) request \(proposal.requestID) dropped; nothing was decided")
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
