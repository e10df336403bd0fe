import HTTPTypes
import LetheBytes
import LetheRequests
import LetheService

/// What officers and auditors look up: requests without personal data, and figures.
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
                .query("format", .oneOf(["json", "csv"]), "The form; csv is RFC 4180 with one row a request."),
            ],
            answers: [
                .init(
                    200, "The requests.", "application/json", schema: Schemas.list("requests"),
                    alternatives: ["text/csv; charset=utf-8"])
            ]
        ) { call in
            let (due, state, limit) = (
                call.number("dueWithin"), call.parameters["state"], call.number("limit") ?? 1_000
            )
            let isTable = call.parameters["format"] == "csv"
            return try await call.services.pool.read { workspace -> Reply in
                let all = try workspace.requestList(dueWithin: due.map { Int($0) })
                let list = workspace.list(
                    Array(all.records.filter { state == nil || $0.state.name == state }.prefix(Int(limit))))
                var untold = UntoldRecipients(workspace)
                let partial = try list.records.map { try untold.of($0) }
                if isTable {
                    return .text(list.csv(untold: partial.map(\.count)), contentType: "text/csv; charset=utf-8")
                }
                return try .json([
                    "today": .string("\(list.today)"),
                    "requests": .array(zip(list.records, partial).map { $0.json(in: list).adding(partial: $1) }),
                ])
            }
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
            parameters: PeriodQuery.parameters + [.query("format", .oneOf(["json", "csv"]), "The form.")],
            answers: [
                .init(
                    200, "The figures.", "application/json", schema: ["type": "object"],
                    alternatives: ["text/csv; charset=utf-8"])
            ]
        ) { call in
            let query = try PeriodQuery(call)
            let statistics = try await call.services.pool.read { workspace in
                try workspace.statistics(in: query.period(today: workspace.today()), regulation: query.regulation)
            }
            return call.parameters["format"] == "csv"
                ? .text(statistics.csv, contentType: "text/csv; charset=utf-8") : try .json(statistics.json)
        },
    ]

    private static let states = [
        "received", "identity_pending", "in_progress", "blocked_partial", "verifying", "fulfilled", "refused",
        "withdrawn", "expired", "duplicate",
    ]
}
