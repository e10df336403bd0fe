import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning

/// Runs trials in one setting and judges them.
final class SearchJudge {
    private let bench: MethodsBench
    private let setting: BenchmarkSetting
    private let validation: BenchmarkSetting.Measured
    private let unseen: BenchmarkSetting.Measured
    private let forgotten: BenchmarkSetting.Measured
    private let originalAUC: Double

    init(_ bench: MethodsBench, _ setting: BenchmarkSetting) throws {
        self.bench = bench
        self.setting = setting
        let split = setting.data.split
        let stayed = Set(split.trainingUsers).subtracting(split.forgottenUsers)
        validation = try .init(
            split.validation.filter { stayed.contains($0.userID) }.spreadOver(8_000), setting.data)
        unseen = try .init(UnseenUsers(split).selection.spreadOver(4_096), setting.data)
        forgotten = try .init(split.forgottenRecords.spreadOver(4_096), setting.data)
        guard Set(validation.isLiked).count == 2, Set(unseen.isLiked).count == 2, Set(forgotten.isLiked).count == 2
        else {
            throw EngineError.invalidSetting(
                name: "the split of setting \(setting.name)",
                found:
                    "\(validation.records.count) validation records of retained users, \(unseen.records.count) of unseen users",
                expected: "some of each, with both answers")
        }
        let original = try bench.original(setting, 1).model.parameters
        originalAUC =
            Self.auc(RecommenderModel.single(original).inference(pool: setting.pool), validation, setting.data) ?? .nan
    }

    func trial(
        _ name: Policy.MethodName, _ changes: [String: String], policy: Policy
    ) throws -> MethodsSearch.Trial {
        guard let settings = policy.method(named: name) else {
            throw ServiceError.methodNotInPolicy(found: name.rawValue, known: MethodsBenchmark.all)
        }
        let original = try bench.original(setting, 1).model
        var dependencies = setting.identity
        dependencies["settings"] = MethodsBench.keyed(settings)
        dependencies["method"] = .string(name.rawValue)
        dependencies["original"] = .string(original.record.weights)
        let key = try bench.store.key("trial", dependencies)
        let bytes = try bench.store.bytes("trial", key) {
            let began = bench.costing.seconds()
            let method = try policy.unlearningMethod(settings) {
                ShardKeeping(
                    key: Array("lethe benchmark shards key, public".utf8), code: bench.program.hex,
                    checkpoints: MemoryCheckpoints())
            }
            let model = try method.unlearn(try bench.task(setting, seed: 1)) { [bench] in
                bench.events(.progress(ServiceProgress($0)))
            }.model.inference(pool: setting.pool)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return [UInt8](
                try encoder.encode(
                    MethodsSearch.Trial(
                        setting: setting.name, method: name.rawValue, changes: changes,
                        auc: Self.auc(model, validation, setting.data), originalAUC: originalAUC, gap: gap(model),
                        seconds: bench.costing.seconds() - began, isExact: method.isExact)))
        }
        return try JSONDecoder().decode(MethodsSearch.Trial.self, from: Data(bytes))
    }

    private func gap(_ model: any LabelLogits) -> Double? {
        func mean(_ records: BenchmarkSetting.Measured) -> Double {
            let margins = Self.margins(model, records, setting.data)
            return [true, false].map { side -> Double in
                let gold = zip(margins, records.isLiked).filter { $0.1 == side }.map { side ? $0.0 : -$0.0 }
                return gold.reduce(0, +) / Double(gold.count)
            }.reduce(0, +) / 2
        }
        let gap = abs(mean(forgotten) - mean(unseen))
        return gap.isFinite ? gap : nil
    }

    private static func auc(_ model: any LabelLogits, _ records: BenchmarkSetting.Measured, _ data: PreparedData)
        -> Double?
    {
        let margins = margins(model, records, data)
        return margins.allSatisfy(\.isFinite) ? areaUnderROC(scores: margins, labels: records.isLiked) : nil
    }

    private static func margins(
        _ model: any LabelLogits, _ records: BenchmarkSetting.Measured, _ data: PreparedData
    ) -> [Double] {
        var margins: [Double] = []
        model.forEachLogits(records.examples, positions: .first) { _, logits in
            margins.append(Double(logits[Int(data.decision.yes)]) - Double(logits[Int(data.decision.no)]))
        }
        return margins
    }
}
