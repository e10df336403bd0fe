import HTTPTypes
import LetheBytes
import LetheRequests
import LetheService

/// The way in for signed requests.
enum IntakeRoutes {
    static let all: [Route] = [
        Route(
            .post, "/api/v1/requests", operation: "submitRequest", tag: .requests,
            "Files a signed deletion request. Its signature is what identifies its sender; no token is needed.",
            access: .everybody,
            body: .init(
                ["application/json", "application/vnd.dsse.envelope.v1+json"], limit: DeletionRequest.maximumByteCount,
                schema: envelopeSchema,
                description: "A DSSE envelope over a deletion request, signed with a key that the log has registered."),
            answers: [
                .json(201, "It is in the log, durably.", Schemas.request),
                .json(200, "The very bytes were received before; nothing was changed.", Schemas.request),
                .refusal(403, "Signed by nobody that this log accepts requests from, or forged."),
                .refusal(409, "Its id or nonce was used before by another request."),
                .refusal(
                    422, "Well formed, and not acceptable: expired, for another log, for a person without records."),
            ]
        ) { call in
            switch try await call.services.intake.submit(call.body) {
            case .received(let record): return try .json(record.json, status: 201)
            case .refused(ServiceError.replayed(let id, _)):
                return try .json(await call.services.pool.read { try $0.request(id).json })
            case .refused(let error): throw error
            }
        }
    ]

    private static let envelopeSchema: JSONValue = [
        "type": "object", "required": ["payload", "payloadType", "signatures"],
        "properties": [
            "payload": ["type": "string"], "payloadType": ["type": "string"],
            "signatures": [
                "type": "array", "minItems": 1,
                "items": [
                    "type": "object", "required": ["sig"],
                    "properties": ["keyid": ["type": "string"], "sig": ["type": "string"]],
                ],
            ],
        ],
    ]
}

/// JSON schemas that several routes name.
enum Schemas {
    /// A request as the log has it.
    static let request: JSONValue = [
        "type": "object",
        "required": ["requestId", "state", "regulation", "receivedAt", "due", "receivedEntry", "subjectCommitment"],
        "properties": [
            "requestId": ["type": "string"], "state": ["type": "string"], "regulation": ["type": "string"],
            "receivedAt": ["type": "string"], "due": ["type": "string"], "receivedEntry": ["type": "string"],
            "subjectCommitment": ["type": "string"],
        ],
    ]

    /// A list.
    static func list(_ name: String) -> JSONValue {
        [
            "type": "object", "required": [.string(name)],
            "properties": .object([name: ["type": "array", "items": ["type": "object"]]]),
        ]
    }
}
