import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheUnlearning
import Synchronization
import Testing

@testable import LetheService

extension ServiceTests {
    /// A policy that has further originals trained for the membership test by person.
    struct MembershipOriginals {
        private static let quiet: @Sendable (ServiceProgress) -> Void = { _ in }

        private final class Flag: Sendable {
            private let value = Atomic(false)
            var isSet: Bool { value.load(ordering: .relaxed) }
            func set() { value.store(true, ordering: .relaxed) }
        }

        /// Every run event of the log, in its order.
        private func events(_ workspace: Workspace) throws -> [RunEvent] {
            try (0..<workspace.store.size()).compactMap { index in
                let payload = try DSSEEnvelope(parsing: workspace.store.entry(index)).payload
                let statement = try Statement(parsingUnverified: payload)
                guard statement.predicateType == PredicateType.runEvent else { return nil }
                guard case .run(let event) = try LedgerEvent(statement) else { return nil }
                return event
            }
        }

        @Test func theyAreLoggedBeforeUseGoneOnWithDestroyedAndRepeated() throws {
            let desk = try Desk.current
            let folder = try TestFolder()
            var policy = DeskPolicy()
            policy.epochs = 1
            policy.gates = "G0, G1, G2, G3, G5"
            policy.membershipOriginals = 2
            var workspace = try Desk.create(in: folder, data: desk.data, policy: policy.yaml)
            let root = folder.path("workspace")
            try workspace.pretrain(progress: Self.quiet)
            try workspace.trainOriginal(progress: Self.quiet)
            for user in try workspace.data().split.trainingUsers.prefix(2) {
                _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
            }
            let run = try workspace.unlearn(method: "retrain", progress: Self.quiet).runID

            // Killed in the second of them, and gone on with.
            let flag = Flag()
            var environment = Desk.environment(keeping: folder)
            environment.checkpointInterval = 0
            environment.shouldStop = { flag.isSet }
            let stopped = try Workspace.open(root, environment: environment)
            #expect(throws: TrainingStopped.self) {
                try stopped.verify(run) {
                    if case .began("further original 2 of 2", _) = $0 { flag.set() }
                }
            }
            workspace = try Workspace.open(root, environment: Desk.environment(keeping: folder))
            var stages: [String] = []
            let measured = try workspace.verify(run) {
                if case .began(let stage, _) = $0 { stages.append(stage) }
            }
            #expect(stages.contains("further originals on forgotten records"))
            let test = try #require(measured.likelihoodRatio)
            #expect(test.users == 2 && test.originals == 2 && test.margin == nil)
            #expect(!measured.notAssessed.contains { $0.name.contains("U-LiRA") })
            #expect(!measured.gates.contains { $0.statistic.contains("U-LiRA") })

            // The log: seeds of a checkpoint after the candidate, models before the verdict, sealed and then destroyed.
            let events = try events(workspace)
            let seeds = try #require(
                events.compactMap { event in
                    if case .referenceSeedsDrawn(let source) = event.step { source } else { nil }
                }.first)
            let committed = try #require(events.firstIndex { $0.step.name == "references-committed" })
            let originals = try events[committed].membershipOriginals()
            let runID = try #require(RunID(run))
            #expect(
                originals.map(\.seed)
                    == (1...2).map { seeds.seed(for: "membership-original/\($0)/order", runID: runID) })
            #expect(Set(originals.map(\.model)).count == 2)
            let verdict = try #require(events.firstIndex { $0.step.name == "verified" })
            func residue(_ events: ArraySlice<RunEvent>) -> [LetheRequests.Residue] {
                events.compactMap { if case .residue(let residue) = $0.step { residue } else { nil } }
            }
            #expect(
                residue(events[committed..<verdict])
                    == originals.map { LetheRequests.Residue(artifact: $0.model, kind: .originalModel, fate: .sealed) })
            #expect(
                residue(events[verdict...])
                    == originals.map {
                        LetheRequests.Residue(artifact: $0.model, kind: .originalModel, fate: .destroyed)
                    })

            // Nothing is left of them but their digests, and that is said once.
            let trainings = workspace.paths.trainings
            #expect(try !Files.exists(trainings) || Files.names(in: trainings).isEmpty)
            #expect(
                try Files.names(in: Files.join(workspace.paths.run(run), "references")).sorted() == ["1", "2", "3"])
            let dossier = try RunDossier.read(from: workspace.paths.run(run))
            let inventory = dossier.residue.filter { $0.kind == "original-model" }
            #expect(inventory.map(\.digest) == originals.map(\.model.hex))
            #expect(inventory.allSatisfy { $0.fate == "destroyed" })
            let size = try workspace.store.size()
            try workspace.sweepTrainings()
            #expect(try workspace.store.size() == size)

            // Certificate and report.
            let file = try #require(try workspace.certify(run).first)
            let verified = try CertificateVerifier.verify(
                Files.read(file, limit: 1 << 20), trusting: workspace.trust())
            #expect(verified.certificate.verification.originals.map(\.model) == originals.map(\.model))
            #expect(verified.certificate.verification.originals.map(\.seed) == originals.map(\.seed))
            #expect(try workspace.audit().isEmpty)
            _ = try workspace.report(run, to: folder.path("reports"), formats: ReportFormat.allCases)

            // A repetition trains them again, whatever is drawn.
            for sample in [nil, 1] {
                let outcome = try Workspace.openToRead(root, environment: Desk.environment(keeping: folder)).replay(
                    run, sample: sample, to: folder.path("repeated-\(UUID())"), progress: Self.quiet)
                #expect(outcome.holds, "\(outcome.text)")
                let artifacts = outcome.comparisons.map(\.artifact)
                for name in ["further original 1", "seed of further original 2", "trajectory of references", "verdict"]
                {
                    #expect(artifacts.contains(name), "\(name)")
                }
            }
        }

        @Test func whatWasCutOffAfterItsVerdictIsAccountedForByTheNextCall() throws {
            let moment = try Desk.current.trained.copy()
            let workspace = try moment.open()
            let source = try workspace.data().split.trainingUsers.prefix(1)
            for user in source { _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes) }
            let run = try workspace.unlearn(method: "retrain", progress: Self.quiet)
            let runID = try #require(RunID(run.runID))
            let candidate = try Digest(hex: try #require(run.candidateDigest))
            let originals = [7, 8].map { ReferenceModel(model: Digest(sha256: [$0]), seed: UInt64($0)) }
            let now = try Timestamp(Desk.noon)
            func log(_ step: RunEvent.Step, _ extra: [String: JSONValue] = [:]) throws {
                try workspace.record([.run(RunEvent(runID: runID, at: now, step: step, extra: extra))])
            }
            try log(.referenceSeedsDrawn(try workspace.seedSource()))
            try log(
                .referencesCommitted([ReferenceModel(model: candidate, seed: 1)]),
                RunEvent.extra(membershipOriginals: originals))
            try workspace.record(workspace.sealedResidue(originals, of: runID))
            func fates() throws -> [LetheRequests.Residue.Fate] {
                try events(workspace).compactMap {
                    if case .residue(let residue) = $0.step, residue.kind == .originalModel {
                        residue.fate
                    } else {
                        nil
                    }
                }
            }
            // Not while the run is open.
            try workspace.accountForOriginals(of: runID)
            #expect(try fates() == [.sealed, .sealed])
            try log(
                .verified(
                    RunJudgement(
                        verdict: .inconclusive, measurements: candidate, testResultEntry: 0)))
            // Nor while the states are there.
            try Files.createFolders(workspace.paths.training("\(run.runID)-verify"))
            let held = try TrainingKeeping(
                folder: workspace.paths.training("\(run.runID)-verify"),
                keyFile: workspace.paths.trainingKey("\(run.runID)-verify"))
            try withExtendedLifetime(held) { try workspace.sweepTrainings() }
            #expect(try fates() == [.sealed, .sealed])
            try held.destroy()
            for _ in 0..<2 {
                try workspace.sweepTrainings()
                #expect(try fates() == [.sealed, .sealed, .destroyed, .destroyed])
            }
        }
    }
}
