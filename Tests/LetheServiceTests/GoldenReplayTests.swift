import Foundation
import LetheBytes
import LetheCertificates
import LetheRecommendation
import LetheTensor
import Testing

@testable import LetheService

/// Runs in Tests/GoldenReplays, each made on some machine, one for each processor family (OpenBLAS's core type): a machine of that family must
/// come to the same bits. Invented data; E2URec, references, further originals, every gate. `Scripts/golden-replay` adds one where it
/// runs. None is ever changed: when a release computes other bits on purpose, its own take their place, and the release says so.
struct GoldenReplayTests {
    /// What an auditor has of a run, without a workspace.
    struct Golden: Sendable {
        let folder: String
        var bundle: String { Files.join(folder, "bundle") }
        var base: String { Files.join(folder, "base") }
        var trust: String { Files.join(folder, "trust.txt") }
        var people: String { Files.join(folder, "people.txt") }

        /// This machine's family. OpenBLAS comes to the same bits as Haswell and as Zen.
        static let family = LinearAlgebra.coreType == "Haswell" ? "zen" : LinearAlgebra.coreType.lowercased()

        /// That of this machine's family.
        static let own = Golden(
            folder: #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/GoldenReplays/" + family)

        var exists: Bool { Files.exists(folder) }

        /// The invented data that every run is of.
        static func data() throws -> TestFolder {
            let data = try TestFolder()
            try DataSynthesizer(configuration: .small, seed: 3).write(to: data.path)
            return data
        }

        func replay(threads: Int) throws -> ReplayOutcome {
            let (data, folder) = (try Self.data(), try TestFolder())
            let text = String(decoding: try Files.read(trust, limit: 1 << 16), as: UTF8.self)
            return try BundledRun.open(
                bundle, data: data.path, trusting: TrustFile(parsing: text), threads: threads,
                environment: Desk.environment(keeping: folder)
            ).replay(base: base, subjects: people, to: folder.path("repeated")) { _ in }
        }
    }

    @Test(.enabled(if: Golden.own.exists, "no run of a \(LinearAlgebra.coreType) is kept"), arguments: [1, 3])
    func aRunOfThisFamilyIsRepeatedBitForBit(threads: Int) throws {
        let outcome = try Golden.own.replay(threads: threads)
        #expect(outcome.holds, "\(outcome.text)")
        #expect(outcome.method == "e2urec")
        let artifacts = Set(outcome.comparisons.map(\.artifact))
        for name in [
            "original model", "candidate", "trajectory of candidate", "reference 3", "measurements", "verdict",
            "forgetting test",
        ] {
            #expect(artifacts.contains(name), "\(name)")
        }
    }

    /// Writes a run; `Scripts/golden-replay` alone asks for it.
    @Suite(.enabled(if: ProcessInfo.processInfo.environment["LETHE_NEW_GOLDEN_REPLAY"] == "1"))
    struct NewGoldenReplay {
        @Test func isWritten() throws {
            let golden = Golden.own
            try #require(!golden.exists, "\(golden.folder) exists; a golden run is never changed")
            let (data, folder) = (try Golden.data(), try TestFolder())
            var policy = DeskPolicy()
            policy.gates = "G0, G1, G2, G3, G4, G5"
            policy.membershipOriginals = 2
            let workspace = try Desk.create(in: folder, data: data, policy: policy.yaml)
            try workspace.pretrain { _ in }
            try workspace.trainOriginal { _ in }
            for user in try workspace.data().split.trainingUsers.prefix(20) {
                _ = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            }
            let run = try workspace.unlearn(method: "e2urec") { _ in }
            _ = try workspace.verify(run.runID) { _ in }
            try workspace.certify(run.runID)
            try Files.createFolders(golden.folder)
            try workspace.writeBundle(1, to: golden.bundle, replayable: true, people: golden.people)
            try FileManager.default.copyItem(atPath: workspace.paths.model("base"), toPath: golden.base)
            try FileManager.default.copyItem(atPath: workspace.paths.trust, toPath: golden.trust)
            #expect(try golden.replay(threads: 2).holds)
        }
    }
}
