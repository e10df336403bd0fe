import LetheBytes
import LetheCrypto
import LetheLog
import LethePages
import LetheRequests
import LetheService
import LetheStatements
import LetheStore

/// Pages for who asks to be forgotten: file, receipt, status. They need no login; a signed request is its own proof.
enum SubjectPages {
    static let all: [Route] = [
        .page("/request", operation: "requestPage", "Where a person signs and files a request.") { call in
            call.page(try await form(call))
        },
        .form(
            "/request", operation: "fileRequest", "Files the signed request of a form.",
            body: Route.fields("The signed request, as text or as a file."),
            others: [
                .refusal(409, "It was used before."), .refusal(403, "Not by a known key."),
                .refusal(422, "Not acceptable."),
            ]
        ) { call in
            let fields = try call.fields()
            let bytes = Array((fields["signed"] ?? fields["request"] ?? "").utf8)
            let id: String
            var isRepetition = false
            switch try await call.services.intake.submit(bytes) {
            case .received(let record): id = record.requestID.text
            case .refused(ServiceError.replayed(let earlier, _)): (id, isRepetition) = (earlier, true)
            case .refused(let error):
                let problem = Problem(error)
                guard problem.status < 500 else { throw error }
                return call.page(try await form(call, failure: problem.detail), status: problem.status)
            }
            let repeated = isRepetition
            let page = try await call.services.pool.read { workspace in
                let record = try workspace.request(id)
                let receipt = try workspace.receipt(ofRequest: bytes)
                return RequestSentPage(
                    requestID: id, isRepetition: repeated, state: .state(record.state.name), facts: record.facts,
                    receipt: String(decoding: try receipt.bytes(), as: UTF8.self))
            }
            return call.page(page)
        },
        .form(
            "/receipt", operation: "saveReceipt", "Gives a receipt back as a file.",
            body: Route.fields("The receipt."), others: []
        ) { call in
            let text = (try call.fields()["receipt"] ?? "").replacing("\r\n", with: "\n")
            // A form's text may have lost the newline at its end.
            let bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
            guard let receipt = try? RequestReceipt(parsing: bytes) else {
                throw Problem(400, "bad-form", "receipt: expected the receipt as it was shown")
            }
            return Reply(
                200, contentType: RequestReceipt.mediaType, body: .bytes(try receipt.bytes()),
                headers: [("Content-Disposition", "attachment; filename=\"lethe-receipt.json\"")])
        },
        .page(
            "/follow", operation: "followPage", "Asks for the number of a request.",
            parameters: [.query("id", .uuid, "The request's number.")], others: [Route.goesOn]
        ) { call in
            if let id = call.parameters["id"] { return .redirect("/follow/\(id)") }
            return call.page(FollowPage(trustPath: "/log/trust"))
        },
        .page(
            "/follow/{id}", operation: "statusPage", "What became of a request, in plain words.",
            parameters: [.path("id", .uuid, "The request's number.")]
        ) { call in
            let id = call["id"]
            let page = try await call.services.pool.read { workspace -> StatusPage? in
                guard let id = RequestID(id), let record = try workspace.store.request(id) else { return nil }
                return try StatusPage(record, in: workspace)
            }
            guard let page else {
                return call.page(
                    FollowPage(
                        requestID: id, failure: "No request of this number is in the log.", trustPath: "/log/trust"),
                    status: 404)
            }
            return call.page(page)
        },
    ]

    private static func form(_ call: Call, failure: String? = nil) async throws -> RequestPage {
        try await call.services.pool.read { workspace in
            RequestPage(
                audience: workspace.origin, agent: "browser",
                validSeconds: min(3_600, workspace.policy.requests.maximumWindowHours * 3_600),
                regulations: Regulation.allCases.map {
                    Choice($0.rawValue, $0.words, isChosen: $0 == workspace.policy.regulation)
                },
                subjectTypes: [Choice("user-id", "User number", isChosen: true)], failure: failure)
        }
    }
}

extension RequestRecord {
    /// What the log says of the request, for people.
    var facts: [Fact] {
        [
            Fact("Received", receivedAt.words), Fact("Law", lifecycle.regulation.words),
            Fact("Answer due", "\(due)\(lifecycle.isExtended ? ", extended" : "")"),
            Fact("Entry", "\(receivedIndex)", path: "/explorer/\(receivedIndex)"),
            Fact("Commitment", requestCommitment.hex, isCode: true),
        ]
    }

    /// How near the deadline is, as a word with a colour.
    func clock(_ list: RequestList) -> Mark {
        let alert = list.alert(of: self)
        guard let left = daysLeft(on: list.today) else { return .alert(alert.rawValue, word: "ended") }
        let days = left.magnitude == 1 ? "day" : "days"
        let word = alert == .paused ? "paused" : left < 0 ? "overdue by \(-left) \(days)" : "\(left) \(days) left"
        return .alert(alert.rawValue, word: word)
    }
}

extension Timestamp {
    /// The moment for people.
    var words: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }
}

extension StatusPage {
    fileprivate init(_ record: RequestRecord, in workspace: Workspace) throws {
        let clock = record.clock(workspace.list([record]))
        let proof = try workspace.proveServed(record.receivedIndex)
        let number = try workspace.certificates().last { $0.request == record.requestID.text }?.number
        let (sentence, next) = Self.words(record)
        self.init(
            requestID: record.requestID.text, state: .state(record.state.name), sentence: sentence, next: next,
            clock: clock,
            facts: record.facts, stations: Self.stations(record), proof: try ProofView(proof, in: workspace),
            certificatePath: number.map { "/certificates/\($0)" },
            command: Command(
                "Your receipt proves the same without this page", "lethe request verify receipt.json --trust trust.txt")
        )
    }

    private static func words(_ record: RequestRecord) -> (String, String) {
        switch record.state {
        case .received: ("Your request was received", "An officer looks at it. You get an answer by \(record.due).")
        case .identityPending:
            (
                "You are asked to prove who you are",
                "The controller must be sure that the data are yours. The clock stands still until then."
            )
        case .inProgress:
            (
                "Your request is being worked on",
                "The model is made to forget in the next run. You get an answer by \(record.due)."
            )
        case .blockedPartial:
            ("Your request is held up", "Somebody must act before it goes on. You get an answer by \(record.due).")
        case .verifying:
            ("The model was changed; now it is measured", "Another key than the controller's signs what was measured.")
        case .fulfilled:
            (
                "Your request was fulfilled",
                "The certificate says what was done and measured, and can be checked without this server."
            )
        case .refused(let ground):
            (
                "Your request was refused",
                "On the ground \(ground.citation). You may complain to a supervisory authority, or go to court."
            )
        case .withdrawn: ("Your request was withdrawn", "Nothing more happens. You may ask again.")
        case .expired: ("Your request has expired", "No proof of identity came. You may ask again.")
        case .duplicate(let original):
            ("Your earlier request is being handled", "This one ended behind request \(original.text).")
        }
    }

    private static func stations(_ record: RequestRecord) -> [Station] {
        let order = ["received", "identity_pending", "in_progress", "verifying", "fulfilled"]
        let names = ["Received", "Identity", "Unlearning", "Measuring", "Certificate"]
        let reached = order.firstIndex(of: record.state.name)
        var stations = zip(order, names).enumerated().map { place, station in
            guard let reached else {
                return place == 0
                    ? Station(
                        name: "Received", detail: record.receivedAt.words, mark: .holds(true, word: "done"),
                        path: "/explorer/\(record.receivedIndex)")
                    : Station(name: station.1, detail: "", mark: .waits(word: "not reached"))
            }
            let isDone = place < reached || record.state == .fulfilled
            let isCurrent = place == reached && record.state != .fulfilled
            let mark: Mark =
                isDone ? .holds(true, word: "done") : isCurrent ? .goesOn(word: "now") : .waits(word: "to come")
            let path: UInt64? =
                place == 0
                ? record.receivedIndex : place == 4 ? record.certificateIndex : isCurrent ? record.lastIndex : nil
            return Station(
                name: station.1,
                detail: place == 0 ? record.receivedAt.words : isCurrent ? "since \(record.updatedAt.words)" : "",
                mark: mark, path: path.map { "/explorer/\($0)" }, isCurrent: isCurrent)
        }
        if reached == nil {
            stations.append(
                Station(
                    name: "Ended: \(record.state.name.replacing("_", with: " "))", detail: record.updatedAt.words,
                    mark: .state(record.state.name), path: "/explorer/\(record.lastIndex)", isCurrent: true))
        }
        return stations
    }
}

extension ProofView {
    /// A proof of this log, with the entry's hash and the root.
    init(_ proof: TransparencyProof, in workspace: Workspace) throws {
        let head = try Checkpoint(parsing: proof.checkpoint.text)
        self.init(
            index: proof.index, size: head.size,
            leafHash: MerkleTree.leafHash(try workspace.store.entry(proof.index)).hex,
            root: head.rootHash.hex, path: proof.path.map(\.hex),
            checkpoint: String(decoding: proof.checkpoint.bytes, as: UTF8.self))
    }
}
