import LetheBytes
public import LetheCrypto
public import LetheStatements

/// What a recipient of personal data is told (GDPR Art. 19; CCPA 1798.105(c)): whom the controller erased, and that it must do so too.
///
/// A DSSE envelope over an in-toto Statement of type `urn:lethe:erasure-notice:v1`, whose subjects are the requests with the commitments
/// that the log has of them. Holds personal data, because a recipient that must erase somebody must know whom: it goes to the recipient,
/// and nowhere else. The same run, recipient and requests give the same bytes, so that a notice can be sent again.
public struct ErasureNotice: Sendable, Equatable, Redacted {
    /// The predicate type.
    public static let predicateType = "urn:lethe:erasure-notice:v1"
    /// The media type that it is posted as: that of a DSSE envelope.
    public static let contentType = "application/vnd.dsse.envelope.v1+json"
    /// The most bytes that a notice may have; a person takes some five hundred.
    public static let maximumByteCount = 64 << 20

    /// Somebody who is to be erased.
    public struct Person: Sendable, Equatable, Redacted {
        /// The request.
        public let requestID: RequestID
        /// Its commitment in the log.
        public let requestCommitment: Digest
        /// The law that it was made under.
        public let regulation: Regulation
        /// Who.
        public let identity: SubjectIdentity

        /// Names somebody.
        public init(
            requestID: RequestID, requestCommitment: Digest, regulation: Regulation, identity: SubjectIdentity
        ) {
            self.requestID = requestID
            self.requestCommitment = requestCommitment
            self.regulation = regulation
            self.identity = identity
        }
    }

    /// The run in which the controller erased them.
    public let runID: RunID
    /// Who is told, by the name that the controller's policy gives it.
    public let recipient: String
    /// Who tells: the origin of the controller's log.
    public let controller: String
    /// When the run was judged to have forgotten them.
    public let erasedAt: Timestamp
    /// Whom; in the order of their requests.
    public let people: [Person]

    /// A notice.
    public init(runID: RunID, recipient: String, controller: String, erasedAt: Timestamp, people: [Person]) {
        self.runID = runID
        self.recipient = recipient
        self.controller = controller
        self.erasedAt = erasedAt
        self.people = people
    }

    /// By what a recipient knows a notice that it has taken before: a function of run, recipient and requests.
    public var noticeID: Digest {
        let lines = [Self.predicateType, runID.text, recipient] + people.map(\.requestID.text).sorted()
        return Digest(sha256: lines.flatMap { Array($0.utf8) + [0x0A] })
    }

    /// The body to post, signed by the controller's key.
    /// - Throws: `EventError.envelope` where it is too large for an envelope, `.notCanonical` for text that JSON cannot hold.
    public func sign(with key: SigningKey) throws(EventError) -> [UInt8] {
        let payload: [UInt8]
        do { payload = try statement().canonicalBytes() } catch { throw .notCanonical }
        do {
            return try DSSEEnvelope(signing: payload, with: [key], maximumByteCount: Self.maximumByteCount)
                .canonicalBytes
        } catch { throw .envelope(error) }
    }

    private func statement() throws(StatementError) -> Statement {
        try Statement(
            subjects: people.map {
                .init(name: "request:\($0.requestID)", digest: ["hmacSha256": $0.requestCommitment.hex])
            },
            predicateType: Self.predicateType,
            predicate: [
                "noticeId": .code(noticeID), "runId": .code(runID), "recipient": .string(recipient),
                "controller": .string(controller), "erasedAt": .code(erasedAt), "action": "erase",
                "people": .array(
                    people.map {
                        [
                            "requestId": .code($0.requestID), "regulation": .code($0.regulation),
                            "identity": ["type": .string($0.identity.type), "value": .string($0.identity.value)],
                        ]
                    }),
            ])
    }

    /// Reads a statement whose signature was verified, as a recipient does.
    /// - Throws: `FieldError` for the first member that is missing, mistyped or contradicts another; its text has no identity in it.
    public init(_ statement: Statement) throws(FieldError) {
        guard statement.predicateType == Self.predicateType else {
            throw .invalid(path: "predicateType", expected: Self.predicateType, found: statement.predicateType)
        }
        let predicate = statement.fields
        runID = try predicate.member("runId").runID()
        recipient = try predicate.member("recipient").nonEmptyString()
        controller = try predicate.member("controller").nonEmptyString()
        erasedAt = try predicate.member("erasedAt").timestamp()
        try predicate.member("action").require("erase")
        var people: [Person] = []
        for (position, fields) in try predicate.member("people").array().enumerated() {
            let identity = try fields.member("identity")
            guard
                let subject = SubjectIdentity(
                    type: try identity.member("type").string(), value: try identity.member("value").string())
            else { throw .invalid(path: identity.path, expected: "a type and a value", found: "something else") }
            let id = try fields.member("requestId").requestID()
            guard statement.subjects.indices.contains(position), statement.subjects[position].name == "request:\(id)"
            else { throw .invalid(path: "subject[\(position)]", expected: "request:\(id)", found: "another") }
            people.append(
                Person(
                    requestID: id, requestCommitment: try statement.subjectDigest(position, "hmacSha256"),
                    regulation: try fields.member("regulation").oneOf(Regulation.self), identity: subject))
        }
        self.people = people
        let id = try predicate.member("noticeId")
        guard try id.digest() == noticeID, people.count == statement.subjects.count else {
            throw .invalid(path: id.path, expected: "the id of this run, recipient and requests", found: "another")
        }
    }
}
