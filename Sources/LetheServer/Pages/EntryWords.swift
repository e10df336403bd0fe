import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService
import LetheStatements

/// What an entry says, in a few words, and who signed it.
struct EntryWords {
    let kind: String
    let at: String
    let signers: String
    let statement: JSONValue?
    let type: String

    init(_ bytes: [UInt8], roles: [String: String]) {
        let envelope = try? DSSEEnvelope(parsing: bytes)
        let payload = envelope?.payload ?? []
        let read = try? Statement(parsingUnverified: payload)
        statement = try? StrictJSON.parse(payload, maximumDepth: 32)
        type = read?.predicateType ?? "unknown"
        at = read?.predicate["at"]?.stringValue ?? read?.predicate["issuedAt"]?.stringValue ?? ""
        signers = (envelope?.signatures ?? []).map { roles[$0.keyID] ?? "an unknown key" }.joined(separator: " and ")
        let event = read?.predicate["event"]?.stringValue ?? read?.predicate["step"]?.stringValue ?? ""
        let what =
            switch type {
            case PredicateType.requestEvent: "request"
            case PredicateType.keyEvent: "key"
            case PredicateType.runEvent: "run"
            case PredicateType.modelEvent: "model"
            case PredicateType.policyEvent: "policy"
            case PredicateType.shredEvent: "personal data destroyed"
            case PredicateType.notificationEvent: "recipient"
            case PredicateType.unlearningCertificate: "certificate"
            case PredicateType.testResult: "forgetting test"
            default: "entry"
            }
        kind = event.isEmpty ? what : "\(what): \(event.replacing("-", with: " "))"
    }

    /// Whose key is whose, by id.
    static func roles(in workspace: Workspace) throws -> [String: String] {
        Dictionary(
            try workspace.registeredKeys().map { ($0.key.keyID, "the \($0.role.rawValue)") },
            uniquingKeysWith: { first, _ in first })
    }
}
