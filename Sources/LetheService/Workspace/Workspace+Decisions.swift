import LetheBytes
public import LetheCrypto
public import LetheRequests
public import LetheStatements
import LetheStore

extension RunRecord {
    /// Whether it has a candidate that is not judged: whose records were removed must still be known then.
    fileprivate var isUnjudged: Bool {
        [.candidateCommitted, .referenceSeedsDrawn, .referencesCommitted].contains(stage)
    }
}

/// What became of a decision.
public enum DecisionOutcome: Sendable, Equatable {
    /// It is in the log: the request as it stands afterwards.
    case decided(RequestRecord)
    /// It waits for a second person.
    case proposed(Proposal)
}

extension Workspace {
    /// Takes a decision about a request that needs nobody's signature but the controller's: one entry in the log, or nothing.
    ///
    /// - Parameters: as of `decide(_:about:evidence:naming:as:)`.
    /// - Returns: the request as it stands afterwards.
    /// - Throws: as `decide(_:about:evidence:naming:as:)`.
    @discardableResult
    public func decide(
        _ change: LifecycleEvent, about id: String, evidence: IdentityProof? = nil, naming user: String? = nil
    ) throws -> RequestRecord {
        _ = try decide(change, about: id, evidence: evidence, naming: user, as: nil)
        return try request(id)
    }

    /// Takes a decision about a request: one signed entry in the log, a proposal where the policy asks for two persons, or nothing.
    ///
    /// - Parameters:
    ///   - evidence: how the identity was proved, where that is what is confirmed.
    ///   - user: the user of the data set whom a request means that names its person by an address, where the identity is confirmed or the
    ///     request is a duplicate.
    ///   - actor: the key of who decides, where the policy has roles.
    /// - Throws: `DecisionError` where state, days or policy do not allow it; `ServiceError.unknownRequest`, `.notPermitted`,
    ///   `.proposalRefused` where another decision waits, and of a duplicate `.differentSubjects`, `.noOriginal`, of a confirmation
    ///   `.alreadyHandled`; of both, `.subjectNotNamed`, `.subjectsDisagree`, `.unknownSubject`. Nothing was changed then.
    public func decide(
        _ change: LifecycleEvent, about id: String, evidence: IdentityProof? = nil, naming user: String? = nil,
        as actor: SigningKey?
    ) throws -> DecisionOutcome {
        // Who may not decide learns nothing of the request.
        if let kind = DecisionKind(change) { _ = try authority(kind, of: actor) }
        return try whileTheLogStands { size in
            let record = try request(id)
            let naming = try naming(user, of: record, for: change)
            let event = try LedgerEvent.request(
                decision(change, about: record, evidence: evidence, naming: naming))
            let dependsOnOthers =
                switch change {
                case .foundDuplicate, .identityConfirmed: true
                default: false
                }
            return try enact(
                event, about: record, naming, as: actor, at: dependsOnOthers ? size : nil, size: size)
        }
    }

    /// Destroys the key of a request that has ended, and with it its personal data and what its commitments could say.
    /// - Returns: the request as it stands afterwards.
    /// - Throws: as `shred(_:as:)`.
    @discardableResult
    public func shred(_ id: String) throws -> RequestRecord {
        _ = try shred(id, as: nil)
        return try request(id)
    }

    /// Destroys the key of a request that has ended, or proposes to, where the policy asks for two persons.
    /// - Throws: `ServiceError.unknownRequest`, `.notShreddable`, `.notPermitted`, `.proposalRefused`; nothing was changed then.
    public func shred(_ id: String, as actor: SigningKey?) throws -> DecisionOutcome {
        _ = try authority(.shred, of: actor)
        return try whileTheLogStands { size in
            let record = try request(id)
            return try enact(.shred(destruction(of: record)), about: record, nil, as: actor, at: nil, size: size)
        }
    }

    /// Puts a decision into the log under the signatures it needs, or keeps it for a second person.
    ///
    /// - Parameters:
    ///   - naming: whom the decision names: the vault knows it before an entry commits to it, and after a proposal is kept, of which there
    ///     is one.
    ///   - needed: the size that the log must still have, whoever decides.
    ///   - size: the size that it must have where a person's key was looked up in it.
    private func enact(
        _ event: LedgerEvent, about record: RequestRecord, _ naming: SubjectIdentity?, as actor: SigningKey?,
        at needed: UInt64?, size: UInt64
    ) throws -> DecisionOutcome {
        if let kind = DecisionKind(event) {
            switch try authority(kind, of: actor) {
            case .controller:
                try note(naming, of: record)
                try self.record([event], expectedSize: needed)
            case .person(let actor):
                try note(naming, of: record)
                try self.record([event], by: actor, expectedSize: size)
            case .proposer(let actor):
                let proposal = try Proposal(event, asOf: record.lastIndex, signedBy: actor)
                try keep(proposal)
                try note(naming, of: record)
                return .proposed(proposal)
            }
        } else {
            try self.record([event], expectedSize: needed)
        }
        return .decided(try request(record.requestID.text))
    }

    /// The event of a decision as it would be taken now.
    func decision(
        _ change: LifecycleEvent, about record: RequestRecord, evidence: IdentityProof?, naming: SubjectIdentity? = nil
    ) throws -> RequestEvent {
        let decision = Decision(
            about: record, pauses: try pauses(of: record, deciding: change), rules: try rules(), now: environment.now())
        let event = try decision.event(change, evidence: evidence, naming: commitment(to: naming, of: record))
        switch change {
        case .foundDuplicate(let original): try requireSameSubject(record, naming, original: original)
        case .identityConfirmed: try requireOnlyRequest(record, naming)
        case .nothingHeld(let root): try requireNothingHeld(record, in: root)
        default: break
        }
        return event
    }

    /// The event by which the key of a request that has ended would be destroyed now.
    func destruction(of record: RequestRecord) throws -> ShredEvent {
        guard record.state.isFinal, record.shreddedIndex == nil else {
            throw ServiceError.notShreddable(
                id: record.requestID.text,
                problem: record.state.isFinal ? "it was destroyed before" : "it is \(record.state.name)")
        }
        if let id = record.runID, let run = try store.run(id), run.isUnjudged {
            throw ServiceError.notShreddable(
                id: record.requestID.text,
                problem: "run \(id) is being verified, which needs to know whose records it removed")
        }
        return ShredEvent(
            requestID: record.requestID, requestCommitment: record.requestCommitment, at: environment.now(),
            extra: ["policy": .string(policy.digest.hex)])
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
    private func requireOnlyRequest(_ record: RequestRecord, _ naming: SubjectIdentity?) throws {
        let subject = try naming ?? openSubject(record).subject
        let other = try openRequests().request(of: subject, under: record.lifecycle.regulation)
        if let other, other != record.requestID {
            throw ServiceError.alreadyHandled(id: record.requestID.text, original: other.text)
        }
    }

    /// Whether two requests are about one person, as only the vault can tell, and the other is being handled under the same law.
    ///
    /// It must have come first, so that no earlier deadline is lost; but for a request that waits for its proof, behind which nobody's own
    /// request may be made to wait.
    private func requireSameSubject(
        _ record: RequestRecord, _ naming: SubjectIdentity?, original id: RequestID
    ) throws {
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
        let (first, second) = (try openSubject(original).subject, try naming ?? openSubject(record).subject)
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
