import LetheCertificates
public import LetheCrypto
import LetheRequests
import LetheStatements
import LetheStore

/// Whether a model may be in service, by what the log says of its digest.
public enum ModelStanding: Sendable, Equatable {
    /// The model that the log says is in service: the candidate of the last run that passed, or the original before any.
    case current(entry: UInt64)
    /// A run's candidate took its place: it still remembers who was to be forgotten.
    case superseded(what: String, entry: UInt64, by: Successor)
    /// The log knows it as something that never goes into service.
    case notForService(what: String, entry: UInt64)
    /// The log does not know it.
    case unknown

    /// What took a model's place.
    public struct Successor: Sendable, Equatable {
        /// The run.
        public let runID: String
        /// The entry of its verdict.
        public let entry: UInt64
        /// The model in service since.
        public let model: Digest
    }
}

extension Workspace {
    /// Compares the digest of a model's folder (OpenSSF model signing) with every model that the log speaks of.
    ///
    /// - Returns: the digest, and what the log says of it.
    /// - Throws: `ModelDigestError` where the folder cannot be read.
    public func standing(ofModel folder: String) throws -> (digest: Digest, standing: ModelStanding) {
        let digest = try ModelDigest(folder: folder).digest
        var history = ModelHistory()
        try forEachEvent { event, index in history.apply(event, at: index) }
        return (digest, history.standing(of: digest))
    }
}

/// What a log says of models, entry by entry.
struct ModelHistory {
    /// Models by digest: what each was last known as, where, and whether it was ever in service.
    private var known: [Digest: (what: String, entry: UInt64)] = [:]
    /// What was in service, in order; the last one is.
    private var inService: [(model: Digest, entry: UInt64, runID: String?)] = []
    private var candidates: [RunID: Digest] = [:]
    /// The oldest run since which a model is out of date.
    private var retired: Set<Digest> = []

    /// Takes up what the event at `index` says.
    mutating func apply(_ event: LedgerEvent, at index: UInt64) {
        switch event {
        case .model(let event):
            switch event.action {
            case .registered:
                note(event.digest, "the \(event.role.rawValue) model", index)
                if event.role == .original { inService.append((event.digest, index, nil)) }
            case .read: if known[event.digest] == nil { note(event.digest, "a \(event.role.rawValue) model", index) }
            case .retired: retired.insert(event.digest)
            }
        case .run(let event): apply(event, at: index)
        case .request, .key, .policy, .shred, .notification: break
        }
    }

    private mutating func apply(_ event: RunEvent, at index: UInt64) {
        let run = event.runID.text
        switch event.step {
        case .candidateCommitted(let model):
            candidates[event.runID] = model
            note(model, "the candidate of run \(run), not judged", index)
        case .referencesCommitted(let models):
            for model in models { note(model.model, "a reference model of run \(run)", index) }
        case .residue(let residue):
            guard known[residue.artifact] == nil else { return }
            note(residue.artifact, "the \(residue.kind.rawValue) of run \(run), which remembers the forgotten", index)
        case .verified(let judgement):
            guard let model = candidates[event.runID] else { return }
            note(model, "the candidate of run \(run), judged \(judgement.verdict.rawValue)", index)
            if judgement.verdict == .passExact || judgement.verdict == .passStatistical {
                inService.append((model, index, run))
            }
        case .abandoned:
            if let model = candidates[event.runID] { note(model, "the candidate of run \(run), abandoned", index) }
        case .inputsCommitted, .seedsDrawn, .referenceSeedsDrawn: break
        }
    }

    private mutating func note(_ model: Digest, _ what: String, _ entry: UInt64) { known[model] = (what, entry) }

    /// What all of this says of one model.
    func standing(of digest: Digest) -> ModelStanding {
        guard let (what, entry) = known[digest] else { return .unknown }
        guard let last = inService.last, last.model != digest || retired.contains(digest) else {
            return inService.isEmpty ? .notForService(what: what, entry: entry) : .current(entry: entry)
        }
        // Everything that was made before the run that put the present model into service may remember those it forgot.
        if let run = last.runID, entry < last.entry, last.model != digest, !isReference(what) {
            return .superseded(
                what: what, entry: entry, by: .init(runID: run, entry: last.entry, model: last.model))
        }
        return .notForService(what: what, entry: entry)
    }

    private func isReference(_ what: String) -> Bool { what.hasPrefix("a reference") || what.hasPrefix("the base") }
}
