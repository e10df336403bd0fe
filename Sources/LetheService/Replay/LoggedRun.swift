import LetheBytes
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

    /// The registration of the original, which says where the seeds of its training came from.
    let original: ModelEvent?
    private let entries: LoggedEntries

    /// - Throws: `ServiceError.runNotReady` where the run has no candidate, `.workspaceDamaged` where an entry is not the one in the
    ///   log's tree, not the step of this run that the ledger's tables call it, or draws seeds that do not follow the step before;
    ///   the errors of reading entries.
    init(_ record: LetheRequests.RunRecord, in workspace: Workspace) throws {
        let entries = try LoggedEntries(workspace)
        func event(_ name: String) throws -> RunEvent? {
            guard let index = record.indexes[name] else { return nil }
            guard case .run(let event)? = try entries.event(index), event.runID == record.runID, event.step.name == name
            else { throw entries.damaged(index, "no step \(name) of run \(record.runID)") }
            return event
        }
        func trajectory(_ name: String) throws -> Digest? {
            guard let index = record.indexes[name], let value = try event(name)?.extra[Trajectory.member] else {
                return nil
            }
            guard let digest = value.stringValue.flatMap({ try? Digest(hex: $0) }) else {
                throw entries.damaged(index, "its trajectory is no digest")
            }
            return digest
        }
        func requireFresh(_ source: LetheRequests.SeedSource, _ name: String, after step: String) throws {
            guard let index = record.indexes[name], let before = record.indexes[step],
                before < source.checkpointSize, source.checkpointSize <= index
            else {
                throw entries.damaged(
                    record.indexes[name] ?? 0,
                    "seeds from a checkpoint of \(source.checkpointSize) entries do not follow \(step)")
            }
        }
        guard let index = record.indexes["candidate-committed"],
            case .candidateCommitted(let model)? = try event("candidate-committed")?.step,
            case .seedsDrawn(let seeds)? = try event("seeds-drawn")?.step,
            case .inputsCommitted(let inputs)? = try event("inputs-committed")?.step
        else {
            throw ServiceError.runNotReady(
                id: record.runID.text, found: record.stage.rawValue, expected: "candidate-committed or later")
        }
        runID = record.runID
        (self.inputs, self.seeds, candidate, self.entries) = (inputs, seeds, model, entries)
        try requireFresh(seeds, "seeds-drawn", after: "inputs-committed")
        self.trajectory = try trajectory("candidate-committed")
        referenceTrajectory = try trajectory("references-committed")
        if case .referenceSeedsDrawn(let source)? = try event("reference-seeds-drawn")?.step {
            try requireFresh(source, "reference-seeds-drawn", after: "candidate-committed")
            referenceSeeds = source
        } else {
            referenceSeeds = nil
        }
        references =
            if case .referencesCommitted(let models)? = try event("references-committed")?.step { models } else { nil }
        judgement = if case .verified(let judgement)? = try event("verified")?.step { judgement } else { nil }
        test = try judgement.map { try entries.envelope($0.testResultEntry).payload }
        original =
            if let index = try workspace.registration(.original, of: inputs.originalModel)?.index,
                case .model(let event)? = try entries.event(index)
            { event } else { nil }

        // What is logged together with a candidate: before it the models that were read, after it the residue.
        var modelsRead: [ModelEvent] = []
        var place = index
        while place > 0, case .model(let event)? = try entries.event(place - 1), event.runID == record.runID,
            event.action == .read
        {
            modelsRead.append(event)
            place -= 1
        }
        self.modelsRead = modelsRead.reversed()
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

    /// The reference of this number, from one; nil where there is none.
    func reference(_ number: Int) -> ReferenceModel? {
        references.flatMap { $0.indices.contains(number - 1) ? $0[number - 1] : nil }
    }

    /// The root of the log's first `size` entries, proved to be a beginning of the whole log; nil where there are not so many.
    /// - Throws: `ServiceError.workspaceDamaged` where the ledger's stored tree does not prove it.
    func root(at size: UInt64) throws -> Digest? { try entries.root(at: size) }
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

    func root(at size: UInt64) throws -> Digest? {
        guard size > 0, size <= self.size else { return nil }
        let old = try store.rootHash(size: size)
        do {
            try MerkleTree.verifyConsistency(
                from: size, oldRoot: old, to: self.size, newRoot: root,
                proof: store.consistencyProof(from: size, to: self.size))
        } catch is ConsistencyError {
            throw ServiceError.workspaceDamaged(
                file: store.path,
                problem: "the tree of \(size) entries is no beginning of the log's; `lethe log audit` says more")
        }
        return old
    }

    func event(_ index: UInt64) throws -> LedgerEvent? {
        try LedgerEvent(Statement(parsingUnverified: envelope(index).payload))
    }

    func damaged(_ index: UInt64, _ problem: String) -> ServiceError {
        .workspaceDamaged(file: store.path, problem: "entry \(index): \(problem)")
    }
}
