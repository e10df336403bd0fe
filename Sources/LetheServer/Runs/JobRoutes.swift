import Hummingbird
import LetheBytes
import LetheRequests
import LetheService
import Synchronization

/// Jobs: runs that are asked for here and done by the worker beside the server.
enum JobRoutes {
    static let all: [Route] = [
        Route(
            .post, "/api/v1/jobs", operation: "startJob", tag: .runs,
            "Asks for a run over all requests that wait; the worker does it. Where one was cut off, it goes on with that.",
            access: .roles(AccessRole.runners),
            body: .init(
                ["application/json"], limit: 4_096,
                schema: [
                    "type": "object", "additionalProperties": false,
                    "properties": ["method": ["type": "string", "enum": .array(methods.map { .string($0) })]],
                ], description: "Nothing, or a method in place of the policy's own.", isOptional: true),
            answers: [
                .json(202, "It waits for the worker.", schema),
                .refusal(409, "Too many wait, or nobody waits for a run."),
                .refusal(422, "A method that the policy has no settings for."),
            ]
        ) { call in
            let method = try Self.method(call)
            guard let token = call.caller.token else { throw Problem(401, "no-token", "expected a bearer token") }
            let services = call.services
            // On the one thread that writes, so that two callers cannot ask at once.
            let job = try await services.pool.write { workspace in
                if let method,
                    Policy.MethodName(rawValue: method).flatMap({ workspace.policy.method(named: $0) }) == nil
                {
                    throw ServiceError.methodNotInPolicy(
                        found: method,
                        known: ([workspace.policy.method] + workspace.policy.methods).map(\.name.rawValue))
                }
                guard try workspace.runPlan().step != .nothing else { throw ServiceError.nothingDue }
                return try services.jobs.ask(by: token.id, method: method, now: services.now)
            }
            return try .json(job.json, status: 202)
        },
        Route(
            .get, "/api/v1/jobs", operation: "listJobs", tag: .runs, "The jobs, the oldest first.",
            access: .roles(AccessRole.people), answers: [.json(200, "The jobs.", Schemas.list("jobs"))]
        ) { call in
            let jobs = call.services.jobs
            return try .json(
                await call.services.pool.read { _ in ["jobs": .array(try jobs.jobs().map(\.json))] })
        },
        Route(
            .get, "/api/v1/jobs/{id}", operation: "showJob", tag: .runs, "One job.", access: .roles(AccessRole.people),
            parameters: [id], answers: [.json(200, "The job.", schema)]
        ) { call in
            let (jobs, id) = (call.services.jobs, call["id"])
            return try .json(await call.services.pool.read { _ in try jobs.job(id).json })
        },
        Route(
            .delete, "/api/v1/jobs/{id}", operation: "cancelJob", tag: .runs,
            "Asks the worker to stop a job where it can. What its run has done is kept, and gone on with by the next job.",
            access: .roles(AccessRole.runners), parameters: [id],
            answers: [.json(202, "The worker will see it.", schema), .refusal(409, "It has ended already.")]
        ) { call in
            let (jobs, id) = (call.services.jobs, call["id"])
            let job = try await call.services.pool.write { _ in
                let job = try jobs.job(id)
                guard !job.state.isFinal else { throw Problem(409, "job-ended", "the job has ended already") }
                try jobs.cancel(id)
                return job
            }
            return try .json(job.json, status: 202)
        },
        Route(
            .get, "/api/v1/jobs/{id}/progress", operation: "jobProgress", tag: .runs,
            "What the worker tells of a job, as server-sent events, from the beginning until it ends.",
            access: .roles(AccessRole.people), parameters: [id],
            answers: [.init(200, "Events `progress` with what happened, and at the end `job`.", "text/event-stream")]
        ) { call in
            let (services, id) = (call.services, call["id"])
            _ = try await services.pool.read { _ in try services.jobs.job(id) }
            guard services.streams.wrappingAdd(1, ordering: .relaxed).newValue <= services.configuration.limits.streams
            else {
                services.streams.wrappingSubtract(1, ordering: .relaxed)
                throw Problem.busy
            }
            let slot = StreamSlot(services)
            return Reply(
                200, contentType: "text/event-stream",
                body: .stream { writer in
                    defer { withExtendedLifetime(slot) {} }
                    try await ProgressStream(services: services, id: id).write(to: &writer)
                }, headers: [("X-Accel-Buffering", "no")])
        },
    ]

    /// A place among the streams; given back with the answer, however that ends.
    private final class StreamSlot: Sendable {
        private let services: Services
        init(_ services: Services) { self.services = services }
        deinit { services.streams.wrappingSubtract(1, ordering: .relaxed) }
    }

    private static func method(_ call: Call) throws -> String? {
        guard !call.body.isEmpty else { return nil }
        guard let members = try call.json().objectValue, Set(members.keys).isSubset(of: ["method"]) else {
            throw Problem(422, "bad-job", "expected an object with no other member than method")
        }
        guard let value = members["method"] else { return nil }
        guard let method = value.stringValue, methods.contains(method) else {
            throw Problem(422, "unknown-method", "method: expected one of \(methods.joined(separator: ", "))")
        }
        return method
    }

    private static let methods = Policy.MethodName.allCases.map(\.rawValue)
    private static let id = Parameter.path("id", .uuid, "The job's id.")
    private static let schema: JSONValue = [
        "type": "object", "required": ["id", "askedBy", "askedAt", "state"],
        "properties": [
            "state": ["type": "string", "enum": ["waiting", "running", "done", "failed", "cancelled"]]
        ],
    ]
}
