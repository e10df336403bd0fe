public import LetheBytes
public import LetheCrypto
public import LetheStatements

/// Something that happened to a request: `urn:lethe:request-event:v1`.
///
/// The statement's subject is `request:<id>` with the request's commitment, in every event of the request.
public struct RequestEvent: Sendable, Equatable, EventBody {
    static let predicateType = PredicateType.requestEvent

    /// The request.
    public let requestID: RequestID
    /// When it happened.
    public let at: Timestamp
    /// `SubjectKey.commitment(toRequest:)` over the bytes received.
    public let requestCommitment: Digest
    /// What happened.
    public let kind: Kind
    /// Members beyond this version's.
    public var extra: [String: JSONValue]

    /// What can happen to a request.
    public enum Kind: Sendable, Equatable {
        /// It was accepted into the log.
        case received(Receipt)
        /// Its state changed. `clock` gives new deadlines where the change moves them (identity confirmed after a pause).
        case changed(LifecycleEvent, clock: LoggedClock?)
    }

    /// What the log keeps of a received request.
    public struct Receipt: Sendable, Equatable {
        /// The law it was made under.
        public let regulation: Regulation
        /// The deadlines counted from its receipt.
        public let clock: LoggedClock
        /// `SubjectKey.commitment(toSubject:)`.
        public let subjectCommitment: Digest
        /// How the identity was proved.
        public let identity: IdentityProof
        /// `CheckedRequest.nonceTag`.
        public let nonceTag: Digest
        /// `CheckedRequest.replayTag`.
        public let replayTag: Digest
        /// The digest of the policy in force.
        public let policyDigest: Digest

        /// What the log keeps of a received request.
        public init(
            regulation: Regulation, clock: LoggedClock, subjectCommitment: Digest, identity: IdentityProof,
            nonceTag: Digest, replayTag: Digest, policyDigest: Digest
        ) {
            self.regulation = regulation
            self.clock = clock
            self.subjectCommitment = subjectCommitment
            self.identity = identity
            self.nonceTag = nonceTag
            self.replayTag = replayTag
            self.policyDigest = policyDigest
        }
    }

    /// An event of a request that is in the log.
    public init(
        requestID: RequestID, at: Timestamp, requestCommitment: Digest, kind: Kind, extra: [String: JSONValue] = [:]
    ) {
        self.requestID = requestID
        self.at = at
        self.requestCommitment = requestCommitment
        self.kind = kind
        self.extra = extra
    }

    /// The receipt of `checked`, with commitments under `key` and deadlines by `policy`.
    ///
    /// Where the bytes have another format than Lethe's own, the receipt has a member `format`; where the workspace keeps a file of
    /// holidays, `holidays` with its digest.
    public init(receiving checked: CheckedRequest, at: Timestamp, under key: SubjectKey, policy rules: PolicyInForce) {
        let request = checked.request
        let clock = StatutoryClock(regulation: request.regulation, holidays: rules.holidays)
        let day = at.date(utcOffsetMinutes: rules.utcOffsetMinutes)
        self.init(
            requestID: request.requestID, at: at, requestCommitment: key.commitment(toRequest: checked.rawBytes),
            kind: .received(
                Receipt(
                    regulation: request.regulation, clock: LoggedClock(clock.deadlines(receivedOn: day)),
                    subjectCommitment: key.commitment(toSubject: request.subject), identity: checked.proof,
                    nonceTag: checked.nonceTag, replayTag: checked.replayTag, policyDigest: rules.digest)))
        if checked.format != .native { extra["format"] = .code(checked.format) }
        extra["holidays"] = rules.calendar.map { .code($0.digest) }
    }

    var subjects: [Statement.Subject] {
        [.init(name: "request:\(requestID)", digest: ["hmacSha256": requestCommitment.hex])]
    }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = ["requestId": .code(requestID), "at": .code(at)]
        switch kind {
        case .received(let receipt):
            members["event"] = "received"
            members["channel"] = "native"
            members["regulation"] = .code(receipt.regulation)
            members["clock"] = receipt.clock.json
            members["subject"] = [
                "alg": "hmac-sha256", "context": .string(SubjectKey.subjectContext),
                "value": .code(receipt.subjectCommitment),
            ]
            members["identity"] = receipt.identity.json
            members["nonceTag"] = .code(receipt.nonceTag)
            members["replayTag"] = .code(receipt.replayTag)
            members["policy"] = .code(receipt.policyDigest)
        case .changed(let event, let clock):
            members["event"] = .string(event.name)
            members["clock"] = clock?.json
            switch event {
            case .extended(let reason): members["reason"] = .code(reason)
            case .unlearned(let run): members["runId"] = .code(run)
            case .fulfilled(let entry): members["certificateEntry"] = .code(entry)
            case .refused(let ground): members["ground"] = .code(ground)
            case .nothingHeld(let root): members["trainingRecordsRoot"] = .code(root)
            case .foundDuplicate(let original): members["duplicateOf"] = .code(original)
            case .identityDoubted, .identityConfirmed, .verificationFailed, .blocked, .resumed, .withdrawn, .expired:
                break
            }
        }
        return members
    }

    init(_ statement: Statement) throws(FieldError) {
        let predicate = statement.fields
        requestCommitment = try statement.subjectDigest(0, "hmacSha256")
        requestID = try predicate.member("requestId").requestID()
        at = try predicate.member("at").timestamp()
        extra = [:]
        let clock = try predicate.optional("clock")
        let event = try predicate.member("event")
        let change: LifecycleEvent
        switch try event.string() {
        case "received":
            let subject = try predicate.member("subject")
            let identity = try predicate.member("identity")
            kind = .received(
                Receipt(
                    regulation: try predicate.member("regulation").oneOf(Regulation.self),
                    clock: try LoggedClock(predicate.member("clock")),
                    subjectCommitment: try subject.member("value").digest(),
                    identity: IdentityProof(
                        level: try identity.member("level").oneOf(IdentityLevel.self),
                        method: try identity.member("method").oneOf(IdentityMethod.self)),
                    nonceTag: try predicate.member("nonceTag").digest(),
                    replayTag: try predicate.member("replayTag").digest(),
                    policyDigest: try predicate.member("policy").digest()))
            return
        case "identity-doubted": change = .identityDoubted
        case "identity-confirmed": change = .identityConfirmed
        case "extended": change = .extended(try predicate.member("reason").oneOf(ExtensionReason.self))
        case "unlearned": change = .unlearned(run: try predicate.member("runId").runID())
        case "verification-failed": change = .verificationFailed
        case "blocked": change = .blocked
        case "resumed": change = .resumed
        case "fulfilled":
            change = .fulfilled(certificateEntry: try predicate.member("certificateEntry").wholeNumber())
        case "nothing-held":
            change = .nothingHeld(trainingRecords: try predicate.member("trainingRecordsRoot").digest())
        case "refused": change = .refused(try predicate.member("ground").oneOf(RefusalGround.self))
        case "withdrawn": change = .withdrawn
        case "expired": change = .expired
        case "duplicate": change = .foundDuplicate(of: try predicate.member("duplicateOf").requestID())
        case let other: throw .invalid(path: event.path, expected: "an event of a request", found: other)
        }
        kind = .changed(change, clock: try clock.map { (clock) throws(FieldError) in try LoggedClock(clock) })
    }
}

extension RequestEvent {
    /// The member that names a data subject afterwards: a commitment as the receipt has one, under the same key.
    ///
    /// A receipt commits to whom the request itself names. Where that is an address, of which the data know nothing, whoever confirms the
    /// identity says whom it means; earlier versions ignore the member.
    static let namedMember = "named"

    static func named(_ commitment: Digest) -> JSONValue {
        ["alg": "hmac-sha256", "context": .string(SubjectKey.subjectContext), "value": .code(commitment)]
    }

    /// The commitment to the data subject whom this event names; nil where it names none, or in a form that is not this version's.
    public var namedSubject: Digest? {
        guard let value = extra[Self.namedMember]?["value"]?.stringValue, let digest = try? Digest(hex: value),
            extra[Self.namedMember] == Self.named(digest)
        else { return nil }
        return digest
    }
}
