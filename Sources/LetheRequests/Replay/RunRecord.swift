public import LetheCrypto
public import LetheStatements

/// How far a run has come.
public enum RunStage: String, Sendable, Hashable, CaseIterable {
    /// Its inputs are committed.
    case inputsCommitted = "inputs-committed"
    /// Its training seeds are drawn.
    case seedsDrawn = "seeds-drawn"
    /// Its candidate is committed.
    case candidateCommitted = "candidate-committed"
    /// The reference models' seeds are drawn.
    case referenceSeedsDrawn = "reference-seeds-drawn"
    /// The reference models are committed.
    case referencesCommitted = "references-committed"
    /// It was judged. Final.
    case verified
    /// It ended without a judgement. Final.
    case abandoned
}

/// What the log's entries add up to for one unlearning run. Derived, never written on its own.
public struct RunRecord: Sendable, Equatable {
    /// The run.
    public let runID: RunID
    /// How far it has come.
    public private(set) var stage: RunStage
    /// When its inputs were committed.
    public let startedAt: Timestamp
    /// When its last event happened.
    public private(set) var updatedAt: Timestamp
    /// The index of each step taken, by `RunEvent.Step.name`, where residue is not a step; and of each recipient's outcome, by its name
    /// after `notificationPrefix`.
    public private(set) var indexes: [String: UInt64]
    /// The index of its last event.
    public private(set) var lastIndex: UInt64
    /// The digests that its events name, by what they are, in the order of the log: `dataset-before`, `dataset-after`, `base`,
    /// `original`, `candidate`, `references`, `measurements`, `residue`.
    public private(set) var artifacts: [String: [Digest]]
    /// How it was judged.
    public private(set) var verdict: RunVerdict?

    /// The model that the run produced.
    public var candidate: Digest? { artifacts["candidate"]?.first }
    /// Whether it ended in a verdict on which a request may be fulfilled.
    public var hasPassed: Bool { verdict == .passExact || verdict == .passStatistical }

    /// What stands before a recipient's name in `indexes`; no step's name has a slash.
    static let notificationPrefix = "notification/"

    /// The entries that say what became of telling each recipient, in the order of the log.
    public var notifications: [(recipient: String, index: UInt64)] {
        indexes.filter { $0.key.hasPrefix(Self.notificationPrefix) }
            .map { (recipient: String($0.key.dropFirst(Self.notificationPrefix.count)), index: $0.value) }
            .sorted { $0.index < $1.index }
    }

    /// A record as a store kept it.
    public init(
        runID: RunID, stage: RunStage, startedAt: Timestamp, updatedAt: Timestamp, indexes: [String: UInt64],
        lastIndex: UInt64, artifacts: [String: [Digest]], verdict: RunVerdict?
    ) {
        self.runID = runID
        self.stage = stage
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.indexes = indexes
        self.lastIndex = lastIndex
        self.artifacts = artifacts
        self.verdict = verdict
    }

    init(_ inputs: RunInputs, of event: RunEvent, at index: UInt64) {
        self.init(
            runID: event.runID, stage: .inputsCommitted, startedAt: event.at, updatedAt: event.at,
            indexes: [event.step.name: index], lastIndex: index,
            artifacts: [
                "dataset-before": [inputs.datasetBefore], "dataset-after": [inputs.datasetAfter],
                "base": [inputs.baseModel], "original": [inputs.originalModel],
            ], verdict: nil)
    }

    /// Applies a step after the first.
    mutating func apply(_ event: RunEvent, at index: UInt64) throws(ReplayError) {
        let next: RunStage
        switch (event.step, stage) {
        case (.seedsDrawn(let source), .inputsCommitted):
            try requireLater(source, than: .inputsCommitted, before: index)
            next = .seedsDrawn
        case (.candidateCommitted(let model), .seedsDrawn):
            artifacts["candidate"] = [model]
            next = .candidateCommitted
        case (.referenceSeedsDrawn(let source), .candidateCommitted):
            try requireLater(source, than: .candidateCommitted, before: index)
            next = .referenceSeedsDrawn
        case (.referencesCommitted(let models), .referenceSeedsDrawn):
            artifacts["references"] = models.map(\.model)
            next = .referencesCommitted
        case (.verified(let judgement), .referencesCommitted),
            (.verified(let judgement), .candidateCommitted) where judgement.needsNoReferences,
            (.verified(let judgement), .referenceSeedsDrawn) where judgement.needsNoReferences:
            guard judgement.testResultEntry < index else {
                throw .laterEntry(field: "judgement.testResultEntry", found: judgement.testResultEntry, index: index)
            }
            artifacts["measurements"] = [judgement.measurements]
            verdict = judgement.verdict
            next = .verified
        case (.residue(let residue), _):
            artifacts["residue", default: []].append(residue.artifact)
            updatedAt = event.at
            lastIndex = index
            return
        case (.abandoned, let stage) where stage != .verified && stage != .abandoned:
            next = .abandoned
        default:
            throw .runStepOutOfOrder(runID, step: event.step.name, stage: stage)
        }
        stage = next
        indexes[event.step.name] = index
        updatedAt = event.at
        lastIndex = index
    }

    /// Takes note of what became of telling a recipient.
    mutating func apply(_ event: NotificationEvent, at index: UInt64) throws(ReplayError) {
        guard hasPassed else { throw .runNotReady(runID, stage: stage, needed: "a PASS verdict") }
        let name = Self.notificationPrefix + event.recipient
        guard indexes[name] == nil else { throw .alreadyNotified(runID, recipient: event.recipient) }
        indexes[name] = index
        updatedAt = event.at
        lastIndex = index
    }

    /// Seeds must come from a checkpoint that already covers what they must not have influenced, and that exists.
    private func requireLater(
        _ source: SeedSource, than step: RunStage, before index: UInt64
    ) throws(ReplayError) {
        let committed = indexes[step.rawValue] ?? 0
        guard source.checkpointSize > committed, source.checkpointSize <= index else {
            throw .seedsTooEarly(runID, checkpointSize: source.checkpointSize, committedIndex: committed)
        }
    }
}

extension RunJudgement {
    /// A refusal needs no reference models, and neither does an exact retrain.
    fileprivate var needsNoReferences: Bool { verdict == .refuse || verdict == .passExact }
}
