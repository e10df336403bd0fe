import LetheBytes
public import LetheCrypto
public import LetheStatements

/// That a person turned a proposed decision down, signed by that person: what stays of a proposal that was dropped.
///
/// Nothing was decided, so that the log has no entry of it; the desk keeps this. It has a payload type of its own, so that it can never pass
/// for an entry, nor for a proposal.
public struct Rejection: Sendable, Equatable {
    /// The type of what the person signs.
    public static let payloadType = "application/vnd.lethe.rejection+json"
    /// The most bytes that a rejection has.
    public static let maximumByteCount = DSSEEnvelope.defaultMaximumByteCount

    /// The request that the proposal was about.
    public let requestID: RequestID
    /// The decision that was proposed.
    public let kind: DecisionKind
    /// The key that proposed it.
    public let proposer: String
    /// When it was proposed.
    public let proposedAt: Timestamp
    /// SHA-256 of the proposal's envelope.
    public let proposal: Digest
    /// When it was turned down.
    public let at: Timestamp
    /// All of it, signed.
    public let envelope: DSSEEnvelope

    /// The id of the key that turned it down, as the rejection says.
    public var rejecter: String { envelope.signatures[0].keyID }

    /// `key`'s owner turns `proposal` down.
    /// - Throws: `EventError` where the envelope cannot be made.
    public init(of proposal: Proposal, at: Timestamp, signedBy key: SigningKey) throws(EventError) {
        let json: JSONValue = [
            "at": .code(at), "decision": .code(proposal.kind), "proposal": .code(proposal.envelope.digest),
            "proposedAt": .code(proposal.at), "proposer": .string(proposal.proposer),
            "requestId": .code(proposal.requestID),
        ]
        let envelope: DSSEEnvelope
        do {
            envelope = try DSSEEnvelope(signing: json.canonicalBytes(), type: Self.payloadType, with: [key])
        } catch let error as EnvelopeError { throw .envelope(error) } catch { throw .notCanonical }
        try self.init(envelope)
    }

    /// Reads a rejection that was kept; who signed it is for `isSigned` to say.
    /// - Throws: `EventError`.
    public init(parsing bytes: [UInt8]) throws(EventError) {
        let envelope: DSSEEnvelope
        do { envelope = try DSSEEnvelope(parsing: bytes) } catch { throw .envelope(error) }
        try self.init(envelope)
    }

    private init(_ envelope: DSSEEnvelope) throws(EventError) {
        guard envelope.payloadType == Self.payloadType, envelope.signatures.count == 1,
            let json = try? StrictJSON.parse(envelope.payload), (try? json.canonicalBytes()) == envelope.payload
        else { throw .notCanonical }
        let fields = JSONFields(json)
        do throws(FieldError) {
            try fields.requireExactly(["at", "decision", "proposal", "proposedAt", "proposer", "requestId"])
            at = try fields.member("at").timestamp()
            kind = try fields.member("decision").oneOf(DecisionKind.self)
            proposal = try fields.member("proposal").digest()
            proposedAt = try fields.member("proposedAt").timestamp()
            proposer = try fields.member("proposer").digest().hex
            requestID = try fields.member("requestId").requestID()
        } catch { throw .field(error) }
        self.envelope = envelope
    }

    /// Whether `key` made the signature.
    public func isSigned(by key: VerifyingKey) -> Bool {
        (try? envelope.verify(trusting: [key], payloadType: Self.payloadType)) != nil
    }
}
