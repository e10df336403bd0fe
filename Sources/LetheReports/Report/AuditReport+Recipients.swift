extension AuditReport {
    /// Somebody who had the data and must be told of the erasure (GDPR Art. 19).
    public struct Recipient: Sendable, Equatable {
        /// What became of telling it.
        public enum Outcome: String, Sendable, Equatable, CaseIterable {
            /// It took the notice.
            case delivered
            /// It is still to be told.
            case pending
            /// It was given up.
            case failed
            /// The policy says that telling it would be a disproportionate effort.
            case disproportionateEffort = "disproportionate-effort"
            /// The policy says that it cannot be told.
            case impossible
        }

        /// Its name in the policy.
        public var name: String
        /// What became of it.
        public var outcome: Outcome
        /// When, or the last attempt.
        public var at: String?
        /// How often it was tried.
        public var attempts: Int
        /// Index of the log entry that says so.
        public var logIndex: Int?

        /// Makes a recipient.
        public init(name: String, outcome: Outcome, at: String? = nil, attempts: Int = 0, logIndex: Int? = nil) {
            self.name = name
            self.outcome = outcome
            self.at = at
            self.attempts = attempts
            self.logIndex = logIndex
        }

        /// Whether it should have been told and was not.
        var isUntold: Bool { outcome == .pending || outcome == .failed }
    }

    /// A backup that still holds the data.
    public struct Backup: Sendable, Equatable {
        /// Its name in the policy.
        public var system: String
        /// By when it is purged.
        public var purgeBy: String

        /// Makes a backup.
        public init(system: String, purgeBy: String) {
            self.system = system
            self.purgeBy = purgeBy
        }
    }
}
