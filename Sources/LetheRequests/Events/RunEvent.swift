public import LetheBytes
public import LetheCrypto
public import LetheStatements

/// A step of an unlearning run: `urn:lethe:run-event:v1`. The statement's first subject is `run:<id>` with the digest of the
/// run's inputs or of the artifact that the step is about.
public struct RunEvent: Sendable, Equatable, EventBody {
    static let predicateType = PredicateType.runEvent

    /// The run.
    public let runID: RunID
    /// When it happened.
    public let at: Timestamp
    /// What happened.
    public let step: Step
    /// Members beyond this version's.
    public var extra: [String: JSONValue]

    /// The steps, in the order in which a run takes them; `residue` may come at any time after the inputs.
    public enum Step: Sendable, Equatable {
        /// What goes in is fixed, before any seed is known.
        case inputsCommitted(RunInputs)
        /// Seeds for training were derived from a checkpoint published after the inputs.
        case seedsDrawn(SeedSource)
        /// What came out is fixed, before any reference model's seed is known.
        case candidateCommitted(model: Digest)
        /// Seeds for the reference models were derived from a checkpoint published after the candidate.
        case referenceSeedsDrawn(SeedSource)
        /// The reference models, all of them.
        case referencesCommitted([ReferenceModel])
        /// The judgement.
        case verified(RunJudgement)
        /// Something that remembers the forgotten records was dealt with.
        case residue(Residue)
        /// The run ended without a judgement.
        case abandoned
    }

    /// A step of the run `runID`.
    public init(runID: RunID, at: Timestamp, step: Step, extra: [String: JSONValue] = [:]) {
        self.runID = runID
        self.at = at
        self.step = step
        self.extra = extra
    }

    var subjects: [Statement.Subject] {
        let digest =
            switch step {
            case .inputsCommitted(let inputs): inputs.datasetAfter
            case .seedsDrawn(let source), .referenceSeedsDrawn(let source): source.rootHash
            case .candidateCommitted(let model): model
            case .referencesCommitted(let models):
                Digest(sha256: models.reduce(into: [UInt8]()) { $1.model.append(to: &$0) })
            case .verified(let judgement): judgement.measurements
            case .residue(let residue): residue.artifact
            case .abandoned: Digest(sha256: Array(runID.text.utf8))
            }
        return [.init(name: "run:\(runID)", sha256: digest)]
    }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "runId": .code(runID), "at": .code(at), "event": .string(step.name),
        ]
        switch step {
        case .inputsCommitted(let inputs): members["inputs"] = inputs.json
        case .seedsDrawn(let source), .referenceSeedsDrawn(let source): members["checkpoint"] = source.json
        case .candidateCommitted(let model): members["model"] = .code(model)
        case .referencesCommitted(let models): members["references"] = .array(models.map(\.json))
        case .verified(let judgement): members["judgement"] = judgement.json
        case .residue(let residue): members["residue"] = residue.json
        case .abandoned: break
        }
        return members
    }

    init(_ statement: Statement) throws(FieldError) {
        let predicate = statement.fields
        runID = try predicate.member("runId").runID()
        at = try predicate.member("at").timestamp()
        extra = [:]
        let event = try predicate.member("event")
        switch try event.string() {
        case "inputs-committed": step = .inputsCommitted(try RunInputs(predicate.member("inputs")))
        case "seeds-drawn": step = .seedsDrawn(try SeedSource(predicate.member("checkpoint")))
        case "candidate-committed": step = .candidateCommitted(model: try predicate.member("model").digest())
        case "reference-seeds-drawn": step = .referenceSeedsDrawn(try SeedSource(predicate.member("checkpoint")))
        case "references-committed":
            step = .referencesCommitted(
                try predicate.member("references").array().map { (item) throws(FieldError) in
                    try ReferenceModel(item)
                })
        case "verified": step = .verified(try RunJudgement(predicate.member("judgement")))
        case "residue": step = .residue(try Residue(predicate.member("residue")))
        case "abandoned": step = .abandoned
        case let other: throw .invalid(path: event.path, expected: "a step of a run", found: other)
        }
    }
}

extension RunEvent.Step {
    /// The step's name on the wire and in the log.
    public var name: String {
        switch self {
        case .inputsCommitted: "inputs-committed"
        case .seedsDrawn: "seeds-drawn"
        case .candidateCommitted: "candidate-committed"
        case .referenceSeedsDrawn: "reference-seeds-drawn"
        case .referencesCommitted: "references-committed"
        case .verified: "verified"
        case .residue: "residue"
        case .abandoned: "abandoned"
        }
    }
}
