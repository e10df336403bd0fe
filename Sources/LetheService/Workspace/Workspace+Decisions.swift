public import LetheRequests
public import LetheStatements
import LetheStore

extension RunRecord {
    /// Whether it has a candidate that is not judged: whose records were removed must still be known then.
    fileprivate var isUnjudged: Bool {
        [.candidateCommitted, .referenceSeedsDrawn, .referencesCommitted].contains(stage)
    }
}

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
        while true {
            // Another process may come between the look at other requests and the entry: then everything is looked at again.
            do { return try decideOnce(change, about: id, evidence: evidence) } catch StoreError.sizeChanged {
                continue
            }
        }
    }

    private func decideOnce(
        _ change: LifecycleEvent, about id: String, evidence: IdentityProof?
    ) throws -> RequestRecord {
        let size = try store.size()
        let record = try request(id)
        let decision = Decision(
            about: record, pauses: try pauses(of: record, deciding: change), rules: try rules(), now: environment.now())
        let event = try decision.event(change, evidence: evidence)
        var dependsOnOthers = true
        switch change {
        case .foundDuplicate(let original): try requireSameSubject(record, original: original)
        case .identityConfirmed: try requireOnlyRequest(record)
        default: dependsOnOthers = false
        }
        try self.record([.request(event)], expectedSize: dependsOnOthers ? size : nil)
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
        if let id = record.runID, let run = try store.run(id), run.isUnjudged {
            throw ServiceError.notShreddable(
                id: record.requestID.text,
                problem: "run \(id) is being verified, which needs to know whose records it removed")
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
        case .identityConfirmed, .extended, .expired:
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
        let other = try openRequests().request(of: item.identity, under: record.lifecycle.regulation)
        if let other, other != record.requestID {
            throw ServiceError.alreadyHandled(id: record.requestID.text, original: other.text)
        }
    }

    /// Whether two requests are about one person, as only the vault can tell, and the other is being handled under the same law.
    ///
    /// It must have come first, so that no earlier deadline is lost; but for a request that waits for its proof, behind which nobody's own
    /// request may be made to wait.
    private func requireSameSubject(_ record: RequestRecord, original id: RequestID) throws {
        let original = try request(id.text)
        guard OpenRequests.handledStates.contains(original.state) else {
            throw ServiceError.noOriginal(id: id.text, problem: "it is \(original.state.name)")
        }
        guard original.lifecycle.regulation == record.lifecycle.regulation else {
            throw ServiceError.noOriginal(
                id: id.text, problem: "it was made under \(original.lifecycle.regulation.rawValue)")
        }
        guard original.receivedIndex < record.receivedIndex || record.state == .identityPending else {
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

    /// The last second of the local day by which a request must be answered.
    public func endOfDue(of record: RequestRecord) -> Timestamp {
        record.due.end(utcOffsetMinutes: policy.clock.utcOffsetMinutes)
    }

    /// The local day by which deadlines are judged now.
    public func today() -> CivilDate { environment.now().date(utcOffsetMinutes: policy.clock.utcOffsetMinutes) }
}
