import LetheCrypto
import LetheRecommendation
import LetheReports
public import LetheRequests
import LetheStore

extension Workspace {
    /// Checks a signed request and records it: a commitment in the log, the personal data in the vault.
    ///
    /// A policy that asks for no better identity than the request brings accepts it in the same transaction.
    /// - Throws: `RequestRefusal` and `ServiceError`; nothing was changed then.
    @discardableResult
    public func submit(_ bytes: [UInt8]) throws -> RequestRecord {
        do {
            return try receive(bytes)
        } catch {
            noteRefusal(error)
            throw error
        }
    }

    /// Remembers for this session's report that a request was turned away, and why; nothing of the request itself.
    private func noteRefusal(_ error: any Error) {
        let (id, kind): (String, String)
        switch error {
        case ServiceError.replayed(let requestID, _): (id, kind) = (requestID, "replayed")
        case is RequestRefusal: (id, kind) = ("not recorded", "not acceptable")
        case is ServiceError: (id, kind) = ("not recorded", "not for this data set")
        default: return
        }
        note(AuditReport.Refusal(id: id, receivedAt: "\(environment.now())", kind: kind, reason: "\(error)"))
    }

    private func receive(_ bytes: [UInt8]) throws -> RequestRecord {
        let now = environment.now()
        let checker = RequestChecker(audience: origin, requesterKeys: try requesterKeys(), policy: policy)
        let checked = try checker.check(bytes, now: now)
        let earlier = try store.replayRecords(checked.request.requestID, nonceTag: checked.nonceTag)
        switch try checked.compare(with: earlier) {
        case .repetition(let record):
            throw ServiceError.replayed(requestID: record.requestID.text, entry: record.receivedIndex)
        case .new: break
        }
        let request = checked.request
        guard request.identity.level >= policy.requests.identityLevel else {
            throw ServiceError.identityTooWeak(
                found: request.identity.level.rawValue, expected: policy.requests.identityLevel.rawValue)
        }
        _ = try trainingUser(request.subject)

        let key = SubjectKey.generate()
        let receipt = RequestEvent(receiving: checked, at: now, under: key, policy: policy)
        let acceptance = RequestEvent(
            requestID: request.requestID, at: now, requestCommitment: receipt.requestCommitment,
            kind: .changed(.identityConfirmed, clock: nil))
        try record([.request(receipt), .request(acceptance)], vault: [VaultItem(checked, key: key)])
        return try self.request(request.requestID.text)
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

    /// The user of the data set that an identity names.
    /// - Throws: `ServiceError.unsupportedSubjectType`, `.unknownSubject`; neither repeats the name.
    func trainingUser(_ identity: SubjectIdentity) throws -> Int {
        guard identity.type == "user-id" else { throw ServiceError.unsupportedSubjectType(found: identity.type) }
        guard let user = Int(identity.value), try trainingUsers().contains(user) else {
            throw ServiceError.unknownSubject
        }
        return user
    }

    private func trainingUsers() throws -> Set<Int> { Set(try data().split.trainingUsers) }

    private func requesterKeys() throws -> [VerifyingKey] {
        try keyRegistry().keys(.requester, at: store.size())
    }
}
