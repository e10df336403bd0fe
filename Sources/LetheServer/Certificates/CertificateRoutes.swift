import HTTPTypes
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheService

/// Certificates: anybody may have one checked; the desk has them all.
enum CertificateRoutes {
    static let all: [Route] = [
        Route(
            .post, "/api/v1/certificates/verification", operation: "verifyCertificate", tag: .certificates,
            "Checks a certificate file against this log's own keys. Whoever does not trust this server checks it offline instead.",
            access: .everybody,
            body: .init(
                ["application/json", "application/octet-stream"], limit: CertificateFile.maximumByteCount,
                schema: ["type": "object"], description: "A certificate file."),
            answers: [
                .json(
                    200, "Whether it holds; where it does not, why.",
                    ["type": "object", "required": ["holds"], "properties": ["holds": ["type": "boolean"]]])
            ]
        ) { call in
            let trust = try await call.services.pool.read { try $0.trust() }
            let body = call.body
            return try .json(await call.services.pool.read { _ in verify(body, trust) })
        },
        Route(
            .get, "/api/v1/certificates", operation: "listCertificates", tag: .certificates,
            "The certificates that were issued.", access: .roles(AccessRole.people),
            answers: [.json(200, "The certificates.", Schemas.list("certificates"))]
        ) { call in
            try .json(
                await call.services.pool.read { workspace in
                    let records = try workspace.certificates().map { record -> JSONValue in
                        [
                            "number": .string("\(record.number)"), "request": .string(record.request),
                            "entry": .string("\(record.entry)"),
                        ]
                    }
                    return ["certificates": .array(records)]
                })
        },
        Route(
            .get, "/api/v1/certificates/{number}", operation: "certificate", tag: .certificates,
            "A certificate file, to be checked anywhere.", access: .roles(AccessRole.people),
            parameters: [.path("number", .number(1...1_000_000_000), "Its number.")],
            answers: [.json(200, "The file.")]
        ) { call in
            let number = Int(call.number("number") ?? 0)
            let bytes = try await call.services.pool.read { workspace -> [UInt8] in
                let path = Files.join(workspace.paths.certificates, Workspace.certificateName(number))
                guard Files.exists(path) else {
                    throw Problem(404, "unknown-certificate", "no certificate \(number) is there to be handed out")
                }
                return try Files.read(path, limit: CertificateFile.maximumByteCount + 1)
            }
            return Reply(200, contentType: "application/json", body: .bytes(bytes))
        },
    ]

    /// What can be said of a certificate with nothing but the keys.
    private static func verify(_ bytes: [UInt8], _ trust: TrustFile) -> JSONValue {
        let verified: VerifiedCertificate
        do { verified = try CertificateVerifier.verify(bytes, trusting: trust) } catch {
            return ["holds": false, "reason": .string("\(error)")]
        }
        let certificate = verified.certificate
        return [
            "holds": true, "certificateId": .string(certificate.certificateID),
            "request": .string(certificate.request.requestID), "log": .string(verified.origin),
            "entry": .string("\(verified.index)"), "issuedAt": .string("\(certificate.issuedAt)"),
            "verdict": .string(certificate.verification.verdict.rawValue),
            "result": .string(certificate.verification.verdict.result.rawValue), "claim": .string(certificate.claim),
            "model": .string(certificate.model.digest.hex), "checked": .array(verified.checked.map { .string($0) }),
            "notChecked": .array(verified.notChecked.map { .string("\($0)") }),
        ]
    }
}
