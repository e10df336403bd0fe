@testable import LetheVerification

/// `SimulatedAudit` in sizes for every test run, with as many records for every user.
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

    private func model(memorised: Double, candidate residual: Double?) -> SimulatedAudit {
        var model = SimulatedAudit()
        (model.users, model.references, model.recordsPerUser) = (users, references, recordsPerUser)
        (model.isGeometric, model.memorised, model.residual) = (false, memorised, residual)
        (model.globalDeviation, model.userDeviation, model.recordDeviation) = (
            globalDeviation, userDeviation, exampleDeviation
        )
        return model
    }

    func audit(seed: UInt64) throws -> AuditMatrix {
        try model(memorised: memorised, candidate: residual).audit(seed: seed)
    }

    /// Records that no model memorised, with much smaller noise, as averages over many trainings would have it.
    func evaluation(seed: UInt64, worse: Double = 0) throws -> EvaluationMatrix {
        var quiet = self
        (quiet.globalDeviation, quiet.userDeviation, quiet.exampleDeviation) = (0.01, 0.02, 0.04)
        var matrix = try EvaluationMatrix(referenceCount: references)
        for record in quiet.model(memorised: 0, candidate: 0).records(seed: seed &+ 1000) {
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
