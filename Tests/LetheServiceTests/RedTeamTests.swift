import LetheBytes
import LetheRecommendation
import LetheTransformer
import LetheVerification
import Testing

@testable import LetheService

/// `lethe benchmark redteam` on invented data and models of width 16: that every candidate is made and judged; whether the judge is right needs
/// models that learn.
@Suite(.serialized) struct RedTeamTests {
    private static func options(_ folder: TestFolder) throws -> RedTeam.Options {
        var configuration = SynthesisConfiguration()
        configuration.windowUsers = 70
        configuration.lateUsers = 20
        configuration.ratingsPerWindowUser = 14...20
        configuration.ratingsPerEarlyUser = 20...30
        configuration.popularFilms = 60
        let data = folder.path("data")
        if !Files.exists(data) {
            try Files.createFolder(data)
            try DataSynthesizer(configuration: configuration, seed: 5).write(to: data)
        }
        return RedTeam.Options(
            bench: MethodsBenchmark.Options(
                profile: DatasetProfile(kind: .synthetic, folder: data),
                settings: [.init(name: "memorising", policy: Array(DeskPolicy(epochs: 2).yaml.utf8))], shape: .micro,
                auditRecords: 60, output: folder.path("out"), command: "lethe benchmark redteam --output DIR"),
            candidates: 1, references: 2)
    }

    @Test func everyCandidateIsJudgedByEveryGateAndTheSameAgain() throws {
        let folder = try TestFolder()
        let team = try RedTeam(try Self.options(folder), environment: Desk.environment())
        var names: [String] = []
        let report = try #require(
            try team.run {
                if case .job(_, let count, let name, _) = $0 {
                    names.append(name)
                    #expect(count == 2 + FalseModel.allCases.count)
                }
            })
        #expect(names == ["retrained-1", "original-1"] + FalseModel.allCases.map(\.rawValue))
        #expect(report.cases.map(\.name) == names)
        for item in report.cases {
            #expect(
                Set(item.judgement.gates.map(\.gate)).isSuperset(of: [.residual, .shape, .membership, .relearning]))
        }
        // The unchanged original, in both places where it stands.
        let unchanged = report.cases.filter { $0.name.hasPrefix("original") }
        #expect(unchanged.count == 2)
        #expect(unchanged.allSatisfy { $0.judgement.forgetting?.relativeResidual.value == 1 })
        #expect(unchanged.allSatisfy { !$0.judgement.verdict.isPass })
        // Two people and two references cannot show anything: what must hold must not be said to.
        #expect(!report.holds || report.cases.allSatisfy(\.isMeasurable))
        try report.write()
        let first = try Files.read(folder.path("out/redteam.md"), limit: 1 << 20)
        let again = try #require(try team.run { _ in })
        try again.write()
        #expect(try Files.read(folder.path("out/redteam.md"), limit: 1 << 20) == first)
        let text = String(decoding: first, as: UTF8.self)
        for kind in FalseModel.allCases { #expect(text.contains("`\(kind.rawValue)`")) }
        #expect(text.contains("Margins: RRM 1.0, JG 1.0, "), "the policy's")
        #expect(text.contains(" test records of ") && text.contains(" retained users."))
        #expect(again.json["margins"]?["shape"] == .number("1.0"))
        #expect(again.json["candidates"]?.arrayValue?.count == names.count)
    }

    @Test func originalsOfOtherSeedsTellWhoIsCalledAMemberAndNoneIsHeldAgainstItself() throws {
        let folder = try TestFolder()
        var options = try Self.options(folder)
        (options.candidates, options.references) = (3, 3)
        let team = try RedTeam(options, environment: Desk.environment())
        let report = try #require(try team.run { _ in })
        // Of three originals the first is the audit's own; the others are held against, but for the candidate.
        #expect(
            report.cases.map { $0.judgement.likelihoodRatio?.members ?? 0 }
                == [2, 2, 2, 2, 1, 1] + FalseModel.allCases.map { _ in 2 })
        // It is information: no gate of it.
        #expect(report.cases.allSatisfy { item in !item.judgement.gates.contains { $0.name.contains("U-LiRA") } })
        let held = report.json["candidates"]?.arrayValue?.compactMap { $0["likelihoodRatio"]?["originals"] }
        #expect(held?.count == report.cases.count)
        #expect(report.markdown.contains("| U-LiRA |"))
    }

    @Test func arrestedRunsReportNothing() throws {
        let folder = try TestFolder()
        let team = try RedTeam(try Self.options(folder), environment: Desk.environment())
        #expect(try team.run(isInterrupted: { true }) { _ in } == nil)
        #expect(!Files.exists(folder.path("out/redteam.md")))
    }

    /// The relapse is what it is said to be: near another model, and at four bits this one to the bit.
    @Test func aRelapseRoundsToTheOriginal() throws {
        var configuration = T5Configuration.tiny(vocabularySize: 64)
        configuration.dropoutRate = 0
        let original = T5Parameters(configuration: configuration, seed: 1)
        let other = T5Parameters(configuration: configuration, seed: 2)
        let relapse = original.relapsing(from: other, bits: 4)
        #expect(relapse.rounded(bits: 4).values == original.rounded(bits: 4).values)
        func distance(_ left: T5Parameters, _ right: T5Parameters) -> Float {
            zip(left.values, right.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        #expect(relapse != original && distance(relapse, other) < distance(original, other))
    }
}
