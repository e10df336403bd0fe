public import LetheBytes
public import LetheCrypto
public import LetheStatements

/// What became of telling a recipient that the people of a run are to be erased (GDPR Art. 19): `urn:lethe:notification-event:v1`.
///
/// One entry for each run and recipient, and only once it is final: attempts that may be repeated are not logged. The statement's
/// subject is `run:<id>` with the notice's id as its digest. Nothing of what a recipient answered is in it but the status code.
public struct NotificationEvent: Sendable, Equatable, EventBody {
    static let predicateType = PredicateType.notificationEvent

    /// The run that made the model forget.
    public let runID: RunID
    /// The recipient, by the name that the policy gives it.
    public let recipient: String
    /// `ErasureNotice.noticeID`: also of a recipient that is not told, as it says about which requests.
    public let noticeID: Digest
    /// When it was final.
    public let at: Timestamp
    /// What became of it.
    public let outcome: Outcome
    /// Members beyond this version's.
    public var extra: [String: JSONValue]

    /// How it ended.
    public enum Outcome: Sendable, Hashable {
        /// The recipient took the notice: its answer had a status from 200 to 299.
        case delivered(status: UInt64, attempts: UInt64)
        /// It was given up; the status of the last answer, where there was one.
        case failed(status: UInt64?, attempts: UInt64)
        /// The policy says that telling it would be a disproportionate effort.
        case disproportionateEffort
        /// The policy says that it cannot be told.
        case impossible

        /// The name on the wire and in the log.
        public var name: String {
            switch self {
            case .delivered: "delivered"
            case .failed: "failed"
            case .disproportionateEffort: "disproportionate-effort"
            case .impossible: "impossible"
            }
        }

        /// The word that a certificate has for it: `notifications[].outcome`.
        public var certified: String {
            switch self {
            case .delivered: "sent"
            case .failed, .disproportionateEffort, .impossible: name
            }
        }
    }

    /// An outcome.
    public init(
        runID: RunID, recipient: String, noticeID: Digest, at: Timestamp, outcome: Outcome,
        extra: [String: JSONValue] = [:]
    ) {
        self.runID = runID
        self.recipient = recipient
        self.noticeID = noticeID
        self.at = at
        self.outcome = outcome
        self.extra = extra
    }

    var subjects: [Statement.Subject] { [.init(name: "run:\(runID)", sha256: noticeID)] }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "event": "notification", "runId": .code(runID), "recipient": .string(recipient), "at": .code(at),
            "noticeId": .code(noticeID), "outcome": .string(outcome.name),
        ]
        switch outcome {
        case .delivered(let status, let attempts):
            members["attempts"] = .code(attempts)
            members["status"] = .code(status)
        case .failed(let status, let attempts):
            members["attempts"] = .code(attempts)
            members["status"] = status.map { .code($0) }
        case .disproportionateEffort, .impossible: break
        }
        return members
    }

    init(_ statement: Statement) throws(FieldError) {
        let predicate = statement.fields
        runID = try predicate.member("runId").runID()
        at = try predicate.member("at").timestamp()
        noticeID = try predicate.member("noticeId").digest()
        extra = [:]
        let name = try predicate.member("recipient")
        recipient = try name.string()
        guard Policy.isName(recipient) else {
            throw .invalid(path: name.path, expected: "1 to 64 characters a-z, 0-9 and -", found: recipient)
        }
        let kind = try predicate.member("outcome")
        switch try kind.string() {
        case "delivered":
            outcome = .delivered(
                status: try predicate.member("status").number(from: 200, to: 299),
                attempts: try Self.attempts(predicate))
        case "failed":
            let status = try predicate.optional("status").map { (status) throws(FieldError) in
                try status.number(from: 100, to: 999)
            }
            outcome = .failed(status: status, attempts: try Self.attempts(predicate))
        case "disproportionate-effort": outcome = .disproportionateEffort
        case "impossible": outcome = .impossible
        case let other: throw .invalid(path: kind.path, expected: "an outcome of a notification", found: other)
        }
    }

    private static func attempts(_ predicate: JSONFields) throws(FieldError) -> UInt64 {
        try predicate.member("attempts").number(from: 1, to: .max)
    }
}

extension JSONFields {
    fileprivate func number(from low: UInt64, to high: UInt64) throws(FieldError) -> UInt64 {
        let number = try wholeNumber()
        guard (low...high).contains(number) else {
            throw .invalid(path: path, expected: "a number from \(low) to \(high)", found: "\(number)")
        }
        return number
    }
}
