/// Where a person asks to be forgotten.
public struct RequestPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.request, title: "Ask to be forgotten", place: .request, scripts: [.request])
    }

    /// The origin of the log that requests are meant for.
    public var audience: String
    /// What a request from this page names as its agent.
    public var agent: String
    /// How long a request from this page may be on its way, in seconds; within the policy's window.
    public var validSeconds: Int
    /// The laws.
    public var regulations: [Choice]
    /// The kinds of identifiers that the controller knows people by.
    public var subjectTypes: [Choice]
    /// Why the last request was not taken; nil at first.
    public var failure: String?

    /// Asks for a request.
    public init(
        audience: String, agent: String, validSeconds: Int, regulations: [Choice], subjectTypes: [Choice],
        failure: String? = nil
    ) {
        self.audience = audience
        self.agent = agent
        self.validSeconds = validSeconds
        self.regulations = regulations
        self.subjectTypes = subjectTypes
        self.failure = failure
    }
}

/// A request was received.
public struct RequestSentPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.requestSent, title: "Your request is in the log", place: .request)
    }

    /// The request's id.
    public var requestID: String
    /// Whether it had been received before.
    public var isRepetition: Bool
    /// Where it stands.
    public var state: Mark
    /// When it came, when it is due, its entry.
    public var facts: [Fact]
    /// The receipt as the file's text: personal data of its reader.
    public var receipt: String

    /// Tells that a request was received.
    public init(requestID: String, isRepetition: Bool, state: Mark, facts: [Fact], receipt: String) {
        self.requestID = requestID
        self.isRepetition = isRepetition
        self.state = state
        self.facts = facts
        self.receipt = receipt
    }
}

/// Where a person asks what became of a request.
public struct FollowPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.follow, title: "Follow a request", place: .follow, scripts: [.check])
    }

    /// What was asked for last; empty at first.
    public var requestID: String
    /// Why nothing was found; nil at first.
    public var failure: String?
    /// The path of the trust file that this server publishes, for comparing only.
    public var trustPath: String

    /// Asks for the id of a request.
    public init(requestID: String = "", failure: String? = nil, trustPath: String) {
        self.requestID = requestID
        self.failure = failure
        self.trustPath = trustPath
    }
}

/// What became of a request, in plain words, and where the log says so.
public struct StatusPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.status, title: "Request \(requestID)", place: .follow, markup: ["tree": proof.drawing])
    }

    /// One station on the way of a request.
    public struct Station: Sendable, Codable, Equatable {
        /// What it is.
        public var name: String
        /// When, or what is awaited.
        public var detail: String
        /// What it has come to.
        public var mark: Mark
        /// The path of its log entry; nil where there is none yet.
        public var path: String?
        /// Whether the request is here now.
        public var isCurrent: Bool

        /// A station.
        public init(name: String, detail: String, mark: Mark, path: String? = nil, isCurrent: Bool = false) {
            self.name = name
            self.detail = detail
            self.mark = mark
            self.path = path
            self.isCurrent = isCurrent
        }
    }

    /// The request's id.
    public var requestID: String
    /// Where it stands.
    public var state: Mark
    /// The same in a sentence.
    public var sentence: String
    /// What comes next, and by when.
    public var next: String
    /// How near the deadline is.
    public var clock: Mark
    /// Receipt, deadline, law.
    public var facts: [Fact]
    /// The way of the request.
    public var stations: [Station]
    /// The place of its receipt in the log.
    public var proof: ProofView
    /// The path of its certificate; nil where there is none.
    public var certificatePath: String?
    /// How to check the receipt without this page.
    public var command: Command

    /// Tells how a request stands.
    public init(
        requestID: String, state: Mark, sentence: String, next: String, clock: Mark, facts: [Fact], stations: [Station],
        proof: ProofView, certificatePath: String?, command: Command
    ) {
        self.requestID = requestID
        self.state = state
        self.sentence = sentence
        self.next = next
        self.clock = clock
        self.facts = facts
        self.stations = stations
        self.proof = proof
        self.certificatePath = certificatePath
        self.command = command
    }
}
