import LetheTensor
import Testing

@testable import LetheVerification

struct SimulatedAuditTests {
    @Test func usersHaveAGeometricNumberOfRecordsAroundTheMean() throws {
        var setting = SimulatedAudit()
        setting.users = 2_000
        setting.references = 1
        let counts = Dictionary(grouping: setting.records(seed: 1), by: \.user).mapValues(\.count)
        #expect(counts.count == 2_000)
        let mean = Double(counts.values.reduce(0, +)) / 2_000
        // The deviation of a geometric number with mean 20 is 19.5, that of the mean of 2000 is 0.44.
        #expect(abs(mean - 20) < 2)
        // One in twenty has a single record.
        #expect(abs(counts.values.count { $0 == 1 } - 100) < 40)
    }

    @Test func theOriginalLeansByWhatItMemorisedAndTheCandidateByItsShare() throws {
        var setting = SimulatedAudit()
        setting.residual = 0.3
        let statistics = try #require(ForgettingStatistics(setting.audit(seed: 3), replicates: 2, seed: 1))
        #expect(abs(statistics.originalResidual.value - 0.6) < 0.1)
        #expect(abs(statistics.candidateResidual.value - 0.18) < 0.1)
    }

    @Test func settingsWithoutReferencesOrFiniteNumbersMakeNoAudit() {
        var setting = SimulatedAudit()
        setting.references = 0
        #expect(throws: AuditError.noReferences) { try setting.audit(seed: 1) }
        setting.references = 2
        setting.candidateDrift = .infinity
        #expect(throws: AuditError.self) { try setting.audit(seed: 1) }
        setting.users = 0
        #expect((try? setting.audit(seed: 1))?.records.isEmpty == true)
    }
}

struct VerdictSimulationTests {
    private static func tally(
        threads: Int = 2, seed: UInt64 = 1, number: Int = 0, _ change: (inout SimulatedAudit) -> Void
    ) throws -> VerdictSimulation.Tally {
        var thresholds = Thresholds()
        thresholds.bootstrapReplicates = 100
        var setting = SimulatedAudit()
        (setting.users, setting.recordsPerUser) = (100, 8)
        change(&setting)
        return try VerdictSimulation(thresholds: thresholds, repetitions: 12, seed: seed)
            .tally(setting, number: number, pool: WorkerPool(threads: threads))
    }

    @Test func countsDoNotDependOnThreads() throws {
        let alone = try Self.tally(threads: 1) { $0.residual = 0.1 }
        #expect(try Self.tally(threads: 3) { $0.residual = 0.1 } == alone)
        #expect(alone.repetitions == 12 && alone.verdicts.values.reduce(0, +) == 12)
    }

    @Test func seedAndNumberMakeOtherDraws() throws {
        func passes(seed: UInt64, number: Int) throws -> VerdictSimulation.Tally {
            try Self.tally(seed: seed, number: number) {
                $0.users = 20
                $0.residual = 0.12
            }
        }
        let first = try passes(seed: 1, number: 0)
        #expect(try [passes(seed: 2, number: 0), passes(seed: 1, number: 1)].contains { $0 != first })
    }

    @Test func whatIsKeptBeyondTheMarginIsNeverCertifiedAndRetrainedCandidatesMostlyAre() throws {
        let retrained = try Self.tally { $0.residual = 0 }
        #expect(retrained.certified.successes >= 8, "\(retrained)")
        #expect(retrained.passed["RRM", default: 0] >= retrained.certified.successes)
        #expect(retrained.nearerToRetrained == 12)
        for residual in [0.3, -0.3, 1] {
            let kept = try Self.tally { $0.residual = residual }
            #expect(kept.certified.successes == 0, "\(kept)")
        }
        let original = try Self.tally { $0.residual = nil }
        #expect(original.verdicts == [.fail: 12] && original.nearerToOriginal == 12 && original.withinFloor == 0)
    }

    @Test func withoutMemoryNothingIsCertified() throws {
        let tally = try Self.tally {
            $0.memorised = 0
            $0.originalDrift = 0.3
        }
        #expect(tally.certified.successes == 0 && tally.verdicts[.inconclusive] == 12)
    }

    @Test func aSettingThatMakesNoAuditIsAnError() {
        #expect(throws: AuditError.noReferences) { try Self.tally { $0.references = 0 } }
    }
}
