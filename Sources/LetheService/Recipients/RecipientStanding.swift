public import LetheRequests
public import LetheStatements

/// Where telling one recipient about a run stands.
public struct RecipientStanding: Sendable, Equatable {
    /// The recipient, by its name in the policy.
    public let name: String
    /// What became of it; nil while it is still to be told.
    public let outcome: NotificationEvent.Outcome?
    /// When that was, or the last attempt.
    public let at: Timestamp?
    /// The entry that says so.
    public let entry: UInt64?
    /// Attempts so far.
    public let attempts: UInt64
    /// Why the last attempt did not succeed; empty where there was none.
    public let problem: String

    /// Whether it should have been told, and was not or not yet.
    public var isOpenOrFailed: Bool {
        switch outcome {
        case nil, .failed: true
        case .delivered, .disproportionateEffort, .impossible: false
        }
    }

    /// The outcome in a word: `pending` while there is none.
    public var word: String { outcome?.name ?? "pending" }

    /// One line for a person: no byte of it is the recipient's own.
    public var line: String {
        let tries = "\(attempts) attempt\(attempts == 1 ? "" : "s")"
        switch outcome {
        case nil: return attempts == 0 ? "\(name): not told yet" : "\(name): not told yet after \(tries), \(problem)"
        case .delivered: return "\(name): told, \(tries)"
        case .failed(let status, _):
            return
                "\(name): NOT told, given up after \(tries)\(status.map { ", last answered with status \($0)" } ?? "")"
        case .disproportionateEffort: return "\(name): not told, which would be a disproportionate effort"
        case .impossible: return "\(name): not told, which is impossible"
        }
    }
}
