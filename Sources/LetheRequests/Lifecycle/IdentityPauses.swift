public import LetheStatements

/// The times in which a request waited for a proof of identity that the controller had asked for.
///
/// Under the GDPR the statutory clock stands still meanwhile (Art. 12(6)); how long is counted in local days, from the day of the question
/// to the day of the answer, so that a proof that comes on the day it was asked for moves nothing.
public struct IdentityPauses: Sendable, Equatable {
    /// Days of the pauses that have ended.
    public private(set) var endedDays = 0
    /// The day on which the pause began that has not ended.
    public private(set) var openSince: CivilDate?

    private let utcOffsetMinutes: Int

    /// The pauses that `events`, those of one request in their order, speak of.
    ///
    /// - Parameter utcOffsetMinutes: minutes that local time is ahead of UTC.
    public init(in events: some Sequence<RequestEvent>, utcOffsetMinutes: Int) {
        self.utcOffsetMinutes = utcOffsetMinutes
        for event in events {
            guard case .changed(let change, _) = event.kind else { continue }
            switch change {
            case .identityDoubted: openSince = event.at.date(utcOffsetMinutes: utcOffsetMinutes)
            case .identityConfirmed:
                endedDays = days(until: event.at)
                openSince = nil
            default: break
            }
        }
    }

    /// Days of all pauses, the open one counted until `now`.
    public func days(until now: Timestamp) -> Int {
        guard let openSince else { return endedDays }
        return endedDays + max(0, now.date(utcOffsetMinutes: utcOffsetMinutes).days(since: openSince))
    }
}
