import LetheRecommendation
import LetheTensor
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// The models of one verification, in the roles in which they are compared.
struct AuditedModels: Sendable {
    let original: any LabelLogits
    let candidate: any LabelLogits
    let references: [any LabelLogits]
    /// Their weights in this order: original, candidate, references; nil where the candidate is an ensemble.
    let single: [T5Parameters]?
    let pool: WorkerPool
    /// Stops between two slices of records where that is asked for.
    let session: TrainingSession

    init(
        original: T5Parameters, candidate: RecommenderModel, references: [T5Parameters], pool: WorkerPool,
        session: TrainingSession = .unkept
    ) {
        self.original = Inference(parameters: original, pool: pool)
        self.candidate = candidate.inference(pool: pool)
        self.session = session
        self.pool = pool
        single = (try? candidate.singleModel()).map { [original, $0] + references }
        self.references = references.map { Inference(parameters: $0, pool: pool) }
    }

    private var all: [any LabelLogits] { [original, candidate] + references }

    /// Compares all models on forgotten records, first label position, a slice of records at a time.
    func audit(
        _ records: [InteractionRecord], data: PreparedData, progress: ProgressHandler
    ) throws -> AuditMatrix {
        var matrix = try AuditMatrix(
            referenceCount: references.count,
            answers: AnswerTokens(yes: Int(data.decision.yes), no: Int(data.decision.no)))
        progress(.began(stage: "distances on forgotten records", units: records.count))
        for start in stride(from: 0, to: records.count, by: 256) {
            try session.stopIfAsked("distances on forgotten records")
            let slice = records[start..<min(start + 256, records.count)]
            let examples = try data.examples(Array(slice))
            let logits = all.map { $0.logits(examples, positions: .first) }
            for (offset, record) in slice.enumerated() {
                try matrix.add(
                    user: record.userID, isLiked: record.label, original: logits[0][offset],
                    candidate: logits[1][offset], references: logits[2...].map { $0[offset] })
            }
            progress(.advanced(units: slice.count))
        }
        return matrix
    }

    /// The Yes-No margins of all models on records that were not forgotten.
    func evaluate(
        _ records: [InteractionRecord], data: PreparedData, stage: String, progress: ProgressHandler
    ) throws -> EvaluationMatrix {
        try EvaluationMatrix(
            records, margins: try margins(of: all, on: records, data: data, stage: stage, progress: progress))
    }

    /// The Yes-No margins of models beside those that are compared, on forgotten records.
    func margins(
        of originals: [T5Parameters], on records: [InteractionRecord], data: PreparedData, progress: ProgressHandler
    ) throws -> [[Double]] {
        guard !originals.isEmpty else { return [] }
        return try margins(
            of: originals.map { Inference(parameters: $0, pool: pool) }, on: records, data: data,
            stage: "further originals on forgotten records", progress: progress)
    }

    private func margins(
        of models: [any LabelLogits], on records: [InteractionRecord], data: PreparedData, stage: String,
        progress: ProgressHandler
    ) throws -> [[Double]] {
        progress(.began(stage: stage, units: records.count * models.count))
        let examples = try data.examples(records)
        return try models.map { model in
            try session.stopIfAsked(stage)
            var margins: [Double] = []
            margins.reserveCapacity(examples.count)
            model.forEachLogits(examples, positions: .first) { _, logits in
                margins.append(data.margin(logits))
                if margins.count % 256 == 0 { progress(.advanced(units: 256)) }
            }
            return margins
        }
    }
}
