import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheService

/// The keys that the log knows, and how they change. Each change is an entry that the root key signs; a workspace whose root key is on a
/// shelf, as it should be, refuses them here, and they are made with `lethe key` where the root key is.
enum KeyRoutes {
    static let all: [Route] = [
        Route(
            .get, "/api/v1/keys", operation: "keys", tag: .desk, "The public keys that the log has registered.",
            access: .roles(AccessRole.people), answers: [.json(200, "The keys.", Schemas.list("keys"))]
        ) { call in
            try .json(
                await call.services.pool.read { workspace in
                    let size = try workspace.entryCount()
                    let keys = try workspace.registeredKeys().map { key -> JSONValue in
                        var members: [String: JSONValue] = [
                            "keyId": .string(key.key.keyID), "role": .string(key.role.rawValue),
                            "validFrom": .string("\(key.validFrom)"), "publicKey": .string(key.key.pem),
                            "isValid": .bool(key.isValid(at: size)),
                        ]
                        members["validUntil"] = key.validUntil.map { .string("\($0)") }
                        members["compromisedFrom"] = key.compromisedFrom.map { .string("\($0)") }
                        if key.role == .log {
                            let verifier = try? NoteVerifier(name: workspace.origin, key: key.key)
                            members["vkey"] = verifier.map { .string($0.vkey) }
                        }
                        return .object(members)
                    }
                    return ["keys": .array(keys)]
                })
        },
        Route(
            .post, "/api/v1/keys", operation: "registerKey", tag: .desk,
            "Lets the log know somebody else's public key, with the one role that it has for ever.",
            access: .roles([.administrator]),
            body: .init(
                ["application/json"], limit: 8_192,
                schema: [
                    "type": "object", "required": ["role", "publicKey"], "additionalProperties": false,
                    "properties": [
                        "role": ["type": "string", "enum": .array(registered.map { .string($0.rawValue) })],
                        "publicKey": ["type": "string"],
                    ],
                ], description: "The role, and the public key in PEM (SPKI)."),
            answers: [.json(201, "The log knows it.", change)] + refusals
        ) { call in
            let members = try call.members(["role", "publicKey"])
            let role = try role(members, of: registered)
            let key: VerifyingKey
            do throws(KeyError) { key = try VerifyingKey(pem: members["publicKey"]?.stringValue ?? "") } catch {
                throw Problem(422, "bad-key", "publicKey: \(error)")
            }
            return try .json(try await changed(call) { try $0.registerKey(key, as: role) }, status: 201)
        },
        Route(
            .post, "/api/v1/keys/{keyId}/revocation", operation: "revokeKey", tag: .desk,
            "Ends a key; where it is the workspace's own, a new one takes its place. With `compromisedFrom` somebody else had it from that entry on.",
            access: .roles([.administrator]),
            parameters: [.path("keyId", .name(limit: 128), "The key's id.")],
            body: .init(
                ["application/json"], limit: 1_024,
                schema: [
                    "type": "object", "additionalProperties": false,
                    "properties": ["compromisedFrom": ["type": "string", "pattern": "^[0-9]+$"]],
                ], description: "Nothing, or the first entry that somebody else may have signed with it.",
                isOptional: true),
            answers: [.json(200, "It has ended.", change)] + refusals
        ) { call in
            let id = call["keyId"]
            let given = call.body.isEmpty ? nil : try call.members(["compromisedFrom"])["compromisedFrom"]
            let from = try given.map { value -> UInt64 in
                guard let index = value.stringValue.flatMap(Parameter.number) else {
                    throw Problem(422, "bad-key", "compromisedFrom: expected the index of an entry, as a text")
                }
                return index
            }
            return try .json(try await changed(call) { try $0.revokeKey(id, compromisedFrom: from) })
        },
        Route(
            .post, "/api/v1/keys/rotation", operation: "rotateKey", tag: .desk,
            "Replaces the workspace's own key of a role by a new one; the root key, the old and the new key sign it.",
            access: .roles([.administrator]),
            body: .init(
                ["application/json"], limit: 1_024,
                schema: [
                    "type": "object", "required": ["role"], "additionalProperties": false,
                    "properties": ["role": ["type": "string", "enum": .array(rotated.map { .string($0.rawValue) })]],
                ], description: "The role; the root key rotates where it is kept, with `lethe key rotate root`."),
            answers: [.json(200, "The new key counts.", change)] + refusals
        ) { call in
            let role = try role(call.members(["role"]), of: rotated)
            return try .json(try await changed(call) { try $0.rotateKey(role) })
        },
    ]

    /// Roles of keys that are others'.
    private static let registered: [KeyRole] = [
        .officer, .engineer, .administrator, .auditor, .requester, .subject, .witness, .verifier, .controller,
    ]
    /// Roles of keys that a workspace has of its own.
    private static let rotated: [KeyRole] = [.log, .controller, .verifier, .requester]

    private static func role(_ members: [String: JSONValue], of allowed: [KeyRole]) throws -> KeyRole {
        guard let role = members["role"]?.stringValue.flatMap(KeyRole.init), allowed.contains(role) else {
            throw Problem(422, "bad-key", "role: expected one of \(allowed.map(\.rawValue).joined(separator: ", "))")
        }
        return role
    }

    private static let change: JSONValue = ["type": "object", "required": ["role", "entries"]]
    private static let refusals: [Route.Answer] = [
        .refusal(404, "The log knows no such key."),
        .refusal(409, "The root key is not here or locked, the log would not accept it, or a verdict is open."),
        .refusal(422, "No key, or no such role."),
    ]

    /// Changes the keys, on the one thread that writes, where the root key is at hand.
    private static func changed(
        _ call: Call, _ body: @escaping @Sendable (Workspace) throws -> KeyChange
    ) async throws -> JSONValue {
        let change = try await call.services.pool.write { workspace in
            guard workspace.hasRootKey else {
                throw Problem(
                    409, "no-root-key",
                    "the root key, which signs changes of keys, is not in this workspace; use `lethe key` where it is")
            }
            do { return try body(workspace) } catch let error as PassphraseError {
                guard !error.isMachineFailure else { throw error }
                throw Problem(
                    409, "key-locked", "a key that signs this change is under a passphrase that the server has not")
            }
        }
        var members: [String: JSONValue] = [
            "role": .string(change.role.rawValue), "entries": .array(change.entries.map { .string("\($0)") }),
        ]
        members["added"] = change.added.map { .string($0.keyID) }
        members["ended"] = change.ended.map { .string($0.keyID) }
        return .object(members)
    }
}

extension Call {
    /// The members of a JSON object that has no others than these.
    /// - Throws: `Problem`, status 400 or 422.
    fileprivate func members(_ allowed: Set<String>) throws -> [String: JSONValue] {
        guard let members = try json().objectValue, Set(members.keys).isSubset(of: allowed) else {
            throw Problem(
                422, "bad-key",
                "expected an object with no other members than \(allowed.sorted().joined(separator: ", "))")
        }
        return members
    }
}
