import LetheBytes
import LetheCertificates
import LetheCrypto
public import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// What stands in the event of a request that is blocked until the recipients of its data were told.
    static let waitingForRecipients: (member: String, value: JSONValue) = ("waitingFor", "recipients")
    /// The most bytes that a recipient's answer may have; only its status counts.
    static let recipientAnswerLimit = 65_536

    /// Tells the recipients of the policy that were not told yet of a run that passed, each as often as one command may.
    ///
    /// Every final outcome is an entry of its own, right after it is known. A process that ends between a delivery and its entry sends
    /// the same notice again, by whose id the recipient knows it. Where somebody is still to be told, the run's requests are blocked
    /// in part: their personal data stay, and no certificate is issued.
    /// - Throws: `ServiceError.recipientsPending`.
    func settleRecipients(of run: LetheRequests.RunRecord, _ dossier: RunDossier) throws {
        guard let recipients = policy.recipients, run.hasPassed else { return }
        let requests = try requestsInVerification(by: run.runID, of: dossier)
        guard !requests.isEmpty, let verdict = run.indexes[RunStage.verified.rawValue],
            let judged = try store.event(verdict)?.at
        else { return }
        let people = try requests.map { request in
            ErasureNotice.Person(
                requestID: request.requestID, requestCommitment: request.requestCommitment,
                regulation: request.lifecycle.regulation,
                identity: try openSubject(request).subject)
        }
        let known = Set(run.notifications.map(\.recipient))
        let giveUp = judged.adding(seconds: Int64(recipients.giveUpDays) * 86_400) <= environment.now()
        var isOpen = false
        for recipient in recipients.list where !known.contains(recipient.name) {
            let notice = ErasureNotice(
                runID: run.runID, recipient: recipient.name, controller: origin, erasedAt: judged, people: people)
            switch recipient.duty {
            case .exempt(.impossible, _): try note(.impossible, notice)
            case .exempt(.disproportionateEffort, _): try note(.disproportionateEffort, notice)
            case .tell(let url):
                let (attempts, isDelivered) = try deliver(
                    notice, to: url, recipients, folder: paths.run(run.runID.text))
                if isDelivered {
                    try note(.delivered(status: attempts.status ?? 200, attempts: attempts.count), notice)
                } else if giveUp, attempts.count > 0 {
                    try note(.failed(status: attempts.status, attempts: attempts.count), notice)
                } else {
                    isOpen = true
                }
            }
        }
        guard isOpen else { return }
        try block(requests.filter { $0.state == .verifying })
        throw ServiceError.recipientsPending(
            run: run.runID.text,
            recipients: try self.recipients(ofRun: run.runID.text).filter { $0.outcome == nil }.map(\.line))
    }

    /// Posts a notice until it is taken, at most as often as one command may; says how often it was tried in all.
    private func deliver(
        _ notice: ErasureNotice, to url: String, _ recipients: Policy.Recipients, folder: String
    ) throws -> (attempts: NoticeAttempts.Attempts, isDelivered: Bool) {
        let body = try notice.sign(with: keys.controller)
        var known = NoticeAttempts(in: folder)
        for number in 0..<recipients.attempts {
            if number > 0, !pause(seconds: Double(recipients.backoffSeconds << (number - 1))) { break }
            var attempts = known.byRecipient[notice.recipient] ?? .init()
            attempts.count += 1
            attempts.last = environment.now()
            attempts.status = nil
            do {
                let answer = try environment.post(
                    WebRequest(
                        url: url, contentType: ErasureNotice.contentType, body: body,
                        answerLimit: Self.recipientAnswerLimit))
                attempts.status = (100...999).contains(answer.status) ? UInt64(answer.status) : nil
                attempts.problem = "last answered with status \(answer.status)"
            } catch ServiceError.unreachable(_, let problem) {
                attempts.problem = "last without an answer: \(Printable.quoted(problem, limit: 120).asciiOnly)"
            }
            known.byRecipient[notice.recipient] = attempts
            if let status = attempts.status, (200...299).contains(status) { return (attempts, true) }
            try known.write(to: folder)
        }
        return (known.byRecipient[notice.recipient] ?? .init(), false)
    }

    /// Waits in slices, so that a stop that was asked for is heard; false where it was.
    private func pause(seconds: Double) -> Bool {
        var left = seconds
        while left > 0 {
            if environment.shouldStop() { return false }
            environment.wait(min(left, 0.25))
            left -= 0.25
        }
        return !environment.shouldStop()
    }

    /// Logs a final outcome; where another process was faster, its entry stands.
    private func note(_ outcome: NotificationEvent.Outcome, _ notice: ErasureNotice) throws {
        do {
            try record([
                .notification(
                    NotificationEvent(
                        runID: notice.runID, recipient: notice.recipient, noticeID: notice.noticeID,
                        at: environment.now(), outcome: outcome))
            ])
        } catch StoreError.entryRefused(_, .replay(.alreadyNotified)) {}
    }

    /// Says of requests that part of the work for them is blocked: a recipient was not told.
    private func block(_ requests: [RequestRecord]) throws {
        guard !requests.isEmpty else { return }
        try record(
            requests.map { request in
                .request(
                    RequestEvent(
                        requestID: request.requestID, at: environment.now(),
                        requestCommitment: request.requestCommitment, kind: .changed(.blocked, clock: nil),
                        extra: [Self.waitingForRecipients.member: Self.waitingForRecipients.value]))
            })
    }

    /// Whether nothing but a recipient keeps a request from being fulfilled.
    func isWaitingForRecipients(_ record: RequestRecord) throws -> Bool {
        guard record.state == .blockedPartial else { return false }
        // An extension may have come since, nothing else: the entry that blocked it is near the last one.
        for index in (record.receivedIndex...record.lastIndex).reversed() {
            guard case .request(let event)? = try store.event(index), event.requestID == record.requestID,
                case .changed(.blocked, _) = event.kind
            else { continue }
            return event.extra[Self.waitingForRecipients.member] == Self.waitingForRecipients.value
        }
        return false
    }

    /// Where telling the recipients of a run stands: in the order of the policy, once certified in that of the log; nothing for a run that did
    /// not pass.
    /// - Throws: `ServiceError.unknownRun`.
    public func recipients(ofRun id: String) throws -> [RecipientStanding] {
        guard let runID = RunID(id), let run = try store.run(runID) else { throw ServiceError.unknownRun(id: id) }
        guard run.hasPassed else { return [] }
        var standings = try outcomes(of: run).map { index, event in
            let attempts: UInt64 =
                switch event.outcome {
                case .delivered(_, let attempts), .failed(_, let attempts): attempts
                case .disproportionateEffort, .impossible: 0
                }
            return RecipientStanding(
                name: event.recipient, outcome: event.outcome, at: event.at, entry: index, attempts: attempts,
                problem: "")
        }
        // Of a run that was certified before, nobody is told any more.
        guard let policy = policy.recipients, try certificates(of: run).isEmpty else { return standings }
        let known = NoticeAttempts(in: paths.run(id))
        for recipient in policy.list where !standings.contains(where: { $0.name == recipient.name }) {
            let attempts = known.byRecipient[recipient.name] ?? .init()
            standings.append(
                RecipientStanding(
                    name: recipient.name, outcome: nil, at: attempts.last, entry: nil, attempts: attempts.count,
                    problem: attempts.problem))
        }
        let order = policy.list.map(\.name)
        return standings.sorted { (order.firstIndex(of: $0.name) ?? .max) < (order.firstIndex(of: $1.name) ?? .max) }
    }

    /// The outcomes that the log has of a run, with their entries.
    func outcomes(of run: LetheRequests.RunRecord) throws -> [(index: UInt64, event: NotificationEvent)] {
        try run.notifications.map { recipient, index in
            guard case .notification(let event)? = try store.event(index), event.recipient == recipient else {
                throw ServiceError.workspaceDamaged(
                    file: paths.database, problem: "entry \(index) does not say what became of telling a recipient")
            }
            return (index, event)
        }
    }

    /// The runs that passed and whose requests wait for a certificate: those that `lethe run notify` goes on with.
    public func runsWaitingForRecipients() throws -> [String] {
        guard policy.recipients != nil else { return [] }
        let waiting = try [RequestState.blockedPartial, .verifying].flatMap { try store.requests(in: $0.name) }
        let runs = Set(waiting.compactMap(\.runID))
        return try store.runs().filter { runs.contains($0.runID) && $0.hasPassed }.map(\.runID.text).filter { id in
            try waiting.contains { record in
                try record.runID?.text == id && (record.state == .verifying || isWaitingForRecipients(record))
            }
        }
    }

    /// The recipients that a request still waits for, or that were never told of it.
    public func untold(of record: RequestRecord) throws -> [RecipientStanding] {
        guard let run = record.runID, record.state != .withdrawn else { return [] }
        return try recipients(ofRun: run.text).filter(\.isOpenOrFailed)
    }
}

extension LedgerStore {
    /// What the entry at `index` says; nil for a certificate and the like.
    func event(_ index: UInt64) throws -> LedgerEvent? {
        try LedgerEvent(of: DSSEEnvelope(parsing: entry(index)))
    }
}

extension UnlearningCertificate.Notification {
    /// An outcome as a certificate says it.
    init?(_ event: NotificationEvent) {
        guard let outcome = Outcome(rawValue: event.outcome.certified) else { return nil }
        self.init(recipient: event.recipient, at: event.at, outcome: outcome)
    }
}
