import LetheTensor
import LetheVerification

/// The Gaussian model of VERIFICATION.md 3.4: logits of honest models differ by seed (global, per user, per example); a
/// model that saw a record leans to its answer by a shift.
struct Simulation {
    var users = 60
    var references = 5
    var recordsPerUser = 12
    var memorised = 0.6
    /// The share of the shift that the candidate keeps; nil makes the candidate the original itself.
    var residual: Double? = 0
    var globalDeviation = 0.10
    var userDeviation = 0.20
    var exampleDeviation = 0.40

    /// Margins of all models on all records, original first, then candidate, then references.
    private func margins(memorised: Double, seed: UInt64) -> [(user: Int, isLiked: Bool, margins: [Double])] {
        var generator = SeededGenerator(seed: seed)
        let models = references + 2
        let global = (0..<models).map { _ in globalDeviation * generator.nextNormal() }
        var records: [(user: Int, isLiked: Bool, margins: [Double])] = []
        for user in 0..<users {
            let own = (0..<models).map { _ in userDeviation * generator.nextNormal() }
            for _ in 0..<recordsPerUser {
                let isLiked = generator.nextUniform() < 0.55
                let common = 0.8 * generator.nextNormal() + (isLiked ? 0.4 : -0.4)
                var margins = (0..<models).map { model in
                    common + global[model] + own[model] + exampleDeviation * generator.nextNormal()
                }
                let shift = (isLiked ? 1 : -1) * memorised
                margins[0] += shift
                if let residual { margins[1] += residual * shift } else { margins[1] = margins[0] }
                records.append((user, isLiked, margins))
            }
        }
        return records
    }

    func audit(seed: UInt64) throws -> AuditMatrix {
        var audit = try AuditMatrix(referenceCount: references, answers: AnswerTokens(yes: 0, no: 1))
        for record in margins(memorised: memorised, seed: seed) {
            let rows = record.margins.map { [Float($0), 0] }
            try audit.add(
                user: record.user, isLiked: record.isLiked, original: rows[0], candidate: rows[1],
                references: Array(rows.dropFirst(2)))
        }
        return audit
    }

    /// Records that no model memorised, with much smaller noise, as averages over many trainings would have it.
    func evaluation(seed: UInt64, worse: Double = 0) throws -> EvaluationMatrix {
        var quiet = self
        (quiet.globalDeviation, quiet.userDeviation, quiet.exampleDeviation) = (0.01, 0.02, 0.04)
        quiet.residual = 0
        var matrix = try EvaluationMatrix(referenceCount: references)
        for record in quiet.margins(memorised: 0, seed: seed &+ 1000) {
            try matrix.add(
                user: 10_000 + record.user, isLiked: record.isLiked, original: record.margins[0],
                candidate: record.margins[1] - (record.isLiked ? worse : -worse),
                references: Array(record.margins.dropFirst(2)))
        }
        return matrix
    }

    func judge(seed: UInt64, replicates: Int = 100, worse: Double = 0) throws -> Judgement {
        var thresholds = Thresholds()
        thresholds.bootstrapReplicates = replicates
        return Judge.judge(
            Evidence(
                provenance: .verified, forgotten: try audit(seed: seed),
                utility: try evaluation(seed: seed, worse: worse), seed: seed),
            by: thresholds)
    }
}
