import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStore
import LetheUnlearning
import Synchronization
import Testing

@testable import LetheService

extension ServiceTests {
    /// Whatever ends a process in the middle of a training: the next one goes on, and nothing stays behind.
    struct Interruptions {
        /// The workspace as another process would open it; asked to stop for the (n + 1)-th time, it stops.
        private func open(_ moment: Desk.Moment, stopAfter count: Int? = nil) throws -> Workspace {
            var environment = Desk.environment(keeping: moment.folder)
            environment.checkpointInterval = 0
            if let count {
                let calls = Calls()
                environment.shouldStop = { calls.next() > count }
            }
            return try Workspace.open(moment.root, environment: environment)
        }

        private final class Calls: Sendable {
            private let value = Atomic(0)
            func next() -> Int { value.add(1, ordering: .relaxed).newValue }
        }

        private func expectNothingLeft(_ moment: Desk.Moment, sourceLocation: SourceLocation = #_sourceLocation) throws
        {
            let trainings = Files.join(moment.root, "trainings")
            #expect(
                try !Files.exists(trainings) || Files.names(in: trainings).isEmpty, sourceLocation: sourceLocation)
            let keys = try Files.names(in: Files.join(moment.root, "keys"))
            #expect(!keys.contains { $0.hasPrefix("training-") }, sourceLocation: sourceLocation)
        }

        private func digest(_ moment: Desk.Moment, _ model: String) throws -> Digest {
            try Digest(sha256OfFile: Files.join(moment.root, "\(model)/model.safetensors"))
        }

        private func copy(_ moment: Desk.Moment) throws -> Desk.Moment { try moment.copy() }

        private func asked(_ moment: Desk.Moment, people: Int = 2) throws {
            let workspace = try moment.open()
            for user in try workspace.data().split.trainingUsers.prefix(people) {
                _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
            }
        }

        @Test func baseAndOriginalGoOnWithTheSameSeedsToTheSameBits() throws {
            let first = try Desk.current.fresh.copy()
            // The seeds are drawn by the first attempt: the copy has them too.
            #expect(throws: TrainingStopped(stage: "base model", steps: 1)) {
                try open(first, stopAfter: 1).pretrain { _ in }
            }
            let second = try copy(first)
            try open(second).pretrain { _ in }
            for count in [3, 8] {
                #expect(throws: TrainingStopped.self) { try open(first, stopAfter: count).pretrain { _ in } }
            }
            var events: [ServiceProgress] = []
            try open(first).pretrain { events.append($0) }
            #expect(events.contains(.resumed(steps: 12, epochs: 0)))
            #expect(try digest(first, "models/base") == digest(second, "models/base"))
            try expectNothingLeft(first)

            // Thousands of steps later nothing is different.
            #expect(throws: TrainingStopped.self) { try open(first, stopAfter: 5).trainOriginal { _ in } }
            let third = try copy(first)
            try open(third).trainOriginal { _ in }
            #expect(throws: TrainingStopped.self) { try open(first, stopAfter: 70).trainOriginal { _ in } }
            try open(first).trainOriginal { _ in }
            #expect(try digest(first, "models/original") == digest(third, "models/original"))
            for name in ["original-model.csv", "original-model.svg", "base-model.csv"] {
                let path = "models/\(name)"
                let bytes = try Files.read(Files.join(first.root, path), limit: 1 << 20)
                #expect(!bytes.isEmpty)
                #expect(try name.hasPrefix("base") || bytes == Files.read(Files.join(third.root, path), limit: 1 << 20))
            }
            try expectNothingLeft(first)
            try expectNothingLeft(third)
        }

        @Test func aDamagedStateIsSaidAndTrainedAnew() throws {
            let first = try Desk.current.fresh.copy()
            #expect(throws: TrainingStopped.self) { try open(first, stopAfter: 6).pretrain { _ in } }
            let second = try copy(first)
            try open(second).pretrain { _ in }
            let state = Files.join(first.root, "trainings/base/base-model.state")
            var bytes = try Files.read(state, limit: 1 << 26)
            bytes[bytes.count / 2] ^= 1
            try Files.write(bytes, to: state)
            var notices: [String] = []
            try open(first).pretrain { if case .notice(let text) = $0 { notices.append(text) } }
            #expect(notices.count == 1 && notices[0].contains("damaged"))
            #expect(try digest(first, "models/base") == digest(second, "models/base"))
        }

        @Test(arguments: [
            "e2urec", "e2urec-calibrated", "rewind", "neggrad", "bad-t", "retrain", "adapters", "receraser",
        ])
        func aRunGoesOnWithItsRequestsAndSeeds(method: String) throws {
            let first = try Desk.current.trained.copy()
            try asked(first)
            var workspace = try open(first, stopAfter: 1)
            #expect(throws: TrainingStopped.self) { try workspace.unlearn(method: method) { _ in } }
            let second = try copy(first)
            // Somebody else asks meanwhile: this run is not theirs.
            try asked(first, people: 3)
            for count in [2, 5] {
                workspace = try open(first, stopAfter: count)
                _ = try? workspace.unlearn(method: method) { _ in }
            }
            workspace = try open(first)
            let run: RunDossier
            if let open = try workspace.store.runs().first(where: { $0.candidate != nil }) {
                run = try RunDossier.read(from: workspace.paths.run(open.runID.text))
            } else {
                run = try workspace.unlearn(method: method) { _ in }
            }
            let whole = try open(second).unlearn(method: method) { _ in }
            #expect(run.runID == whole.runID && run.requests.count == 2)
            #expect(run.candidateDigest != nil && run.candidateDigest == whole.candidateDigest)
            try expectNothingLeft(first)
            try expectNothingLeft(second)
            #expect(try workspace.audit().isEmpty)
            // What was on the disk and had learned from the forgotten is in the inventory; a retrained model's states had not.
            let isExact = ["retrain", "adapters"].contains(method)
            let kept = run.residue.filter { $0.kind == "training-checkpoint" }
            #expect(kept.allSatisfy { $0.fate == "destroyed" && $0.digest.count == 64 })
            #expect(kept.isEmpty == isExact)
            let folder = try Files.names(in: workspace.paths.run(run.runID))
            #expect(method == "neggrad" || folder.contains { $0.hasSuffix(".csv") })
        }

        @Test func aRunOfAnotherMethodEndsTheInterruptedOne() throws {
            let moment = try Desk.current.trained.copy()
            try asked(moment)
            #expect(throws: TrainingStopped.self) { try open(moment, stopAfter: 3).unlearn(method: "e2urec") { _ in } }
            let workspace = try open(moment)
            let dossier = try workspace.unlearn(method: "bad-t-reference") { _ in }
            let runs = try workspace.store.runs()
            #expect(runs.map(\.stage) == [.abandoned, .candidateCommitted])
            #expect(runs[1].runID.text == dossier.runID)
            #expect(runs[0].artifacts["residue"]?.isEmpty == false)
            #expect(!Files.exists(workspace.paths.run(runs[0].runID.text)))
            try expectNothingLeft(moment)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aVerificationNeverTrainsAFinishedReferenceAgain() throws {
            let first = try Desk.current.trained.copy()
            try asked(first, people: 20)
            let run = try open(first).unlearn(method: "retrain") { _ in }.runID
            #expect(throws: TrainingStopped.self) { try open(first, stopAfter: 2).verify(run) { _ in } }
            let second = try copy(first)
            let whole = try open(second).verify(run) { _ in }
            // Stopped in one reference after the other.
            var stops = 0
            var finished: Set<String> = []
            var last: Measurements?
            for count in [60, 60, 60, 5_000] where last == nil {
                var stage = ""
                var trained: Set<String> = []
                do {
                    last = try open(first, stopAfter: count).verify(run) { event in
                        switch event {
                        case .began(let name, _): stage = name
                        case .advanced where stage.hasPrefix("reference"): trained.insert(stage)
                        default: break
                        }
                    }
                } catch let stop as TrainingStopped {
                    stops += 1
                    #expect(trained.isDisjoint(with: finished))
                    finished.formUnion(trained.subtracting([stop.stage]))
                }
            }
            #expect(stops > 0 && last == whole)
            for number in 1...3 {
                #expect(
                    try digest(first, "runs/\(run)/references/\(number)")
                        == digest(second, "runs/\(run)/references/\(number)"))
                for ending in ["csv", "svg"] {
                    let name = "runs/\(run)/reference-model-\(number)-of-3.\(ending)"
                    let bytes = try Files.read(Files.join(first.root, name), limit: 1 << 20)
                    #expect(try bytes == Files.read(Files.join(second.root, name), limit: 1 << 20))
                }
            }
            try expectNothingLeft(first)
        }

        @Test func twoProcessesNeverTrainTheSameThing() throws {
            let moment = try Desk.current.fresh.copy()
            let other = try open(moment)
            var busy: (any Error)?
            try open(moment).pretrain { _ in
                guard busy == nil else { return }
                do { try other.pretrain { _ in } } catch { busy = error }
            }
            guard case .busy = busy as? ServiceError else {
                Issue.record("\(String(describing: busy))")
                return
            }
            try expectNothingLeft(moment)
        }

        @Test func whatAKilledProcessLeftAfterTheEndIsSweptAway() throws {
            let moment = try Desk.current.trained.copy()
            let left = Files.join(moment.root, "trainings/original")
            try Files.createFolders(left)
            try Files.write([1], to: Files.join(left, "original-model.state"))
            try Files.write([1], to: Files.join(moment.root, "keys/training-original.key"))
            #expect(throws: ServiceError.self) { try open(moment).trainOriginal { _ in } }
            try expectNothingLeft(moment)
        }
    }
}
