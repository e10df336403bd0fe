import LetheBytes
import LethePages
import LetheRequests
import LetheService

/// What an officer may do on a page.
enum DeskAct: String, CaseIterable, Sendable {
    case confirm, doubt, extend, refuse, duplicate, withdraw, expire, shred, approve, reject

    /// Whether it cannot be taken back.
    var isIrreversible: Bool { ![.confirm, .doubt, .reject].contains(self) }

    var label: String {
        switch self {
        case .confirm: "Confirm identity"
        case .doubt: "Ask for proof"
        case .extend: "Extend"
        case .refuse: "Refuse"
        case .duplicate: "End as a duplicate"
        case .withdraw: "Withdraw"
        case .expire: "Let expire"
        case .shred: "Destroy personal data"
        case .approve: "Approve"
        case .reject: "Reject"
        }
    }

    var explanation: String {
        switch self {
        case .confirm: "The identity is proved; the request waits for the next run."
        case .doubt: "The requester must prove better who they are. Under the GDPR the clock stands still."
        case .extend: "More time, once, with the reason. The person must be told before the first period ends."
        case .refuse: "On a ground that the law knows. The person must be told."
        case .duplicate: "An earlier request of the same person asks for the same, and is answered for both."
        case .withdraw: "The requester took it back."
        case .expire: "No proof of identity came in time."
        case .shred: "The key of the request's personal data is destroyed, for ever."
        case .approve: "As the second person: the decision is taken now."
        case .reject: "The proposal is dropped; nothing is decided."
        }
    }

    /// The decision as the API takes it.
    func decree(_ fields: [String: String]) throws -> Decree {
        var members: [String: JSONValue] = ["decision": .string(rawValue)]
        switch self {
        case .confirm:
            let words = (fields["identity"] ?? "").split(separator: " ").map(String.init)
            guard words.count == 2 else {
                throw Problem(422, "bad-decision", "identity: expected a level and a method")
            }
            (members["level"], members["method"]) = (.string(words[0]), .string(words[1]))
            members["subject"] = fields["subject"].map { .string($0) }
        case .duplicate:
            members["of"] = .string(fields["of"] ?? "")
            members["subject"] = fields["subject"].map { .string($0) }
        case .refuse: members["ground"] = .string(fields["ground"] ?? "")
        case .extend: members["reason"] = .string(fields["reason"] ?? "")
        default: break
        }
        return try Decree(.object(members))
    }

    /// What would happen to a request's state; nil where nothing of the kind does.
    private func event(_ record: RequestRecord) -> LifecycleEvent? {
        switch self {
        case .confirm: .identityConfirmed
        case .doubt: .identityDoubted
        case .extend: .extended(.complexity)
        case .refuse: RefusalGround.allCases.first { $0.regulation == record.lifecycle.regulation }.map { .refused($0) }
        // Of which request makes no difference, but for this one itself.
        case .duplicate: RequestID("00000000-0000-4000-8000-000000000000").map { .foundDuplicate(of: $0) }
        case .withdraw: .withdrawn
        case .expire: .expired
        case .shred, .approve, .reject: nil
        }
    }

    /// Whether the request's state allows it.
    func isPossible(_ record: RequestRecord) -> Bool {
        if self == .shred { return record.state.isFinal && record.shreddedIndex == nil }
        guard let event = event(record) else { return false }
        var lifecycle = record.lifecycle
        return (try? lifecycle.apply(event)) != nil
    }

    var kind: DecisionKind? { DecisionKind(rawValue: rawValue) }
}

extension ActPage {
    /// - Parameter fault: what is wrong with what was sent, where the page is shown again for that.
    init(
        _ act: DeskAct, _ record: RequestRecord, in workspace: Workspace, after fault: ActFault? = nil
    ) throws {
        let id = record.requestID.text
        guard act.isPossible(record) || act == .approve || act == .reject else {
            throw Problem(409, "not-now", "\(act.rawValue): not possible in state \(record.state.name)")
        }
        var consequences = [act.explanation, "An entry of the log says so, signed, for ever."]
        if act == .reject { consequences = [act.explanation] }
        if let kind = act.kind, workspace.policy.roles?.twoPersons.contains(kind) == true {
            consequences.append("Nothing happens before a second person approves.")
        }
        if act == .approve, try workspace.proposals().contains(where: { $0.proposal.names(record.requestID) }) {
            consequences.append(
                "It also says which user the request means. No page shows whom: on the machine that has the workspace, "
                    + "\(Workspace.identityCommand(id)) prints it.")
        }
        let fields: [ChoiceField] =
            switch act {
            case .refuse:
                [
                    ChoiceField(
                        name: "ground", label: "Ground",
                        choices: RefusalGround.allCases.filter { $0.regulation == record.lifecycle.regulation }
                            .map { Choice($0.rawValue, $0.citation) })
                ]
            case .extend:
                [
                    ChoiceField(
                        name: "reason", label: "Reason",
                        choices: [
                            Choice(ExtensionReason.complexity.rawValue, "It is complex"),
                            Choice(ExtensionReason.numberOfRequests.rawValue, "Many requests came in"),
                        ])
                ]
            case .confirm:
                [
                    ChoiceField(
                        name: "identity", label: "Proved by",
                        choices: [
                            ("email-verified email-link", "A link mailed to the address on file"),
                            ("account-authenticated account-session", "Signed in to the account"),
                            ("document-verified document-check", "A document"),
                        ].map { Choice($0, $1, isChosen: $0 == fault?.sent["identity"]) })
                ]
            default: []
            }
        self.init(
            heading: "\(act.label)?", subject: Link(id, path: "/desk/\(id)", detail: record.lifecycle.regulation.words),
            consequences: consequences, action: "/desk/\(id)/\(act.rawValue)", fields: fields,
            texts: try Self.texts(act, record, in: workspace, after: fault), isIrreversible: act.isIrreversible,
            button: act.label)
    }

    /// What must be written: of a duplicate, the other request; of a request that names its person only by an address, whom it means.
    private static func texts(
        _ act: DeskAct, _ record: RequestRecord, in workspace: Workspace, after fault: ActFault?
    ) throws -> [TextField] {
        guard act == .confirm || act == .duplicate else { return [] }
        func field(_ name: String, _ label: String, hint: String, limit: Int) -> TextField {
            TextField(
                name: name, label: label, hint: hint, value: fault?.sent[name] ?? "", maximumLength: limit,
                failure: fault?.field == name ? fault?.words : nil)
        }
        var texts: [TextField] = []
        if act == .duplicate {
            texts.append(
                field(
                    "of", "Number of the other request",
                    hint: "About the same person, under the same law, with its identity proved.", limit: 36))
        }
        if try workspace.waitsForName(record) {
            texts.append(
                field(
                    "subject", "User in the data set",
                    hint:
                        "The request names its person only by an address, which no page shows. On the machine that has the "
                        + "workspace, \(Workspace.identityCommand(record.requestID.text)) prints it. The log keeps a "
                        + "commitment to the user, and no number.", limit: 256))
        }
        return texts
    }
}

/// What is wrong with one field of a form that was sent.
struct ActFault: Sendable {
    /// The field's name.
    let field: String
    /// What to say beside it.
    let words: String
    /// All that was sent, to be shown again to who sent it.
    let sent: [String: String]

    /// The field that an error of a decision is about; nil where it is about none.
    init?(_ error: any Error, in sent: [String: String]) {
        switch error {
        case ServiceError.subjectNotNamed:
            (field, words) = ("subject", "Say which user of the data set the address belongs to.")
        case ServiceError.unknownSubject:
            (field, words) = ("subject", "No user of this number has a training record in the data set.")
        case ServiceError.differentSubjects:
            (field, words) = ("of", "The two requests are about different people.")
        case ServiceError.noOriginal(_, let problem):
            (field, words) = ("of", "That request cannot have this duplicate: \(problem).")
        case ServiceError.unknownRequest: (field, words) = ("of", "No request of this number is in the log.")
        case let problem as Problem where problem.code == "bad-decision":
            guard let name = ["subject", "of"].first(where: { problem.detail.hasPrefix("\($0): ") }) else { return nil }
            field = name
            words = name == "of" ? "Expected the number of a request." : "Expected the user's number in the data set."
        default: return nil
        }
        self.sent = sent
    }
}

extension Proposal {
    /// Whether it says which user a request means.
    var namesSubject: Bool {
        if case .request(let event) = event { event.namedSubject != nil } else { false }
    }

    /// Whether it says so of this request.
    fileprivate func names(_ request: RequestID) -> Bool { requestID == request && namesSubject }
}

extension Workspace {
    /// The command that prints by what a request names its person: personal data, which stay on the machine.
    static func identityCommand(_ id: String) -> String { "lethe request show \(id) --identity" }
}
