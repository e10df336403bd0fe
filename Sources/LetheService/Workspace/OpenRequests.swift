import LetheRequests
import LetheStatements
import LetheStore

/// Whose requests are being handled, so that a second one of the same person is recognised.
///
/// The log cannot tell: every request's commitments have a key of their own. So the vault of the requests in hand is read once, and what
/// is appended afterwards, by this process or another, is followed entry by entry. Only a request whose identity was accepted counts: one
/// that anybody could have sent must not stand in the way of the person's own. For one thread.
final class OpenRequests {
    private struct Concern: Hashable {
        let user: Int
        let law: Regulation
    }

    private let store: LedgerStore
    private let masterKey: MasterKey
    private let subjects: DataSubjects
    private var requests: [Concern: RequestID] = [:]
    private var concerns: [RequestID: Concern] = [:]
    private var knownSize: UInt64?

    /// The states of a request whose identity was accepted and that has not ended.
    static let handledStates: [RequestState] = [.inProgress, .blockedPartial, .verifying]

    init(store: LedgerStore, masterKey: MasterKey, subjects: DataSubjects) {
        self.store = store
        self.masterKey = masterKey
        self.subjects = subjects
    }

    /// The request of this person under this law that is being handled.
    func request(of user: Int, under law: Regulation) -> RequestID? { requests[Concern(user: user, law: law)] }

    /// What a checked request is a duplicate of; nothing, as long as nobody has proved that it is this person's.
    func original(of checked: RequestIntake.Checked) -> RequestID? {
        checked.isProven ? request(of: checked.user, under: checked.request.request.regulation) : nil
    }

    /// Takes note of everything in the log and returns its size.
    func refresh() throws -> UInt64 {
        let size = try store.size()
        if let knownSize {
            for index in knownSize..<max(size, knownSize) { try follow(entry: index) }
        } else {
            for state in Self.handledStates {
                for record in try store.requests(in: state.name) { try add(record) }
            }
        }
        knownSize = size
        return size
    }

    /// Takes note of what this process has appended itself, where nobody else has appended since `refresh`.
    func note(_ request: RequestIntake.Checked, _ record: RequestRecord, at indexes: Range<UInt64>) {
        guard knownSize == indexes.lowerBound else { return }
        knownSize = indexes.upperBound
        if Self.handledStates.contains(record.state) {
            add(record.requestID, Concern(user: request.user, law: record.lifecycle.regulation))
        }
    }

    private func follow(entry index: UInt64) throws {
        let statement = try Statement(parsingUnverified: DSSEEnvelope(parsing: store.entry(index)).payload)
        guard case .request(let event)? = try LedgerEvent(statement), case .changed(let change, _) = event.kind else {
            return
        }
        switch change {
        case .identityConfirmed:
            if let record = try store.request(event.requestID), Self.handledStates.contains(record.state) {
                try add(record)
            }
        case .identityDoubted, .fulfilled, .refused, .withdrawn, .expired, .foundDuplicate:
            guard let concern = concerns.removeValue(forKey: event.requestID) else { return }
            if requests[concern] == event.requestID { requests[concern] = nil }
        case .extended, .unlearned, .verificationFailed, .blocked, .resumed: break
        }
    }

    private func add(_ record: RequestRecord) throws {
        let item = try store.openVault(record.requestID, masterKey: masterKey)
        // A person whom the data no longer have has nothing that a second request could ask for.
        guard let user = try? subjects.user(item.identity) else { return }
        add(record.requestID, Concern(user: user, law: record.lifecycle.regulation))
    }

    private func add(_ id: RequestID, _ concern: Concern) {
        concerns[id] = concern
        if requests[concern] == nil { requests[concern] = id }
    }
}
