/// How near the next statutory day of a request is.
public enum DeadlineAlert: String, Sendable, Hashable, CaseIterable {
    /// The day has passed and the request is open.
    case overdue
    /// The day comes within the margin that the policy keeps for a run.
    case urgent
    /// The clock stands still until the identity is proved.
    case paused
    /// There is time.
    case ahead
    /// The request has ended; nothing is due.
    case closed

    /// What it is shown as.
    public var colour: String {
        switch self {
        case .overdue: "red"
        case .urgent: "amber"
        case .paused: "blue"
        case .ahead: "green"
        case .closed: "grey"
        }
    }
}

extension RequestRecord {
    /// The next day by which the law wants something done: under the CCPA the confirmation of a request about which nothing was decided
    /// yet, otherwise the answer. Nil once the request has ended.
    public var nextDeadline: CivilDate? {
        guard !state.isFinal else { return nil }
        if state == .received, let confirmBy = clock.confirmBy { return min(confirmBy, due) }
        return due
    }

    /// Days from `today` to the next deadline, negative where it has passed; nil once the request has ended.
    public func daysLeft(on today: CivilDate) -> Int? { nextDeadline.map { $0.days(since: today) } }

    /// Whether the clock stands still: the deadlines in the log move by the days of the pause once it ends.
    public var isPaused: Bool {
        state == .identityPending && StatutoryClock(regulation: lifecycle.regulation).pausesForIdentity
    }

    /// How near the next deadline is.
    ///
    /// A question that came after the day it was due stops no clock that has run out: such a request stays overdue.
    ///
    /// - Parameters:
    ///   - marginDays: days that a run needs, as the policy says.
    ///   - utcOffsetMinutes: minutes that local time is ahead of UTC.
    public func alert(on today: CivilDate, marginDays: Int, utcOffsetMinutes: Int = 0) -> DeadlineAlert {
        guard let left = daysLeft(on: today) else { return .closed }
        if isPaused, updatedAt.date(utcOffsetMinutes: utcOffsetMinutes) <= due { return .paused }
        return left < 0 ? .overdue : left <= marginDays ? .urgent : .ahead
    }
}
