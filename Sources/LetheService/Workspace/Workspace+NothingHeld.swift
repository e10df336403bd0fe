import LetheBytes
public import LetheCrypto
import LetheRecommendation
public import LetheRequests
import LetheStatements
import LetheStore

// People of whom nothing is held: their records went while their request waited, by an erasure elsewhere in the house. With others they
// are answered by the others' run, whose certificate says that it removed none of theirs. Alone there is nothing to train, so that no
// model, no verdict and no certificate could come of it. What the controller owes them then is to say so (GDPR Art. 12(3)): one entry,
// which names the root of the training records that were looked at.

extension Workspace {
    /// Ends the requests whose people neither the training records nor the model in service know, where nobody else waits with them.
    ///
    /// Their personal data go as with any fulfilment. A run that was interrupted is abandoned: those whose records it was to remove wait
    /// no longer.
    /// - Parameter actor: the key of who decides, where the policy has roles: who may start a run.
    /// - Returns: the requests that ended, in the order of receipt; none where a run can answer them, or where the model may have learned
    ///   from these people before their records went.
    /// - Throws: `ServiceError.notPermitted`, `.dataChanged`, `.busy`.
    @discardableResult
    public func endWhereNothingIsHeld(as actor: SigningKey? = nil) throws -> [RequestRecord] {
        try holdingRuns {
            _ = try authority(.run, of: actor)
            let due = try store.requests(in: RequestState.inProgress.name, limit: policy.batching.maximumRequests)
            guard !due.isEmpty, let root = try rootThatModelsKnow(),
                try due.allSatisfy({ try subjectUser($0) == nil })
            else { return [] }
            for run in try store.runs() where [.inputsCommitted, .seedsDrawn].contains(run.stage) {
                try abandon(run.runID, keeping(run.runID, "unlearn"), remembers: true)
            }
            try whileTheLogStands { size in
                let duplicates = try duplicates()
                var entries: [[UInt8]] = []
                let controller = try keys.controller
                for waiting in due {
                    let record = try request(waiting.requestID.text)
                    guard record.state == .inProgress else { continue }
                    let event = try decision(.nothingHeld(trainingRecords: root), about: record, evidence: nil)
                    entries.append(
                        try LedgerEvent.request(event).sign(with: [controller, actor].compactMap(\.self)))
                    entries += try destructions(after: record, duplicates, at: event.at).map {
                        try $0.sign(with: [controller])
                    }
                }
                guard !entries.isEmpty else { return }
                try store.append(
                    entries: entries, expectedSize: size, policyEntry: policyEntry,
                    signer: keys.noteSigner(origin: origin))
            }
            return try due.map { try request($0.requestID.text) }.filter { $0.state == .fulfilled }
        }
    }

    /// A request may end for want of data only where data, log and models agree that there are none of its person.
    func requireNothingHeld(_ record: RequestRecord, in root: Digest) throws {
        func refusal(_ problem: String) -> ServiceError {
            .somethingHeld(id: record.requestID.text, problem: problem)
        }
        guard try rootThatModelsKnow() == root else {
            throw refusal("expected the root of the records that the model in service was trained on, found \(root)")
        }
        guard try subjectUser(record) == nil else {
            throw refusal("expected a person without training records, found one with some")
        }
    }

    /// The root of the training records, where the data, the log and the model in service agree on it; nil where the model was trained
    /// while the log committed to other records, and so may know people whom the data no longer have.
    private func rootThatModelsKnow() throws -> Digest? {
        let root = recordsRoot(try committedData().split.training)
        guard let model = try registration(.original) else { return root }
        let trainedUnder = try adoptions().last { $0.index < model.index }
        return trainedUnder?.event.extra["trainingRecordsRoot"]?.stringValue == root.hex ? root : nil
    }
}
