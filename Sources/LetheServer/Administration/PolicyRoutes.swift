import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService

/// The policy in force, policies that might be, and how one takes the other's place.
enum PolicyRoutes {
    static let all: [Route] = [
        Route(
            .get, "/api/v1/policy", operation: "policy", tag: .desk, "The policy in force, and what it means in words.",
            access: .roles(AccessRole.people), answers: [.json(200, "The policy.")]
        ) { call in try .json(await call.services.pool.read { $0.policy.json }) },
        Route(
            .post, "/api/v1/policy/validation", operation: "checkPolicy", tag: .desk,
            "Whether a text is a policy, and what it means in words. Nothing is changed.",
            access: .roles(AccessRole.people), body: text,
            answers: [
                .json(
                    200, "Whether it is one; where it is not, what stands where.",
                    ["type": "object", "required": ["valid"], "properties": ["valid": ["type": "boolean"]]])
            ]
        ) { call in
            let policy: Policy
            do throws(PolicyError) { policy = try Policy(yaml: call.body) } catch {
                var members: [String: JSONValue] = [
                    "valid": false, "field": .string(error.field), "expected": .string(error.expected),
                    "found": .string(error.found), "reason": .string("\(error)"),
                ]
                members["line"] = error.line.map { JSONValue($0) }
                return try .json(.object(members))
            }
            return try .json(policy.json.adding(["valid": true]))
        },
        Route(
            .put, "/api/v1/policy", operation: "adoptPolicy", tag: .desk,
            "Puts a policy in the place of the one in force: one entry of the log. Where the policy in force has roles, the token's key "
                + "signs, and must be that of somebody who may adopt.",
            access: .roles([.administrator]), body: text,
            answers: [
                .json(
                    200, "It is in force.",
                    ["type": "object", "required": ["name", "digest", "entry", "undecidable"]]),
                .refusal(409, "It is in force already, a run is under way, or models were trained otherwise."),
                .refusal(422, "The text is no policy, or one that this version cannot apply."),
            ]
        ) { call in
            let (bytes, actor) = (call.body, try call.actor())
            let adoption = try await call.services.pool.write { workspace in
                do { return try workspace.adopt(bytes, as: actor) } catch let error as PolicyError {
                    throw Problem(422, "bad-policy", "\(error)")
                }
            }
            var members: [String: JSONValue] = [
                "name": .string(adoption.policy.name), "digest": .string(adoption.policy.digest.hex),
                "entry": .string("\(adoption.entry)"),
                "undecidable": .array(adoption.undecidable.map { .string($0.rawValue) }),
            ]
            members["previous"] = adoption.previous.map { .string($0.hex) }
            return try .json(.object(members))
        },
    ]

    private static let text = Route.BodyRule(
        ["application/yaml", "text/yaml", "application/x-yaml", "text/plain"], limit: Policy.maximumFileSize,
        schema: ["type": "string"], description: "A policy in YAML (Documentation/spec/policy.md).")
}

extension Policy {
    /// What it is, for programs.
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "digest": .string(digest.hex), "regulation": .string(regulation.rawValue),
            "explanation": .array(explanation.map { .string($0) }),
        ]
    }
}
