public import LetheBytes
public import LetheCrypto
public import LetheStatements

/// The key of a request's commitments and personal data was destroyed: `urn:lethe:shred-event:v1`. From then on the
/// commitments in the log open for nobody. The statement's subject is `request:<id>` with the request's commitment.
public struct ShredEvent: Sendable, Equatable, EventBody {
    static let predicateType = PredicateType.shredEvent

    /// The request.
    public let requestID: RequestID
    /// Its commitment, as in its receipt.
    public let requestCommitment: Digest
    /// When the key was destroyed.
    public let at: Timestamp
    /// Members beyond this version's.
    public var extra: [String: JSONValue]

    /// The key of `requestID` is destroyed.
    public init(requestID: RequestID, requestCommitment: Digest, at: Timestamp, extra: [String: JSONValue] = [:]) {
        self.requestID = requestID
        self.requestCommitment = requestCommitment
        self.at = at
        self.extra = extra
    }

    var subjects: [Statement.Subject] {
        [.init(name: "request:\(requestID)", digest: ["hmacSha256": requestCommitment.hex])]
    }

    var members: [String: JSONValue] {
        ["event": "key-destroyed", "requestId": .code(requestID), "at": .code(at)]
    }

    init(_ statement: Statement) throws(FieldError) {
        let predicate = statement.fields
        requestID = try predicate.member("requestId").requestID()
        requestCommitment = try statement.subjectDigest(0, "hmacSha256")
        at = try predicate.member("at").timestamp()
        extra = [:]
    }
}
