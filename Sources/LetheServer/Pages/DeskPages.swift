import LetheBytes
import LethePages
import LetheRequests
import LetheService
import LetheStatements

/// The officer's desk: the queue, one request, and what may be decided about it. Each decision has a page that asks once more.
enum DeskPages {
    static let all: [Route] = [
        .page(
            "/desk", operation: "deskPage", "The queue of requests.", access: .roles(AccessRole.people),
            parameters: [.query("show", .oneOf(Show.allCases.map(\.rawValue)), "Which of them.")]
        ) { call in
            let show = call.parameters["show"].flatMap(Show.init) ?? .open
            return call.page(try await call.services.pool.read { try DeskPage(show, in: $0) })
        },
        .page(
            "/desk/{id}", operation: "deskRequestPage", "One request, and what may be decided about it.",
            access: .roles(AccessRole.people), parameters: [id]
        ) { call in
            let (id, role) = (call["id"], call.caller.token?.role ?? .auditor)
            return call.page(try await call.services.pool.read { try DeskRequestPage($0.request(id), role, in: $0) })
        },
        .page(
            "/desk/{id}/{act}", operation: "actPage", "Asks once more before a decision is taken.",
            access: .roles(AccessRole.deciders), parameters: [id, act], others: [.refusal(409, "Not in this state.")]
        ) { call in
            let (id, act) = (call["id"], DeskAct(rawValue: call["act"]) ?? .confirm)
            return call.page(
                try await call.services.pool.read { workspace in try ActPage(act, workspace.request(id), in: workspace)
                })
        },
        .form(
            "/desk/{id}/{act}", operation: "takeAct", "Takes a decision, or proposes it to a second person.",
            access: .roles(AccessRole.deciders), parameters: [id, act], body: Route.fields("What the decision needs."),
            others: [Route.goesOn, .refusal(409, "Not now, or not by law."), .refusal(422, "A decision that is none.")]
        ) { call in
            let (id, act) = (call["id"], DeskAct(rawValue: call["act"]) ?? .confirm)
            let fields = try call.fields()
            guard !act.isIrreversible || fields["sure"] == "yes" else {
                throw Problem(422, "not-sure", "expected the tick that says that this cannot be taken back")
            }
            switch act {
            case .approve, .reject:
                let actor = try call.requiredActor()
                try await call.services.pool.write { workspace in
                    if act == .approve {
                        _ = try workspace.approve(id, as: actor)
                    } else {
                        _ = try workspace.reject(id, as: actor)
                    }
                }
            default:
                let decree = try act.decree(fields)
                let actor = try call.actor()
                _ = try await call.services.pool.write { workspace in
                    switch decree {
                    case .shred: try workspace.shred(id, as: actor)
                    case .change(let change, let evidence, let user):
                        try workspace.decide(change, about: id, evidence: evidence, naming: user, as: actor)
                    }
                }
            }
            return .redirect("/desk/\(id)")
        },
    ]

    private static let id = Parameter.path("id", .uuid, "The request's id.")
    private static let act = Parameter.path("act", .oneOf(DeskAct.allCases.map(\.rawValue)), "The decision.")

    /// The views of the queue.
    enum Show: String, CaseIterable {
        case open, overdue, paused, proposals, closed
    }
}

/// What an officer may do on a page.
enum DeskAct: String, CaseIterable, Sendable {
    case confirm, doubt, extend, refuse, withdraw, expire, shred, approve, reject

    /// Whether it cannot be taken back.
    var isIrreversible: Bool { ![.confirm, .doubt, .reject].contains(self) }

    var label: String {
        switch self {
        case .confirm: "Confirm identity"
        case .doubt: "Ask for proof"
        case .extend: "Extend"
        case .refuse: "Refuse"
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

extension DeskPage {
    fileprivate init(_ show: DeskPages.Show, in workspace: Workspace) throws {
        let list = try workspace.requestList()
        let open = list.records.filter { !$0.state.isFinal }.sorted { left, right in
            (left.daysLeft(on: list.today) ?? .max, left.receivedIndex) < (
                right.daysLeft(on: list.today) ?? .max, right.receivedIndex
            )
        }
        let waiting = try workspace.proposals()
        let proposed = Dictionary(waiting.map { ($0.proposal.requestID, $0) }, uniquingKeysWith: { first, _ in first })
        let views: [(DeskPages.Show, String, [RequestRecord])] = [
            (.open, "Open", open), (.overdue, "Overdue", open.filter { list.alert(of: $0) == .overdue }),
            (.paused, "Waiting for identity", open.filter { $0.state == .identityPending }),
            (.proposals, "Second person", open.filter { proposed[$0.requestID] != nil }),
            (.closed, "Ended", list.records.filter(\.state.isFinal).reversed()),
        ]
        let urgent = open.count { list.alert(of: $0) == .urgent }
        self.init(
            today: "\(list.today)",
            figures: [
                KeyFigure("Open", "\(open.count)"), KeyFigure("Overdue", "\(views[1].2.count)"),
                KeyFigure("Urgent", "\(urgent)", detail: "within \(workspace.policy.batching.marginDays) days"),
                KeyFigure("Second person", "\(waiting.count)", detail: "proposals"),
            ],
            filters: views.map { view in
                .init(
                    view.1, count: view.2.count, path: view.0 == .open ? "/desk" : "/desk?show=\(view.0.rawValue)",
                    isCurrent: view.0 == show)
            },
            rows: (views.first { $0.0 == show }?.2 ?? []).prefix(500).map { record in
                let id = record.requestID.text
                return Row(
                    requestID: id, path: "/desk/\(id)", regulation: record.lifecycle.regulation.words,
                    state: .state(record.state.name), clock: record.clock(list),
                    dueOn: record.nextDeadline.map { "\($0)" } ?? "\u{2013}",
                    proposal: proposed[record.requestID].map {
                        "\($0.proposal.kind.rawValue): waits for a second person"
                    })
            })
    }
}

extension DeskRequestPage {
    fileprivate init(_ record: RequestRecord, _ role: AccessRole, in workspace: Workspace) throws {
        let id = record.requestID.text
        let mayDecide = AccessRole.deciders.contains(role)
        let kept = try workspace.proposals().first { $0.proposal.requestID == record.requestID }
        let acts = mayDecide ? DeskAct.allCases.filter { $0.isPossible(record) } : []
        let shared = workspace.policy.roles?.twoPersons ?? []
        self.init(
            requestID: id, state: .state(record.state.name), clock: record.clock(workspace.list([record])),
            facts: record.facts,
            proposal: kept.map { kept in
                Proposal(
                    words: "\(kept.proposal.kind.rawValue) request \(id)", proposer: kept.proposal.proposer,
                    proposedAt: kept.proposal.at.words, lapse: kept.lapse,
                    approvePath: mayDecide && kept.lapse == nil ? "/desk/\(id)/approve" : nil,
                    rejectPath: mayDecide ? "/desk/\(id)/reject" : nil)
            },
            acts: acts.map { act in
                let second = act.kind.map(shared.contains) == true ? " A second person must approve." : ""
                return Act(
                    act.label, explanation: act.explanation + second, path: "/desk/\(id)/\(act.rawValue)",
                    isIrreversible: act.isIrreversible)
            },
            noActs: acts.isEmpty
                ? (mayDecide ? "Nothing, in this state." : "Your role reads, and decides nothing.") : nil,
            events: TableView(
                caption: "The first and the last entry about it", columns: ["Entry", "When", "What"],
                rows: [
                    [
                        .link("\(record.receivedIndex)", path: "/explorer/\(record.receivedIndex)"),
                        .text(record.receivedAt.words), .text("received"),
                    ],
                    [
                        .link("\(record.lastIndex)", path: "/explorer/\(record.lastIndex)"),
                        .text(record.updatedAt.words), .mark(.state(record.state.name)),
                    ],
                ]), reportPath: "/reports/requests/\(id)")
    }
}

extension ActPage {
    fileprivate init(_ act: DeskAct, _ record: RequestRecord, in workspace: Workspace) throws {
        let id = record.requestID.text
        guard act.isPossible(record) || act == .approve || act == .reject else {
            throw Problem(409, "not-now", "\(act.rawValue): not possible in state \(record.state.name)")
        }
        var consequences = [act.explanation, "An entry of the log says so, signed, for ever."]
        if act == .reject { consequences = [act.explanation] }
        if let kind = act.kind, workspace.policy.roles?.twoPersons.contains(kind) == true {
            consequences.append("Nothing happens before a second person approves.")
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
                            Choice("email-verified email-link", "A link mailed to the address on file"),
                            Choice("account-authenticated account-session", "Signed in to the account"),
                            Choice("document-verified document-check", "A document"),
                        ])
                ]
            default: []
            }
        self.init(
            heading: "\(act.label)?", subject: Link(id, path: "/desk/\(id)", detail: record.lifecycle.regulation.words),
            consequences: consequences, action: "/desk/\(id)/\(act.rawValue)", fields: fields,
            isIrreversible: act.isIrreversible,
            button: act.label)
    }
}
