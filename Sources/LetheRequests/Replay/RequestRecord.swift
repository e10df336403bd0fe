public import LetheCrypto
public import LetheStatements

/// What the log's entries add up to for one request. Derived, never written on its own.
public struct RequestRecord: Sendable, Equatable {
    /// The request's state machine: id, law, state, extension.
    public private(set) var lifecycle: Lifecycle
    /// The deadlines, as the last event that sets them says.
    public private(set) var clock: LoggedClock
    /// The commitment to the person.
    public let subjectCommitment: Digest
    /// The commitment to the bytes received.
    public let requestCommitment: Digest
    /// The tag of the nonce.
    public let nonceTag: Digest
    /// The tag of the bytes received.
    public let replayTag: Digest
    /// The policy in force at receipt.
    public let policyDigest: Digest
    /// When it was received.
    public let receivedAt: Timestamp
    /// When its last event happened.
    public private(set) var updatedAt: Timestamp
    /// The index of its receipt.
    public let receivedIndex: UInt64
    /// The index of its last event.
    public private(set) var lastIndex: UInt64
    /// The last run that worked on it.
    public private(set) var runID: RunID?
    /// The index of its certificate.
    public private(set) var certificateIndex: UInt64?
    /// The index of the event that says its key was destroyed.
    public private(set) var shreddedIndex: UInt64?

    /// The request's name.
    public var requestID: RequestID { lifecycle.requestID }
    /// Where it stands.
    public var state: RequestState { lifecycle.state }
    /// The day by which it must be answered.
    public var due: CivilDate { lifecycle.isExtended ? clock.extended : clock.due }

    /// What a replay check needs to know.
    public var replayRecord: ReplayRecord {
        ReplayRecord(
            requestID: requestID, nonceTag: nonceTag, replayTag: replayTag, receivedIndex: receivedIndex)
    }

    /// A record as a store kept it.
    public init(
        lifecycle: Lifecycle, clock: LoggedClock, subjectCommitment: Digest, requestCommitment: Digest,
        nonceTag: Digest, replayTag: Digest, policyDigest: Digest, receivedAt: Timestamp, updatedAt: Timestamp,
        receivedIndex: UInt64, lastIndex: UInt64, runID: RunID?, certificateIndex: UInt64?, shreddedIndex: UInt64?
    ) {
        self.lifecycle = lifecycle
        self.clock = clock
        self.subjectCommitment = subjectCommitment
        self.requestCommitment = requestCommitment
        self.nonceTag = nonceTag
        self.replayTag = replayTag
        self.policyDigest = policyDigest
        self.receivedAt = receivedAt
        self.updatedAt = updatedAt
        self.receivedIndex = receivedIndex
        self.lastIndex = lastIndex
        self.runID = runID
        self.certificateIndex = certificateIndex
        self.shreddedIndex = shreddedIndex
    }

    init(_ receipt: RequestEvent.Receipt, of event: RequestEvent, at index: UInt64) {
        self.init(
            lifecycle: Lifecycle(requestID: event.requestID, regulation: receipt.regulation), clock: receipt.clock,
            subjectCommitment: receipt.subjectCommitment, requestCommitment: event.requestCommitment,
            nonceTag: receipt.nonceTag, replayTag: receipt.replayTag, policyDigest: receipt.policyDigest,
            receivedAt: event.at, updatedAt: event.at, receivedIndex: index, lastIndex: index, runID: nil,
            certificateIndex: nil, shreddedIndex: nil)
    }

    mutating func apply(
        _ change: LifecycleEvent, clock newClock: LoggedClock?, of event: RequestEvent, at index: UInt64
    ) throws(ReplayError) {
        guard event.requestCommitment == requestCommitment else {
            throw .commitmentDiffers(requestID, expected: requestCommitment, found: event.requestCommitment)
        }
        let mayMoveClock = change == .identityConfirmed && state == .identityPending
        guard newClock == nil || mayMoveClock else { throw .clockNotMovable(requestID) }
        do { _ = try lifecycle.apply(change) } catch { throw .lifecycle(requestID, error) }
        clock = newClock ?? clock
        switch change {
        case .unlearned(let run): runID = run
        case .fulfilled(let entry): certificateIndex = entry
        default: break
        }
        updatedAt = event.at
        lastIndex = index
    }

    mutating func apply(_ event: ShredEvent, at index: UInt64) throws(ReplayError) {
        guard event.requestCommitment == requestCommitment else {
            throw .commitmentDiffers(requestID, expected: requestCommitment, found: event.requestCommitment)
        }
        guard shreddedIndex == nil else { throw .alreadyShredded(requestID) }
        guard state.isFinal else { throw .shredBeforeEnd(requestID, state: state.name) }
        shreddedIndex = index
        updatedAt = event.at
        lastIndex = index
    }
}
