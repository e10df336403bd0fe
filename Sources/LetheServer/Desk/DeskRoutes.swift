import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService

/// What officers and auditors look up: requests without personal data, figures, policy, keys, audit.
enum DeskRoutes {
    static let all: [Route] = [
        Route(
            .get, "/api/v1/requests", operation: "listRequests", tag: .desk,
            "The requests with what today makes of them; no personal data.", access: .roles(AccessRole.people),
            parameters: [
                .query(
                    "dueWithin", .number(0...3_650), "Only open ones due within so many days, the most pressing first."),
                .query("state", .oneOf(states), "Only those in this state."),
                .query("limit", .number(1...10_000), "At most so many; 1000 without it."),
            ],
            answers: [.json(200, "The requests.", Schemas.list("requests"))]
        ) { call in
            let (due, state, limit) = (
                call.number("dueWithin"), call.parameters["state"], call.number("limit") ?? 1_000
            )
            return try .json(
                await call.services.pool.read { workspace in
                    let list = try workspace.requestList(dueWithin: due.map { Int($0) })
                    var untold = UntoldRecipients(workspace)
                    let records = list.records.filter { state == nil || $0.state.name == state }.prefix(Int(limit))
                    return [
                        "today": .string("\(list.today)"),
                        "requests": .array(try records.map { try $0.json(in: list).adding(partial: untold.of($0)) }),
                    ]
                })
        },
        Route(
            .get, "/api/v1/requests/{id}", operation: "showRequest", tag: .desk,
            "One request as the log has it, and where the recipients of its data stand.",
            access: .roles(AccessRole.people), parameters: [.path("id", .uuid, "The request's id.")],
            answers: [.json(200, "The request.", Schemas.request)]
        ) { call in
            let id = call["id"]
            return try .json(
                await call.services.pool.read { workspace in
                    let record = try workspace.request(id)
                    let recipients = try record.runID.map { try workspace.recipients(ofRun: $0.text) } ?? []
                    return try record.json(in: workspace.list([record])).adding(partial: workspace.untold(of: record))
                        .adding(recipients: recipients)
                })
        },
        Route(
            .get, "/api/v1/statistics", operation: "statistics", tag: .desk,
            "The requests of a period in figures (11 CCR 7102, GDPR Art. 12): without days, this calendar year.",
            access: .roles(AccessRole.people),
            parameters: [
                .query("from", .day, "The first day of receipt."),
                .query("to", .day, "The last day of receipt; today without it."),
                .query("regulation", .oneOf(Regulation.allCases.map(\.rawValue)), "Only under this law."),
                .query("format", .oneOf(["json", "csv"]), "The form."),
            ],
            answers: [
                .init(
                    200, "The figures.", "application/json", schema: ["type": "object"],
                    alternatives: ["text/csv; charset=utf-8"])
            ]
        ) { call in
            let (from, to) = (call.parameters["from"], call.parameters["to"])
            let law = call.parameters["regulation"].flatMap(Regulation.init)
            guard to == nil || from != nil else { throw Problem(400, "bad-query", "to: needs from") }
            let statistics = try await call.services.pool.read { workspace in
                let today = workspace.today()
                let period: StatisticsPeriod
                do {
                    period =
                        try from.map { (first) throws in
                            try StatisticsPeriod(from: CivilDate(first), to: to.map { try CivilDate($0) } ?? today)
                        } ?? StatisticsPeriod(year: today.year)
                } catch let error as StatisticsPeriodError { throw Problem(400, "bad-query", "\(error)") }
                return try workspace.statistics(in: period, regulation: law)
            }
            return call.parameters["format"] == "csv"
                ? .text(statistics.csv, contentType: "text/csv; charset=utf-8") : try .json(statistics.json)
        },
        Route(
            .get, "/api/v1/policy", operation: "policy", tag: .desk, "The policy in force, and what it means in words.",
            access: .roles(AccessRole.people), answers: [.json(200, "The policy.")]
        ) { call in
            try .json(
                await call.services.pool.read { workspace in
                    [
                        "name": .string(workspace.policy.name), "digest": .string(workspace.policy.digest.hex),
                        "regulation": .string(workspace.policy.regulation.rawValue),
                        "explanation": .array(workspace.policy.explanation.map { .string($0) }),
                    ]
                })
        },
        Route(
            .get, "/api/v1/keys", operation: "keys", tag: .desk, "The public keys that the log has registered.",
            access: .roles(AccessRole.people), answers: [.json(200, "The keys.", Schemas.list("keys"))]
        ) { call in
            try .json(
                await call.services.pool.read { workspace in
                    let keys = try workspace.registeredKeys().map { key -> JSONValue in
                        var members: [String: JSONValue] = [
                            "keyId": .string(key.key.keyID), "role": .string(key.role.rawValue),
                            "validFrom": .string("\(key.validFrom)"), "publicKey": .string(key.key.pem),
                        ]
                        members["validUntil"] = key.validUntil.map { .string("\($0)") }
                        return .object(members)
                    }
                    return ["keys": .array(keys)]
                })
        },
        Route(
            .get, "/api/v1/audit", operation: "audit", tag: .desk,
            "Derives the whole ledger again from its entries and names everything that differs. Takes long.",
            access: .roles(AccessRole.people),
            parameters: [
                .query("signatures", .oneOf(["true", "false"]), "Whether to check signatures; true without it.")
            ],
            answers: [.json(200, "What was found; `holds` says whether all agrees.")]
        ) { call in
            let (root, environment) = (call.services.configuration.workspace, call.services.environment)
            let checks = call.parameters["signatures"] != "false"
            return try .json(
                await call.services.pool.readSlowly { _ in
                    try Workspace.auditLedger(
                        at: root, environment: environment, checksSignatures: checks, listing: 100
                    ).json
                })
        },
    ]

    private static let states = [
        "received", "identity_pending", "in_progress", "blocked_partial", "verifying", "fulfilled", "refused",
        "withdrawn", "expired", "duplicate",
    ]
}
