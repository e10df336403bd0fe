import HTTPTypes
import LetheBytes
import LetheCertificates
import LetheLog
import LetheRequests
import LetheService

extension ReceiptRoutes {
    /// A receipt, checked with this log's own keys.
    static let verification = Route(
        .post, "/api/v1/receipts/verification", operation: "verifyReceipt", tag: .requests,
        "Checks a receipt against this log's own keys; nothing of it is kept. Whoever does not trust this server checks it offline instead.",
        access: .everybody,
        body: .init(
            [RequestReceipt.mediaType, "application/json", "application/octet-stream"],
            limit: RequestReceipt.maximumByteCount, schema: ["type": "object"], description: "A receipt."),
        answers: [
            .json(
                200, "Whether it holds; where it does not, why.",
                ["type": "object", "required": ["holds"], "properties": ["holds": ["type": "boolean"]]])
        ]
    ) { call in
        let body = call.body
        return try .json(
            await call.services.pool.read { workspace in
                let trust = try workspace.trust()
                do throws(ReceiptError) {
                    let receipt = try RequestReceipt(parsing: body)
                    let verified = try receipt.verify(trusting: trust)
                    let (event, inclusion) = (verified.event, verified.inclusion)
                    return [
                        "holds": true, "requestId": .string(event.requestID.text),
                        "log": .string(inclusion.checkpoint.origin), "entry": .string("\(inclusion.index)"),
                        "receivedAt": .string("\(event.at)"), "due": .string("\(verified.receipt.clock.due)"),
                        "opens": .bool(receipt.opening != nil),
                        "witnesses": .array(inclusion.cosignatures.map { .string($0.verifier.name) }),
                    ]
                } catch { return ["holds": false, "reason": .string("\(error)")] }
            })
    }
}
