public import LetheBytes
public import LetheCrypto
public import LetheStatements

/// What a model is in a run.
public enum ModelRole: String, Sendable, Hashable, CaseIterable {
    /// The pretrained starting point of every training.
    case base
    /// The model that is in use and has seen everybody's records.
    case original
    /// Fine-tuned on the forgotten records; exists only to build the forgetting teacher.
    case augmented
    /// What unlearning made.
    case candidate
    /// Retrained without the forgotten records.
    case reference
}

/// A model was registered, read or retired: `urn:lethe:model-event:v1`. The statement's subject is `model:<role>` with the
/// model's digest.
public struct ModelEvent: Sendable, Equatable, EventBody {
    static let predicateType = PredicateType.modelEvent

    /// What happens to a model.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// It is known from now on.
        case registered
        /// A run read it.
        case read
        /// It is no longer to be used.
        case retired
    }

    /// What happened.
    public let action: Action
    /// What the model is.
    public let role: ModelRole
    /// The model's digest: SHA-256 over the digests of its files, by name.
    public let digest: Digest
    /// The run, where one is concerned.
    public let runID: RunID?
    /// When it happened.
    public let at: Timestamp
    /// Members beyond this version's.
    public var extra: [String: JSONValue]

    /// Something happened to the model `digest`.
    public init(
        _ action: Action, role: ModelRole, digest: Digest, runID: RunID? = nil, at: Timestamp,
        extra: [String: JSONValue] = [:]
    ) {
        self.action = action
        self.role = role
        self.digest = digest
        self.runID = runID
        self.at = at
        self.extra = extra
    }

    var subjects: [Statement.Subject] { [.init(name: "model:\(role.rawValue)", sha256: digest)] }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "event": .code(action), "role": .code(role), "model": .code(digest), "at": .code(at),
        ]
        members["runId"] = runID.map { .code($0) }
        return members
    }

    init(_ statement: Statement) throws(FieldError) {
        let predicate = statement.fields
        action = try predicate.member("event").oneOf(Action.self)
        role = try predicate.member("role").oneOf(ModelRole.self)
        digest = try predicate.member("model").digest()
        runID = try predicate.optional("runId").map { (field) throws(FieldError) in try field.runID() }
        at = try predicate.member("at").timestamp()
        extra = [:]
    }
}
