import LetheRecommendation
import LetheTensor
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// A change to a model after the fact that shows what of the forgotten comes back (VERIFICATION.md 3.5, G4): the same for all models that are
/// compared.
protocol ReturnTrial {
    /// The forgotten records that are looked at.
    var records: [InteractionRecord] { get }
    /// Its name, for whoever waits.
    var stage: String { get }
    /// How much work it is for one model.
    var units: Int { get }
    /// The margins z[Yes] - z[No] of the changed model on `records`.
    /// - Throws: `TrainingStopped` where the session asks for it.
    func margins(of model: T5Parameters) throws -> [Double]
}

/// The records of a twentieth of the forgotten people are learned again; the margins on the others' records, on average along the way.
struct RelearningTrial: ReturnTrial {
    private static let share = 0.05

    let records: [InteractionRecord]
    let stage = "relearning"
    var units: Int { relearning.steps * relearning.batchSize }
    private let relearning: Relearning
    private let learned: [Example]
    private let examples: [Example]
    private let answers: LetheUnlearning.AnswerTokens
    private let seed: UInt64
    private let pool: WorkerPool
    private let session: TrainingSession

    /// Draws the people by `seed`; nil with fewer than three, which leaves nobody to compare.
    init?(
        _ removed: [InteractionRecord], by relearning: Relearning, data: PreparedData, seed: UInt64, pool: WorkerPool,
        session: TrainingSession
    ) throws {
        let people = Set(removed.map(\.userID)).sorted()
        guard people.count > 2 else { return nil }
        var generator = SeededGenerator(seed: seed)
        let count = max(1, Int((Self.share * Double(people.count)).rounded()))
        let drawn = Set(people.shuffled(using: &generator).prefix(count))
        learned = try data.examples(removed.filter { drawn.contains($0.userID) })
        records = removed.filter { !drawn.contains($0.userID) }.spreadOver(mostRecords)
        examples = try data.examples(records)
        answers = .init(yes: data.decision.yes, no: data.decision.no)
        (self.relearning, self.seed, self.pool, self.session) = (relearning, seed, pool, session)
    }

    func margins(of model: T5Parameters) throws -> [Double] {
        try relearning.margins(
            of: model, learning: learned, auditing: examples, answers: answers, seed: seed, pool: pool,
            session: session)
    }
}

/// All weights are rounded to as few bits as services use.
struct RoundingTrial: ReturnTrial {
    private static let bits = 4

    let records: [InteractionRecord]
    let stage = "rounding to \(Self.bits) bits"
    var units: Int { examples.count }
    private let examples: [Example]
    private let decision: (yes: Int32, no: Int32)
    private let pool: WorkerPool
    private let session: TrainingSession

    init(
        _ removed: [InteractionRecord], data: PreparedData, pool: WorkerPool, session: TrainingSession
    ) throws {
        records = removed.spreadOver(mostRecords)
        examples = try data.examples(records)
        decision = data.decision
        (self.pool, self.session) = (pool, session)
    }

    func margins(of model: T5Parameters) throws -> [Double] {
        try session.stopIfAsked(stage)
        var margins: [Double] = []
        Inference(parameters: model.rounded(bits: Self.bits), pool: pool)
            .forEachLogits(examples, positions: .first) { _, logits in
                margins.append(Double(logits[Int(decision.yes)]) - Double(logits[Int(decision.no)]))
            }
        return margins
    }
}

/// The most records that are looked at.
private let mostRecords = 4_096

extension AuditedModels {
    /// What all models say after a trial; nil for an ensemble, which is no one model to change.
    func returning(in trial: (any ReturnTrial)?, progress: ProgressHandler) throws -> EvaluationMatrix? {
        guard let trial, let models = single else { return nil }
        progress(.began(stage: trial.stage, units: models.count * trial.units))
        return try EvaluationMatrix(
            trial.records,
            margins: try models.map { model in
                let margins = try trial.margins(of: model)
                progress(.advanced(units: trial.units))
                return margins
            })
    }
}

extension EvaluationMatrix {
    /// Margins on records, by model: original, candidate, references.
    init(_ records: [InteractionRecord], margins: [[Double]]) throws {
        try self.init(referenceCount: margins.count - 2)
        for (place, record) in records.enumerated() {
            try add(
                user: record.userID, isLiked: record.label, original: margins[0][place],
                candidate: margins[1][place], references: margins[2...].map { $0[place] })
        }
    }
}
