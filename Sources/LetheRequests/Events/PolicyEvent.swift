public import LetheBytes
public import LetheCrypto
public import LetheStatements

/// A policy took effect: `urn:lethe:policy-event:v1`. The statement's subject is `policy:<name>` with the policy's digest.
public struct PolicyEvent: Sendable, Equatable, EventBody {
    static let predicateType = PredicateType.policyEvent

    /// The policy's name.
    public let name: String
    /// The digest of its canonical form, `Policy.digest`.
    public let digest: Digest
    /// Who may decide what while it is in force; nil where it leaves that to the controller's key. Old readers pass over the member.
    public let rules: DecisionRules?
    /// When it took effect.
    public let at: Timestamp
    /// Members beyond this version's.
    public var extra: [String: JSONValue]

    /// `policy` takes effect.
    public init(adopting policy: Policy, at: Timestamp, extra: [String: JSONValue] = [:]) {
        name = policy.name
        digest = policy.digest
        rules = DecisionRules(policy)
        self.at = at
        self.extra = extra
    }

    var subjects: [Statement.Subject] { [.init(name: "policy:\(name)", sha256: digest)] }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "event": "adopted", "name": .string(name), "policy": .code(digest), "at": .code(at),
        ]
        members["roles"] = rules?.json
        return members
    }

    init(_ statement: Statement) throws(FieldError) {
        let predicate = statement.fields
        name = try predicate.member("name").nonEmptyString()
        digest = try predicate.member("policy").digest()
        at = try predicate.member("at").timestamp()
        rules = try predicate.optional("roles").map { (roles) throws(FieldError) in try DecisionRules(roles) }
        extra = [:]
    }
}
