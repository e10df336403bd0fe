import LetheRequests
import LetheStore

/// Whose requests are being handled, so that a second one of the same person is recognised.
///
/// The log cannot tell: every request's commitments have a key of their own. The database finds a person's requests by a tag that only the
/// master key makes, so that one more request costs the same however many are open. Only a request whose identity was accepted counts:
/// one that anybody could have sent must not stand in the way of the person's own.
struct OpenRequests {
    private let store: LedgerStore
    private let masterKey: MasterKey

    /// The states of a request whose identity was accepted and that has not ended.
    static let handledStates: [RequestState] = [.inProgress, .blockedPartial, .verifying]

    /// Whose requests `store` has. A ledger of an earlier version is given its tags first, once.
    init(store: LedgerStore, masterKey: MasterKey) throws {
        try store.indexSubjects(masterKey: masterKey)
        self.store = store
        self.masterKey = masterKey
    }

    /// The request of this person under this law that is being handled.
    func request(of subject: SubjectIdentity, under law: Regulation) throws -> RequestID? {
        try requests(of: [(subject, law)]).first ?? nil
    }

    /// What each of some checked requests is a duplicate of; nothing, as long as nobody has proved that it is this person's.
    func originals(of checked: [RequestIntake.Checked]) throws -> [RequestID?] {
        let proven = checked.indices.filter { checked[$0].isProven }
        let found = try requests(
            of: proven.map { (checked[$0].request.request.subject, checked[$0].request.request.regulation) })
        var originals = [RequestID?](repeating: nil, count: checked.count)
        for (place, original) in zip(proven, found) { originals[place] = original }
        return originals
    }

    /// All in one reading: what a transaction costs is much more than what looking up one person does.
    private func requests(of people: [(subject: SubjectIdentity, law: Regulation)]) throws -> [RequestID?] {
        try store.requests(of: people.map { (masterKey.tag(of: $0.subject), $0.law) }, in: Self.handledStates)
            .map { $0?.requestID }
    }
}
