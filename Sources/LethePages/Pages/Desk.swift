/// The officer's queue.
public struct DeskPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.desk, title: "Desk", place: .desk)
    }

    /// A view of the queue to choose.
    public struct Filter: Sendable, Codable, Equatable {
        /// What it shows.
        public var label: String
        /// How many there are.
        public var count: Int
        /// Its path.
        public var path: String
        /// Whether it is the one shown.
        public var isCurrent: Bool

        /// A view.
        public init(_ label: String, count: Int, path: String, isCurrent: Bool) {
            self.label = label
            self.count = count
            self.path = path
            self.isCurrent = isCurrent
        }
    }

    /// One request.
    public struct Row: Sendable, Codable, Equatable {
        /// The id.
        public var requestID: String
        /// The path of its page.
        public var path: String
        /// The law, as people write it.
        public var regulation: String
        /// Where it stands.
        public var state: Mark
        /// How near the deadline is: days left, as a word with a colour.
        public var clock: Mark
        /// The next day by which something is due; a dash where nothing is.
        public var dueOn: String
        /// What a second person is asked for; nil where nothing waits.
        public var proposal: String?

        /// A request in the queue.
        public init(
            requestID: String, path: String, regulation: String, state: Mark, clock: Mark, dueOn: String,
            proposal: String? = nil
        ) {
            self.requestID = requestID
            self.path = path
            self.regulation = regulation
            self.state = state
            self.clock = clock
            self.dueOn = dueOn
            self.proposal = proposal
        }
    }

    /// The local day.
    public var today: String
    /// The queue in a few numbers.
    public var figures: [KeyFigure]
    /// The views.
    public var filters: [Filter]
    /// The requests of the view, the most pressing first.
    public var rows: [Row]
    /// Whether there are none.
    public private(set) var isEmpty: Bool

    /// The queue on a day.
    public init(today: String, figures: [KeyFigure], filters: [Filter], rows: [Row]) {
        self.today = today
        self.figures = figures
        self.filters = filters
        self.rows = rows
        isEmpty = rows.isEmpty
    }
}

/// One request on the officer's desk.
public struct DeskRequestPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.deskRequest, title: "Request \(requestID)", place: .desk)
    }

    /// Something that the officer may do now.
    public struct Act: Sendable, Codable, Equatable {
        /// What it is called.
        public var label: String
        /// What it does.
        public var explanation: String
        /// The page that asks once more.
        public var path: String
        /// Whether it cannot be taken back.
        public var isIrreversible: Bool

        /// An act.
        public init(_ label: String, explanation: String, path: String, isIrreversible: Bool) {
            self.label = label
            self.explanation = explanation
            self.path = path
            self.isIrreversible = isIrreversible
        }
    }

    /// What one person proposed and a second must approve.
    public struct Proposal: Sendable, Codable, Equatable {
        /// What would be done.
        public var words: String
        /// The key that proposed it.
        public var proposer: String
        /// When.
        public var proposedAt: String
        /// Why it no longer counts; nil while it does.
        public var lapse: String?
        /// The command that prints whom it names, where it names somebody, whom no page shows; nil where it does not.
        public var identityCommand: String?
        /// The page that asks whether to approve; nil where the reader may not.
        public var approvePath: String?
        /// The page that asks whether to reject.
        public var rejectPath: String?

        /// A proposal.
        public init(
            words: String, proposer: String, proposedAt: String, lapse: String?, identityCommand: String? = nil,
            approvePath: String?, rejectPath: String?
        ) {
            self.words = words
            self.proposer = proposer
            self.proposedAt = proposedAt
            self.lapse = lapse
            self.identityCommand = identityCommand
            self.approvePath = approvePath
            self.rejectPath = rejectPath
        }
    }

    /// The id.
    public var requestID: String
    /// Where it stands.
    public var state: Mark
    /// How near the deadline is.
    public var clock: Mark
    /// What the log says of it.
    public var facts: [Fact]
    /// What waits for a second person.
    public var proposal: Proposal?
    /// The command that prints the address by which alone it names its person, while nobody has said whom that means; nil otherwise.
    public var addressCommand: String?
    /// What may be done now.
    public var acts: [Act]
    /// Why nothing may be done, where that is so.
    public var noActs: String?
    /// The entries about it.
    public var events: TableView
    /// The page of the report on it.
    public var reportPath: String

    /// A request with what may be done.
    public init(
        requestID: String, state: Mark, clock: Mark, facts: [Fact], proposal: Proposal?, addressCommand: String? = nil,
        acts: [Act], noActs: String?, events: TableView, reportPath: String
    ) {
        self.requestID = requestID
        self.state = state
        self.clock = clock
        self.facts = facts
        self.proposal = proposal
        self.addressCommand = addressCommand
        self.acts = acts
        self.noActs = noActs
        self.events = events
        self.reportPath = reportPath
    }
}

/// Asks once more before something is done.
public struct ActPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.act, title: heading, place: .desk)
    }

    /// The question.
    public var heading: String
    /// What it is about, as a link back.
    public var subject: Link
    /// What will happen, one sentence each.
    public var consequences: [String]
    /// The path that the form is sent to.
    public var action: String
    /// What must be chosen, such as the ground of a refusal.
    public var fields: [ChoiceField]
    /// What must be written, such as whom a request means.
    public var texts: [TextField]
    /// Whether the reader must say that they know it cannot be taken back.
    public var isIrreversible: Bool
    /// The words on the button.
    public var button: String

    /// A question.
    public init(
        heading: String, subject: Link, consequences: [String], action: String, fields: [ChoiceField] = [],
        texts: [TextField] = [], isIrreversible: Bool, button: String
    ) {
        self.heading = heading
        self.subject = subject
        self.consequences = consequences
        self.action = action
        self.fields = fields
        self.texts = texts
        self.isIrreversible = isIrreversible
        self.button = button
    }
}
