import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheUnlearning
import Testing

@testable import LetheService

extension ServiceTests {
    /// A run that a stranger repeats: with a certificate's bundle, the data, the base model, the trust file and a list of people.
    struct BundledReplays {
        private static let quiet: @Sendable (ServiceProgress) -> Void = { _ in }

        /// Who has no workspace.
        private struct Stranger {
            let folder: TestFolder
            var bundle: String { folder.path("bundle") }
            var base: String { folder.path("base") }
            var people: String { folder.path("people.txt") }

            /// Takes what a controller hands out, and a list of the people.
            init(replayable: Bool = true) throws {
                let moment = try Desk.current.answered.copy()
                try self.init(of: moment.open(), people: moment.filed.map(\.user), replayable: replayable)
            }

            /// The same of a workspace's first certificate.
            init(of workspace: Workspace, people: [Int], replayable: Bool = true) throws {
                folder = try TestFolder()
                try workspace.writeBundle(1, to: bundle, replayable: replayable)
                try FileManager.default.copyItem(atPath: workspace.paths.model("base"), toPath: base)
                try FileManager.default.copyItem(atPath: workspace.paths.trust, toPath: folder.path("trust.txt"))
                try list(people)
            }

            func list(_ users: [Int]) throws {
                try Files.write(Array(users.map { "\($0)\n" }.joined().utf8), to: people)
            }

            func open(
                data: String? = nil, trusting trust: TrustFile? = nil, threads: Int? = nil, shardKey: String? = nil
            ) throws -> BundledRun {
                let bytes = try Files.read(folder.path("trust.txt"), limit: 1 << 16)
                return try BundledRun.open(
                    bundle, data: data ?? Desk.current.data.path,
                    trusting: trust ?? TrustFile(parsing: String(decoding: bytes, as: UTF8.self)), threads: threads,
                    shardKey: shardKey, environment: Desk.environment(keeping: folder))
            }

            func replay(
                _ run: BundledRun, original: String? = nil, candidate: String? = nil
            ) throws -> ReplayOutcome {
                try run.replay(
                    base: base, original: original, candidate: candidate, subjects: people,
                    to: folder.path("repeated-\(UUID())"),
                    progress: BundledReplays.quiet)
            }

            private var path: String { Files.join(bundle, ReplayDocument.fileName) }

            /// The steps of the run, as the bundle has them.
            func document() throws -> ReplayDocument {
                try ReplayDocument(
                    parsing: Files.read(path, limit: ReplayDocument.maximumByteCount), from: path, data: "data")
            }

            func write(_ document: ReplayDocument) throws { try Files.write(try document.bytes(), to: path) }
        }

        /// Whether opening it is refused as something that does not hold, for a reason that has these words.
        private func isRefused(_ stranger: Stranger, _ words: String = "") -> Bool {
            do {
                _ = try stranger.open()
                return false
            } catch ServiceError.bundleDoesNotHold(_, let problem) {
                return words.isEmpty || problem.contains(words)
            } catch {
                return false
            }
        }

        @Test func aStrangerRepeatsARunBitForBit() throws {
            let stranger = try Stranger()
            let run = try stranger.open(threads: 3)
            #expect(try run.certificate.certificate.unlearning.runID == Desk.current.runID)
            let outcome = try stranger.replay(run)
            #expect(outcome.holds, "\(outcome.text)")
            #expect(try outcome.run == Desk.current.runID && outcome.threads == 3 && outcome.method == "retrain")
            let artifacts = outcome.comparisons.map(\.artifact)
            for name in [
                "seeds of the original", "seeds", "reference seeds", "original model", "models read", "candidate",
                "trajectory of candidate", "number of reference models", "reference 1", "reference 3",
                "seed of reference 2", "trajectory of references", "measurements", "verdict", "forgetting test",
            ] {
                #expect(artifacts.count { $0 == name } == 1, "\(name)")
            }
            #expect(!artifacts.contains { $0.contains("folder") })
            for line in run.certificate.checked {
                #expect(outcome.text.contains("\nverified      \(line)\n"), "\(line)")
            }
            #expect(
                outcome.verified.contains {
                    $0.hasSuffix(" entries of the run, each signed by a controller and in the same log")
                })
            #expect(outcome.json["verified"]?.arrayValue?.count == outcome.verified.count)
            #expect(outcome.notCompared.contains("the training of the base model: it is an input"))
            #expect(!outcome.notCompared.contains { $0.hasPrefix("the program: ") })
        }

        @Test func aChangedTrajectoryIsNotBelievedAndAChangedModelIsLocated() throws {
            let stranger = try Stranger()
            let path = Files.join(stranger.bundle, Trajectory.candidateFile)
            var trajectory = try #require(Trajectory(Files.read(path, limit: 1 << 20)))
            trajectory = Trajectory(stages: Array(trajectory.stages.dropLast()))
            try Files.write(try trajectory.bytes(), to: path)
            try Files.remove(Files.join(stranger.bundle, Trajectory.referencesFile))
            // The model in use, with one bit of a weight another.
            let candidate = stranger.folder.path("candidate")
            let desk = try Desk.current
            try FileManager.default.copyItem(
                atPath: Files.join(desk.answered.root, "runs/\(desk.runID)/candidate"), toPath: candidate)
            let weights = Files.join(candidate, "model.safetensors")
            var bytes = try Files.read(weights, limit: 1 << 30)
            bytes[bytes.count / 2] ^= 1
            try Files.write(bytes, to: weights)

            let outcome = try stranger.replay(stranger.open(), candidate: candidate)
            #expect(
                outcome.comparisons.filter { !$0.isEqual }.map(\.artifact) == [
                    "trajectory.json in the bundle", "candidate in the folder given",
                    "trajectory-references.json in the bundle",
                ])
            let places = outcome.comparisons.first { $0.artifact == "candidate in the folder given" }?.places ?? []
            #expect(places.count == 1 && places[0].hasPrefix("model.safetensors: tensor "), "\(places)")
            #expect(places.first?.contains("; 1 of ") == true, "\(places)")
            #expect(outcome.comparisons.contains { $0.artifact == "candidate" && $0.isEqual })
        }

        @Test func whoIsGivenTheOriginalNeedNotTrainItAgain() throws {
            let stranger = try Stranger()
            let original = try Desk.current.answered.open().paths.model("original")
            let outcome = try stranger.replay(stranger.open(), original: original)
            #expect(outcome.holds, "\(outcome.text)")
            #expect(outcome.comparisons.contains { $0.artifact == "candidate" })
            #expect {
                try stranger.replay(stranger.open(), original: stranger.base)
            } throws: {
                if case ServiceError.modelChanged("original", stranger.base, _, _) = $0 { true } else { false }
            }
        }

        @Test func aRunThatTrainedShardsIsRepeatedWithTheirKeyAlone() throws {
            let moment = try Desk.current.trained.copy()
            let workspace = try moment.open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
            let run = try workspace.unlearn(method: "adapters", progress: Self.quiet).runID
            _ = try workspace.verify(run, progress: Self.quiet)
            #expect(try workspace.certify(run).count == 1)
            let stranger = try Stranger(of: workspace, people: [user])
            #expect {
                try stranger.replay(stranger.open())
            } throws: {
                if case ServiceError.shardKeyUnknown = $0 { true } else { false }
            }
            let outcome = try stranger.replay(stranger.open(shardKey: workspace.paths.shardKey))
            #expect(outcome.holds, "\(outcome.text)")
            #expect(outcome.method == "adapters" && outcome.comparisons.contains { $0.artifact == "candidate" })
        }

        @Test func inputsThatAreNotTheLogsAreRefused() throws {
            let stranger = try Stranger()
            let run = try stranger.open()
            try stranger.list([])
            #expect {
                try stranger.replay(run)
            } throws: {
                if case ServiceError.subjectsRefused(stranger.people, _) = $0 { true } else { false }
            }
            try Files.write(Array("nobody of this name\n".utf8), to: stranger.people)
            #expect {
                try stranger.replay(run)
            } throws: {
                guard case ServiceError.subjectsRefused(_, let problem) = $0 else { return false }
                return problem.hasPrefix("line 1: ") && !problem.contains("nobody of this name")
            }
            let original = try Desk.current.answered.open().paths.model("original")
            #expect {
                try run.replay(
                    base: original, subjects: stranger.people, to: stranger.folder.path("repeated"),
                    progress: Self.quiet)
            } throws: {
                if case ServiceError.modelChanged("base", original, _, _) = $0 { true } else { false }
            }
            #expect(!Files.exists(stranger.folder.path("repeated")))

            let data = stranger.folder.path("data")
            try FileManager.default.copyItem(atPath: try Desk.current.data.path, toPath: data)
            let ratings = Files.join(data, "ratings.dat")
            let lines = try Files.read(ratings, limit: 1 << 24).split(separator: 0x0A)
            let kept = lines.enumerated().filter { $0.offset % 10 != 0 }.map(\.element)
            try Files.write(Array(kept.joined(separator: [0x0A])) + [0x0A], to: ratings)
            let elsewhere = try stranger.open(data: data)
            #expect {
                try stranger.replay(elsewhere)
            } throws: {
                if case ServiceError.dataChanged(data, _, _) = $0 { true } else { false }
            }
            #expect(throws: EngineError.self) { try stranger.open(threads: 0) }
        }

        @Test func everyChangedByteOfTheRunsStepsIsRefused() throws {
            let stranger = try Stranger()
            let path = Files.join(stranger.bundle, ReplayDocument.fileName)
            let bytes = try Files.read(path, limit: ReplayDocument.maximumByteCount)
            let places = Set(stride(from: 0, to: bytes.count, by: 197)).union([bytes.count - 2, bytes.count - 1])
            for place in places {
                var changed = bytes
                changed[place] ^= 1 << UInt8(place % 8)
                try Files.write(changed, to: path)
                #expect("byte \(place)") {
                    try stranger.open()
                } throws: { error in
                    switch error {
                    case FileError.malformed(path, _), ServiceError.bundleDoesNotHold(path, _): true
                    default: false
                    }
                }
            }
            for length in [0, 1, bytes.count / 2, bytes.count - 1] {
                try Files.write(Array(bytes.prefix(length)), to: path)
                #expect(throws: FileError.self) { try stranger.open() }
            }
            try Files.write(bytes, to: path)
            _ = try stranger.open()
        }

        @Test func stepsThatAreLeftOutOrMovedAreRefused() throws {
            let stranger = try Stranger()
            let whole = try stranger.document()
            try #require(whole.entries.count > 6)
            func write(_ entries: [ReplayDocument.Entry], _ roots: [ReplayDocument.Root]) throws {
                try stranger.write(
                    ReplayDocument(runID: whole.runID, dataset: whole.dataset, entries: entries, roots: roots))
            }
            for left in whole.entries.indices {
                var entries = whole.entries
                let entry = String(decoding: entries.remove(at: left).envelope.payload, as: UTF8.self)
                // What was read and residue are not in the certificate: the comparison misses them.
                guard !entry.contains(#""event":"read""#), !entry.contains(#""event":"residue""#) else { continue }
                try write(entries, whole.roots)
                #expect(isRefused(stranger), "\(entry)")
            }
            var entries = whole.entries
            entries[0] = .init(index: entries[0].index + 1, envelope: entries[0].envelope, path: entries[0].path)
            try write(entries, whole.roots)
            #expect(throws: (any Error).self) { try stranger.open() }
            try write(whole.entries, [])
            #expect(isRefused(stranger, "nothing proves the root of the first "))
            try write(
                whole.entries, whole.roots.map { .init(size: $0.size, rootHash: Digest(sha256: [1]), path: $0.path) })
            #expect(isRefused(stranger, "is no beginning of the log's"))
            var generator = SecureGenerator()
            try stranger.write(
                ReplayDocument(
                    runID: RunID.random(using: &generator), dataset: whole.dataset, entries: whole.entries,
                    roots: whole.roots))
            #expect(isRefused(stranger, "run: expected"))
            try stranger.write(whole)
            _ = try stranger.open()
        }

        @Test func whatNobodyTrustedSignedIsNotReadFurther() throws {
            let stranger = try Stranger()
            let other = try SigningKey(seed: Array(repeating: 9, count: 32)).publicKey
            #expect {
                try stranger.open(trusting: TrustFile(key: other))
            } throws: {
                guard case ServiceError.bundleDoesNotHold(let file, _) = $0 else { return false }
                return file.hasSuffix("certificate.dsse.json")
            }
            let policy = Files.join(stranger.bundle, ReplayDocument.policyFile)
            let text = String(decoding: try Files.read(policy, limit: 1 << 20), as: UTF8.self)
            try Files.write(Array(text.replacing("epochs: 16", with: "epochs: 15").utf8), to: policy)
            #expect {
                try stranger.open()
            } throws: {
                if case ServiceError.policyChanged(policy, _, _) = $0 { true } else { false }
            }
            try Files.write(Array("version: [\n".utf8), to: policy)
            #expect(throws: FileError.self) { try stranger.open() }
            let plain = try Stranger(replayable: false)
            #expect {
                try plain.open()
            } throws: {
                "\($0)".contains("lethe certificate bundle --replay")
            }
        }

        @Test func whatWasShreddedIsOnNoList() throws {
            let moment = try Desk.current.answered.copy()
            let (bundle, people) = (moment.folder.path("bundle"), moment.folder.path("people.txt"))
            #expect {
                try moment.open().writeBundle(1, to: bundle, replayable: true, people: people)
            } throws: {
                guard case ServiceError.subjectsRefused(people, let problem) = $0 else { return false }
                return problem.hasPrefix("not written: ") && problem.contains("was destroyed")
            }
            #expect(!Files.exists(bundle) && !Files.exists(people))
        }

        @Test func aSampleIsAFunctionOfItsSeed() throws {
            let seed = String(repeating: "07", count: 32)
            let sample = try ReplaySample(of: 10, count: 4, seed: seed)
            #expect(try ReplaySample(of: 10, count: 4, seed: seed) == sample)
            #expect(sample.references.count == 4 && Set(sample.references).isSubset(of: 1...10))
            #expect(sample.references == sample.references.sorted())
            // A smaller sample of the same seed lies within a larger one: nobody can draw on until a forged one is left out.
            let larger = try ReplaySample(of: 10, count: 7, seed: seed).references
            #expect(Set(sample.references).isSubset(of: larger))
            #expect(try ReplaySample(of: 5, count: 5, seed: nil).references == [1, 2, 3, 4, 5])
            #expect(try ReplaySample(of: 5, count: 1, seed: nil).seed != ReplaySample(of: 5, count: 1, seed: nil).seed)
            #expect(sample.text.contains(seed))
            for wrong in ["", "07", seed + "07", String(repeating: "zz", count: 32)] {
                #expect(throws: EngineError.self) { try ReplaySample(of: 3, count: 1, seed: wrong) }
            }
            for count in [0, 4, -1, Int.max] {
                #expect(throws: EngineError.self) { try ReplaySample(of: 3, count: count, seed: seed) }
            }
            // Each is drawn about as often as any other.
            var drawn = [Int](repeating: 0, count: 4)
            for number in 0..<400 {
                let seed = Hex.encode(Digest(sha256: Array("\(number)".utf8)).bytes)
                drawn[try ReplaySample(of: 4, count: 1, seed: seed).references[0] - 1] += 1
            }
            #expect(drawn.allSatisfy { (60...140).contains($0) }, "\(drawn)")
        }
    }
}
