/// What became of one deletion request, as plain values: every entry of the log about it with who signed it, its deadlines, the runs that
/// worked on it. No personal data.
///
/// Times are RFC 3339 in UTC, days `2026-11-23`. Every string is escaped on the way out.
public struct RequestReport: Sendable, Equatable {
    /// The request's id.
    public var id: String
    /// The law it was made under, such as `gdpr`.
    public var law: String
    /// Where it stands.
    public var state: AuditReport.State
    /// What belongs to the state: the ground of a refusal, the request that a duplicate ended behind.
    public var stateDetail: String?
    /// When the report was made.
    public var issuedAt: String
    /// When the request was received.
    public var receivedAt: String
    /// The day by which it must be answered, extension included.
    public var dueOn: String
    /// How its clock stands.
    public var clock: AuditReport.Clock
    /// The log and its checkpoint.
    public var log: AuditReport.Log
    /// Everything that the log has about it, in order.
    public var history: [Event]
    /// The runs that worked on it, in order.
    public var runs: [PeriodReport.Run]
    /// Who else had the data; empty where the policy names nobody or no run has passed.
    public var recipients: [AuditReport.Recipient]
    /// The file of its certificate, if it has one.
    public var certificateFile: String?
    /// Whether the key of its personal data is destroyed.
    public var isShredded: Bool
    /// The file with the trusted keys, for the commands that check.
    public var trustFile: String

    /// An entry of the log about the request.
    public struct Event: Sendable, Equatable {
        /// Its index.
        public var entry: Int
        /// When it happened.
        public var at: String
        /// What happened, in words.
        public var what: String
        /// Who signed it: role and key id.
        public var signers: [String]

        /// An entry.
        public init(entry: Int, at: String, what: String, signers: [String]) {
            self.entry = entry
            self.at = at
            self.what = what
            self.signers = signers
        }
    }

    /// Makes a report.
    public init(
        id: String, law: String, state: AuditReport.State, stateDetail: String?, issuedAt: String, receivedAt: String,
        dueOn: String, clock: AuditReport.Clock, log: AuditReport.Log, history: [Event], runs: [PeriodReport.Run],
        recipients: [AuditReport.Recipient], certificateFile: String?, isShredded: Bool, trustFile: String
    ) {
        self.id = id
        self.law = law
        self.state = state
        self.stateDetail = stateDetail
        self.issuedAt = issuedAt
        self.receivedAt = receivedAt
        self.dueOn = dueOn
        self.clock = clock
        self.log = log
        self.history = history
        self.runs = runs
        self.recipients = recipients
        self.certificateFile = certificateFile
        self.isShredded = isShredded
        self.trustFile = trustFile
    }
}
