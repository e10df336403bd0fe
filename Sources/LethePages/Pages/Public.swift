/// What Lethe is, for somebody who comes here for the first time.
public struct HomePage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.home, title: "The right to be forgotten, kept and proved", place: .home)
    }

    /// What the log holds, in a few numbers.
    public var figures: [KeyFigure]

    /// The front page of a log.
    public init(figures: [KeyFigure]) {
        self.figures = figures
    }
}

/// Login by token.
public struct LoginPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.login, title: "Sign in")
    }

    /// Why the last try failed; nil at first.
    public var failure: String?
    /// Where to go afterwards: a path of this server.
    public var next: String

    /// Asks for a token.
    public init(failure: String? = nil, next: String = "/desk") {
        self.failure = failure
        self.next = next
    }
}

/// What went wrong, and what to do about it.
public struct ErrorPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.error, title: heading)
    }

    /// The status of the answer.
    public var status: Int
    /// What happened, in a few words.
    public var heading: String
    /// What to do.
    public var advice: String
    /// What the server says about this very call; nil where nothing.
    public var detail: String?
    /// The name of the call, for whoever looks into the server's log.
    public var callID: String?

    /// The page for a status, with what to say about this call.
    public init(status: Int, detail: String? = nil, callID: String? = nil) {
        self.status = status
        self.detail = detail
        self.callID = callID
        (heading, advice) =
            switch status {
            case 400: ("That could not be read", "Go back, look at what you sent, and try again.")
            case 401: ("Sign in first", "This page is for those who have a token.")
            case 403:
                (
                    "That is not yours to do",
                    "Your token has another role, or the form was too old. Open the page again and repeat."
                )
            case 404: ("Nothing is here", "The address may be mistyped, or what it named is not in this log.")
            case 405: ("That cannot be done here", "Go back and use the buttons of the page.")
            case 409:
                (
                    "It has changed meanwhile",
                    "Somebody else decided first, or it is in another state now. Look at it again."
                )
            case 413: ("That is too large", "A request has at most 16 KiB, a receipt 128 KiB, a certificate 256 KiB.")
            case 429: ("Too many calls", "Wait a minute, then go on.")
            case 503: ("Not just now", "The server is starting, stopping, or busy. Try again in a minute.")
            case 500...:
                (
                    "Something broke here",
                    "Nothing was half done. Try again; if it stays, tell the people who run this server."
                )
            default: ("That did not work", "Go back and try again.")
            }
    }
}

/// "Check it yourself": verification in the browser, with keys that the reader brings.
public struct CheckPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.check, title: "Check it yourself", place: .check, scripts: [.check])
    }

    /// The path of the trust file that this server publishes, for comparing only.
    public var trustPath: String

    /// Checks a file of the reader's.
    public init(trustPath: String) { self.trustPath = trustPath }
}

/// How many requests came and how they were answered.
public struct StatisticsPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.statistics, title: "Statistics", place: .statistics)
    }

    /// The first day.
    public var from: String
    /// The last day.
    public var to: String
    /// The laws to choose from.
    public var regulations: [Choice]
    /// What matters most.
    public var figures: [KeyFigure]
    /// Every figure with what it means.
    public var table: TableView
    /// What was turned away at the door.
    public var turnedAway: TableView

    /// The statistics of a period.
    public init(
        from: String, to: String, regulations: [Choice], figures: [KeyFigure], table: TableView, turnedAway: TableView
    ) {
        self.from = from
        self.to = to
        self.regulations = regulations
        self.figures = figures
        self.table = table
        self.turnedAway = turnedAway
    }
}
