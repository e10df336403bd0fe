public import LetheCrypto

/// Where a request stands. Wire values are `RequestState.name`.
public enum RequestState: Sendable, Hashable {
    /// Checked and logged; nothing decided yet.
    case received
    /// The controller has asked for a better proof of identity.
    case identityPending
    /// Accepted; waiting for, or in, an unlearning run.
    case inProgress
    /// Part of the work is blocked and somebody must act.
    case blockedPartial
    /// Unlearning is done, verification is running.
    case verifying
    /// Forgotten, verified and certified; or nothing of the person was held. Final.
    case fulfilled
    /// Refused on a legal ground. Final.
    case refused(RefusalGround)
    /// Withdrawn by the requester. Final.
    case withdrawn
    /// The proof of identity never came. Final.
    case expired
    /// The same subject's earlier request is being handled. Final.
    case duplicate(of: RequestID)

    /// The state's name on the wire, in the log and in the store.
    public var name: String {
        switch self {
        case .received: "received"
        case .identityPending: "identity_pending"
        case .inProgress: "in_progress"
        case .blockedPartial: "blocked_partial"
        case .verifying: "verifying"
        case .fulfilled: "fulfilled"
        case .refused: "refused"
        case .withdrawn: "withdrawn"
        case .expired: "expired"
        case .duplicate: "duplicate"
        }
    }

    /// Whether nothing can happen to the request any more.
    public var isFinal: Bool {
        switch self {
        case .received, .identityPending, .inProgress, .blockedPartial, .verifying: false
        case .fulfilled, .refused, .withdrawn, .expired, .duplicate: true
        }
    }
}

/// What can happen to a request after its receipt.
public enum LifecycleEvent: Sendable, Hashable {
    /// The controller doubts the requester's identity and asks for more (Art. 12(6)).
    case identityDoubted
    /// The identity satisfies the policy.
    case identityConfirmed
    /// The statutory period is extended and the subject is told why.
    case extended(ExtensionReason)
    /// An unlearning run has committed its candidate model for this request.
    case unlearned(run: RunID)
    /// Verification did not pass; another method must try.
    case verificationFailed
    /// Part of the work cannot proceed.
    case blocked
    /// The blockage is gone.
    case resumed
    /// The certificate is in the log, as the entry with this index.
    case fulfilled(certificateEntry: UInt64)
    /// Of the person there is nothing to erase: the training records have none, nor had they when the model in service was trained on them.
    /// Their root says which records were looked at.
    case nothingHeld(trainingRecords: Digest)
    /// The controller refuses, on a ground.
    case refused(RefusalGround)
    /// The requester withdraws.
    case withdrawn
    /// The time for proving the identity has run out.
    case expired
    /// An earlier open request asks for the same.
    case foundDuplicate(of: RequestID)

    /// The event's name on the wire and in the log.
    public var name: String {
        switch self {
        case .identityDoubted: "identity-doubted"
        case .identityConfirmed: "identity-confirmed"
        case .extended: "extended"
        case .unlearned: "unlearned"
        case .verificationFailed: "verification-failed"
        case .blocked: "blocked"
        case .resumed: "resumed"
        case .fulfilled: "fulfilled"
        case .nothingHeld: "nothing-held"
        case .refused: "refused"
        case .withdrawn: "withdrawn"
        case .expired: "expired"
        case .foundDuplicate: "duplicate"
        }
    }
}

/// Why a statutory period was extended (GDPR Art. 12(3); the CCPA asks for no particular reason but for notice).
public enum ExtensionReason: String, Sendable, Hashable, CaseIterable {
    /// The request is complex.
    case complexity
    /// Many requests came in.
    case numberOfRequests = "number-of-requests"
}

/// What the service must do once an event is durable.
public enum LifecycleAction: Sendable, Hashable {
    /// Ask the requester for a proof of identity; `pausesClock` says whether the statutory clock stands still meanwhile.
    case askForIdentity(pausesClock: Bool)
    /// Put the request into the next unlearning batch.
    case queueForUnlearning
    /// Tell the subject of the extension and its reasons before the first period ends.
    case sendExtensionNotice
    /// Verify the candidate against retrained models.
    case verify
    /// Run the policy's next method.
    case unlearnAgain
    /// Tell the officer in charge that somebody must act.
    case reportBlockage
    /// Tell the requester how the request ended, then let its personal data go as the policy says.
    case close
}

/// Why an event cannot happen.
public enum LifecycleError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The state does not allow the event.
    case notAllowed(event: String, state: String)
    /// The statutory period was extended before; the law allows it once.
    case alreadyExtended
    /// The ground belongs to another law than the request.
    case foreignGround(RefusalGround, regulation: Regulation)
    /// A request cannot be its own duplicate.
    case duplicateOfItself(RequestID)

    /// One line for a person.
    public var description: String {
        switch self {
        case .notAllowed(let event, let state): "event \(event) is not possible in state \(state)"
        case .alreadyExtended: "the period was already extended once, a second extension is not possible"
        case .foreignGround(let ground, let regulation):
            "ground \(ground.rawValue) belongs to \(ground.regulation.rawValue), the request was made under \(regulation.rawValue)"
        case .duplicateOfItself(let id): "request \(id) cannot be a duplicate of itself"
        }
    }
}

/// The state machine of one deletion request.
///
/// Invariants, each tested over every state and event: 1. a final state never changes; 2. a failed event changes nothing;
/// 3. a refusal carries a ground of the request's own law; 4. a request is fulfilled only out of verification,
/// or, accepted, because nothing of the person is held; 5. the period is extended at most once.
public struct Lifecycle: Sendable, Hashable {
    /// The request.
    public let requestID: RequestID
    /// The law the request was made under.
    public let regulation: Regulation
    /// Where the request stands.
    public private(set) var state: RequestState
    /// Whether the statutory period was extended.
    public private(set) var isExtended: Bool

    /// A request as it stands; a new one by default.
    public init(
        requestID: RequestID, regulation: Regulation, state: RequestState = .received, isExtended: Bool = false
    ) {
        self.requestID = requestID
        self.regulation = regulation
        self.state = state
        self.isExtended = isExtended
    }

    /// Applies `event` and returns what the service must do about it.
    /// - Throws: `LifecycleError`; the machine is unchanged then.
    public mutating func apply(_ event: LifecycleEvent) throws(LifecycleError) -> LifecycleAction {
        switch state {
        case .received:
            switch event {
            case .identityDoubted: return askForIdentity()
            case .identityConfirmed: return move(to: .inProgress, .queueForUnlearning)
            case .extended: return try extend()
            case .refused(let ground): return try refuse(ground)
            case .withdrawn: return move(to: .withdrawn, .close)
            case .foundDuplicate(let original): return try markDuplicate(of: original)
            case .unlearned, .verificationFailed, .blocked, .resumed, .fulfilled, .nothingHeld, .expired:
                throw notAllowed(event)
            }
        case .identityPending:
            switch event {
            case .identityConfirmed: return move(to: .inProgress, .queueForUnlearning)
            case .extended: return try extend()
            case .refused(let ground): return try refuse(ground)
            case .withdrawn: return move(to: .withdrawn, .close)
            case .expired: return move(to: .expired, .close)
            case .foundDuplicate(let original): return try markDuplicate(of: original)
            case .identityDoubted, .unlearned, .verificationFailed, .blocked, .resumed, .fulfilled, .nothingHeld:
                throw notAllowed(event)
            }
        case .inProgress:
            switch event {
            case .identityDoubted: return askForIdentity()
            case .extended: return try extend()
            case .unlearned: return move(to: .verifying, .verify)
            case .blocked: return move(to: .blockedPartial, .reportBlockage)
            case .nothingHeld: return move(to: .fulfilled, .close)
            case .refused(let ground): return try refuse(ground)
            case .withdrawn: return move(to: .withdrawn, .close)
            case .foundDuplicate(let original): return try markDuplicate(of: original)
            case .identityConfirmed, .verificationFailed, .resumed, .fulfilled, .expired: throw notAllowed(event)
            }
        case .blockedPartial:
            switch event {
            case .extended: return try extend()
            case .resumed: return move(to: .inProgress, .queueForUnlearning)
            case .refused(let ground): return try refuse(ground)
            case .withdrawn: return move(to: .withdrawn, .close)
            case .identityDoubted, .identityConfirmed, .unlearned, .verificationFailed, .blocked, .fulfilled,
                .nothingHeld, .expired, .foundDuplicate:
                throw notAllowed(event)
            }
        case .verifying:
            switch event {
            case .extended: return try extend()
            case .verificationFailed: return move(to: .inProgress, .unlearnAgain)
            case .blocked: return move(to: .blockedPartial, .reportBlockage)
            case .fulfilled: return move(to: .fulfilled, .close)
            case .withdrawn: return move(to: .withdrawn, .close)
            case .identityDoubted, .identityConfirmed, .unlearned, .resumed, .nothingHeld, .refused, .expired,
                .foundDuplicate:
                throw notAllowed(event)
            }
        case .fulfilled, .refused, .withdrawn, .expired, .duplicate:
            throw notAllowed(event)
        }
    }

    private mutating func move(to next: RequestState, _ action: LifecycleAction) -> LifecycleAction {
        state = next
        return action
    }

    private mutating func askForIdentity() -> LifecycleAction {
        let pauses = StatutoryClock(regulation: regulation).pausesForIdentity
        return move(to: .identityPending, .askForIdentity(pausesClock: pauses))
    }

    private mutating func extend() throws(LifecycleError) -> LifecycleAction {
        guard !isExtended else { throw .alreadyExtended }
        isExtended = true
        return .sendExtensionNotice
    }

    private mutating func refuse(_ ground: RefusalGround) throws(LifecycleError) -> LifecycleAction {
        guard ground.regulation == regulation else { throw .foreignGround(ground, regulation: regulation) }
        return move(to: .refused(ground), .close)
    }

    private mutating func markDuplicate(of original: RequestID) throws(LifecycleError) -> LifecycleAction {
        guard original != requestID else { throw .duplicateOfItself(requestID) }
        return move(to: .duplicate(of: original), .close)
    }

    private func notAllowed(_ event: LifecycleEvent) -> LifecycleError {
        .notAllowed(event: event.name, state: state.name)
    }
}
