import LetheCrypto
public import LetheRequests
public import LetheStatements
import LetheStore

/// A decision about a request as the log has it, with who signed it.
public struct TakenDecision: Sendable, Equatable {
    /// A key that signed, in the role in which the log knows it.
    public struct Signer: Sendable, Equatable {
        /// The key's id.
        public let keyID: String
        /// Its role.
        public let role: KeyRole
    }

    /// What was decided.
    public let kind: DecisionKind
    /// When.
    public let at: Timestamp
    /// Its entry.
    public let entry: UInt64
    /// Whose signatures on the entry hold, in their order; of two persons, the one that proposed it comes last.
    public let signers: [Signer]
}

/// An entry of the log about a request, with who signed it.
struct HistoryEntry {
    /// Its index.
    let index: UInt64
    /// What it says.
    let event: LedgerEvent
    /// When.
    let at: Timestamp
    /// Whose signatures on the entry hold, in their order; of two persons, the one that proposed it comes last.
    let signers: [TakenDecision.Signer]
}

extension Workspace {
    /// The decisions about a request in the order of the log. What followed by itself from its receipt is among them, signed by the controller
    /// alone.
    ///
    /// - Complexity: O(entries between its receipt and its last event).
    public func decisions(about record: RequestRecord) throws -> [TakenDecision] {
        try history(of: record).compactMap { entry in
            DecisionKind(entry.event).map {
                TakenDecision(kind: $0, at: entry.at, entry: entry.index, signers: entry.signers)
            }
        }
    }

    /// Everything that the log says of a request, in order.
    ///
    /// - Complexity: O(entries between its receipt and its last event).
    func history(of record: RequestRecord) throws -> [HistoryEntry] {
        let keys = try keyRegistry()
        var history: [HistoryEntry] = []
        try store.forEachEntry(in: record.receivedIndex...record.lastIndex) { index, bytes in
            let envelope = try DSSEEnvelope(parsing: bytes)
            guard let event = try LedgerEvent(of: envelope), event.requestID == record.requestID else { return }
            func signer(_ keyID: String) -> TakenDecision.Signer? {
                keys.registrations[keyID].map { TakenDecision.Signer(keyID: keyID, role: $0.role) }
            }
            let valid = Set(try envelope.verify(trusting: keys.keys(at: index)).signers.map(\.keyID))
            var signers = envelope.signatures.map(\.keyID).filter(valid.contains).compactMap(signer)
            if let proposal = try Proposal(carriedBy: event), let known = keys.registrations[proposal.proposer],
                proposal.isSigned(by: known.key), let first = signer(proposal.proposer)
            {
                signers.append(first)
            }
            history.append(HistoryEntry(index: index, event: event, at: event.at, signers: signers))
        }
        return history
    }
}

extension LedgerEvent {
    /// The event in an entry's envelope; nil for a certificate and the like.
    init?(of envelope: DSSEEnvelope) throws {
        if let event = LedgerEvent(recognizing: envelope.payload) {
            self = event
        } else {
            try self.init(Statement(parsingUnverified: envelope.payload))
        }
    }

    /// The request that it is about; nil of other events.
    fileprivate var requestID: RequestID? {
        switch self {
        case .request(let event): event.requestID
        case .shred(let event): event.requestID
        default: nil
        }
    }
}
