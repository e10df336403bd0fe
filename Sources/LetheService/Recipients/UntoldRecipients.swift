package import LetheRequests

/// Who was not told, request by request; a run's recipients are read once.
package struct UntoldRecipients {
    private let workspace: Workspace
    private var known: [RunID: [RecipientStanding]] = [:]

    package init(_ workspace: Workspace) { self.workspace = workspace }

    /// The recipients that a request still waits for, or that were given up.
    package mutating func of(_ record: RequestRecord) throws -> [RecipientStanding] {
        guard let run = record.runID else { return [] }
        if let known = known[run] { return record.state == .withdrawn ? [] : known }
        known[run] = try workspace.recipients(ofRun: run.text).filter(\.isOpenOrFailed)
        return try of(record)
    }
}
