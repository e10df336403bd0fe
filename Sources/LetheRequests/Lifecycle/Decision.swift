import LetheBytes
public import LetheCrypto
public import LetheStatements

/// What a controller decides about one request, checked against the law before anything is logged.
///
/// The state machine says which event may follow which state; this adds what depends on days and on the policy: that an extension is
/// told within the first period, that an identity is confirmed by a proof that the policy accepts, that nobody's request expires before
/// its proof could have come, and what a pause does to the deadlines.
public struct Decision: Sendable {
    /// The request as it stands.
    public let record: RequestRecord
    /// Its pauses so far.
    public let pauses: IdentityPauses
    /// The rules in force.
    public let rules: PolicyInForce
    /// When it is decided.
    public let now: Timestamp

    /// A decision about `record`.
    public init(about record: RequestRecord, pauses: IdentityPauses, rules: PolicyInForce, now: Timestamp) {
        self.record = record
        self.pauses = pauses
        self.rules = rules
        self.now = now
    }

    /// The local day.
    public var today: CivilDate { now.date(utcOffsetMinutes: rules.utcOffsetMinutes) }

    /// The deadlines as they would be if an open pause ended now.
    public var clock: LoggedClock {
        let clock = StatutoryClock(regulation: record.lifecycle.regulation, holidays: rules.holidays)
        guard pauses.openSince != nil, clock.pausesForIdentity else { return record.clock }
        return LoggedClock(
            clock.deadlines(
                receivedOn: record.receivedAt.date(utcOffsetMinutes: rules.utcOffsetMinutes),
                suspendedDays: pauses.days(until: now)))
    }

    /// The first day on which the request may end because no proof of identity came.
    ///
    /// Under the CCPA the day by which it must be answered (11 CCR 7021(b)). The GDPR sets no such period: a month from the question, so
    /// that nobody ends a request by asking and not waiting.
    public var expiresFrom: CivilDate {
        switch record.lifecycle.regulation {
        case .gdpr:
            (pauses.openSince ?? record.receivedAt.date(utcOffsetMinutes: rules.utcOffsetMinutes)).adding(months: 1)
        case .ccpa: record.clock.due
        }
    }

    /// The event that says that `change` was decided; its member `policy` has the digest of the policy that allowed it and, where deadlines
    /// were reckoned anew, `holidays` that of the workspace's holidays.
    ///
    /// - Parameters:
    ///   - evidence: how the identity was proved, where that is what is confirmed; it stands in the event as member `identity`.
    ///   - naming: the commitment to the data subject whom the request was found to mean, where it named none that the data know; it stands
    ///     in the event as member `named`.
    /// - Throws: `DecisionError`, where the law, the policy or the state does not allow it.
    public func event(
        _ change: LifecycleEvent, evidence: IdentityProof? = nil, naming: Digest? = nil
    ) throws(DecisionError) -> RequestEvent {
        var lifecycle = record.lifecycle
        do { _ = try lifecycle.apply(change) } catch { throw .notAllowed(record.requestID, error) }
        var moved: LoggedClock?
        var extra: [String: JSONValue] = ["policy": .code(rules.digest)]
        extra[RequestEvent.namedMember] = naming.map(RequestEvent.named)
        switch change {
        case .extended:
            let lastDay = clock.due
            guard today <= lastDay else { throw .noticeTooLate(record.requestID, lastDay: lastDay, today: today) }
        case .identityConfirmed:
            guard let evidence else { throw .noEvidence(record.requestID) }
            let needed = rules.policy.requests.identityLevel
            guard evidence.level >= needed else {
                throw .identityTooWeak(record.requestID, found: evidence.level, expected: needed)
            }
            extra["identity"] = evidence.json
            if clock != record.clock {
                moved = clock
                extra["holidays"] = rules.calendar.map { .code($0.digest) }
            }
        case .expired:
            guard today >= expiresFrom else {
                throw .proofMayCome(record.requestID, expiresFrom: expiresFrom, today: today)
            }
        default: break
        }
        return RequestEvent(
            requestID: record.requestID, at: now, requestCommitment: record.requestCommitment,
            kind: .changed(change, clock: moved), extra: extra)
    }
}

/// Why a decision cannot be taken; nothing was changed.
public enum DecisionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The state machine does not have the step.
    case notAllowed(RequestID, LifecycleError)
    /// The first period is over: the subject can no longer be told of an extension in time.
    case noticeTooLate(RequestID, lastDay: CivilDate, today: CivilDate)
    /// An identity was to be confirmed by nothing.
    case noEvidence(RequestID)
    /// The proof of identity may still come.
    case proofMayCome(RequestID, expiresFrom: CivilDate, today: CivilDate)
    /// The proof is weaker than the policy asks for.
    case identityTooWeak(RequestID, found: IdentityLevel, expected: IdentityLevel)

    /// One line: which request, what was expected and found.
    public var description: String {
        switch self {
        case .notAllowed(let id, let error): "request \(id): \(error)"
        case .noticeTooLate(let id, let lastDay, let today):
            "request \(id): an extension must be told to the subject by \(lastDay), and it is \(today)"
        case .noEvidence(let id): "request \(id): expected how the identity was proved, found nothing"
        case .proofMayCome(let id, let day, let today):
            "request \(id): the proof of identity may still come: it expires from \(day) on, and it is \(today)"
        case .identityTooWeak(let id, let found, let expected):
            "request \(id): identity proof \(found.rawValue); the policy asks for \(expected.rawValue) or better"
        }
    }
}
