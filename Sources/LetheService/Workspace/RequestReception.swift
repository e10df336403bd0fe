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
/// nonce the first wins, and the other is answered like any repetition or conflict. Where `open` is there, a second request of a person
/// whose first is being handled is received and ends as its duplicate; but for one whose identity is not proved, since its answer would
/// tell a stranger that this person has asked.
struct RequestReception {
    let store: LedgerStore
    let signer: NoteSigner
    /// The entry that adopted the policy by which requests are judged; nothing is received under another.
    var policyEntry: UInt64?
    /// Whose requests are being handled; nil where nobody asks twice, as where speed is measured.
    var open: OpenRequests?

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

    /// Receives one request that was checked already.
    func receive(_ request: RequestIntake.Checked) throws -> SubmissionOutcome {
        try receive([request])[0]
    }

    /// Appends what was found acceptable, and says what became of each.
    private func commit(_ group: [Result<RequestIntake.Checked, any Error>]) throws -> [SubmissionOutcome] {
        var received = try receive(group.compactMap { try? $0.get() }).makeIterator()
        return try group.map { judged in
            if case .failure(let error) = judged { return .refused(error) }
            guard let outcome = received.next() else {
                throw StoreError.corrupt(detail: "a request without an outcome")
            }
            return outcome
        }
    }

    /// Appends acceptable requests, in as few transactions as the log allows.
    private func receive(_ requests: [RequestIntake.Checked]) throws -> [SubmissionOutcome] {
        var outcomes = [SubmissionOutcome?](repeating: nil, count: requests.count)
        var waiting = Array(requests.indices)
        while !waiting.isEmpty {
            for (place, outcome) in try append(waiting, of: requests) { outcomes[place] = outcome }
            waiting.removeAll { outcomes[$0] != nil }
        }
        return outcomes.compactMap(\.self)
    }

    /// Appends as many of the requests at `places` as one transaction can take, at least the first.
    private func append(
        _ places: [Int], of requests: [RequestIntake.Checked]
    ) throws -> [(place: Int, outcome: SubmissionOutcome)] {
        while true {
            let size = open == nil ? nil : try store.size()
            let originals = try open?.originals(of: places.map { requests[$0] })
            // Of one person's requests, the first comes first; whether the others are its duplicates shows when it is in the log.
            var people: Set<Int> = []
            let turn = places.enumerated().compactMap { number, place -> (place: Int, original: RequestID?)? in
                guard let originals, let user = requests[place].user else { return (place, nil) }
                return people.insert(user).inserted || originals[number] != nil ? (place, originals[number]) : nil
            }
            let units = try turn.concurrentMap { one in
                Result {
                    let request = requests[one.place]
                    return try one.original.map { try request.unit(duplicateOf: $0) } ?? request.unit
                }
            }.map { try $0.get() }
            let appended: [UnitOutcome]
            do {
                appended = try store.append(
                    units, expectedSize: size, policyEntry: policyEntry, signer: signer
                ).outcomes
            } catch {
                // Another process came between: what it received counts too.
                if case .sizeChanged = error, size != nil { continue }
                throw error
            }
            return try zip(turn, appended).map { one, outcome in
                switch outcome {
                case .appended(_, let records):
                    guard let record = records.first else {
                        throw StoreError.corrupt(detail: "a request without a record")
                    }
                    return (one.place, .received(record))
                case .refused(let error):
                    return (one.place, .refused(try explain(error, refusing: requests[one.place].request)))
                }
            }
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
