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
                do { try await take(act, about: id, fields, call) } catch {
                    // What is wrong with one field is told beside it, and what was sent is still there.
                    guard let fault = ActFault(error, in: fields) else { throw error }
                    let page = try await call.services.pool.read { workspace in
                        try ActPage(act, workspace.request(id), in: workspace, after: fault)
                    }
                    guard page.texts.contains(where: { $0.name == fault.field }) else { throw error }
                    return call.page(page, status: Problem(error).status)
                }
            }
            return .redirect("/desk/\(id)")
        },
    ]

    private static func take(_ act: DeskAct, about id: String, _ fields: [String: String], _ call: Call) async throws {
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

    private static let id = Parameter.path("id", .uuid, "The request's id.")
    private static let act = Parameter.path("act", .oneOf(DeskAct.allCases.map(\.rawValue)), "The decision.")

    /// The views of the queue.
    enum Show: String, CaseIterable {
        case open, overdue, paused, proposals, closed
    }
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
        let isNamed = kept.map { $0.lapse == nil && $0.proposal.namesSubject } ?? false
        self.init(
            requestID: id, state: .state(record.state.name), clock: record.clock(workspace.list([record])),
            facts: record.facts,
            proposal: kept.map { kept in
                Proposal(
                    words: "\(kept.proposal.kind.rawValue) request \(id)", proposer: kept.proposal.proposer,
                    proposedAt: kept.proposal.at.words, lapse: kept.lapse,
                    identityCommand: isNamed ? Workspace.identityCommand(id) : nil,
                    approvePath: mayDecide && kept.lapse == nil ? "/desk/\(id)/approve" : nil,
                    rejectPath: mayDecide ? "/desk/\(id)/reject" : nil)
            },
            addressCommand: try mayDecide && !isNamed && workspace.waitsForName(record)
                ? Workspace.identityCommand(id) : nil,
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
