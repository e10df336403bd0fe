import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import LetheStore

/// What the log commits to of one run that has a candidate, read out of its entries.
struct LoggedRun {
    let runID: RunID
    /// Data, models, method and policy, before any seed.
    let inputs: RunInputs
    /// The checkpoint that the run's seeds come from.
    let seeds: LetheRequests.SeedSource
    /// The models that the method read, in its order.
    let modelsRead: [ModelEvent]
    /// The unlearned model.
    let candidate: Digest
    /// The digests of what learned on the way to the candidate; nil in a log of an earlier version.
    let trajectory: Digest?
    /// What remembered the forgotten, as the candidate's transaction names it.
    let residue: [LetheRequests.Residue]
    /// Nil where the run has not come that far.
    let referenceSeeds: LetheRequests.SeedSource?
    /// Nil where the run has not come that far.
    let references: [ReferenceModel]?
    /// The same of the references.
    let referenceTrajectory: Digest?
    /// Nil where the run has not come that far.
    let judgement: RunJudgement?
    /// What the verifier signed.
    let test: [UInt8]?

    /// - Throws: `ServiceError.runNotReady` where the run has no candidate, `.workspaceDamaged` where an entry is not the one in the
    ///   log's tree or not a step of this run; the errors of reading entries.
    init(_ record: LetheRequests.RunRecord, in workspace: Workspace) throws {
        let entries = try LoggedEntries(workspace)
        func step<Value>(_ name: String, _ value: (RunEvent.Step) -> Value?) throws -> Value? {
            guard let index = record.indexes[name] else { return nil }
            guard case .run(let event)? = try entries.event(index), event.runID == record.runID,
                let found = value(event.step)
            else { throw entries.damaged(index, "no step \(name) of run \(record.runID)") }
            return found
        }
        func trajectory(_ name: String) throws -> Digest? {
            guard let index = record.indexes[name], case .run(let event)? = try entries.event(index) else { return nil }
            return Trajectory.digest(event.extra)
        }
        func drawn(_ step: RunEvent.Step) -> LetheRequests.SeedSource? {
            switch step {
            case .seedsDrawn(let source), .referenceSeedsDrawn(let source): source
            default: nil
            }
        }
        func inputs(_ step: RunEvent.Step) -> RunInputs? {
            if case .inputsCommitted(let inputs) = step { inputs } else { nil }
        }
        func candidate(_ step: RunEvent.Step) -> Digest? {
            if case .candidateCommitted(let model) = step { model } else { nil }
        }
        func references(_ step: RunEvent.Step) -> [ReferenceModel]? {
            if case .referencesCommitted(let models) = step { models } else { nil }
        }
        func judgement(_ step: RunEvent.Step) -> RunJudgement? {
            if case .verified(let judgement) = step { judgement } else { nil }
        }
        guard let index = record.indexes["candidate-committed"],
            let model = try step("candidate-committed", candidate), let seeds = try step("seeds-drawn", drawn),
            let committed = try step("inputs-committed", inputs)
        else {
            throw ServiceError.runNotReady(
                id: record.runID.text, found: record.stage.rawValue, expected: "candidate-committed or later")
        }
        runID = record.runID
        (self.inputs, self.seeds, self.candidate) = (committed, seeds, model)
        self.trajectory = try trajectory("candidate-committed")
        referenceTrajectory = try trajectory("references-committed")
        referenceSeeds = try step("reference-seeds-drawn", drawn)
        self.references = try step("references-committed", references)
        let judged = try step("verified", judgement)
        self.judgement = judged
        test = try judged.map { try entries.envelope($0.testResultEntry).payload }

        // What is logged together with a candidate: before it the models that were read, after it the residue.
        var modelsRead: [ModelEvent] = []
        var place = index
        while place > 0, case .model(let event)? = try entries.event(place - 1), event.runID == record.runID,
            event.action == .read
        {
            modelsRead.insert(event, at: 0)
            place -= 1
        }
        self.modelsRead = modelsRead
        var residue: [LetheRequests.Residue] = []
        place = index + 1
        while place < entries.size, case .run(let event)? = try entries.event(place), event.runID == record.runID,
            case .residue(let left) = event.step
        {
            residue.append(left)
            place += 1
        }
        self.residue = residue
    }
}

/// Entries of a log, each handed out only where it is the leaf that the tree has at its place.
private struct LoggedEntries {
    private let store: LedgerStore
    let size: UInt64
    private let root: Digest

    init(_ workspace: Workspace) throws {
        store = workspace.store
        size = try store.size()
        root = try store.rootHash(size: size)
    }

    func envelope(_ index: UInt64) throws -> DSSEEnvelope {
        let bytes = try store.entry(index)
        do {
            try MerkleTree.verifyInclusion(
                of: MerkleTree.leafHash(bytes), at: index, size: size,
                proof: store.inclusionProof(index, size: size), root: root)
        } catch is InclusionError {
            throw damaged(index, "not the entry that the log's tree has there; `lethe log audit` says more")
        }
        return try DSSEEnvelope(parsing: bytes)
    }

    func event(_ index: UInt64) throws -> LedgerEvent? {
        try LedgerEvent(Statement(parsingUnverified: envelope(index).payload))
    }

    func damaged(_ index: UInt64, _ problem: String) -> ServiceError {
        .workspaceDamaged(file: store.path, problem: "entry \(index): \(problem)")
    }
}
