import HTTPTypes
import LetheBytes
import LetheLog
import LethePages
import LetheRequests
import LetheService
import LetheStore

/// Pages that need no login: front page, login, checking, statistics, and the files that pages refer to.
enum OpenPages {
    static let all: [Route] = [
        .page("/", operation: "homePage", "What this is, and what the log holds.") { call in
            let home = try await call.services.pool.read { workspace -> HomePage in
                let certificates = try workspace.certificates().count
                let fulfilled = try workspace.store.count(in: "fulfilled")
                let witnesses = try workspace.witnessPolicy()?.witnessKeys.count ?? 0
                return HomePage(
                    figures: [
                        KeyFigure(
                            "Entries in the log", "\(try workspace.store.size())", detail: "none was ever changed"),
                        KeyFigure("Requests fulfilled", "\(fulfilled)"), KeyFigure("Certificates", "\(certificates)"),
                        KeyFigure(
                            "Witnesses", "\(witnesses)", detail: witnesses == 0 ? "none is asked" : "asked to cosign"),
                    ])
            }
            return call.page(home)
        },
        .page("/login", operation: "loginPage", "Asks for a token.") { call in call.page(LoginPage()) },
        .form(
            "/login", operation: "signIn", "Opens a session with a token.", body: Route.fields("The token."),
            others: [Route.goesOn]
        ) { call in
            // A page of another site may not sign a browser in, not even under that site's own token.
            if let site = call.head.headerFields[HTTPField.Name("Sec-Fetch-Site")!],
                !["same-origin", "none"].contains(site)
            {
                throw Problem(403, "other-site", "the call was made by another site")
            }
            let fields = try call.fields()
            guard let token = try call.services.tokens.find(fields["token"] ?? "", now: call.services.now),
                AccessRole.people.contains(token.role)
            else { return call.page(LoginPage(failure: "No such token, or it has ended, or it is not for people.")) }
            return .redirect(
                "/desk", headers: [("Set-Cookie", call.services.sessions.open(token, now: call.services.now).cookie)])
        },
        .form(
            "/logout", operation: "signOut", "Ends the session in this browser.",
            body: Route.fields("The form's token."),
            others: [Route.goesOn]
        ) { call in .redirect("/", headers: [("Set-Cookie", call.services.sessions.closing)]) },
        .page("/check", operation: "checkPage", "Checks files in the browser.") { call in
            call.page(CheckPage(trustPath: "/log/trust"))
        },
        .page(
            "/statistics", operation: "statisticsPage", "The requests of a period in figures.",
            parameters: [
                .query("from", .day, "The first day."), .query("to", .day, "The last day."),
                .query("regulation", .oneOf([""] + Regulation.allCases.map(\.rawValue)), "Only under this law."),
            ]
        ) { call in
            let (from, to) = (call.parameters["from"], call.parameters["to"])
            let law = call.parameters["regulation"].flatMap(Regulation.init)
            let statistics = try await call.services.pool.read { workspace in
                let today = workspace.today()
                do {
                    let period =
                        try from.map { (first) throws in
                            try StatisticsPeriod(from: CivilDate(first), to: to.map { try CivilDate($0) } ?? today)
                        } ?? StatisticsPeriod(year: today.year)
                    return try workspace.statistics(in: period, regulation: law)
                } catch let error as StatisticsPeriodError { throw Problem(400, "bad-query", "\(error)") }
            }
            return call.page(StatisticsPage(statistics, law))
        },
        Route(
            .get, "/assets/{name}", operation: "asset", tag: .pages, "A style sheet or a script of the pages.",
            access: .everybody, parameters: [.path("name", .oneOf(Asset.all.map(\.name)), "The file's name.")],
            answers: [.init(200, "The file.", "application/octet-stream")]
        ) { call in
            guard let asset = Asset.all.first(where: { $0.name == call["name"] }) else {
                throw Problem(404, "not-found", "no such file")
            }
            return Reply(
                200, contentType: asset.contentType, body: .bytes(asset.bytes), headers: [("Cache-Control", "no-cache")]
            )
        },
    ]
}

extension StatisticsPage {
    fileprivate init(_ statistics: RequestStatistics, _ law: Regulation?) {
        let rows: [(String, Int, String)] = [
            ("received", statistics.received, "requests to delete, by their local day of receipt"),
            ("complied with", statistics.complied, "fulfilled, with a certificate in the log"),
            ("denied", statistics.denied, "refused on a ground of the law, or expired without a proof of identity"),
            ("not verifiable", statistics.deniedNotVerifiable, "of the denied: nobody proved who asked"),
            ("exempt", statistics.deniedExempt, "of the denied: an exception of the law applies"),
            ("other grounds", statistics.deniedOnOtherGrounds, "of the denied: unfounded or excessive"),
            ("withdrawn", statistics.withdrawn, "taken back by who asked"),
            ("duplicates", statistics.duplicates, "ended behind an earlier request of the same person"),
            ("open", statistics.open, "not ended"),
            ("overdue", statistics.overdue, "open, and a day by which something was due has passed"),
            ("extended", statistics.extended, "with two more months, or 45 more days"),
            ("answered late", statistics.answeredLate, "after the day on which the answer was due"),
        ]
        self.init(
            from: "\(statistics.period.first)", to: "\(statistics.period.last)",
            regulations: [Choice("", "Every law", isChosen: law == nil)]
                + Regulation.allCases.map { Choice($0.rawValue, $0.words, isChosen: $0 == law) },
            figures: [
                KeyFigure("Received", "\(statistics.received)"), KeyFigure("Complied with", "\(statistics.complied)"),
                KeyFigure("Denied", "\(statistics.denied)"),
                KeyFigure(
                    "Median days to the answer", statistics.medianDays ?? "\u{2013}",
                    detail: "mean \(statistics.meanDays ?? "\u{2013}")"),
            ],
            table: TableView(
                caption: "Every figure", columns: ["Figure", "Value", "Meaning"],
                rows: rows.map { [.text($0.0), .text("\($0.1)"), .text($0.2)] }),
            turnedAway: TableView(
                caption: "Turned away at the door", columns: ["Format", "Cause", "Count"],
                rows: statistics.turnedAway.map { [.text($0.door.rawValue), .text($0.cause), .text("\($0.count)")] },
                emptyText: "Nothing was."))
    }
}

extension Regulation {
    /// The law as people write it.
    var words: String { self == .gdpr ? "GDPR" : "CCPA" }
}
