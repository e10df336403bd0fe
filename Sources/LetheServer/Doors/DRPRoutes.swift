import HTTPTypes
import LetheBytes
import LetheRequests
import LetheService

/// The Data Rights Protocol 1.0, as a business answers it. A directory names this server's `/drp` as `api_base`.
enum DRPRoutes {
    static let all: [Route] =
        [
            Route(
                .post, "/drp/v1/agent/{agent}", operation: "drpSetup", tag: .drp,
                "Pair-wise key setup (2.05): a signed message for a bearer token; the agent's tokens of before end.",
                access: .everybody, errors: .drp, parameters: [agent], body: signed("The signed message."),
                answers: [
                    .json(200, "The token.", ["type": "object", "required": ["agent-id", "token"]]),
                    .bare(403, "Not validated; the protocol says no more."),
                ], handle: setUp),
            Route(
                .get, "/drp/v1/agent/{agent}", operation: "drpAgent", tag: .drp,
                "Agent information (2.06): whether the token counts.", access: agents, errors: .drp,
                parameters: [agent],
                answers: [.json(200, "It does.")]
            ) { call in
                guard call.caller.token?.name == call["agent"] else { throw otherAgent }
                return try .json([:])
            },
            Route(
                .get, "/drp/v1/data-rights-request/{id}", operation: "drpStatus", tag: .drp,
                "The status of a request (2.02), for the agent that sent it.", access: agents, errors: .drp,
                parameters: [id], answers: [.json(200, "The status.", status)]
            ) { call in
                let id = call["id"]
                let services = call.services
                let sender = sender(call)
                return try .json(
                    await services.pool.read { workspace in
                        let record = try workspace.request(id)
                        try requireSender(sender, of: record, services)
                        return RequestFormat.drp.status(of: record, from: workspace) ?? .null
                    })
            },
            Route(
                .delete, "/drp/v1/data-rights-request/{id}", operation: "drpRevoke", tag: .drp,
                "Revokes a request (2.04). The signed reason is free text and is not kept.", access: agents,
                errors: .drp,
                parameters: [id], body: signed("The signed reason."),
                answers: [
                    .json(200, "It is revoked.", status),
                    .refusal(409, "It has ended, or the policy wants an officer to sign withdrawals."),
                ], handle: revoke),
        ]
        + ["", "/"].enumerated().map { place, slash in
            Route(
                .post, "/drp/v1/data-rights-request\(slash)",
                operation: place == 0 ? "drpExercise" : "drpExerciseSlash",
                tag: .drp,
                "Exercises a right (2.01): a signed request for deletion. The protocol allows a slash at the end.",
                access: agents, errors: .drp, body: signed("The signed request."),
                answers: [
                    .json(200, "It is received, or was before.", status),
                    .refusal(409, "The agent has used its id for another request."),
                    .refusal(
                        422, "Well formed, and not acceptable: expired, another right, a person who is not found."),
                ], callbacks: [statusCallback], handle: exercise)
        }

    private static let agents = Route.Access.roles([.agent])
    private static let agent = Parameter.path("agent", .name(limit: 64), "The agent's id in the service directory.")
    private static let id = Parameter.path("id", .uuid, "The request's id.")
    private static let otherAgent = Problem(403, "other-agent", "this token is another agent's")
    private static let status: JSONValue = [
        "type": "object", "required": ["request_id", "received_at", "expected_by", "status"],
        "properties": [
            "request_id": ["type": "string", "format": "uuid"],
            "received_at": ["type": "string", "format": "date-time"],
            "expected_by": ["type": "string", "format": "date-time"],
            "status": [
                "type": "string", "enum": .array(DRPStatus.Status.allCases.map { .string($0.rawValue) }),
            ],
            "reason": ["type": "string", "enum": .array(DRPStatus.Reason.allCases.map { .string($0.rawValue) })],
            "processing_details": ["type": "string"],
        ],
    ]
    private static let statusCallback = Route.Callback(
        "statusCallback", url: "{$request.body#/status_callback}",
        "Tells the agent that the status has changed (2.03): the object that a GET of the status answers.",
        description:
            "The URL is the member `status_callback` of the JSON that the request's text signs, https, at a host that the "
            + "configuration of this server allows. The answer to the request says its first status; that is not told again.",
        schema: status)

    private static func signed(_ description: String) -> Route.BodyRule {
        .init(
            ["text/plain"], limit: DeletionRequest.maximumByteCount, schema: ["type": "string"],
            description: description + " base64 of 64 bytes of Ed25519 and the JSON that they sign.")
    }

    private static func sender(_ call: Call) -> String { "drp:\(call.caller.token?.name ?? "")" }

    private static func requireSender(_ sender: String, of record: RequestRecord, _ services: Services) throws {
        guard try services.senders.sender(of: record.requestID) == sender else { throw otherAgent }
    }

    @Sendable private static func setUp(_ call: Call) async throws -> Reply {
        let services = call.services
        let (agent, body, now) = (call["agent"], call.body, services.now)
        let refusal = Reply(403)
        guard let door = services.drp, let checker = try door.checker(agent) else { return refusal }
        do throws(ForeignRefusal) { try checker.checkSetup(body, now: now) } catch { return refusal }
        guard door.use(body, now: now) else { return refusal }
        let days = services.configuration.drpTokenDays
        let token = try await services.pool.write { _ in
            try services.tokens.createForAgent(agent, days: days, now: now)
        }
        return try .json(["agent-id": .string(agent), "token": .string(token)])
    }

    @Sendable private static func exercise(_ call: Call) async throws -> Reply {
        let services = call.services
        let (body, sender) = (call.body, sender(call))
        guard let door = services.drp, let agent = call.caller.token?.name else { throw otherAgent }
        let agents = try door.agents()
        return try .json(
            await services.pool.write { workspace in
                defer { workspace.forgetRefusals() }
                let received = try workspace.submit(
                    body, through: .drp(businessID: door.businessID, agentID: agent, agents: agents),
                    mayWaitForName: true)
                // Only who can sign for this agent gets here, with a repetition too: so what a crash left out is made up for.
                _ = try services.senders.note(sender, of: received.record.requestID)
                try services.callbacks?.watch(
                    received, told: CallbackMessage.word(received.record.state, in: .drp), in: workspace,
                    now: services.now)
                return RequestFormat.drp.answer(to: received, from: workspace)
            })
    }

    @Sendable private static func revoke(_ call: Call) async throws -> Reply {
        let services = call.services
        let (id, body, sender) = (call["id"], call.body, sender(call))
        guard let door = services.drp, let agent = call.caller.token?.name, let checker = try door.checker(agent) else {
            throw otherAgent
        }
        try checker.checkRevocation(body)
        return try .json(
            await services.pool.write { workspace in
                let record = try workspace.request(id)
                try requireSender(sender, of: record, services)
                return RequestFormat.drp.status(of: try withdraw(record, in: workspace), from: workspace) ?? .null
            })
    }

    /// Records that a request was withdrawn by who sent it.
    static func withdraw(_ record: RequestRecord, in workspace: Workspace) throws -> RequestRecord {
        do { return try workspace.decide(.withdrawn, about: record.requestID.text) } catch ServiceError.notPermitted {
            throw Problem(
                409, "officer-needed",
                "this controller's policy lets only its officers record a withdrawal; they were not told")
        }
    }
}
