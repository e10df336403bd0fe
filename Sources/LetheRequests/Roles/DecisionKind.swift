/// What a person decides and answers for with a signature, under a policy with section `roles`; the names stand in policies and in the log.
public enum DecisionKind: String, Sendable, Hashable, CaseIterable {
    /// An identity is proved.
    case confirm
    /// A better proof of identity is asked for.
    case doubt
    /// A request's proof of identity never came.
    case expire
    /// The time to answer is extended.
    case extend
    /// A request is refused on a legal ground.
    case refuse
    /// The requester has withdrawn a request.
    case withdraw
    /// A request asks for what another one asks for.
    case duplicate
    /// The key of a request's personal data is destroyed.
    case shred
    /// A model is made to forget.
    case run
    /// A policy takes effect.
    case adopt

    /// The decision that an event is, or would be if nothing made it follow by itself; nil for what only machines do.
    public init?(_ event: LedgerEvent) {
        switch event {
        case .request(let event):
            guard case .changed(let change, _) = event.kind, let kind = DecisionKind(change) else { return nil }
            self = kind
        case .shred: self = .shred
        case .run(let event):
            guard case .inputsCommitted = event.step else { return nil }
            self = .run
        case .policy: self = .adopt
        default: return nil
        }
    }

    /// The decision behind a request's change.
    public init?(_ change: LifecycleEvent) {
        switch change {
        case .identityConfirmed: self = .confirm
        case .identityDoubted: self = .doubt
        case .expired: self = .expire
        case .extended: self = .extend
        case .refused: self = .refuse
        case .withdrawn: self = .withdraw
        case .foundDuplicate: self = .duplicate
        // What a run does where there is nothing to train.
        case .nothingHeld: self = .run
        case .unlearned, .verificationFailed, .blocked, .resumed, .fulfilled: return nil
        }
    }

    /// Whether a policy may ask for two persons: what one person can write down and another read before it happens.
    public var canTakeTwoPersons: Bool {
        switch self {
        case .confirm, .doubt, .expire, .extend, .refuse, .withdraw, .duplicate, .shred: true
        case .run, .adopt: false
        }
    }

    /// In words, after "may".
    public var words: String {
        switch self {
        case .confirm: "confirm an identity"
        case .doubt: "ask for a better proof of identity"
        case .expire: "end a request whose proof never came"
        case .extend: "extend the time to answer"
        case .refuse: "refuse a request"
        case .withdraw: "record a withdrawal"
        case .duplicate: "end a request as a duplicate"
        case .shred: "destroy personal data"
        case .run: "start a run"
        case .adopt: "adopt a policy"
        }
    }
}
