public import LetheCrypto

/// What a log's entries add up to: every request, every run. A pure fold over events; the store keeps its outcome for quick
/// queries, the audit computes it again and compares.
///
/// Invariants: 1. a request has one receipt and every nonce one request; 2. all events of a request carry its commitment;
/// 3. a request is unlearned by a run that has committed a candidate and fulfilled by a certificate entry after its run has
/// passed; 4. a run's steps come in order, its seeds from checkpoints that cover what they must not have influenced; 5. recipients
/// are told of a run that has passed, each with one outcome.
public struct LedgerState: Sendable, Equatable {
    /// The requests.
    public private(set) var requests: [RequestID: RequestRecord]
    /// The runs.
    public private(set) var runs: [RunID: RunRecord]
    /// Whose nonce a tag is.
    private var nonces: [Digest: RequestID]

    /// Starts from records: none, or those that the next events concern.
    ///
    /// - Parameter knownNonces: requests not among `requests` whose nonce tags the next events might repeat.
    public init(requests: [RequestRecord] = [], runs: [RunRecord] = [], knownNonces: [Digest: RequestID] = [:]) {
        self.requests = Dictionary(requests.map { ($0.requestID, $0) }) { first, _ in first }
        self.runs = Dictionary(runs.map { ($0.runID, $0) }) { first, _ in first }
        nonces = knownNonces
        for request in requests { nonces[request.nonceTag] = request.requestID }
    }

    /// Drops what is known of a request, for a reader that looks at one after the other.
    public mutating func forget(_ id: RequestID) {
        guard let record = requests.removeValue(forKey: id), nonces[record.nonceTag] == id else { return }
        nonces[record.nonceTag] = nil
    }

    /// Takes a request as known.
    public mutating func remember(_ record: RequestRecord) {
        requests[record.requestID] = record
        nonces[record.nonceTag] = record.requestID
    }

    /// Takes a nonce as that of a request.
    public mutating func remember(nonce: Digest, of id: RequestID) { nonces[nonce] = id }

    /// Applies the event of the entry at `index`. Key, policy and model events change nothing here.
    /// - Throws: `ReplayError`; the state is unchanged then.
    public mutating func apply(_ event: LedgerEvent, at index: UInt64) throws(ReplayError) {
        switch event {
        case .request(let event): try apply(event, at: index)
        case .run(let event): try apply(event, at: index)
        case .shred(let event):
            guard var record = requests[event.requestID] else { throw .unknownRequest(event.requestID) }
            try record.apply(event, at: index)
            requests[event.requestID] = record
        case .notification(let event):
            guard var record = runs[event.runID] else { throw .unknownRun(event.runID) }
            try record.apply(event, at: index)
            runs[event.runID] = record
        case .key, .policy, .model: break
        }
    }

    /// Applies the events of the entries from `index` on, all or none; nil for entries that change nothing here.
    /// - Throws: the position of the event that cannot follow, and why; the state is unchanged then.
    public mutating func apply(_ events: [LedgerEvent?], from index: UInt64) throws(RefusedEvent) {
        var undo: [(inout LedgerState) -> Void] = []
        for (position, event) in events.enumerated() {
            guard let event else { continue }
            undo.append(restoring(event))
            do { try apply(event, at: index + UInt64(position)) } catch {
                for step in undo.reversed() { step(&self) }
                throw RefusedEvent(position: position, reason: error)
            }
        }
    }

    /// Puts back what `event` is about to change.
    private func restoring(_ event: LedgerEvent) -> (inout LedgerState) -> Void {
        switch event {
        case .request(let event):
            let request = requests[event.requestID]
            guard case .received(let receipt) = event.kind else { return { $0.requests[event.requestID] = request } }
            let owner = nonces[receipt.nonceTag]
            return { state in
                state.requests[event.requestID] = request
                state.nonces[receipt.nonceTag] = owner
            }
        case .shred(let event):
            let request = requests[event.requestID]
            return { $0.requests[event.requestID] = request }
        case .run(let event):
            let run = runs[event.runID]
            return { $0.runs[event.runID] = run }
        case .notification(let event):
            let run = runs[event.runID]
            return { $0.runs[event.runID] = run }
        case .key, .policy, .model: return { _ in }
        }
    }

    private mutating func apply(_ event: RequestEvent, at index: UInt64) throws(ReplayError) {
        switch event.kind {
        case .received(let receipt):
            guard requests[event.requestID] == nil else { throw .requestExists(event.requestID) }
            if let owner = nonces[receipt.nonceTag] { throw .nonceReplayed(event.requestID, owner: owner) }
            requests[event.requestID] = RequestRecord(receipt, of: event, at: index)
            nonces[receipt.nonceTag] = event.requestID
        case .changed(let change, let clock):
            guard var record = requests[event.requestID] else { throw .unknownRequest(event.requestID) }
            switch change {
            case .unlearned(let runID):
                guard let run = runs[runID] else { throw .unknownRun(runID) }
                guard run.candidate != nil, run.stage != .abandoned else {
                    throw .runNotReady(runID, stage: run.stage, needed: "a committed candidate")
                }
            case .fulfilled(let certificateEntry):
                guard certificateEntry < index else {
                    throw .laterEntry(field: "certificateEntry", found: certificateEntry, index: index)
                }
                if let runID = record.runID {
                    guard let run = runs[runID] else { throw .unknownRun(runID) }
                    guard run.hasPassed else { throw .runNotReady(runID, stage: run.stage, needed: "a PASS verdict") }
                }
            case .foundDuplicate(let original):
                guard requests[original] != nil else { throw .unknownRequest(original) }
            default: break
            }
            try record.apply(change, clock: clock, of: event, at: index)
            requests[event.requestID] = record
        }
    }

    private mutating func apply(_ event: RunEvent, at index: UInt64) throws(ReplayError) {
        if case .inputsCommitted(let inputs) = event.step {
            guard runs[event.runID] == nil else { throw .runExists(event.runID) }
            runs[event.runID] = RunRecord(inputs, of: event, at: index)
            return
        }
        guard var record = runs[event.runID] else { throw .unknownRun(event.runID) }
        try record.apply(event, at: index)
        runs[event.runID] = record
    }
}

/// Which of several events cannot follow, and why.
public struct RefusedEvent: Error, Equatable, Sendable {
    /// Its place among the events.
    public let position: Int
    /// What it contradicts.
    public let reason: ReplayError
}

/// Why an event contradicts the entries before it.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The request was received before.
    case requestExists(RequestID)
    /// The request was never received.
    case unknownRequest(RequestID)
    /// The nonce is another request's.
    case nonceReplayed(RequestID, owner: RequestID)
    /// The event carries another commitment than the receipt.
    case commitmentDiffers(RequestID, expected: Digest, found: Digest)
    /// The state machine does not allow it.
    case lifecycle(RequestID, LifecycleError)
    /// Deadlines move only when an identity is confirmed after a pause.
    case clockNotMovable(RequestID)
    /// Personal data may be destroyed only after the end.
    case shredBeforeEnd(RequestID, state: String)
    /// The key was destroyed before.
    case alreadyShredded(RequestID)
    /// The run was started before.
    case runExists(RunID)
    /// The run was never started.
    case unknownRun(RunID)
    /// A step at the wrong time.
    case runStepOutOfOrder(RunID, step: String, stage: RunStage)
    /// The run has not come far enough.
    case runNotReady(RunID, stage: RunStage, needed: String)
    /// Seeds that may have been known before the commitment.
    case seedsTooEarly(RunID, checkpointSize: UInt64, committedIndex: UInt64)
    /// What became of telling the recipient was logged before.
    case alreadyNotified(RunID, recipient: String)
    /// A reference to an entry that is not earlier.
    case laterEntry(field: String, found: UInt64, index: UInt64)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .requestExists(let id): "request \(id): expected one receipt, found another"
        case .unknownRequest(let id): "request \(id): expected a receipt before this event, found none"
        case .nonceReplayed(let id, let owner): "request \(id): its nonce was used before, by request \(owner)"
        case .commitmentDiffers(let id, let expected, let found):
            "request \(id): commitment: expected \(expected), found \(found)"
        case .lifecycle(let id, let error): "request \(id): \(error)"
        case .clockNotMovable(let id):
            "request \(id): clock: deadlines move only when the identity is confirmed after a pause"
        case .shredBeforeEnd(let id, let state):
            "request \(id): expected a final state before its key is destroyed, found \(state)"
        case .alreadyShredded(let id): "request \(id): its key was destroyed before"
        case .runExists(let id): "run \(id): expected one start, found another"
        case .unknownRun(let id): "run \(id): expected its inputs before this event, found none"
        case .runStepOutOfOrder(let id, let step, let stage):
            "run \(id): step \(step) is not possible after \(stage.rawValue)"
        case .runNotReady(let id, let stage, let needed): "run \(id): expected \(needed), found stage \(stage.rawValue)"
        case .seedsTooEarly(let id, let size, let committed):
            "run \(id): seeds: expected a published checkpoint that contains entry \(committed), found size \(size)"
        case .alreadyNotified(let id, let recipient):
            "run \(id): expected one outcome for recipient \(recipient), found another"
        case .laterEntry(let field, let found, let index): "\(field): expected an entry before \(index), found \(found)"
        }
    }
}
