/// Where a request stands in the words of the Data Rights Protocol 1.0.
public struct DRPStatus: Sendable, Hashable {
    /// The field `status`.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Received, nothing decided.
        case open
        /// Being worked on.
        case inProgress = "in_progress"
        /// Done.
        case fulfilled
        /// Withdrawn by the agent.
        case revoked
        /// Refused, with a reason.
        case denied
        /// The proof of identity never came.
        case expired
    }

    /// The field `reason`.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The person must prove who they are; the one reason of a status that is not a denial.
        case needUserVerification = "need_user_verification"
        /// Fraud is suspected.
        case suspectedFraud = "suspected_fraud"
        /// The identity was not proved well enough.
        case insufficientVerification = "insuf_verification"
        /// Nobody of that identity is known.
        case noMatch = "no_match"
        /// The law excepts what is asked.
        case claimNotCovered = "claim_not_covered"
        /// The law does not apply to the person.
        case outsideJurisdiction = "outside_jurisdiction"
        /// The same was asked before.
        case tooManyRequests = "too_many_requests"
        /// Anything else.
        case other
    }

    /// The status.
    public let status: Status
    /// Why, where the protocol asks for it.
    public let reason: Reason?

    /// Takes a pair that the protocol has; nil for any other, such as a denial without a reason.
    public init?(status: Status, reason: Reason?) {
        switch (status, reason) {
        case (.open, nil), (.inProgress, nil), (.inProgress, .needUserVerification), (.fulfilled, nil), (.revoked, nil),
            (.expired, nil):
            break
        case (.denied, let reason?) where reason != .needUserVerification: break
        default: return nil
        }
        self.status = status
        self.reason = reason
    }

    private init(known status: Status, _ reason: Reason? = nil) {
        self.status = status
        self.reason = reason
    }

    /// What a state is called there.
    public init(_ state: RequestState) {
        switch state {
        case .received: self.init(known: .open)
        case .identityPending: self.init(known: .inProgress, .needUserVerification)
        case .inProgress, .blockedPartial, .verifying: self.init(known: .inProgress)
        case .fulfilled: self.init(known: .fulfilled)
        case .withdrawn: self.init(known: .revoked)
        case .expired: self.init(known: .expired)
        case .duplicate: self.init(known: .denied, .tooManyRequests)
        case .refused(let ground):
            switch ground {
            case .freedomOfExpression, .legalObligation, .publicHealth, .archivingAndResearch, .legalClaims,
                .statutoryException:
                self.init(known: .denied, .claimNotCovered)
            case .cannotIdentify: self.init(known: .denied, .noMatch)
            case .unfoundedOrExcessive: self.init(known: .denied, .other)
            }
        }
    }

    /// The name of the state that another party's status means (`RequestState.name`). A denial says no legal ground, so that no refusal
    /// can be made of it; only its name is known.
    public var stateName: String {
        switch (status, reason) {
        case (.open, _): "received"
        case (.inProgress, .needUserVerification): "identity_pending"
        case (.inProgress, _): "in_progress"
        case (.fulfilled, _): "fulfilled"
        case (.revoked, _): "withdrawn"
        case (.expired, _): "expired"
        case (.denied, .tooManyRequests): "duplicate"
        case (.denied, _): "refused"
        }
    }
}

/// Where a request stands in the words of OpenDSR 2.0, which tells four.
public enum OpenDSRStatus: String, Sendable, Hashable, CaseIterable {
    /// Received, nothing decided.
    case pending
    /// Being worked on.
    case inProgress = "in_progress"
    /// Done.
    case completed
    /// Ended without erasure.
    case cancelled

    /// What a state is called there. Every end without erasure is `cancelled`: the format has no refusal.
    public init(_ state: RequestState) {
        switch state {
        case .received: self = .pending
        case .identityPending, .inProgress, .blockedPartial, .verifying: self = .inProgress
        case .fulfilled: self = .completed
        case .refused, .withdrawn, .expired, .duplicate: self = .cancelled
        }
    }

    /// The name of the state that another party's status means (`RequestState.name`).
    public var stateName: String {
        switch self {
        case .pending: "received"
        case .inProgress: "in_progress"
        case .completed: "fulfilled"
        case .cancelled: "withdrawn"
        }
    }
}
