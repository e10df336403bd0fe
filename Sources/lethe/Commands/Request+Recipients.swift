import LetheBytes
import LetheRequests
import LetheService

/// Who was not told, request by request; a run's recipients are read once.
struct UntoldRecipients {
    private let workspace: Workspace
    private var known: [RunID: [RecipientStanding]] = [:]

    init(_ workspace: Workspace) { self.workspace = workspace }

    /// The recipients that a request still waits for, or that were given up.
    mutating func of(_ record: RequestRecord) throws -> [RecipientStanding] {
        guard let run = record.runID else { return [] }
        if let known = known[run] { return record.state == .withdrawn ? [] : known }
        known[run] = try workspace.recipients(ofRun: run.text).filter(\.isOpenOrFailed)
        return try of(record)
    }
}

extension JSONValue {
    /// A request's object with the names of the recipients that were not told; as it is where there are none.
    func adding(partial: [RecipientStanding]) -> JSONValue {
        partial.isEmpty ? self : adding(["recipientsNotTold": .array(partial.map { .string($0.name) })])
    }

    /// A request's object with where each recipient stands; as it is where there are none.
    func adding(recipients: [RecipientStanding]) -> JSONValue {
        recipients.isEmpty ? self : adding(["recipients": .array(recipients.map(\.json))])
    }
}
