public import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// Takes a decision about a request: one signed entry in the log, or nothing.
    ///
    /// - Parameter evidence: how the identity was proved, where that is what is confirmed.
    /// - Returns: the request as it stands afterwards.
    /// - Throws: `DecisionError` where state, days or policy do not allow it; `ServiceError.unknownRequest`, and of a duplicate
    ///   `.differentSubjects`, `.noOriginal`, of a confirmation `.alreadyHandled`. Nothing was changed then.
    @discardableResult
    public func decide(
        _ change: LifecycleEvent, about id: String, evidence: IdentityProof? = nil
    ) throws -> RequestRecord {
        let record = try request(id)
        let decision = Decision(
            about: record, pauses: try pauses(of: record, deciding: change), rules: try rules(), now: environment.now())
        let event = try decision.event(change, evidence: evidence)
        switch change {
        case .foundDuplicate(let original): try requireSameSubject(record, original: original)
        case .identityConfirmed: try requireOnlyRequest(record)
        default: break
        }
        try self.record([.request(event)])
        return try request(id)
    }

    /// Destroys the key of a request that has ended, and with it its personal data and what its commitments could say.
    /// - Returns: the request as it stands afterwards.
    /// - Throws: `ServiceError.unknownRequest`, `.notShreddable`; nothing was changed then.
    @discardableResult
    public func shred(_ id: String) throws -> RequestRecord {
        let record = try request(id)
        guard record.state.isFinal, record.shreddedIndex == nil else {
            throw ServiceError.notShreddable(
                id: id, problem: record.state.isFinal ? "it was destroyed before" : "it is \(record.state.name)")
        }
        let event = ShredEvent(
            requestID: record.requestID, requestCommitment: record.requestCommitment, at: environment.now())
        try self.record([.shred(event)])
        return try request(id)
    }

    /// The pauses of a request, where the decision depends on them: they are read out of its entries.
    private func pauses(of record: RequestRecord, deciding change: LifecycleEvent) throws -> IdentityPauses {
        var events: [RequestEvent] = []
        switch change {
        case .identityConfirmed, .extended:
            guard record.state == .identityPending else { break }
            for index in record.receivedIndex...record.lastIndex {
                let statement = try Statement(parsingUnverified: DSSEEnvelope(parsing: store.entry(index)).payload)
                if case .request(let event)? = try LedgerEvent(statement), event.requestID == record.requestID {
                    events.append(event)
                }
            }
        default: break
        }
        return IdentityPauses(in: events, utcOffsetMinutes: policy.clock.utcOffsetMinutes)
    }

    /// One person's request is handled once: a second one that waited for its proof ends as a duplicate instead.
    private func requireOnlyRequest(_ record: RequestRecord) throws {
        let item = try store.openVault(record.requestID, masterKey: masterKey)
        let open = try openRequests()
        _ = try open.refresh()
        let other = open.request(of: try trainingUser(item.identity), under: record.lifecycle.regulation)
        if let other, other != record.requestID {
            throw ServiceError.alreadyHandled(id: record.requestID.text, original: other.text)
        }
    }

    /// Whether two requests are about one person, as only the vault can tell, and the other is open and came first.
    private func requireSameSubject(_ record: RequestRecord, original id: RequestID) throws {
        let original = try request(id.text)
        guard !original.state.isFinal else {
            throw ServiceError.noOriginal(id: id.text, problem: "it is \(original.state.name)")
        }
        guard original.receivedIndex < record.receivedIndex else {
            throw ServiceError.noOriginal(id: id.text, problem: "it was received after \(record.requestID)")
        }
        let key = try masterKey
        let (first, second) = (
            try store.openVault(id, masterKey: key).identity,
            try store.openVault(record.requestID, masterKey: key).identity
        )
        guard Array(first.normalized.utf8) == Array(second.normalized.utf8) else {
            throw ServiceError.differentSubjects(first: id.text, second: record.requestID.text)
        }
    }

    /// The local day by which deadlines are judged now.
    public func today() -> CivilDate { environment.now().date(utcOffsetMinutes: policy.clock.utcOffsetMinutes) }
}
