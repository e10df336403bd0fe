extension AuditReport {
    /// A deletion request that the run answers.
    public struct Request: Sendable, Equatable {
        /// The request's identifier, never derived from the person.
        public var id: String
        /// Pseudonym of the subject: the start of the commitment in the log.
        public var subject: String
        /// When the request arrived.
        public var receivedAt: String
        /// When an answer is due.
        public var dueAt: String
        /// How far the statutory clock has run.
        public var clock: Clock
        /// Where the request stands.
        public var state: State
        /// Number of training records of the subject that the run removed.
        public var recordsRemoved: Int?
        /// Path of the certificate, if one was issued.
        public var certificateFile: String?
        /// Index of the certificate's entry in the log.
        public var logIndex: Int?

        /// Makes a request.
        public init(
            id: String, subject: String, receivedAt: String, dueAt: String, clock: Clock, state: State,
            recordsRemoved: Int? = nil, certificateFile: String? = nil, logIndex: Int? = nil
        ) {
            self.id = id
            self.subject = subject
            self.receivedAt = receivedAt
            self.dueAt = dueAt
            self.clock = clock
            self.state = state
            self.recordsRemoved = recordsRemoved
            self.certificateFile = certificateFile
            self.logIndex = logIndex
        }
    }

    /// The statutory clock of a request.
    public enum Clock: Sendable, Equatable {
        /// The request is open, with so many days left; a negative number is days overdue.
        case running(daysLeft: Int)
        /// The request was answered after so many days.
        case stopped(daysTaken: Int)
        /// The clock waits for the subject.
        case paused
    }

    /// The states of a request; raw values are those of the wire.
    public enum State: String, Sendable, Equatable, CaseIterable {
        /// Received and not yet looked at.
        case received
        /// Waits for proof of identity.
        case identityPending = "identity_pending"
        /// In work.
        case inProgress = "in_progress"
        /// In work, with an extended deadline.
        case extended
        /// Partly blocked by a legal hold.
        case blockedPartial = "blocked_partial"
        /// Unlearning is done, the test runs.
        case verifying
        /// Done, with a certificate.
        case fulfilled
        /// Denied on a legal ground.
        case refused
        /// Taken back by the subject.
        case withdrawn
        /// Expired.
        case expired
        /// The same as an earlier request.
        case duplicate
    }

    /// A request that was turned away at the door.
    public struct Refusal: Sendable, Equatable {
        /// The identifier that the request bore, or a digest of it where it bore none.
        public var id: String
        /// When it arrived.
        public var receivedAt: String
        /// What kind of refusal it is, in a word or two: "forged", "replayed".
        public var kind: String
        /// Why, in words.
        public var reason: String
        /// Index of the log entry that records the refusal, if there is one.
        public var logIndex: Int?

        /// Makes a refusal.
        public init(id: String, receivedAt: String, kind: String, reason: String, logIndex: Int? = nil) {
            self.id = id
            self.receivedAt = receivedAt
            self.kind = kind
            self.reason = reason
            self.logIndex = logIndex
        }
    }
}
