import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService
import LetheStore

/// Runs and their reports.
enum RunRoutes {
    static let all: [Route] = [
        Route(
            .get, "/api/v1/runs", operation: "listRuns", tag: .runs, "The runs, in the order of their start.",
            access: .roles(AccessRole.people), answers: [.json(200, "The runs.", Schemas.list("runs"))]
        ) { call in
            try .json(
                await call.services.pool.read { workspace in
                    ["runs": .array(try workspace.store.runs().map(\.json))]
                })
        },
        Route(
            .get, "/api/v1/runs/{id}", operation: "showRun", tag: .runs,
            "One run: where it stands, what it was made of, and what was measured.", access: .roles(AccessRole.people),
            parameters: [id], answers: [.json(200, "The run.")]
        ) { call in
            let id = call["id"]
            return try .json(
                await call.services.pool.read { workspace in
                    guard let run = RunID(id), let record = try workspace.store.run(run) else {
                        throw ServiceError.unknownRun(id: id)
                    }
                    var members: [String: JSONValue] = [:]
                    if let dossier = try? workspace.dossier(of: id) {
                        members["method"] = .string(dossier.method)
                        members["requests"] = .array(dossier.requests.map { .string($0) })
                        members["recordsRemoved"] = .string("\(dossier.recordsRemoved.reduce(0, +))")
                    }
                    if record.stage == .verified, let measured = try? workspace.measurements(id) {
                        members["claim"] = .string(measured.claim)
                        members["gates"] = .array(
                            measured.gates.map {
                                [
                                    "gate": .string($0.gate), "outcome": .string($0.outcome),
                                    "explanation": .string($0.explanation),
                                ]
                            })
                    }
                    return record.json.adding(members)
                })
        },
        Route(
            .get, "/api/v1/runs/{id}/report", operation: "report", tag: .runs, "The audit report of a judged run.",
            access: .roles(AccessRole.people),
            parameters: [id, ReportFormat.parameter],
            answers: [ReportFormat.answer, .refusal(409, "The run was not judged yet.")]
        ) { call in
            let (id, format) = (call["id"], call.reportFormat)
            return .report(try await call.services.pool.readSlowly { try $0.auditReport(id).text(format) }, format)
        },
        Route(
            .get, "/api/v1/run-plan", operation: "runPlan", tag: .runs,
            "What the next run would do, and whether the policy wants it today.", access: .roles(AccessRole.people),
            answers: [.json(200, "The plan.")]
        ) { call in try .json(await call.services.pool.read { try $0.runPlan().json }) },
    ]

    private static let id = Parameter.path("id", .uuid, "The run's id.")
}

extension LetheRequests.RunRecord {
    /// The run as the log has it.
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "run": .string(runID.text), "stage": .string(stage.rawValue), "startedAt": .string("\(startedAt)"),
            "updatedAt": .string("\(updatedAt)"),
            "entries": .object(indexes.mapValues { .string("\($0)") }),
        ]
        members["verdict"] = verdict.map { .string($0.rawValue) }
        members["candidate"] = candidate.map { .string($0.hex) }
        return .object(members)
    }
}
