import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheTransformer
import LetheUnlearning
import Synchronization
import Testing

@testable import LetheService

extension ServiceTests {
    /// A run that is repeated: equal where nothing was touched, and located where something was.
    struct Replays {
        private static let quiet: @Sendable (ServiceProgress) -> Void = { _ in }

        private final class Counter: Sendable {
            private let value = Atomic(0)
            func next() -> Int { value.add(1, ordering: .relaxed).newValue }
        }

        /// Repeats a run in a folder that is gone afterwards.
        private func replay(
            _ run: String, of moment: Desk.Moment, data: String? = nil, threads: Int? = nil, subjects: String? = nil,
            program: Digest? = nil, family: String? = nil, fromBase: Bool = false, sample: Int? = nil
        ) throws -> ReplayOutcome {
            var environment = Desk.environment(keeping: moment.folder)
            if let program { environment.program = { program } }
            if let family { environment.description[ServiceEnvironment.linearAlgebra.name] = family }
            let workspace = try Workspace.openToRead(
                moment.root, data: data, threads: threads, environment: environment)
            return try workspace.replay(
                run, subjects: subjects, fromBase: fromBase, sample: sample,
                to: moment.folder.path("repeated-\(UUID())"),
                progress: Self.quiet)
        }

        /// A file with the people who asked.
        private func list(_ moment: Desk.Moment, _ users: [Int]) throws -> String {
            let path = moment.folder.path("subjects.txt")
            try Files.write(Array(users.map { "\($0)\n" }.joined().utf8), to: path)
            return path
        }

        /// A copy of the trained desk after a run for two people, up to the candidate.
        private func unlearned(_ method: String, stopAfter count: Int? = nil) throws -> (Desk.Moment, String) {
            let moment = try Desk.current.trained.copy()
            var workspace = try moment.open()
            for user in try workspace.data().split.trainingUsers.prefix(2) {
                _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
            }
            if let count {
                var environment = Desk.environment(keeping: moment.folder)
                environment.checkpointInterval = 0
                let calls = Counter()
                environment.shouldStop = { calls.next() > count }
                let stopped = try Workspace.open(moment.root, environment: environment)
                #expect(throws: TrainingStopped.self) { try stopped.unlearn(method: method, progress: Self.quiet) }
                workspace = try moment.open()
            }
            return (moment, try workspace.unlearn(method: method, progress: Self.quiet).runID)
        }

        private func differing(_ outcome: ReplayOutcome) -> [String] {
            outcome.comparisons.filter { !$0.isEqual }.map(\.artifact)
        }

        private func places(_ artifact: String, _ outcome: ReplayOutcome) -> String {
            outcome.comparisons.first { $0.artifact == artifact }?.places.joined(separator: "\n") ?? "none"
        }

        /// Flips the lowest bit of one number of a model's file.
        private func flip(_ path: String, tensor name: String, element: Int) throws {
            let file = try SafetensorsFile.load(path)
            let place = try #require(file.tensors[name]).range.lowerBound + 4 * element
            var bytes = try Files.read(path, limit: 1 << 30)
            bytes[place] ^= 1
            try Files.write(bytes, to: path)
        }

        @Test func aJudgedRunIsEqualWithoutAnyKeyOnAnotherNumberOfThreadsAndWritesNothing() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            try Files.remove(Files.join(moment.root, "keys"))
            // SQLite's index of a write-ahead log that somebody else left is no file with content.
            func files() throws -> [String: String] {
                try Snapshot(of: moment.root).digests.filter { !$0.key.hasSuffix("-shm") }
            }
            let before = try files()
            let names = try FileManager.default.subpathsOfDirectory(atPath: moment.root).sorted()
            let outcome = try replay(
                desk.runID, of: moment, threads: 3, subjects: list(moment, moment.filed.map(\.user)))
            #expect(outcome.holds, "\(outcome.text)")
            #expect(outcome.threads == 3 && outcome.method == "retrain")
            #expect(!outcome.notCompared.contains { $0.hasPrefix("the program: ") || $0.hasPrefix("the processor ") })
            let artifacts = outcome.comparisons.map(\.artifact)
            for name in [
                "seeds of the original", "seeds", "reference seeds", "models read", "trajectory of candidate",
                "trajectory of references",
                "candidate", "candidate in the run's folder",
                "number of reference models", "reference 1", "reference 3", "reference 3 in the run's folder",
                "seed of reference 2", "measurements", "measurements.json in the run's folder", "verdict",
                "forgetting test", "run.json in the run's folder",
            ] {
                #expect(artifacts.count { $0 == name } == 1, "\(name)")
            }
            #expect(outcome.text.hasSuffix("all \(artifacts.count) equal, bit for bit"))
            #expect(outcome.json["equal"]?.boolValue == true)
            #expect(try files() == before)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: moment.root).sorted() == names)
        }

        @Test func aRunThatKeepsTombstonesIsEqual() throws {
            let desk = try JudgedDesk.copy()
            let dossier = try RunDossier.read(from: WorkspacePaths(root: desk.moment.root).run(desk.runID))
            #expect(dossier.residue.contains { $0.kind == LetheRequests.Residue.Kind.forgottenRecords.rawValue })
            let people = try list(desk.moment, desk.moment.filed.map(\.user))
            let outcome = try replay(desk.runID, of: desk.moment, subjects: people)
            #expect(outcome.holds, "\(outcome.text)")
            #expect(outcome.comparisons.contains { $0.artifact == "run.json in the run's folder" })
        }

        @Test func ofASampleOnlyWhatIsDrawnIsTrainedAgainAndTheRestIsTheLogs() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            let people = try list(moment, moment.filed.map(\.user))
            for sample in [1, 2] {
                let outcome = try replay(desk.runID, of: moment, subjects: people, sample: sample)
                #expect(outcome.holds, "\(outcome.text)")
                let artifacts = outcome.comparisons.map(\.artifact)
                let trained = (1...3).filter { artifacts.contains("reference \($0)") }
                #expect(trained.count == sample)
                for number in 1...3 {
                    let limit =
                        "the training of reference \(number): not drawn, its model in the run's folder was taken"
                    #expect(outcome.notCompared.contains(limit) == !trained.contains(number))
                    #expect(artifacts.contains("seed of reference \(number)"))
                }
                #expect(artifacts.contains("trajectory of references") && artifacts.contains("forgetting test"))
            }
            for sample in [0, 4, -1, Int.max] {
                #expect(throws: EngineError.self) {
                    try replay(desk.runID, of: moment, subjects: people, sample: sample)
                }
            }
            // Whatever is drawn, of two changed models one is taken, and is not the log's.
            for number in [1, 2] {
                try flip(
                    Files.join(moment.root, "runs/\(desk.runID)/references/\(number)/model.safetensors"),
                    tensor: "shared.weight", element: 1)
            }
            #expect {
                try replay(desk.runID, of: moment, subjects: people, sample: 1)
            } throws: {
                if case ServiceError.modelChanged("reference", _, _, _) = $0 { true } else { false }
            }
        }

        @Test func aReferenceOfAnotherShapeIsRefusedBeforeAnythingReadsIt() throws {
            let (moment, run) = try unlearned("retrain")
            let workspace = try moment.open()
            let runID = try #require(RunID(run))
            func log(_ step: RunEvent.Step) throws {
                try workspace.record([.run(RunEvent(runID: runID, at: try Timestamp(Desk.noon), step: step))])
            }
            let base = try workspace.model(.base)
            var configuration = base.parameters.configuration
            configuration.dFF *= 2
            let other = T5Parameters(configuration: configuration, seed: 1)
            let references = Files.join(workspace.paths.run(run), "references")
            try Files.createFolder(references)
            let source = try workspace.seedSource()
            try log(.referenceSeedsDrawn(source))
            try log(
                .referencesCommitted(
                    (1...workspace.policy.verification.references).map { number in
                        let path = Files.join(references, "\(number)")
                        try HuggingFaceFolder.saveModel(other, tokenizer: base.tokenizer, to: path)
                        return ReferenceModel(
                            model: try ModelDigest(folder: path).digest,
                            seed: source.trainingSeeds(for: "reference/\(number)", runID: runID).order)
                    }))
            let path = Files.join(references, "")
            #expect {
                try replay(run, of: moment, sample: 1)
            } throws: {
                guard case ServiceError.workspaceDamaged(let file, let problem) = $0 else { return false }
                return file.hasPrefix(path) && problem == "a model of another shape than the base model"
            }
            // Trained again, they are seen to be others.
            #expect(differing(try replay(run, of: moment)).contains("reference 1"))
        }

        @Test func whatWasChangedInTheRunsFolderIsLocated() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            let folder = Files.join(moment.root, "runs/\(desk.runID)")
            let tensor = "decoder.final_layer_norm.weight"
            try flip(Files.join(folder, "candidate/model.safetensors"), tensor: tensor, element: 3)
            try flip(Files.join(folder, "references/2/model.safetensors"), tensor: "shared.weight", element: 70)
            let surplus = Files.join(folder, "references/3/notes.txt")
            try Files.write([0x0A], to: surplus)
            let measurements = Files.join(folder, "measurements.json")
            var text = String(decoding: try Files.read(measurements, limit: 1 << 24), as: UTF8.self)
            text = text.replacing("\"auditSubjects\" : 20", with: "\"auditSubjects\" : 21")
            try Files.write(Array(text.utf8), to: measurements)
            var dossier = try RunDossier.read(from: folder)
            dossier.seeds?.size += 1
            dossier.references[0].seed ^= 1
            try dossier.write(to: folder)

            let outcome = try replay(
                desk.runID, of: moment, subjects: list(moment, moment.filed.map(\.user)),
                program: Digest(sha256: [7]), family: "other kernels")
            #expect(outcome.notCompared.contains { $0.hasPrefix("the program: ") })
            #expect(
                outcome.notCompared.contains(
                    "the processor family: certificates name kernels of the desk, this is other kernels; a difference may be the family's"
                ))
            #expect(
                differing(outcome) == [
                    "candidate in the run's folder", "reference 2 in the run's folder",
                    "reference 3 in the run's folder", "measurements.json in the run's folder",
                    "run.json in the run's folder",
                ])
            let candidate = places("candidate in the run's folder", outcome)
            #expect(candidate.hasPrefix("model.safetensors: tensor \(tensor): element 3 expected "))
            #expect(candidate.hasSuffix("1 of 64 elements differ; no other tensor differs"))
            #expect(places("reference 2 in the run's folder", outcome).contains("tensor shared.weight: element 70 "))
            #expect(places("reference 3 in the run's folder", outcome) == "notes.txt: not expected")
            #expect(
                places("measurements.json in the run's folder", outcome) == "auditSubjects: expected 20, found 21")
            let dossierPlaces = places("run.json in the run's folder", outcome)
            #expect(dossierPlaces.contains("seeds: expected ") && dossierPlaces.contains("references: expected "))
            #expect(outcome.text.contains("DIFFERS"))
        }

        @Test(arguments: [("e2urec", 2), ("adapters", nil), ("receraser", nil)] as [(String, Int?)])
        func aCandidateIsMadeAgainHoweverItWasInterrupted(method: String, stop: Int?) throws {
            let (moment, run) = try unlearned(method, stopAfter: stop)
            let outcome = try replay(run, of: moment, threads: 1)
            #expect(outcome.holds, "\(outcome.text)")
            #expect(outcome.notCompared.contains("the run has no verdict yet"))
            #expect(outcome.notCompared.contains { $0.contains("sealed, and are destroyed") } == (stop != nil))
            let artifacts = outcome.comparisons.map(\.artifact)
            #expect(artifacts.contains("candidate") && !artifacts.contains("measurements"))
            #expect(artifacts.contains("augmented model, as it was read") == (method == "e2urec"))
            #expect(artifacts.contains("teacher-outputs") == (method == "e2urec"))
            #expect(artifacts.contains("trajectory of candidate"))
        }

        @Test func aShardThatWasNotTrainedAgainIsNotMissed() throws {
            let moment = try Desk.current.trained.copy()
            let workspace = try moment.open()
            let key = [UInt8](repeating: 5, count: 32)
            try Files.write(
                Array((Hex.encode(key) + "\n").utf8), to: workspace.paths.shardKey, permissions: 0o600)
            // Two people in the last of the policy's three slices: the slices before keep their checkpoints.
            let assignment = try ShardAssignment(shards: 1, slices: 3, key: key)
            let late = try workspace.data().split.trainingUsers.filter {
                assignment.place(RecordOrigin(user: $0, item: 0)).slice == 2
            }
            try #require(late.count > 1)
            func unlearn(_ user: Int) throws -> String {
                _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
                return try workspace.unlearn(method: "adapters", progress: Self.quiet).runID
            }
            let (first, second) = (try unlearn(late[0]), try unlearn(late[1]))
            func stages(_ run: String) throws -> Int {
                let bytes = try #require(Trajectory.stored(in: workspace.paths.run(run), as: Trajectory.candidateFile))
                return try #require(Trajectory(bytes)).stages.count
            }
            #expect(try stages(second) < stages(first))
            let outcome = try replay(second, of: moment)
            #expect(outcome.holds, "\(outcome.text)")
            let left = try stages(first) - stages(second)
            #expect(
                outcome.notCompared.contains(
                    "trajectory of candidate: \(left) trainings that the run had done before, by its trajectory.json"))

            // An original that is registered later does not change which seeds made this one.
            let registered = try #require(try workspace.registration(.original)).event
            try workspace.record([
                .model(
                    ModelEvent(
                        .registered, role: .original, digest: Digest(sha256: [3]), at: try Timestamp(Desk.noon),
                        extra: registered.extra.merging(["training": .string(first)]) { $1 }))
            ])
            #expect(try workspace.registration(.original)?.event.digest == Digest(sha256: [3]))
            #expect(try replay(second, of: moment).holds)
        }

        @Test func aChangedTrajectoryIsNotBelieved() throws {
            let (moment, run) = try unlearned("retrain")
            let file = Files.join(moment.root, "runs/\(run)/\(Trajectory.candidateFile)")
            let bytes = try Files.read(file, limit: 1 << 20)
            let trajectory = try #require(Trajectory(bytes))
            #expect(try trajectory.bytes() == bytes)
            // Sixteen epochs: a digest every hundred steps, and one at the end.
            let stage = try #require(trajectory.stages.first)
            #expect(trajectory.stages.count == 1 && stage.stage == "retrain" && stage.points.count > 1)
            #expect(stage.points.dropLast().map(\.step) == (1..<stage.points.count).map { $0 * Trajectory.interval })
            var points = stage.points
            points[0] = .init(step: points[0].step, digest: Digest(sha256: [1]))
            let other = Trajectory(stages: [.init(stage: "retrain", points: points)])
            #expect(
                trajectory.parting(from: other) == "stage \"retrain\": equal after step 0, differs after step 100")
            #expect(trajectory.parting(from: trajectory) == nil)
            let last = try #require(stage.points.last)
            let otherEnd = Array(stage.points.dropLast()) + [.init(step: last.step, digest: Digest(sha256: [1]))]
            #expect(
                trajectory.parting(from: Trajectory(stages: [.init(stage: "retrain", points: otherEnd)]))?
                    .hasSuffix("differs at its end, step \(last.step)") == true)
            // A stage named twice would be multiplied by the repetition's points.
            #expect(Trajectory(try Trajectory(stages: [stage, stage]).bytes()) == nil)
            #expect(trajectory.parting(from: Trajectory(stages: []))?.hasSuffix("not repeated") == true)
            for malformed in ["", "{}", "[1]", #"[{"stage":"a"}]"#, #"[{"stage":"a","points":[{"step":"x"}]}]"#] {
                #expect(Trajectory(Array(malformed.utf8)) == nil)
            }
            try Files.write(try other.bytes(), to: file)
            let outcome = try replay(run, of: moment)
            #expect(differing(outcome) == ["trajectory.json in the run's folder"])
            try Files.remove(file)
            #expect(differing(try replay(run, of: moment)) == ["trajectory.json in the run's folder"])
        }

        @Test func aCandidateThatTheLoggedSeedsDoNotMakeIsLocatedByTensor() throws {
            let (moment, honest) = try unlearned("e2urec")
            let workspace = try moment.open()
            let runID = try #require(RunID(honest))
            let record = try #require(try workspace.store.run(runID))
            guard case .inputsCommitted(let inputs)? = try workspace.step("inputs-committed", of: record),
                let candidate = record.candidate
            else {
                Issue.record("the run has no inputs")
                return
            }
            // A controller who has a candidate already, and draws seeds for the look of it, from a root that never was.
            var generator = SecureGenerator()
            let forged = RunID.random(using: &generator)
            func log(_ step: RunEvent.Step, _ extra: [String: JSONValue] = [:]) throws {
                try workspace.record([
                    .run(RunEvent(runID: forged, at: try Timestamp(Desk.noon), step: step, extra: extra))
                ])
            }
            try log(.inputsCommitted(inputs))
            let size = try workspace.store.size()
            _ = try workspace.checkpoint()
            try log(.seedsDrawn(.init(checkpointSize: size, rootHash: Digest(sha256: [1]))))
            let trajectory = Files.join(workspace.paths.run(honest), "trajectory.json")
            try log(
                .candidateCommitted(model: candidate), Trajectory.extra(try Digest(sha256OfFile: trajectory)))
            try FileManager.default.copyItem(
                atPath: workspace.paths.run(honest), toPath: workspace.paths.run(forged.text))

            let outcome = try replay(forged.text, of: moment)
            #expect(differing(outcome).starts(with: ["seeds", "models read"]))
            #expect(places("seeds", outcome).contains("the root at size \(size)"))
            #expect(differing(outcome).contains("candidate"))
            #expect(!differing(outcome).contains("candidate in the run's folder"))
            // Already the first training went otherwise.
            #expect(
                places("trajectory of candidate", outcome).hasPrefix("stage \"augmented model\": equal after step 0, "))
            #expect(places("candidate", outcome).contains("model.safetensors: tensor "))
            // The folder says whose run it was.
            #expect(places("run.json in the run's folder", outcome).contains("seeds: expected \(size) "))
            #expect(try replay(honest, of: moment).holds)
        }

        @Test func whatNoDigestOfTheDataCoversIsSeenInTheCandidate() throws {
            let (moment, run) = try unlearned("e2urec")
            let other = try TestFolder()
            let data = other.path("data")
            try FileManager.default.copyItem(atPath: try Desk.current.data.path, toPath: data)
            let movies = Files.join(data, "movies.dat")
            let lines = String(decoding: try Files.read(movies, limit: 1 << 24), as: UTF8.self)
            // Every title begins with another letter: the prompts change, the records do not.
            let renamed = lines.split(separator: "\n").map { line in
                let parts = line.split(separator: "::", maxSplits: 2).map(String.init)
                return "\(parts[0])::Re\(parts[1])::\(parts[2])\n"
            }.joined()
            try Files.write(Array(renamed.utf8), to: movies)
            let outcome = try replay(run, of: moment, data: data, fromBase: true)
            #expect(differing(outcome).contains("candidate") && differing(outcome).contains("original model"))
            #expect(places("candidate", outcome).contains("tensor "))
            #expect(places("original model", outcome).hasPrefix("model.safetensors: tensor "))
            #expect(try replay(run, of: moment, data: Desk.current.data.path).holds)
        }

        @Test func anOriginalThatIsNoLongerKeptIsTrainedAgainFromTheBase() throws {
            let (moment, run) = try unlearned("e2urec")
            try Files.remove(Files.join(moment.root, "models/original"))
            #expect(throws: (any Error).self) { try replay(run, of: moment) }
            let outcome = try replay(run, of: moment, threads: 3, fromBase: true)
            #expect(outcome.holds, "\(outcome.text)")
            #expect(outcome.comparisons.contains { $0.artifact == "original model" })
            #expect(outcome.notCompared.contains("the training of the base model: it is an input"))
        }

        @Test func inputsThatAreNotTheLogsAreNamed() throws {
            let (moment, run) = try unlearned("retrain")
            let other = try TestFolder()
            let data = other.path("data")
            try FileManager.default.copyItem(atPath: try Desk.current.data.path, toPath: data)
            let ratings = Files.join(data, "ratings.dat")
            let bytes = try Files.read(ratings, limit: 1 << 24)
            let lines = bytes.split(separator: 0x0A).enumerated().filter { $0.offset % 10 != 0 }.map(\.element)
            try Files.write(Array(lines.joined(separator: [0x0A])) + [0x0A], to: ratings)
            #expect {
                try replay(run, of: moment, data: data)
            } throws: {
                if case ServiceError.dataChanged(data, _, _) = $0 { true } else { false }
            }

            for role in ["base", "original"] {
                let changed = try moment.copy()
                try flip(
                    Files.join(changed.root, "models/\(role)/model.safetensors"), tensor: "shared.weight", element: 0)
                #expect {
                    try replay(run, of: changed)
                } throws: {
                    if case ServiceError.modelChanged(role, _, _, _) = $0 { true } else { false }
                }
            }

            let changed = try moment.copy()
            var policy = DeskPolicy()
            policy.epochs += 1
            try Files.write(Array(policy.yaml.utf8), to: Files.join(changed.root, "policy.yaml"))
            #expect {
                try replay(run, of: changed)
            } throws: {
                if case ServiceError.policyChanged = $0 { true } else { false }
            }
        }

        @Test func whoseRecordsWereRemovedMustBeKnownAndTrue() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            let users = moment.filed.map(\.user)
            func refusal(_ subjects: String?) -> String {
                do {
                    _ = try replay(desk.runID, of: moment, subjects: subjects)
                    return "none"
                } catch { return "\(error)" }
            }
            #expect(refusal(nil).contains("personal data was destroyed: give the people"))
            let others = try desk.answered.open().data().split.trainingUsers.suffix(20)
            for wrong in [Array(users.dropLast()), Array(others)] {
                let line = refusal(try list(moment, wrong))
                #expect(line.contains("subjects.txt: not the people whose records run \(desk.runID) removed"))
                #expect(!line.contains("\(wrong[0]) ") && !line.contains("\n"))
            }
            #expect(refusal(try list(moment, users + [987_654])).contains("subjects.txt: line 21: nobody"))
            #expect(refusal(moment.folder.path("none.txt")).contains("none.txt: no such file"))
            try Files.remove(Files.join(moment.root, "keys"))
            #expect(refusal(nil).contains("vault.key is not there"))
        }

        @Test func onlyARunWithACandidateIsRepeatedAndOnlyIntoANewFolder() throws {
            let desk = try Desk.current
            let workspace = try Workspace.openToRead(desk.answered.root, environment: Desk.environment())
            let folder = try TestFolder()
            func refusal(_ run: String, to path: String) -> String {
                do {
                    _ = try workspace.replay(
                        run, subjects: try list(desk.answered.copy(), []), to: path, progress: Self.quiet)
                    return "none"
                } catch { return "\(error)" }
            }
            #expect(refusal("00000000-0000-4000-8000-000000000000", to: folder.path("a")).hasPrefix("no run "))
            #expect(refusal("../../etc", to: folder.path("a")).hasPrefix("no run "))
            #expect(throws: ServiceError.outputExists(path: folder.path)) {
                let moment = try desk.answered.copy()
                _ = try workspace.replay(
                    desk.runID, subjects: try list(moment, moment.filed.map(\.user)), to: folder.path,
                    progress: Self.quiet)
            }
            #expect(throws: EngineError.self) {
                try Workspace.openToRead(desk.answered.root, threads: 0, environment: Desk.environment())
            }

            // Stopped, it leaves nothing.
            var environment = Desk.environment()
            let calls = Counter()
            environment.shouldStop = { calls.next() > 5 }
            let stopped = try Workspace.openToRead(desk.answered.root, environment: environment)
            let moment = try desk.answered.copy()
            #expect(throws: TrainingStopped.self) {
                try stopped.replay(
                    desk.runID, subjects: try list(moment, moment.filed.map(\.user)), to: folder.path("b"),
                    progress: Self.quiet)
            }
            #expect(try Files.names(in: folder.path).isEmpty)
        }
    }
}
