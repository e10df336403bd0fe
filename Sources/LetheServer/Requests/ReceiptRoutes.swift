import HTTPTypes
import LetheBytes
import LetheRequests
import LetheService

/// Receipts: for who filed a request, and for the desk that hands them out.
enum ReceiptRoutes {
    static let all: [Route] = [
        Route(
            .post, "/api/v1/receipts", operation: "ownReceipt", tag: .requests,
            "The receipt of one's own request. Whoever has the very bytes that were signed is who filed it: they are the proof.",
            access: .everybody,
            body: .init(
                ["application/json", "application/vnd.dsse.envelope.v1+json"], limit: DeletionRequest.maximumByteCount,
                schema: ["type": "object"], description: "The signed request, byte for byte as it was filed."),
            answers: [receipt, .refusal(404, "No such request was received.")]
        ) { call in
            let body = call.body
            return try await answer(call) { try $0.receipt(ofRequest: body).bytes() }
        },
        Route(
            .get, "/api/v1/requests/{id}/receipt", operation: "receipt", tag: .desk,
            "The receipt of a request, to be handed to its subject alone: as long as its key exists it holds personal data.",
            access: .roles(AccessRole.deciders), parameters: [.path("id", .uuid, "The request's id.")],
            answers: [receipt]
        ) { call in
            let id = call["id"]
            return try await answer(call) { try $0.servedReceipt(of: id).bytes() }
        },
        verification,
    ]

    private static let receipt = Route.Answer(
        200, "The receipt.", RequestReceipt.mediaType, schema: ["type": "object", "required": ["entry", "proof"]])

    private static func answer(
        _ call: Call, _ make: @escaping @Sendable (Workspace) throws -> [UInt8]
    ) async throws -> Reply {
        Reply(200, contentType: RequestReceipt.mediaType, body: .bytes(try await call.services.pool.read(make)))
    }
}
