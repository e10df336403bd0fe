public import ArgumentParser
import LetheBytes
public import LetheRequests
import LetheService

extension RefusalGround: ExpressibleByArgument {}
extension ExtensionReason: ExpressibleByArgument {}
extension IdentityLevel: ExpressibleByArgument {}
extension IdentityMethod: ExpressibleByArgument {}

/// The request that a decision is about.
struct DecisionOptions: ParsableArguments {
    @Argument(help: "The request's id.")
    var id: String

    @OptionGroup var workspaceOptions: WorkspaceOptions
    @OptionGroup var actorOptions: ActorOptions
    @OptionGroup var outputOptions: OutputOptions

    /// Takes the decision and says what it was: one signed entry of the log, a proposal that waits for a second person, or an error and
    /// nothing.
    func decide(
        _ change: LifecycleEvent, evidence: IdentityProof? = nil, naming user: String? = nil,
        _ words: (RequestRecord) -> String
    ) throws {
        let outcome = try openWorkspace(workspaceOptions).decide(
            change, about: id, evidence: evidence, naming: user,
            as: actorOptions.key(workspaceOptions.passphraseOptions))
        switch outcome {
        case .decided(let record):
            try outputOptions.show(
                record.json.adding(["event": .string(change.name), "entry": .string("\(record.lastIndex)")]),
                "request \(record.requestID.text) \(words(record)), entry \(record.lastIndex)")
        case .proposed(let proposal): try showWaiting(proposal, outputOptions)
        }
    }
}

/// Whom a request means.
struct NamedSubject: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Whom a request means that names its person by an address: the user's number in the data set.",
            valueName: "id"))
    var subject: String?
}

extension Request {
    /// `lethe request deny`
    struct Deny: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "deny", abstract: "Refuse a request on a legal ground.",
            discussion: """
                There is no refusal without a ground of the request's own law: \
                \(RefusalGround.allCases.map { "\($0.rawValue) (\($0.citation))" }.joined(separator: ", ")). Under the GDPR the \
                subject must be told why, and of the right to complain, within a month of receipt (Art. 12(4)).
                """, aliases: ["refuse"])

        @Option(name: .long, help: "The legal ground.")
        var ground: RefusalGround

        @OptionGroup var options: DecisionOptions

        func run() throws { try options.decide(.refused(ground)) { _ in "refused on \(ground.citation)" } }
    }

    /// `lethe request extend`
    struct Extend: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "extend", abstract: "Extend the time to answer a request, once, with the reason.",
            discussion: """
                Two more months under the GDPR, 45 more days under the CCPA. The subject must be told within the first period: after \
                its last day the command refuses.
                """)

        @Option(name: .long, help: "Why: complexity or number-of-requests.")
        var reason: ExtensionReason

        @OptionGroup var options: DecisionOptions

        func run() throws {
            try options.decide(.extended(reason)) {
                "extended, \(reason.rawValue); tell the subject by \($0.clock.due); answer due \($0.due)"
            }
        }
    }

    /// `lethe request withdraw`
    struct Withdraw: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "withdraw", abstract: "Record that the requester has withdrawn a request.")

        @OptionGroup var options: DecisionOptions

        func run() throws { try options.decide(.withdrawn) { _ in "withdrawn" } }
    }

    /// `lethe request doubt`
    struct Doubt: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "doubt", abstract: "Record that the requester was asked for a better proof of identity.",
            discussion: """
                Until it comes the request waits; under the GDPR its clock stands still (Art. 12(6)), under the CCPA it runs on.
                """)

        @OptionGroup var options: DecisionOptions

        func run() throws {
            try options.decide(.identityDoubted) {
                "waits for a proof of identity" + ($0.isPaused ? "; its clock stands still" : "; its clock runs on")
            }
        }
    }

    /// `lethe request confirm`
    struct Confirm: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "confirm", abstract: "Record how the requester's identity was proved, and go on.",
            discussion: """
                The log keeps level and method. A proof below the policy's level is refused. Where the clock stood still, the new \
                deadlines are logged with the event. Of a request that names its person by an address, --subject says which user of the \
                data set that is (`lethe request show --identity` prints the address); the log keeps a commitment.
                """)

        @Option(
            name: .long, help: "How well: \(IdentityLevel.allCases.map(\.rawValue).joined(separator: ", ")).")
        var level: IdentityLevel

        @Option(name: .long, help: "How: \(IdentityMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
        var method: IdentityMethod

        @OptionGroup var named: NamedSubject
        @OptionGroup var options: DecisionOptions

        func run() throws {
            try options.decide(
                .identityConfirmed, evidence: IdentityProof(level: level, method: method), naming: named.subject
            ) {
                "goes on, identity \(level.rawValue); answer due \($0.due)"
            }
        }
    }

    /// `lethe request expire`
    struct Expire: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "expire", abstract: "End a request whose proof of identity never came.",
            discussion: """
                Under the GDPR not before a month after it was asked for, under the CCPA from the day on by which the request must be \
                answered.
                """)

        @OptionGroup var options: DecisionOptions

        func run() throws { try options.decide(.expired) { _ in "expired" } }
    }

    /// `lethe request duplicate`
    struct Duplicate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "duplicate", abstract: "End a request as the duplicate of one that is being handled.",
            discussion: """
                Both must be about one person, which the vault decides, and made under one law; the earlier one's identity must be proved. A \
                second request of somebody whose first is being handled is recognised when it is submitted, if its own identity is \
                proved. One that waits for its proof may also end as the duplicate of a later one.
                """)

        @Option(name: .customLong("of"), help: ArgumentHelp("The request that is being handled.", valueName: "id"))
        var original: String

        @OptionGroup var named: NamedSubject
        @OptionGroup var options: DecisionOptions

        func run() throws {
            guard let original = RequestID(original) else { throw ServiceError.unknownRequest(id: original) }
            try options.decide(.foundDuplicate(of: original), naming: named.subject) { _ in
                "ended as a duplicate of \(original)"
            }
        }
    }
}

extension Request {
    /// `lethe request shred`
    struct Shred: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "shred", abstract: "Destroy the personal data of a request that has ended.",
            discussion: """
                The key of its vault row and commitments is destroyed, which cannot be undone; the log keeps that it was. A run does the same \
                for the requests it fulfils, where the policy says so; refused, withdrawn and expired ones wait for this command.
                """)

        @OptionGroup var options: DecisionOptions

        func run() throws {
            let outcome = try openWorkspace(options.workspaceOptions).shred(
                options.id, as: options.actorOptions.key(options.workspaceOptions.passphraseOptions))
            switch outcome {
            case .decided(let record):
                try options.outputOptions.show(
                    record.json,
                    "personal data of request \(record.requestID.text) destroyed, entry \(record.lastIndex)")
            case .proposed(let proposal): try showWaiting(proposal, options.outputOptions)
            }
        }
    }
}
