import LetheBytes
import LetheCrypto
import LetheStatements

/// What the log itself must say of a policy so that every decision can be judged without the policy's text: member `roles` of the
/// policy's event.
public struct DecisionRules: Sendable, Hashable {
    /// Who may decide, and what takes two persons.
    public let roles: Policy.Roles
    /// The proof of identity that is enough; a request that brings it goes on by itself.
    public let identityLevel: IdentityLevel
    /// Whether personal data is destroyed by itself when a request is fulfilled.
    public let shredsAfterFulfilment: Bool

    /// The rules of a policy; nil where it has no section `roles`.
    public init?(_ policy: Policy) {
        guard let roles = policy.roles else { return nil }
        self.roles = roles
        identityLevel = policy.requests.identityLevel
        shredsAfterFulfilment = policy.retention.shredAfterFulfilment
    }

    init(_ json: JSONFields) throws(FieldError) {
        let table = try json.member("permitted")
        var permitted: [DecisionKind: [DecidingRole]] = [:]
        for kind in DecisionKind.allCases {
            permitted[kind] = try table.member(kind.rawValue).array().map { (role) throws(FieldError) in
                try role.oneOf(DecidingRole.self)
            }
        }
        var shared: Set<DecisionKind> = []
        for kind in try json.member("twoPersons").array() { shared.insert(try kind.oneOf(DecisionKind.self)) }
        roles = Policy.Roles(permitted: permitted, twoPersons: shared)
        identityLevel = try json.member("identityLevel").oneOf(IdentityLevel.self)
        shredsAfterFulfilment = try json.member("shredAfterFulfilment").bool()
    }

    /// The member of the policy's event.
    var json: JSONValue {
        .object(
            (roles.json.objectValue ?? [:]).merging(
                [
                    "identityLevel": .code(identityLevel), "shredAfterFulfilment": .bool(shredsAfterFulfilment),
                ]
            ) { role, _ in role })
    }

    /// Whether a key of this role may take the decision.
    public func permits(_ role: KeyRole, _ kind: DecisionKind) -> Bool {
        DecidingRole(rawValue: role.rawValue).map { roles.permitted[kind]?.contains($0) == true } ?? false
    }

    /// Whether two persons must sign the decision.
    public func needsTwo(_ kind: DecisionKind) -> Bool { roles.twoPersons.contains(kind) }

    /// The roles that may take the decision, such as "officer or administrator".
    public func deciders(_ kind: DecisionKind) -> String {
        (roles.permitted[kind] ?? []).map(\.rawValue).joined(separator: " or ")
    }
}
