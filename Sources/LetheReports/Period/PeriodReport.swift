/// What a desk did over a span of days, as plain values: the metrics of 11 CCR 7102(a), the runs that were judged, and a record of
/// processing activities in the order of GDPR Art. 30(1). No personal data.
///
/// Days are `2026-11-23`, times RFC 3339 in UTC, digests lowercase hexadecimal. Every string is escaped on the way out.
public struct PeriodReport: Sendable, Equatable {
    /// The first and the last day of receipt.
    public var firstDay, lastDay: String
    /// The day on which it was counted.
    public var asOf: String
    /// The law whose requests were counted; nil for every law.
    public var law: String?
    /// When the report was made.
    public var issuedAt: String
    /// The log and its checkpoint.
    public var log: AuditReport.Log
    /// The policy in force.
    public var policy: AuditReport.Policy
    /// What was counted, by the names of the desk's statistics, in their order.
    public var figures: [Figure]
    /// Refusals by ground.
    public var refusals: [Count]
    /// Requests turned away at a door, by door and cause.
    public var turnedAway: [Count]
    /// The runs that were judged on these days, in order.
    public var runs: [Run]
    /// The record of processing activities.
    public var processing: [Activity]

    /// A number of the desk's statistics.
    public struct Figure: Sendable, Equatable {
        /// The name in files, such as `answered_late`.
        public var name: String
        /// The name for people.
        public var title: String
        /// The value as it is shown; nil where there is nothing to compute it from.
        public var value: String?

        /// A figure.
        public init(_ name: String, _ title: String, _ value: String?) {
            (self.name, self.title, self.value) = (name, title, value)
        }
    }

    /// How often something happened.
    public struct Count: Sendable, Equatable {
        /// What happened.
        public var name: String
        /// How often.
        public var count: Int

        /// A count.
        public init(_ name: String, _ count: Int) { (self.name, self.count) = (name, count) }
    }

    /// A run that was judged.
    public struct Run: Sendable, Equatable {
        /// The run's identifier.
        public var id: String
        /// Its method.
        public var method: String
        /// When it was judged.
        public var judgedAt: String
        /// How.
        public var verdict: String
        /// The certificates that were issued for it.
        public var certificates: Int
        /// The entry of its verdict in the log.
        public var logIndex: Int

        /// A judged run.
        public init(id: String, method: String, judgedAt: String, verdict: String, certificates: Int, logIndex: Int) {
            self.id = id
            self.method = method
            self.judgedAt = judgedAt
            self.verdict = verdict
            self.certificates = certificates
            self.logIndex = logIndex
        }
    }

    /// One item of GDPR Art. 30(1).
    public struct Activity: Sendable, Equatable {
        /// The letter of Art. 30(1), `a` to `g`.
        public var letter: String
        /// What it asks for.
        public var question: String
        /// The answers; empty where nobody stated one.
        public var answers: [String]

        /// An item.
        public init(_ letter: String, _ question: String, _ answers: [String]) {
            (self.letter, self.question, self.answers) = (letter, question, answers)
        }
    }

    /// Makes a report.
    public init(
        firstDay: String, lastDay: String, asOf: String, law: String?, issuedAt: String, log: AuditReport.Log,
        policy: AuditReport.Policy, figures: [Figure], refusals: [Count], turnedAway: [Count], runs: [Run],
        processing: [Activity]
    ) {
        self.firstDay = firstDay
        self.lastDay = lastDay
        self.asOf = asOf
        self.law = law
        self.issuedAt = issuedAt
        self.log = log
        self.policy = policy
        self.figures = figures
        self.refusals = refusals
        self.turnedAway = turnedAway
        self.runs = runs
        self.processing = processing
    }

    /// The whole number that is the value of the figure called `name`; 0 where there is none.
    func number(_ name: String) -> Int { figures.first { $0.name == name }?.value.flatMap { Int($0) } ?? 0 }
}
