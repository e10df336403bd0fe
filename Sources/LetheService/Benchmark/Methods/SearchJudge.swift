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
    private let memoryGap: MemoryGap
    private let originalAUC: Double
    private let originalGap: Double
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
        let forgotten = try BenchmarkSetting.Measured(split.forgottenRecords.spreadOver(4_096), setting.data)
        guard Set(validation.isLiked).count == 2, Set(unseen.isLiked).count == 2, Set(forgotten.isLiked).count == 2
        else {
            throw EngineError.invalidSetting(
                name: "the split of setting \(setting.name)",
                found:
                    "\(validation.records.count) validation records of retained users, \(unseen.records.count) of unseen users",
                expected: "some of each, with both answers")
        }
        func inference(_ parameters: T5Parameters) -> any LabelLogits {
            RecommenderModel.single(parameters).inference(pool: setting.pool)
        }
        let original = inference(try bench.original(setting, 1).model.parameters)
        originalAUC = Self.auc(original, validation, setting.data) ?? .nan
        originalLogits = original.logits(unseen.examples, positions: .first)
        memoryGap = MemoryGap(
            since: inference(try bench.base(setting).model.parameters), forgotten: forgotten, unseen: unseen,
            data: setting.data)
        originalGap = memoryGap.of(original, onUnseen: originalLogits)?.value ?? .nan
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
            let logits = model.logits(unseen.examples, positions: .first)
            let gap = memoryGap.of(model, onUnseen: logits)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return [UInt8](
                try encoder.encode(
                    MethodsSearch.Trial(
                        setting: setting.name, method: name.rawValue, changes: changes,
                        auc: Self.auc(model, validation, setting.data), originalAUC: originalAUC,
                        gap: gap?.value, originalGap: originalGap, gapError: gap?.standardError, drift: drift(logits),
                        seconds: bench.costing.seconds() - began, isExact: method.isExact)))
        }
        return try JSONDecoder().decode(MethodsSearch.Trial.self, from: Data(bytes))
    }

    /// How far a model is from the original where nothing was to be forgotten; nil where an output is not finite.
    ///
    /// - Parameter logits: the model's on unseen users' records.
    private func drift(_ logits: [[Float]]) -> Double? {
        let divergences = Array(zip(originalLogits, logits)).concurrentMap { original, own in
            (try? jensenShannonDivergence(original, own)) ?? .nan
        }
        let sum = divergences.reduce(0, +)
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
        model.forEachLogits(records.examples, positions: .first) { margins.append(data.margin($1)) }
        return margins
    }

    /// How much more mean gold margin a model has gained since the base on forgotten records than on unseen users'.
    ///
    /// The base saw neither group, so what parts them there is what these people rate and no memory. Differences are taken record by
    /// record, so that their standard error has none of it either.
    private struct MemoryGap {
        private let forgotten: BenchmarkSetting.Measured
        private let unseen: BenchmarkSetting.Measured
        private let data: PreparedData
        private let base: (forgotten: [Double], unseen: [Double])

        init(
            since base: any LabelLogits, forgotten: BenchmarkSetting.Measured, unseen: BenchmarkSetting.Measured,
            data: PreparedData
        ) {
            self.forgotten = forgotten
            self.unseen = unseen
            self.data = data
            self.base = (SearchJudge.margins(base, forgotten, data), SearchJudge.margins(base, unseen, data))
        }

        /// The gap's size and standard error in logits; nil where an output is not finite.
        /// - Parameter logits: the model's on unseen users' records.
        func of(_ model: any LabelLogits, onUnseen logits: [[Float]]) -> (value: Double, standardError: Double)? {
            let gap = gained(SearchJudge.margins(model, forgotten, data), since: base.forgotten, forgotten)
                .gap(over: gained(logits.map(data.margin), since: base.unseen, unseen))
            return gap.value.isFinite && gap.standardError.isFinite ? (abs(gap.value), gap.standardError) : nil
        }

        private func gained(
            _ margins: [Double], since base: [Double], _ records: BenchmarkSetting.Measured
        ) -> GoldMargins {
            let gained = zip(margins, base).map { $0 - $1 }
            return GoldMargins(
                values: zip(gained, records.isLiked).map { $1 ? $0 : -$0 }, isYes: records.isLiked)
        }
    }
}
