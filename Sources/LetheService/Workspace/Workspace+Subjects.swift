import LetheCrypto
package import LetheRequests
import LetheStore

// A request may name its person by an address, of which the data know nothing. Its receipt commits to that address. Whoever confirms the
// identity says which user it means: the vault keeps the user beside the address, and the entry commits to it under the request's own key. What
// the vault says without the log's word for it counts for nothing.

extension Workspace {
    /// Whom the data know a request's person as, and the key of its commitments.
    /// - Throws: `ServiceError.subjectNotNamed` where nobody has said so yet; `StoreError.vaultMissing` once the key was destroyed.
    func openSubject(_ record: RequestRecord) throws -> (subject: SubjectIdentity, key: SubjectKey) {
        let item = try store.openVault(record.requestID, masterKey: masterKey)
        guard item.identity.type != DataSubjects.identityType else { return (item.identity, item.key) }
        guard let logged = try loggedNaming(of: record), let named = item.named,
            item.key.commitment(toSubject: named) == logged
        else { throw ServiceError.subjectNotNamed(types: [item.identity.type]) }
        return (named, item.key)
    }

    /// Whether a request names its person only by an address, and nobody has said yet which user of the data that is. Of one whose row in the
    /// vault is gone or damaged it is not said; the audit says that.
    package func waitsForName(_ record: RequestRecord) throws -> Bool {
        guard !record.state.isFinal else { return false }
        do { _ = try openSubject(record) } catch ServiceError.subjectNotNamed { return true } catch is StoreError {}
        return false
    }

    /// By what a request names its person, as its sender wrote it, as what the data know that person, where that is known, and whom a proposal
    /// names that waits for a second person. Personal data: for who has to find out whom it means.
    /// - Throws: `ServiceError.unknownRequest`; `StoreError.vaultMissing` once the key was destroyed.
    package func identities(
        of id: String
    ) throws -> (claimed: SubjectIdentity, subject: SubjectIdentity?, proposed: SubjectIdentity?) {
        let record = try request(id)
        let claimed = try store.openVault(record.requestID, masterKey: masterKey).identity
        var proposed: SubjectIdentity?
        if let kept = try proposals().first(where: { $0.proposal.requestID == record.requestID }), kept.lapse == nil,
            case .request(let event) = kept.proposal.event, let commitment = event.namedSubject
        {
            proposed = try noted(commitment, of: record)
        }
        do { return (claimed, try openSubject(record).subject, proposed) } catch ServiceError.subjectNotNamed {
            return (claimed, nil, proposed)
        }
    }

    /// Whom a decision names: nobody where the request itself names somebody whom the data know.
    /// - Throws: `ServiceError.subjectNotNamed`, `.subjectsDisagree`, `.unknownSubject`.
    func naming(
        _ user: String?, of record: RequestRecord, for change: LifecycleEvent
    ) throws -> SubjectIdentity? {
        switch change {
        case .identityConfirmed, .foundDuplicate: break
        default: return nil
        }
        // What the state does not allow, the decision says better.
        var lifecycle = record.lifecycle
        guard (try? lifecycle.apply(change)) != nil else { return nil }
        let item = try store.openVault(record.requestID, masterKey: masterKey)
        if item.identity.type == DataSubjects.identityType {
            guard user.map({ Array($0.utf8) == Array(item.identity.value.utf8) }) ?? true else {
                throw ServiceError.subjectsDisagree
            }
            return nil
        }
        // A person who was named stays so until somebody names another.
        guard let user else { return try openSubject(record).subject }
        guard let named = SubjectIdentity(type: DataSubjects.identityType, value: user) else {
            throw ServiceError.unknownSubject
        }
        _ = try trainingUser(named)
        return named
    }

    /// What an entry says of whom a decision names.
    func commitment(to naming: SubjectIdentity?, of record: RequestRecord) throws -> Digest? {
        try naming.map {
            try store.openVault(record.requestID, masterKey: masterKey).key.commitment(toSubject: $0)
        }
    }

    /// Lets the vault know whom a decision names.
    func note(_ naming: SubjectIdentity?, of record: RequestRecord) throws {
        guard let naming else { return }
        try store.name(record.requestID, as: naming, masterKey: masterKey)
    }

    /// Whom the vault knows under a commitment; nil where it knows another or none.
    func noted(_ commitment: Digest, of record: RequestRecord) throws -> SubjectIdentity? {
        let item = try store.openVault(record.requestID, masterKey: masterKey)
        return item.named.flatMap { item.key.commitment(toSubject: $0) == commitment ? $0 : nil }
    }

    /// The last word of the log on whom a request means.
    private func loggedNaming(of record: RequestRecord) throws -> Digest? {
        for index in (record.receivedIndex...record.lastIndex).reversed() {
            if case .request(let event)? = try store.event(index), event.requestID == record.requestID,
                let commitment = event.namedSubject
            {
                return commitment
            }
        }
        return nil
    }
}
