import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheReports
public import LetheRequests
import LetheStore

extension Workspace {
    /// How many requests become durable together where more are waiting: beyond it, throughput no longer grows.
    public static let groupSize = 512

    /// Checks a signed request and records it: a commitment in the log, the personal data in the vault. A group of one.
    ///
    /// A policy that asks for no better identity than the request brings accepts it in the same transaction.
    /// - Throws: `RequestRefusal` and `ServiceError`; nothing was changed then.
    @discardableResult
    public func submit(_ bytes: [UInt8]) throws -> RequestRecord {
        switch try submit([bytes])[0] {
        case .received(let record): return record
        case .refused(let error): throw error
        }
    }

    /// Submits requests in groups and returns what became of each, in their order.
    /// - Throws: the machine's failures. Requests of groups before the failing one may be in the log; submitting them again is
    ///   answered as a repetition.
    public func submit(_ requests: [[UInt8]]) throws -> [SubmissionOutcome] {
        var outcomes: [SubmissionOutcome] = []
        try submit(requests) { outcomes += $0 }
        return outcomes
    }

    /// Submits requests in groups; see `RequestReception`.
    ///
    /// - Parameter report: called for each group in order, once everything it reports as received is durable.
    /// - Throws: the machine's failures, and what `report` throws. Nothing of the group that failed is acknowledged.
    public func submit(
        _ requests: some Sequence<[UInt8]>, groupSize: Int = Workspace.groupSize,
        report: ([SubmissionOutcome]) throws -> Void
    ) throws {
        try reception().receive(requests, groupSize: groupSize, judging: intake) { outcomes in
            // What is durable is acknowledged first.
            try report(outcomes)
            try noteRefusals(
                outcomes.compactMap { if case .refused(let error) = $0 { error } else { nil } }, at: .native)
        }
    }

    /// What takes requests into the log.
    func reception() throws -> RequestReception {
        RequestReception(
            store: store, signer: try keys.noteSigner(origin: origin), policyEntry: policyEntry,
            open: try openRequests())
    }

    /// Everything that judging a request needs, at this moment.
    func intake() throws -> RequestIntake {
        let (registry, size) = (try keyRegistry(), try store.size())
        return RequestIntake(
            checker: RequestChecker(
                audience: origin, requesterKeys: registry.keys(.requester, at: size),
                subjectKeys: registry.keys(.subject, at: size), policy: policy),
            rules: try rules(), subjects: try subjects(), controller: try keys.controller,
            masterKey: try masterKey, now: environment.now())
    }

    /// Counts requests that a door turned away, and remembers them for this session's report: when and why, nothing of the request itself.
    ///
    /// - Throws: where the count cannot be written.
    func noteRefusals(_ errors: [any Error], at door: RequestFormat) throws {
        let refusals = errors.compactMap { error in RefusalCause(error).map { (error: error, cause: $0) } }
        for (error, cause) in refusals {
            var id = "not recorded"
            if case ServiceError.replayed(let requestID, _) = error { id = requestID }
            note(
                AuditReport.Refusal(
                    id: id, receivedAt: "\(environment.now())", kind: cause.kind, reason: "\(error)"))
        }
        try RefusalTally(folder: paths.refusals).add(refusals.map(\.cause.code), at: door, on: today())
    }

    /// Every request, in the order of receipt.
    public func requests() throws -> [RequestRecord] { try store.requests() }

    /// One request.
    /// - Throws: `ServiceError.unknownRequest`.
    public func request(_ id: String) throws -> RequestRecord {
        guard let requestID = RequestID(id), let record = try store.request(requestID) else {
            throw ServiceError.unknownRequest(id: id)
        }
        return record
    }

    /// The user of the data set that an identity names; nil where nobody of that name has training records.
    func knownUser(_ identity: SubjectIdentity) throws -> Int? {
        do { return try trainingUser(identity) } catch ServiceError.unknownSubject { return nil }
    }

    /// The policy with the holidays that the workspace keeps beside it.
    func rules() throws -> PolicyInForce {
        guard Files.exists(paths.holidays) else { return PolicyInForce(policy) }
        do {
            return PolicyInForce(
                policy,
                calendar: try HolidayCalendar(
                    parsing: try Files.read(paths.holidays, limit: HolidayCalendar.maximumFileSize + 1)))
        } catch let error as HolidayCalendarError {
            throw ServiceError.workspaceDamaged(file: paths.holidays, problem: "\(error)")
        }
    }

    /// The portals' and agents' keys that requests are accepted from now.
    func requesterKeys() throws -> [VerifyingKey] {
        try keyRegistry().keys(.requester, at: store.size())
    }
}

extension Workspace {
    /// Reads what requests are judged by, so that the first one need not wait for it.
    package func prepareIntake() throws { _ = try intake() }
}
