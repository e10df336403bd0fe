import LetheBytes
public import LetheCrypto
public import LetheStatements

/// A decision that one person has signed and that waits for a second.
///
/// The first person signs the event as it would be if it happened then, with member `asOf`, the index of the request's last entry. When
/// the second person approves, the event is made anew, with the time and the deadlines of that moment, and carries the first signature in
/// its member `proposal`: one entry holds both. A proposal has a payload type of its own, so that it can never pass for an entry.
public struct Proposal: Sendable, Equatable {
    /// The type of what the first person signs.
    public static let payloadType = "application/vnd.lethe.proposal+json"
    /// The most bytes that a proposal has.
    public static let maximumByteCount = DSSEEnvelope.defaultMaximumByteCount

    /// What is proposed, with the time at which it was.
    public let event: LedgerEvent
    /// The decision.
    public let kind: DecisionKind
    /// The request that it is about.
    public let requestID: RequestID
    /// The index of the request's last entry when it was proposed.
    public let asOf: UInt64
    /// The event under the first person's signature.
    public let envelope: DSSEEnvelope

    /// The id of the first person's key, as the proposal says.
    public var proposer: String { envelope.signatures[0].keyID }
    /// When it was proposed.
    public var at: Timestamp { event.at }

    /// `key`'s owner proposes `event`, about a request whose last entry is `asOf`.
    /// - Throws: `EventError` where the event is no decision that two persons can take, or a value is not allowed in the log.
    public init(_ event: LedgerEvent, asOf: UInt64, signedBy key: SigningKey) throws(EventError) {
        let proposed = try event.proposed(at: event.at, asOf: asOf)
        do {
            let payload = try proposed.statement().canonicalBytes()
            try self.init(DSSEEnvelope(signing: payload, type: Self.payloadType, with: [key]))
        } catch let error as EventError {
            throw error
        } catch let error as EnvelopeError {
            throw .envelope(error)
        } catch { throw .notCanonical }
    }

    /// Reads a proposal that was kept; who signed it is for `isSigned` to say.
    /// - Throws: `EventError`.
    public init(parsing bytes: [UInt8]) throws(EventError) {
        let envelope: DSSEEnvelope
        do { envelope = try DSSEEnvelope(parsing: bytes) } catch { throw .envelope(error) }
        try self.init(envelope)
    }

    private init(_ envelope: DSSEEnvelope) throws(EventError) {
        guard envelope.payloadType == Self.payloadType, envelope.signatures.count == 1 else { throw .notCanonical }
        let statement: Statement
        do { statement = try Statement(parsingUnverified: envelope.payload) } catch { throw .notCanonical }
        guard let event = try LedgerEvent(statement), let kind = DecisionKind(event), kind.canTakeTwoPersons,
            let requestID = event.subjectRequest, let asOf = event.extra["asOf"]?.stringValue.flatMap(UInt64.init),
            try event.proposed(at: event.at, asOf: asOf) == event
        else { throw .notCanonical }
        self.event = event
        self.kind = kind
        self.requestID = requestID
        self.asOf = asOf
        self.envelope = envelope
    }

    /// Whether `key` made the signature.
    public func isSigned(by key: VerifyingKey) -> Bool {
        (try? envelope.verify(trusting: [key], payloadType: Self.payloadType)) != nil
    }

    /// The entry's event once a second person agrees.
    /// - Parameter event: the decision as it is made now.
    /// - Returns: the event with the first person's signature; nil where it is another decision than the one proposed.
    public func approved(as event: LedgerEvent) -> LedgerEvent? {
        guard (try? event.proposed(at: at, asOf: asOf)) == self.event else { return nil }
        return event.adding([
            "proposal": [
                "at": .code(at), "asOf": .code(asOf), "keyid": .string(proposer),
                "sig": .string(Base64.encode(envelope.signatures[0].bytes)),
            ]
        ])
    }

    /// The proposal that an entry's event carries, put together again; nil where it carries none.
    /// - Throws: `EventError` where the member is not one.
    public init?(carriedBy event: LedgerEvent) throws(EventError) {
        guard let member = event.extra["proposal"] else { return nil }
        let fields = JSONFields(member, path: "predicate.proposal")
        let (at, asOf, keyID, text): (Timestamp, UInt64, String, String)
        do {
            try fields.requireExactly(["at", "asOf", "keyid", "sig"])
            at = try fields.member("at").timestamp()
            asOf = try fields.member("asOf").wholeNumber()
            keyID = try fields.member("keyid").digest().hex
            text = try fields.member("sig").string()
        } catch { throw .field(error) }
        guard let signature = try? Base64.decode(text), signature.count == Ed25519.signatureByteCount else {
            throw .field(
                .invalid(path: "predicate.proposal.sig", expected: "an Ed25519 signature in base64", found: text))
        }
        let payload: [UInt8]
        do { payload = try event.proposed(at: at, asOf: asOf).statement().canonicalBytes() } catch let error
            as EventError
        { throw error } catch { throw .notCanonical }
        do {
            try self.init(
                DSSEEnvelope(
                    payloadType: Self.payloadType, payload: payload,
                    signatures: [.init(keyID: keyID, bytes: signature)]))
        } catch let error as EventError {
            throw error
        } catch let error as EnvelopeError {
            throw .envelope(error)
        } catch { throw .notCanonical }
    }
}

extension LedgerEvent {
    /// The request that the event is about; nil for other events.
    var subjectRequest: RequestID? {
        switch self {
        case .request(let event): event.requestID
        case .shred(let event): event.requestID
        default: nil
        }
    }

    /// Members beyond those that the event's version defines.
    var extra: [String: JSONValue] {
        switch self {
        case .request(let event): event.extra
        case .shred(let event): event.extra
        case .run(let event): event.extra
        default: [:]
        }
    }

    /// The event with more members.
    fileprivate func adding(_ members: [String: JSONValue]) -> LedgerEvent {
        switch self {
        case .request(var event):
            event.extra.merge(members) { _, new in new }
            return .request(event)
        case .shred(var event):
            event.extra.merge(members) { _, new in new }
            return .shred(event)
        default: return self
        }
    }

    /// The event as a first person signs it: at the time of the proposal, without what only the moment of the decision knows (deadlines
    /// that a pause has moved, and the holidays they were reckoned with).
    fileprivate func proposed(at: Timestamp, asOf: UInt64) throws(EventError) -> LedgerEvent {
        var extra = extra.filter { $0.key != "proposal" && $0.key != "holidays" }
        extra["asOf"] = .code(asOf)
        switch self {
        case .request(let event):
            guard case .changed(let change, _) = event.kind, DecisionKind(change) != nil else { throw .notCanonical }
            return .request(
                RequestEvent(
                    requestID: event.requestID, at: at, requestCommitment: event.requestCommitment,
                    kind: .changed(change, clock: nil), extra: extra))
        case .shred(let event):
            return .shred(
                ShredEvent(
                    requestID: event.requestID, requestCommitment: event.requestCommitment, at: at, extra: extra))
        default: throw .notCanonical
        }
    }
}
