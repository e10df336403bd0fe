import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService

/// Decisions about requests. Where the policy has roles, the holder of the token signs with the key that the administrator gave it, and
/// the service judges role and second person as it does for the command line: there is no other way to an entry.
enum DecisionRoutes {
    static let all: [Route] = [
        Route(
            .post, "/api/v1/requests/{id}/decisions", operation: "decide", tag: .desk,
            "Takes a decision about a request, or proposes it where the policy asks for two persons.",
            access: .roles(AccessRole.deciders), parameters: [id],
            body: .init(["application/json"], limit: 4_096, schema: Decree.schema, description: "The decision."),
            answers: [
                .json(200, "It is taken, one entry in the log.", Schemas.request),
                .json(202, "It waits for a second person.", Schemas.proposal), .refusal(409, "Not now, or not by law."),
                .refusal(422, "A decision that is none."),
            ]
        ) { call in
            let decree = try Decree(call.json())
            let actor = try call.actor()
            let id = call["id"]
            let outcome = try await call.services.pool.write { workspace in
                switch decree {
                case .shred: try workspace.shred(id, as: actor)
                case .change(let change, let evidence, let user):
                    try workspace.decide(change, about: id, evidence: evidence, naming: user, as: actor)
                }
            }
            switch outcome {
            case .decided(let record): return try .json(record.decidedJSON)
            case .proposed(let proposal): return try .json(proposal.json.adding(["waits": true]), status: 202)
            }
        },
        Route(
            .get, "/api/v1/proposals", operation: "listProposals", tag: .desk,
            "The decisions that wait for a second person, and those that have lapsed.",
            access: .roles(AccessRole.people), answers: [.json(200, "The proposals.", Schemas.list("proposals"))]
        ) { call in
            try .json(
                await call.services.pool.read { workspace in
                    let proposals = try workspace.proposals().map { kept in
                        kept.proposal.json.adding(["lapsed": kept.lapse.map { .string($0) } ?? .bool(false)])
                    }
                    return ["proposals": .array(try proposals + workspace.rejections().map(\.json))]
                })
        },
        Route(
            .post, "/api/v1/requests/{id}/proposal/approval", operation: "approveProposal", tag: .desk,
            "Agrees to a proposed decision as the second person: it is taken now.",
            access: .roles(AccessRole.deciders), parameters: [id],
            answers: [
                .json(200, "It is taken.", Schemas.request),
                .refusal(409, "There is none, it has lapsed, or one's own."),
            ]
        ) { call in
            let (id, actor) = (call["id"], try call.requiredActor())
            return try .json(
                await call.services.pool.write { workspace in
                    let (kind, record) = try workspace.approve(id, as: actor)
                    return record.decidedJSON.adding(["decision": .string(kind.rawValue)])
                })
        },
        Route(
            .delete, "/api/v1/requests/{id}/proposal", operation: "rejectProposal", tag: .desk,
            "Drops a proposed decision: nothing is decided, and nothing is logged.",
            access: .roles(AccessRole.deciders), parameters: [id],
            answers: [
                .json(200, "It is dropped.", ["type": "object", "required": ["requestId", "decision"]]),
                .refusal(409, "There is none."),
            ]
        ) { call in
            let (id, actor) = (call["id"], try call.requiredActor())
            return try .json(await call.services.pool.write { try $0.reject(id, as: actor).json })
        },
    ]

    private static let id = Parameter.path("id", .uuid, "The request's id.")
}

extension Schemas {
    /// A decision that waits for a second person.
    static let proposal: JSONValue = [
        "type": "object", "required": ["requestId", "decision", "at", "proposer", "asOf"],
    ]
}

extension RequestRecord {
    /// The request as a decision has left it, with the entry that took it.
    fileprivate var decidedJSON: JSONValue { json.adding(["entry": .string("\(lastIndex)")]) }
}

extension Call {
    /// The key that the caller's decisions are signed with; nil where the administrator gave none.
    /// - Throws: `Problem`, where the file cannot be read.
    func actor() throws -> SigningKey? {
        do { return try caller.token?.signingKey() } catch {
            throw Problem(503, "key-unreadable", "the key that this token decides with cannot be read", retryAfter: 60)
        }
    }

    /// The same, where nothing goes without.
    func requiredActor() throws -> SigningKey {
        guard let key = try actor() else {
            throw Problem(
                403, "no-key", "this token has no key to decide with; `lethe-server token create --key` gives one")
        }
        return key
    }
}

/// A decision as the API takes it.
enum Decree: Sendable {
    case shred
    /// With how an identity was proved, and the user whom a request means that names its person by an address.
    case change(LifecycleEvent, IdentityProof?, naming: String?)

    /// - Throws: `Problem`, status 422, with the member that is wrong.
    init(_ json: JSONValue) throws {
        guard let members = json.objectValue else { throw Self.wrong("expected an object") }
        func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _: Choice.Type) throws -> Choice {
            guard let text = members[name]?.stringValue, let value = Choice(rawValue: text) else {
                throw Self.wrong(
                    "\(name): expected one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return value
        }
        guard let word = members["decision"]?.stringValue, let name = Name(rawValue: word) else {
            throw Self.wrong(
                "decision: expected one of \(Name.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        func user() throws -> String? {
            guard let member = members["subject"] else { return nil }
            guard let text = member.stringValue, (1...256).contains(text.utf8.count) else {
                throw Self.wrong("subject: expected the user's number in the data set, as text")
            }
            return text
        }
        var allowed: Set<String> = ["decision"]
        switch name {
        case .confirm:
            allowed.formUnion(["level", "method", "subject"])
            self = .change(
                .identityConfirmed,
                IdentityProof(
                    level: try choice("level", IdentityLevel.self), method: try choice("method", IdentityMethod.self)),
                naming: try user())
        case .refuse:
            allowed.insert("ground")
            self = .change(.refused(try choice("ground", RefusalGround.self)), nil, naming: nil)
        case .extend:
            allowed.insert("reason")
            self = .change(.extended(try choice("reason", ExtensionReason.self)), nil, naming: nil)
        case .duplicate:
            allowed.formUnion(["of", "subject"])
            guard let original = members["of"]?.stringValue.flatMap({ RequestID($0) }) else {
                throw Self.wrong("of: expected the id of a request")
            }
            self = .change(.foundDuplicate(of: original), nil, naming: try user())
        case .doubt: self = .change(.identityDoubted, nil, naming: nil)
        case .expire: self = .change(.expired, nil, naming: nil)
        case .withdraw: self = .change(.withdrawn, nil, naming: nil)
        case .shred: self = .shred
        }
        guard Set(members.keys).isSubset(of: allowed) else {
            throw Self.wrong("expected no other members than \(allowed.sorted().joined(separator: ", "))")
        }
    }

    private static func wrong(_ detail: String) -> Problem { Problem(422, "bad-decision", detail) }

    private enum Name: String, CaseIterable {
        case confirm, doubt, expire, extend, refuse, withdraw, duplicate, shred
    }

    static let schema: JSONValue = [
        "type": "object", "required": ["decision"], "additionalProperties": false,
        "properties": [
            "decision": texts(Name.allCases.map(\.rawValue)), "level": texts(IdentityLevel.allCases.map(\.rawValue)),
            "method": texts(IdentityMethod.allCases.map(\.rawValue)),
            "ground": texts(RefusalGround.allCases.map(\.rawValue)),
            "reason": texts(ExtensionReason.allCases.map(\.rawValue)), "of": ["type": "string", "format": "uuid"],
            "subject": ["type": "string", "minLength": 1, "maxLength": 256],
        ],
    ]

    private static func texts(_ values: [String]) -> JSONValue {
        ["type": "string", "enum": .array(values.map { .string($0) })]
    }
}
