import LetheRecommendation
import LetheTensor
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// What of the forgotten comes back when the models are changed after the fact (VERIFICATION.md 3.5, G4).
extension AuditedModels {
    /// The share of the forgotten people whose records are learned again.
    private static let relearnedShare = 0.05
    /// The most records that are looked at.
    private static let mostRecords = 4_096
    /// Weights as small as services use them.
    private static let bits = 4

    /// All models learn the records of a twentieth of the forgotten people again, drawn by `seed`; the margins on the others' records,
    /// on average along the way. Nil for an ensemble, which is no one model to go on with, and with fewer than three people.
    func relearned(
        _ removed: [InteractionRecord], by relearning: Relearning, data: PreparedData, seed: UInt64,
        progress: ProgressHandler
    ) throws -> EvaluationMatrix? {
        let people = Set(removed.map(\.userID)).sorted()
        guard let models = single, people.count > 2 else { return nil }
        var generator = SeededGenerator(seed: seed)
        let drawn = Set(
            people.shuffled(using: &generator).prefix(
                max(1, Int((Self.relearnedShare * Double(people.count)).rounded()))))
        let learned = try data.examples(removed.filter { drawn.contains($0.userID) })
        let audited = removed.filter { !drawn.contains($0.userID) }.spreadOver(Self.mostRecords)
        let examples = try data.examples(audited)
        progress(.began(stage: "relearning", units: models.count * relearning.steps * relearning.batchSize))
        return try matrix(
            audited,
            try models.map { model in
                let margins = try relearning.margins(
                    of: model, learning: learned, auditing: examples,
                    answers: .init(yes: data.decision.yes, no: data.decision.no), seed: seed, pool: pool,
                    session: session)
                progress(.advanced(units: relearning.steps * relearning.batchSize))
                return margins
            })
    }

    /// The margins on forgotten records with all models' weights rounded to four bits; nil for an ensemble.
    func rounded(
        _ removed: [InteractionRecord], data: PreparedData, progress: ProgressHandler
    ) throws -> EvaluationMatrix? {
        guard let models = single else { return nil }
        let audited = removed.spreadOver(Self.mostRecords)
        let examples = try data.examples(audited)
        progress(.began(stage: "rounding to \(Self.bits) bits", units: models.count * examples.count))
        return try matrix(
            audited,
            try models.map { model in
                try session.stopIfAsked("rounding to \(Self.bits) bits")
                let rounded = Inference(parameters: model.rounded(bits: Self.bits), pool: pool)
                var margins: [Double] = []
                rounded.forEachLogits(examples, positions: .first) { _, logits in
                    margins.append(Double(logits[Int(data.decision.yes)]) - Double(logits[Int(data.decision.no)]))
                }
                progress(.advanced(units: examples.count))
                return margins
            })
    }

    /// Margins by model: original, candidate, references.
    private func matrix(_ records: [InteractionRecord], _ margins: [[Double]]) throws -> EvaluationMatrix {
        var matrix = try EvaluationMatrix(referenceCount: margins.count - 2)
        for (place, record) in records.enumerated() {
            try matrix.add(
                user: record.userID, isLiked: record.label, original: margins[0][place],
                candidate: margins[1][place], references: margins[2...].map { $0[place] })
        }
        return matrix
    }
}
