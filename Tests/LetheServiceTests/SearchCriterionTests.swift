import Foundation
import LetheBytes
import LetheRequests
import Testing

@testable import LetheService

/// What `lethe benchmark search` tries, what it prefers, and the policy that it writes; the search itself is run in `MethodsBenchmarkTests`.
@Suite struct SearchCriterionTests {
    @Test func theCriterionPrefersForgettingAmongUsefulTrials() throws {
        func trial(
            _ name: String, auc: Double?, gap: Double?, drift: Double? = 0.01, isExact: Bool = false
        ) -> MethodsSearch.Trial {
            .init(
                setting: "s", method: name, changes: [:], auc: auc, originalAUC: 0.7, gap: gap, originalGap: 0.4,
                gapError: 0.05, drift: drift, seconds: 0, isExact: isExact)
        }
        func best(_ trials: [MethodsSearch.Trial]) -> String? { MethodsSearch.best(trials)?.method }
        #expect(
            best([trial("a", auc: 0.7, gap: 0.4), trial("b", auc: 0.696, gap: 0.1), trial("c", auc: 0.6, gap: 0)])
                == "b")
        #expect(best([trial("a", auc: 0.69, gap: 0.4), trial("b", auc: 0.6, gap: 0)]) == "a")
        #expect(best([trial("a", auc: nil, gap: nil), trial("b", auc: 0.5, gap: 9)]) == "b")
        #expect(best([trial("a", auc: nil, gap: nil)]) == nil)
        #expect(best([trial("a", auc: 0.7, gap: 0.1, drift: nil)]) == nil)
        // Both have forgotten, up to a quarter of the original's gap: the one that moves least is chosen, not the one with the least gap.
        #expect(
            best([
                trial("a", auc: 0.7, gap: 0.01, drift: 0.02), trial("b", auc: 0.7, gap: 0.1, drift: 0.005),
                trial("c", auc: 0.7, gap: 0.11, drift: 0),
            ]) == "b")
        // None has: the one that is nearest to it.
        #expect(
            best([trial("a", auc: 0.7, gap: 0.3, drift: 0), trial("b", auc: 0.7, gap: 0.2, drift: 0.01)]) == "b")
        #expect(
            best([trial("a", auc: 0.7, gap: 0.1, isExact: true), trial("b", auc: 0.71, gap: 0.4, isExact: true)]) == "b"
        )
    }

    @Test func aPolicysOtherLinesStayAsTheyWereWritten() throws {
        let source = try Files.read("\(Self.repository)/Policies/benchmark-memorising.yaml", limit: 1 << 16)
        let changed = try PolicyText(source).changing([.negGrad: ["lambda": "0.4"], .e2urec: ["augmented.epochs": "7"]])
        let (before, after) = (try Policy(yaml: source), try Policy(yaml: changed))
        #expect(after.training == before.training && after.verification == before.verification)
        #expect(after.method.fields.first { $0.name == "augmented.epochs" }?.value == "7")
        #expect(after.method(named: .negGrad)?.fields.first { $0.name == "lambda" }?.value == "0.4")
        #expect(after.method(named: .adapters) == before.method(named: .adapters))
        #expect(String(decoding: changed, as: UTF8.self).contains("# at a constant rate the Yes/No prior"))
        #expect(throws: PolicyError.self) { try PolicyText(source).changing([.negGrad: ["lambda": "-1"]]) }
        // Both built-in settings have every method, and one base.
        let shipped = try Policy(yaml: BuiltInPolicy.earlyStopped)
        #expect(shipped.model == before.model)
        for name in Policy.MethodName.allCases {
            #expect(shipped.method(named: name) != nil && before.method(named: name) != nil, "\(name)")
        }
    }

    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test func everyCandidateOfTheGridIsAValidPolicyAndThereAreNineDifferentOnes() throws {
        let text = try PolicyText(BuiltInPolicy.memorising)
        let policy = try Policy(yaml: BuiltInPolicy.memorising)
        for name in Policy.MethodName.table {
            let method = try #require(policy.method(named: name))
            let candidates = SearchGrid.candidates(method)
            #expect(candidates.count == SearchGrid.most && candidates[0].isEmpty)
            // Where a knob stands at an end of its range too, as beta of e2urec-calibrated does here.
            #expect(Set(candidates).count == SearchGrid.most, "\(name): \(candidates)")
            for candidate in candidates { _ = try Policy(yaml: try text.changing([name: candidate])) }
        }
    }
}
