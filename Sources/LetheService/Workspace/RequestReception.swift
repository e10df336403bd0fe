import LetheBytes
import LetheCrypto
import LetheLog
public import LetheRequests
import LetheStore

/// What became of one submitted request.
public enum SubmissionOutcome: Sendable {
    /// It is in the log, durably: this is its receipt.
    case received(RequestRecord)
    /// It was turned away, and nothing of it was kept; the error says why in one line.
    case refused(any Error)
}

/// Takes requests into a log, group by group: group commit.
///
/// Signatures are checked and entries signed on all cores; a group becomes durable in one transaction under one checkpoint, while
/// the next one is being checked. A request that is refused does not harm the others of its group; of two that share an id or a
/// nonce the first wins, and the other is answered like any repetition or conflict.
struct RequestReception {
    let store: LedgerStore
    let signer: NoteSigner

    /// Receives requests in groups of at most `groupSize`.
    ///
    /// - Parameters:
    ///   - intake: asked for the rules in force at the start of each group.
    ///   - report: called for each group in order, once everything it reports as received is durable.
    /// - Throws: the machine's failures, and what the closures throw. Nothing of the group that failed is acknowledged.
    func receive(
        _ requests: some Sequence<[UInt8]>, groupSize: Int, judging intake: () throws -> RequestIntake,
        report: ([SubmissionOutcome]) throws -> Void
    ) throws {
        var rest = requests.makeIterator()
        func nextGroup() throws -> Ahead<[Result<RequestIntake.Checked, any Error>]>? {
            var group: [[UInt8]] = []
            while group.count < groupSize, let request = rest.next() { group.append(request) }
            guard !group.isEmpty else { return nil }
            return Ahead { [intake = try intake(), group] in intake.check(group) }
        }
        var ahead = try nextGroup()
        while let checked = ahead?.take() {
            ahead = try nextGroup()
            try report(commit(checked))
        }
    }

    /// Appends what was found acceptable, and says what became of each.
    private func commit(_ group: [Result<RequestIntake.Checked, any Error>]) throws -> [SubmissionOutcome] {
        let units = group.compactMap { try? $0.get().unit }
        var appended = try units.isEmpty ? [] : store.append(units, signer: signer).outcomes[...]
        return try group.map { judged in
            let checked: RequestIntake.Checked
            switch judged {
            case .failure(let error): return .refused(error)
            case .success(let value): checked = value
            }
            switch appended.popFirst() {
            case .appended(_, let requests)?:
                guard let record = requests.first else { break }
                return .received(record)
            case .refused(let error)?: return .refused(try explain(error, refusing: checked.request))
            case nil: break
            }
            throw StoreError.corrupt(detail: "a request without an outcome")
        }
    }

    /// Why the log did not take a request that is in itself acceptable: an earlier one has its id or nonce.
    private func explain(_ error: StoreError, refusing checked: CheckedRequest) throws -> any Error {
        guard case .entryRefused(_, .replay) = error else { return error }
        let earlier = try store.replayRecords(checked.request.requestID, nonceTag: checked.nonceTag)
        do throws(RequestRefusal) {
            switch try checked.compare(with: earlier) {
            case .repetition(let record):
                return ServiceError.replayed(requestID: record.requestID.text, entry: record.receivedIndex)
            case .new: return error
            }
        } catch { return error }
    }
}
