import LethePages

/// One sample of each page, with something in each of its fields.
enum Samples {
    static let id = "63a2fa67-a763-43db-8e43-ecd8edf88e66"
    static let digest = "7db4fa202a6fd234c348043674d159c0f6f45739e432bcb09744b0a8d917a3f6"
    static let other = "25c2d2ee94b1a4042cb2e25e11ecd5ba2de0b4e6b9a7a1a3f0b6c3c2a75b0d11"
    static let run = "24338f88-6432-4798-ae78-65b404547cf8"

    static let frame = Frame(
        origin: "a.example/log", formToken: "f0f1f2f3f4f5f6f7",
        reader: .init(name: "Olga Officer", role: "officer"),
        notice: .init(mark: .holds(true, word: "done"), text: "The request was confirmed; it is entry 41 of the log."))
    static let publicFrame = Frame(origin: "a.example/log", formToken: "00aa11bb22cc33dd")

    static let pages: [(name: String, page: any Page & Codable, frame: Frame)] = [
        ("home", home, publicFrame), ("login", LoginPage(failure: "No such token, or it has ended."), publicFrame),
        ("error-404", ErrorPage(status: 404, detail: "entry 900: expected one below 136", callID: "c-17"), publicFrame),
        ("error-403", ErrorPage(status: 403), frame), ("error-413", ErrorPage(status: 413), publicFrame),
        ("error-429", ErrorPage(status: 429), publicFrame),
        ("error-500", ErrorPage(status: 500, callID: "c-18"), publicFrame),
        ("request", request, publicFrame), ("request-sent", sent, publicFrame),
        (
            "follow",
            FollowPage(requestID: id, failure: "No request of this number is in the log.", trustPath: "/trust"),
            publicFrame
        ),
        ("status", status, publicFrame), ("desk", desk, frame), ("desk-empty", emptyDesk, publicFrame),
        ("desk-request", deskRequest, frame), ("act", act, frame), ("act-naming", naming, frame), ("runs", runs, frame),
        ("run", live, frame),
        ("reports", reports, frame), ("statistics", statistics, publicFrame),
        ("certificates", CertificatesPage(table: certificateTable), publicFrame),
        ("certificate", certificate("PASS-STATISTICAL"), publicFrame),
        ("certificate-inconclusive", certificate("INCONCLUSIVE"), publicFrame),
        ("certificate-fail", certificate("FAIL"), publicFrame),
        ("certificate-refuse", certificate("REFUSE"), publicFrame),
        ("check", CheckPage(trustPath: "/trust"), publicFrame), ("log", log, publicFrame),
        ("entry", entry, publicFrame), ("checkpoints", checkpoints, publicFrame),
        ("checkpoint", checkpoint, publicFrame), ("benchmark", benchmark, frame),
    ]

    static let home = HomePage(
        figures: [
            KeyFigure("Entries in the log", "136", detail: "checkpoint of 2 March 2026"),
            KeyFigure("Certificates", "4", detail: "4 passed"),
            KeyFigure("Requests answered", "12", detail: "median 9 days"),
            KeyFigure("Witnesses", "2 of 3", detail: "cosigned"),
        ])

    static let request = RequestPage(
        audience: "a.example/log", agent: "browser", validSeconds: 3600,
        regulations: [Choice("gdpr", "GDPR (European Union)", isChosen: true), Choice("ccpa", "CCPA (California)")],
        subjectTypes: [Choice("user-id", "User number", isChosen: true), Choice("email", "E-mail address")],
        failure: "The key is not one that this log takes requests from.")

    static let sent = RequestSentPage(
        requestID: id, isRepetition: true, state: .state("received"),
        facts: [
            Fact("Received", "2 March 2026, 12:00 UTC"), Fact("Answer due", "2 April 2026"),
            Fact("Entry", "8", path: "/explorer/8"), Fact("Leaf hash", digest, isCode: true),
        ], receipt: "{\"entry\":{\"payload\":\"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEi\"}}\n")

    static let proof = ProofView(
        index: 8, size: 136, leafHash: digest, root: other, path: Array(repeating: digest, count: 8),
        checkpoint:
            "a.example/log\n136\nPFOHbMypqrHGWeIThh0FTd58NbKbvjQTRKk0BZsWcsY=\n\n\u{2014} a.example/log en1boDBRsgDR\n")

    static let status = StatusPage(
        requestID: id, state: .state("in_progress"), sentence: "Your request is being worked on",
        next: "The model is made to forget in the next run. You get an answer by 2 April 2026.",
        clock: .alert("ahead", word: "24 days left"),
        facts: [
            Fact("Received", "2 March 2026, 12:00 UTC"), Fact("Law", "GDPR Art. 17"),
            Fact("Answer due", "2 April 2026"),
            Fact("Receipt", digest, isCode: true, path: "/explorer/8"),
        ],
        stations: [
            .init(name: "Received", detail: "2 March 2026", mark: .holds(true, word: "done"), path: "/explorer/8"),
            .init(
                name: "Identity confirmed", detail: "3 March 2026", mark: .holds(true, word: "done"),
                path: "/explorer/9"),
            .init(name: "Unlearning", detail: "waits for the next run", mark: .goesOn(word: "now"), isCurrent: true),
            .init(name: "Verified and certified", detail: "", mark: .waits(word: "to come")),
        ], proof: proof, certificatePath: "/certificates/1",
        command: Command("The same without this page", "lethe request verify receipt.json --trust trust.txt"))

    static let desk = DeskPage(
        today: "9 March 2026",
        figures: [
            KeyFigure("Open", "5"), KeyFigure("Overdue", "1", detail: "answer today"),
            KeyFigure("Urgent", "1", detail: "within 7 days"),
            KeyFigure("Second person", "1", detail: "a refusal waits"),
        ],
        filters: [
            .init("Open", count: 5, path: "/desk", isCurrent: true),
            .init("Overdue", count: 1, path: "/desk?show=overdue", isCurrent: false),
            .init("Waiting for identity", count: 1, path: "/desk?show=paused", isCurrent: false),
            .init("Proposals", count: 1, path: "/desk?show=proposals", isCurrent: false),
            .init("Ended", count: 7, path: "/desk?show=closed", isCurrent: false),
        ],
        rows: [
            row("0b52", "received", .alert("overdue", word: "overdue by 2 days"), "7 March 2026"),
            row(
                "6a60", "in_progress", .alert("urgent", word: "3 days left"), "12 March 2026",
                "refusal: waits for a second person"),
            row("1fe2", "identity_pending", .alert("paused", word: "paused"), "30 March 2026"),
            row("77aa", "verifying", .alert("ahead", word: "24 days left"), "2 April 2026"),
            row("90b1", "blocked_partial", .alert("ahead", word: "24 days left"), "2 April 2026"),
            row("12c4", "fulfilled", .alert("closed", word: "ended"), "\u{2013}"),
            row("12c5", "refused", .alert("closed", word: "ended"), "\u{2013}"),
        ])
    static let emptyDesk = DeskPage(
        today: "9 March 2026", figures: [KeyFigure("Open", "0")],
        filters: [.init("Open", count: 0, path: "/desk", isCurrent: true)], rows: [])

    private static func row(
        _ start: String, _ state: String, _ clock: Mark, _ due: String, _ proposal: String? = nil
    ) -> DeskPage.Row {
        let id = "\(start)fa67-a763-43db-8e43-ecd8edf88e66"
        return .init(
            requestID: id, path: "/desk/\(id)", regulation: "GDPR", state: .state(state), clock: clock, dueOn: due,
            proposal: proposal)
    }

    static let deskRequest = DeskRequestPage(
        requestID: id, state: .state("identity_pending"), clock: .alert("urgent", word: "3 days left"),
        facts: [
            Fact("Received", "2 March 2026, 12:00 UTC"), Fact("Due", "12 March 2026"), Fact("Law", "GDPR Art. 17"),
            Fact("Commitment", digest, isCode: true, path: "/explorer/8"),
        ],
        proposal: .init(
            words: "Refuse on the ground GDPR Art. 17(3)(e), legal claims", proposer: digest,
            proposedAt: "8 March 2026, 09:12 UTC",
            lapse: "the request has a newer entry", identityCommand: "lethe request show \(id) --identity",
            approvePath: "/desk/\(id)/approve", rejectPath: "/desk/\(id)/reject"
        ),
        addressCommand: "lethe request show \(id) --identity",
        acts: [
            .init(
                "Confirm", explanation: "The identity is proved; the clock goes on.", path: "/desk/\(id)/confirm",
                isIrreversible: false),
            .init(
                "Extend", explanation: "Two more months, once, with the reason.", path: "/desk/\(id)/extend",
                isIrreversible: true),
            .init(
                "Refuse", explanation: "On a ground that the law knows. Needs two persons.", path: "/desk/\(id)/refuse",
                isIrreversible: true),
            .init(
                "Withdraw", explanation: "The requester took it back.", path: "/desk/\(id)/withdraw",
                isIrreversible: true),
        ], noActs: "A run has taken it; wait until it ends.",
        events: TableView(
            caption: "Entries about this request", columns: ["Entry", "When", "What"],
            rows: [
                [.link("8", path: "/explorer/8"), .text("2 March 2026, 12:00 UTC"), .text("received")],
                [.link("9", path: "/explorer/9"), .text("2 March 2026, 12:00 UTC"), .mark(.state("identity_pending"))],
            ]), reportPath: "/reports/requests/\(id)")

    static let act = ActPage(
        heading: "Refuse this request?", subject: Link(id, path: "/desk/\(id)", detail: "GDPR, 3 days left"),
        consequences: [
            "The person is told that you refuse, and on which ground.", "A second person must approve it first.",
        ],
        action: "/desk/\(id)/refuse",
        fields: [
            ChoiceField(
                name: "ground", label: "Ground",
                choices: [
                    Choice("gdpr-17.3.e", "GDPR Art. 17(3)(e): legal claims"),
                    Choice("gdpr-12.5", "GDPR Art. 12(5): unfounded", isChosen: true),
                ])
        ], isIrreversible: true, button: "Refuse")

    static let naming = ActPage(
        heading: "Confirm identity?", subject: Link(id, path: "/desk/\(id)", detail: "GDPR"),
        consequences: ["The identity is proved; the request waits for the next run."], action: "/desk/\(id)/confirm",
        fields: [ChoiceField(name: "identity", label: "Proved by", choices: [Choice("a b", "A document")])],
        texts: [
            TextField(
                name: "of", label: "Number of the other request", hint: "About the same person.", maximumLength: 36),
            TextField(
                name: "subject", label: "User in the data set",
                hint: "The request names its person only by an address.",
                value: "117", maximumLength: 256, failure: "No user of this number has a training record."),
        ], isIrreversible: false, button: "Confirm identity")

    static let runs = RunsPage(
        plan: "3 requests wait; the batch is full at 20, or on 9 March 2026, when the first deadline is near.",
        startPath: "/runs/start",
        table: TableView(
            caption: "Unlearning runs", columns: ["Run", "Result", "Method", "Requests", "Begun"],
            rows: [
                [
                    .link(run, path: "/runs/\(run)"), .mark(.goesOn(word: "goes on")), .text("E2URec"), .text("4"),
                    .text("9 March 2026, 02:15 UTC"),
                ],
                [
                    .link(id, path: "/runs/\(id)"), .mark(.verdict("INCONCLUSIVE")), .text("retrain"), .text("2"),
                    .text("2 March 2026, 02:15 UTC"),
                ],
            ]))

    static let live = RunPage(
        runID: run, mark: .goesOn(word: "goes on"), isLive: true, eventsPath: "/runs/\(run)/events",
        stage: "reference model 2 of 3",
        done: 41, units: 120, line: "epoch 3 of 8",
        stages: [
            .init(name: "unlearning", mark: .holds(true, word: "done"), duration: "1 min 12 s"),
            .init(name: "reference model 1 of 3", mark: .holds(true, word: "done"), duration: "58 s"),
            .init(name: "reference model 2 of 3", mark: .goesOn(word: "now"), duration: ""),
            .init(name: "verification", mark: .waits(word: "to come"), duration: ""),
        ],
        curves: [
            .init(
                title: "unlearning", training: [2.31, 1.62, 1.21, 0.98, 0.86], validation: [2.1, 1.6, 1.35, 1.22, 1.2]),
            .init(title: "reference model 1 of 3", training: [2.5, 1.9, 1.4, 1.1]),
        ],
        facts: [Fact("Method", "E2URec"), Fact("Requests", "4"), Fact("Model before", digest, isCode: true)],
        stopPath: "/runs/\(run)/stop", resultPath: "/runs/\(run)/result")

    static let reports = ReportsPage(
        runs: TableView(
            caption: "Audit reports", columns: ["Run", "Verdict", "Made"],
            rows: [
                [.link(run, path: "/runs/\(run)/result"), .mark(.verdict("PASS-STATISTICAL")), .text("2 March 2026")]
            ]),
        from: "2026-01-01", to: "2026-03-09",
        regulations: [Choice("", "Every law", isChosen: true), Choice("gdpr", "GDPR"), Choice("ccpa", "CCPA")],
        benchmarks: TableView(
            caption: "Results", columns: ["Name", "What", "Tables"],
            rows: [
                [.link("ledger", path: "/reports/benchmarks/ledger"), .text("The ledger, measured"), .text("7")],
                [.text("odd"), .text("line 3: expected 4 cells, found 5"), .mark(.holds(false, word: "not shown"))],
            ]))

    static let benchmark = BenchmarkPage(
        title: "The ledger, measured", origin: "Result ledger, as a program wrote it. Nobody has signed it.",
        texts: ["lethe benchmark ledger: 2 cores", "An audit checks the signature of every entry."],
        tables: [
            TableView(
                caption: "Targets", columns: ["What", "Median", "P99"],
                rows: [
                    [.text("append a request, durable"), .text("1.2 ms"), .text("3.4 ms")],
                    [.text("verify a certificate"), .text("0.9 ms"), .text("1.1 ms")],
                ]),
            TableView(
                caption: "Audit", columns: ["Of", "Entries a second"], rows: [[.text("log"), .text("21000")]]),
        ], links: [Link("As Markdown", path: "/api/v1/benchmarks/ledger?format=markdown", detail: "as it is")])

    static let statistics = StatisticsPage(
        from: "2026-01-01", to: "2026-12-31",
        regulations: [Choice("", "Every law", isChosen: true), Choice("gdpr", "GDPR"), Choice("ccpa", "CCPA")],
        figures: [
            KeyFigure("Received", "12"), KeyFigure("Complied with", "7"), KeyFigure("Denied", "2"),
            KeyFigure("Median days", "9.0"),
        ],
        table: TableView(
            caption: "Every figure", columns: ["Figure", "Value", "Meaning"],
            rows: [
                [.text("received"), .text("12"), .text("requests to delete")],
                [.text("complied"), .text("7"), .text("fulfilled, with a certificate in the log")],
            ]),
        turnedAway: TableView(
            caption: "Turned away at the door", columns: ["Format", "Cause", "Count"], rows: [],
            emptyText: "Nothing was."))

    static let certificateTable = TableView(
        caption: "Certificates", columns: ["Certificate", "Verdict", "Issued", "Entry"],
        rows: zip(["PASS-STATISTICAL", "INCONCLUSIVE", "FAIL", "REFUSE"], 1...).map { verdict, number in
            [
                .link("certificate-\(number)", path: "/certificates/\(number)"), .mark(.verdict(verdict)),
                .text("2 March 2026"), .link("76", path: "/explorer/76"),
            ]
        })

    static func certificate(_ verdict: String) -> CertificatePage {
        CertificatePage(
            certificateID: "certificate-1", verdict: .verdict(verdict),
            claim:
                "On 214 records of 20 users the outputs are equivalent to those of 3 retrained models within the margins |RRM| < 1.0 and "
                + "JG < 1.0, each gate at the 5% level (power: not measured). This is no proof that the data is gone.",
            facts: [
                Fact("Issued", "2 March 2026, 12:00 UTC"), Fact("Method", "retrain"), Fact("Records removed", "12"),
                Fact("Run", run, path: "/runs/\(run)"), Fact("Request", id, isCode: true, path: "/follow/\(id)"),
                Fact("Model after", digest, isCode: true), Fact("Model before", other, isCode: true),
            ],
            tests: TableView(
                caption: "Gates of the policy", columns: ["Gate", "Value", "Interval", "Rule", "Result"],
                rows: [
                    [
                        .text("G1 RRM"), .text("0.043550"), .text("\u{2212}0.112874 to 0.159245"), .text("within 1.0"),
                        .mark(.holds(true, word: "holds")),
                    ],
                    [
                        .text("G2 JG"), .text("0.127674"), .text("0.056586 to 0.209029"), .text("below 1.0"),
                        .mark(.holds(false, word: "does not hold")),
                    ],
                ]),
            notAssessed: ["G3 membership", "G4 relearning"],
            recipients: TableView(
                caption: "Recipients and backups", columns: ["Who", "What became of it", "When"],
                rows: [[.text("mailer"), .mark(.holds(true, word: "sent")), .text("2 March 2026")]]),
            proof: proof, servedPath: "/v1/certificates/1", bundlePath: "/v1/certificates/1/bundle",
            replayPath: verdict == "PASS-STATISTICAL" ? "/v1/certificates/1/replay-bundle" : nil, trustPath: "/trust",
            commands: [
                Command("With nothing but sh, openssl and sha256sum", "sh verify.sh certificate-1 KEYS"),
                Command(
                    "One signature by hand",
                    "openssl pkeyutl -verify -pubin -inkey certificate.pem -rawin -in certificate.pae -sigfile certificate.sig"
                ),
            ])
    }

    static let log = LogPage(
        origin: "a.example/log",
        facts: [Fact("Entries", "136"), Fact("Signed", "2 March 2026, 12:00 UTC"), Fact("Root", other, isCode: true)],
        checkpoint: proof.checkpoint,
        witnesses: TableView(
            caption: "Witnesses", columns: ["Name", "Cosigned", "When"],
            rows: [
                [.text("w1.example/witness"), .mark(.holds(true, word: "yes")), .text("2 March 2026")],
                [.text("w2.example/witness"), .mark(.waits(word: "not yet")), .text("")],
            ]),
        checkpoints: TableView(
            caption: "Stored checkpoints, the largest first", columns: ["Size", "Root"],
            rows: [[.text("136"), .text(other)], [.text("97"), .text(digest)]]),
        checkpointsPath: "/explorer/checkpoints",
        entries: TableView(
            caption: "Entries 128 to 135", columns: ["Entry", "What", "When", "Signed by"],
            rows: [
                [
                    .link("135", path: "/explorer/135"), .text("request fulfilled"), .text("2 March 2026, 12:00 UTC"),
                    .text("controller"),
                ],
                [
                    .link("134", path: "/explorer/134"), .text("certificate"), .text("2 March 2026, 12:00 UTC"),
                    .text("controller"),
                ],
                [
                    .link("133", path: "/explorer/133"), .text("forgetting test"), .text("2 March 2026, 12:00 UTC"),
                    .text("verifier"),
                ],
            ]), olderPath: "/explorer?before=128", newerPath: "/explorer?before=150")

    static let entry = EntryPage(
        index: 8, kind: "request received",
        facts: [
            Fact("Signed by", "the controller"), Fact("When", "2 March 2026, 12:00 UTC"),
            Fact("Leaf hash", digest, isCode: true),
            Fact("Predicate", "urn:lethe:request-event:v1", isCode: true),
        ],
        statement:
            "{\n  \"_type\": \"https://in-toto.io/Statement/v1\",\n  \"predicate\": {\n    \"event\": \"received\"\n  }\n}",
        envelope: "{\"payload\":\"eyJf\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[]}",
        proof: proof,
        around: TreeView(
            index: 8, size: 136,
            leaves: TreeView.block(of: 8, size: 136).map { .init(index: $0, kind: "request received", hash: digest) },
            joined: TreeView.steps(of: 8, size: 136).map { _ in other }),
        previousPath: "/explorer/7", nextPath: "/explorer/9")

    static let checkpoints = CheckpointsPage(
        facts: [Fact("Kept", "31"), Fact("Cosignatures demanded", "2 of w1, w2, w3")],
        table: TableView(
            caption: "Kept checkpoints, the largest first",
            columns: ["Entries", "Root", "Cosigned by", "Time stamped", "Its last entry says"],
            rows: [
                [
                    .link("136", path: "/explorer/checkpoints/136"), .text(other), .text("nobody"), .text("no"),
                    .text("2026-03-02T12:00:00Z"),
                ],
                [
                    .link("97", path: "/explorer/checkpoints/97"), .text(digest),
                    .text("w1.example/witness, 2026-03-02 11:58 UTC"), .text("2026-03-02 11:59 UTC"),
                    .text("2026-03-02T11:57:00Z"),
                ],
            ]), olderPath: "/explorer/checkpoints?before=97", newestPath: "/explorer/checkpoints")

    static let checkpoint = CheckpointPage(
        size: 97, vouched: .holds(true, word: "may be shown to everybody"),
        facts: [
            Fact("Root", digest, isCode: true),
            Fact("Signed on top of", "95 entries", path: "/explorer/checkpoints/95"),
        ],
        signatures: TableView(
            caption: "Signature lines", columns: ["Key", "Whose", "Seen"],
            rows: [
                [.text("a.example/log"), .mark(.holds(true, word: "the log's own key")), .text("states no time")],
                [.text("w1.example/witness"), .mark(.holds(true, word: "a witness")), .text("2026-03-02 11:58 UTC")],
            ]),
        stamps: TableView(
            caption: "Timestamps", columns: ["Authority", "Certificate, SHA-256", "Time"],
            rows: [[.text("tsa"), .text(other), .text("2026-03-02 11:59 UTC")]]),
        note: proof.checkpoint, noNote: "It is not handed out yet.",
        links: [Link("The note", path: "/log/checkpoints/97", detail: "c2sp.org/tlog-checkpoint")],
        olderPath: "/explorer/checkpoints/95", newestPath: "/explorer/checkpoints/136")
}
