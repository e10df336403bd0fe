import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService
import LetheStore

/// OpenDSR 2.0, as a processor answers it. Answers are signed with the processor's X.509 key over the bytes of the body; the protocol leaves it
/// to the processor how callers are known: here by a token of role partner.
enum OpenDSRRoutes {
    static let all: [Route] = [
        Route(
            .get, "/opendsr/v2/discovery", operation: "opendsrDiscovery", tag: .opendsr, "What is supported (6).",
            access: .everybody, errors: .opendsr,
            answers: [
                .json(
                    200, "The document.",
                    [
                        "type": "object",
                        "required": [
                            "api_version", "supported_identities", "supported_subject_request_types",
                            "processor_certificate",
                        ],
                    ])
            ]
        ) { call in
            let configuration = call.services.configuration
            let base = configuration.publicURL ?? "https://\(configuration.opendsrDomain ?? "")"
            return try signed(
                [
                    "api_version": "2.0",
                    "supported_identities": [["identity_type": "controller_customer_id", "identity_format": "raw"]],
                    "supported_subject_request_types": ["erasure"],
                    "processor_certificate": .string("\(base)/opendsr/v2/certificate"),
                ], call)
        },
        Route(
            .get, "/opendsr/v2/certificate", operation: "opendsrCertificate", tag: .opendsr,
            "The X.509 certificate that answers are signed with (4.1).", access: .everybody, errors: .opendsr,
            answers: [.init(200, "The certificate.", "application/x-pem-file")]
        ) { call in
            Reply(
                200, contentType: "application/x-pem-file",
                body: .bytes(call.services.opendsrSigner?.certificatePEM ?? []))
        },
        Route(
            .post, "/opendsr/v2/requests", operation: "opendsrCreate", tag: .opendsr,
            "Takes an erasure request (7). Its identities are unproved: it waits for a proof.", access: partners,
            errors: .opendsr,
            body: .init(
                ["application/json"], limit: DeletionRequest.maximumByteCount, schema: request,
                description: "The request (7.1)."),
            answers: [
                .json(201, "It is received, or was before.", ["type": "object", "required": receipt])
            ], callbacks: [statusCallback], handle: create),
        Route(
            .get, "/opendsr/v2/requests/{id}", operation: "opendsrStatus", tag: .opendsr,
            "The status of a request (8), for the partner that sent it.", access: partners, errors: .opendsr,
            parameters: [id],
            answers: [
                .json(200, "The status.", status())
            ]
        ) { call in
            let (id, sender, services) = (call["id"], sender(call), call.services)
            let status = try await services.pool.read { workspace in
                let record = try own(id, sender, in: workspace, services)
                return RequestFormat.opendsr.status(of: record, from: workspace) ?? .null
            }
            return try signed(status, call)
        },
        Route(
            .delete, "/opendsr/v2/requests/{id}", operation: "opendsrCancel", tag: .opendsr,
            "Cancels a request (9), for the partner that sent it.", access: partners, errors: .opendsr,
            parameters: [id],
            answers: [
                .json(
                    202, "It is withdrawn.", ["type": "object", "required": ["controller_id", "subject_request_id"]])
            ]
        ) { call in
            let (id, sender, services) = (call["id"], sender(call), call.services)
            let now = services.now
            let answer = try await services.pool.write { workspace -> JSONValue in
                let record = try own(id, sender, in: workspace, services)
                _ = try DRPRoutes.withdraw(record, in: workspace)
                return [
                    "controller_id": .string(workspace.origin), "subject_request_id": .string(id),
                    "received_time": .string("\(now)"), "api_version": "2.0",
                ]
            }
            return try signed(answer, call, status: 202)
        },
    ]

    private static let partners = Route.Access.roles([.partner])
    private static let id = Parameter.path("id", .uuid, "The request's id.")
    private static let receipt: JSONValue = [
        "controller_id", "expected_completion_time", "received_time", "encoded_request", "subject_request_id",
    ]
    private static func status(_ more: [String: JSONValue] = [:]) -> JSONValue {
        let members: [String: JSONValue] = [
            "controller_id": ["type": "string"], "expected_completion_time": ["type": "string", "format": "date-time"],
            "subject_request_id": ["type": "string", "format": "uuid"],
            "request_status": [
                "type": "string", "enum": .array(OpenDSRStatus.allCases.map { .string($0.rawValue) }),
            ],
            "api_version": ["type": "string"],
        ]
        let all = members.merging(more) { $1 }
        return [
            "type": "object", "required": .array(all.keys.sorted().map { .string($0) }), "properties": .object(all),
        ]
    }
    private static let statusCallback = Route.Callback(
        "statusCallback", url: "{$request.body#/status_callback_urls/0}",
        "Tells the controller that the status has changed (8.6).",
        description:
            "The same is posted to each URL of `status_callback_urls`: https, at a host that the configuration of this "
            + "server allows. The first status other than `pending` is told at once.",
        headers: [
            ("X-OpenDSR-Processor-Domain", "The processor's domain, as its certificate has it."),
            (
                "X-OpenDSR-Signature",
                "base64 of the signature over the bytes of the body, by the certificate of discovery."
            ),
        ], schema: status(["status_callback_url": ["type": "string", "format": "uri"]]))
    private static let request: JSONValue = [
        "type": "object",
        "required": [
            "regulation", "subject_request_id", "subject_request_type", "submitted_time", "subject_identities",
        ],
        "properties": [
            "regulation": ["type": "string", "enum": ["gdpr", "ccpa"]],
            "subject_request_id": ["type": "string", "format": "uuid"],
            "subject_request_type": ["type": "string", "enum": ["erasure"]],
            "submitted_time": ["type": "string", "format": "date-time"],
            "status_callback_urls": [
                "type": "array", "maxItems": 16,
                "items": ["type": "string", "format": "uri", "maxLength": 2_048],
            ],
            "subject_identities": [
                "type": "array", "minItems": 1, "maxItems": 64,
                "items": [
                    "type": "object", "required": ["identity_type", "identity_value", "identity_format"],
                    "properties": [
                        "identity_type": ["type": "string"], "identity_value": ["type": "string"],
                        "identity_format": ["type": "string"],
                    ],
                ],
            ],
        ],
    ]

    private static func sender(_ call: Call) -> String { "opendsr:\(call.caller.token?.name ?? "")" }

    /// A request of this sender. Of another's, a partner learns no more than of one that does not exist.
    private static func own(
        _ id: String, _ sender: String, in workspace: Workspace, _ services: Services
    ) throws -> RequestRecord {
        let record = try workspace.request(id)
        guard try services.senders.sender(of: record.requestID) == sender else {
            throw ServiceError.unknownRequest(id: id)
        }
        return record
    }

    @Sendable private static func create(_ call: Call) async throws -> Reply {
        let (services, body, sender) = (call.services, call.body, sender(call))
        let answer = try await services.pool.write { workspace -> JSONValue in
            defer { workspace.forgetRefusals() }
            // The sender chose the id, and it is noted before the request is in the log: so no request is ever without its sender, and the
            // same bytes from another partner are no way to it.
            let checked = try OpenDSRChecker(clockSkewSeconds: Int64(workspace.policy.requests.clockSkewSeconds)).check(
                body, now: services.now)
            if let id = checked.requestID {
                let isNew = try workspace.store.request(id) == nil
                let known = try isNew ? services.senders.note(sender, of: id) : services.senders.sender(of: id)
                guard known == sender else { throw RequestRefusal.requestIDConflict }
                do { return try submit(body, to: workspace, services) } catch {
                    if isNew, try workspace.store.request(id) == nil { try services.senders.forget(id) }
                    throw error
                }
            }
            return try submit(body, to: workspace, services)
        }
        return try signed(answer, call, status: 201)
    }

    private static func submit(_ body: [UInt8], to workspace: Workspace, _ services: Services) throws -> JSONValue {
        let received = try workspace.submit(body, through: .opendsr)
        // The answer says that the request was received and no more (7.3), which is what the format calls pending.
        try services.callbacks?.watch(
            received, told: OpenDSRStatus.pending.rawValue, in: workspace, now: services.now)
        return RequestFormat.opendsr.answer(to: received, from: workspace)
    }

    /// A document with the signature that the protocol asks for.
    private static func signed(_ document: JSONValue, _ call: Call, status: Int = 200) throws -> Reply {
        var reply = try Reply.json(document, status: status)
        if case .bytes(let bytes) = reply.body { reply.headers += call.services.opendsrSignature(over: bytes) }
        return reply
    }
}
