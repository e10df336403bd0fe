import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// Runs trials in one setting and judges them.
final class SearchJudge {
    private let bench: MethodsBench
    private let setting: BenchmarkSetting
    private let validation: BenchmarkSetting.Measured
    private let unseen: BenchmarkSetting.Measured
    private let forgotten: BenchmarkSetting.Measured
    private let originalAUC: Double
    private var originalGap = Double.nan
    private let baseMargins: (forgotten: [Double], unseen: [Double])
    /// The original's logits on unseen users' records.
    private let originalLogits: [[Float]]

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
        let model = RecommenderModel.single(original).inference(pool: setting.pool)
        originalAUC = Self.auc(model, validation, setting.data) ?? .nan
        originalLogits = model.logits(unseen.examples, positions: .first)
        let base = RecommenderModel.single(try bench.base(setting).model.parameters).inference(pool: setting.pool)
        baseMargins = (
            Self.margins(base, forgotten, setting.data), Self.margins(base, unseen, setting.data)
        )
        originalGap = memoryGap(model)?.value ?? .nan
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
            let gap = memoryGap(model)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return [UInt8](
                try encoder.encode(
                    MethodsSearch.Trial(
                        setting: setting.name, method: name.rawValue, changes: changes,
                        auc: Self.auc(model, validation, setting.data), originalAUC: originalAUC,
                        gap: gap?.value, originalGap: originalGap, gapError: gap?.standardError, drift: drift(model),
                        seconds: bench.costing.seconds() - began, isExact: method.isExact)))
        }
        return try JSONDecoder().decode(MethodsSearch.Trial.self, from: Data(bytes))
    }

    /// How much more mean gold margin a model has gained since the base on forgotten records than on unseen users', both answers weighing
    /// the same; nil where a margin is not finite.
    ///
    /// The base saw neither group, so what parts them there is what these people rate and no memory. Differences are taken record by
    /// record, so that their standard error has none of it either.
    private func memoryGap(_ model: any LabelLogits) -> (value: Double, standardError: Double)? {
        var (mean, variance) = (0.0, 0.0)
        for (records, before, sign) in [(forgotten, baseMargins.forgotten, 1.0), (unseen, baseMargins.unseen, -1)] {
            let gained = zip(Self.margins(model, records, setting.data), before).map { $0 - $1 }
            for side in [true, false] {
                let gold = zip(gained, records.isLiked).filter { $0.1 == side }.map { side ? $0.0 : -$0.0 }
                let middle = gold.reduce(0, +) / Double(gold.count)
                let squares = gold.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
                mean += sign * middle / 2
                variance += squares / Double(max(gold.count - 1, 1) * gold.count) / 4
            }
        }
        return mean.isFinite && variance.isFinite ? (abs(mean), variance.squareRoot()) : nil
    }

    /// How far a model is from the original where nothing was to be forgotten; nil where an output is not finite.
    private func drift(_ model: any LabelLogits) -> Double? {
        let divergences = zip(originalLogits, model.logits(unseen.examples, positions: .first)).map {
            try? jensenShannonDivergence($0, $1)
        }
        let sum = divergences.reduce(0.0) { $0 + ($1 ?? .nan) }
        return sum.isFinite ? sum / Double(divergences.count) : nil
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
