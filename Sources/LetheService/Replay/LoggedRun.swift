import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements

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
    /// Further originals that were committed with the references; nil where the run has not come that far, empty without any.
    let membershipOriginals: [ReferenceModel]?
    /// The same of the references.
    let referenceTrajectory: Digest?
    /// Nil where the run has not come that far.
    let judgement: RunJudgement?
    /// What the verifier signed.
    let test: [UInt8]?

    /// The registration of the original, which says where the seeds of its training came from.
    let original: ModelEvent?
    /// The entries that say all this, in the order of the log, but for the forgetting test's.
    let indexes: [UInt64]
    private let entries: any LoggedEntries

    /// - Parameters:
    ///   - indexes: the entry of each step that was taken, by its name.
    ///   - stage: how far the run has come, for errors.
    /// - Throws: `ServiceError.runNotReady` where the run has no candidate; the `damaged` of `entries` where an entry is not the step of
    ///   this run that it is said to be, or draws seeds that do not follow the step before; the errors of reading entries.
    init(_ runID: RunID, at stage: String, indexes: [String: UInt64], in entries: any LoggedEntries) throws {
        var read: Set<UInt64> = []
        func event(_ name: String) throws -> RunEvent? {
            guard let index = indexes[name] else { return nil }
            guard case .run(let event)? = try entries.event(index), event.runID == runID, event.step.name == name
            else { throw entries.damaged(index, "no step \(name) of run \(runID)") }
            read.insert(index)
            return event
        }
        func trajectory(_ name: String) throws -> Digest? {
            guard let index = indexes[name], let value = try event(name)?.extra[Trajectory.member] else { return nil }
            guard let digest = value.stringValue.flatMap({ try? Digest(hex: $0) }) else {
                throw entries.damaged(index, "its trajectory is no digest")
            }
            return digest
        }
        func requireFresh(_ source: LetheRequests.SeedSource, _ name: String, after step: String) throws {
            guard let index = indexes[name], let before = indexes[step],
                before < source.checkpointSize, source.checkpointSize <= index
            else {
                throw entries.damaged(
                    indexes[name] ?? 0,
                    "seeds from a checkpoint of \(source.checkpointSize) entries do not follow \(step)")
            }
        }
        guard let index = indexes["candidate-committed"],
            case .candidateCommitted(let model)? = try event("candidate-committed")?.step,
            case .seedsDrawn(let seeds)? = try event("seeds-drawn")?.step,
            case .inputsCommitted(let inputs)? = try event("inputs-committed")?.step
        else {
            throw ServiceError.runNotReady(id: runID.text, found: stage, expected: "candidate-committed or later")
        }
        self.runID = runID
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
        do {
            membershipOriginals = try event("references-committed")?.membershipOriginals()
        } catch let error as FieldError {
            throw entries.damaged(indexes["references-committed"] ?? 0, "\(error)")
        }
        judgement = if case .verified(let judgement)? = try event("verified")?.step { judgement } else { nil }
        test = try judgement.map { judgement in
            guard let test = try entries.envelope(judgement.testResultEntry) else {
                throw entries.damaged(judgement.testResultEntry, "the forgetting test is not there")
            }
            return test.payload
        }
        if let place = try entries.registration(ofOriginal: inputs.originalModel),
            case .model(let event)? = try entries.event(place)
        {
            original = event
            read.insert(place)
        } else {
            original = nil
        }

        // What is logged together with a candidate: before it the models that were read, after it the residue.
        var modelsRead: [ModelEvent] = []
        var place = index
        while place > 0, case .model(let event)? = try entries.event(place - 1), event.runID == runID,
            event.action == .read
        {
            modelsRead.append(event)
            place -= 1
            read.insert(place)
        }
        self.modelsRead = modelsRead.reversed()
        var residue: [LetheRequests.Residue] = []
        place = index + 1
        while place < entries.size, case .run(let event)? = try entries.event(place), event.runID == runID,
            case .residue(let left) = event.step
        {
            residue.append(left)
            read.insert(place)
            place += 1
        }
        self.residue = residue
        self.indexes = read.sorted()
    }

    /// The reference of this number, from one; nil where there is none.
    func reference(_ number: Int) -> ReferenceModel? {
        references.flatMap { $0.indices.contains(number - 1) ? $0[number - 1] : nil }
    }

    /// Every checkpoint that seeds were drawn from, with what was drawn.
    var seedSources: [(drawn: String, source: LetheRequests.SeedSource)] {
        [
            ("seeds of the original", original?.trainingSeeds?.source), ("seeds", seeds),
            ("reference seeds", referenceSeeds),
        ].compactMap { drawn, source in source.map { (drawn, $0) } }
    }

    /// The root of the log's first `size` entries, proved to be a beginning of the whole log; nil where there are not so many.
    /// - Throws: the `damaged` of its entries where nothing proves it.
    func root(at size: UInt64) throws -> Digest? { try entries.root(at: size) }
}
