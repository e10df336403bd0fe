import Foundation
public import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning

/// Chooses hyper-parameters of every method with the same number of trials each, on validation data, and never with a retrained
/// model: none is trained here.
public struct MethodsSearch: Sendable {
    /// How a trial is judged, in words.
    public static let criterion = """
        among the trials whose AUC on validation records of retained users is at least the original's minus 0.5 points, the one \
        whose model tells forgotten records from records of unseen users least, by the distance of the two groups' mean gold \
        margins from each other; without such a trial, the one with the highest AUC. The unseen users that judge are others than \
        those that calibrate. Methods that retrain and never read the forgotten records are judged by that AUC alone.
        """
    /// The AUC that a trial may lose.
    static let tolerance = 0.005

    let options: MethodsBenchmark.Options
    let trials: Int
    let environment: ServiceEnvironment

    /// A search with this many trials of every method.
    /// - Throws: `EngineError.invalidSetting`; `PolicyError`.
    public init(_ options: MethodsBenchmark.Options, trials: Int, environment: ServiceEnvironment) throws {
        try ModelFolders.checkRange("--trials", trials, 1...SearchGrid.most)
        _ = try MethodsBenchmark(options, environment: environment)
        self.options = options
        self.trials = trials
        self.environment = environment
    }

    /// One trial.
    struct Trial: Codable, Sendable {
        var setting: String
        var method: String
        /// What differs from the policy that the search began with.
        var changes: [String: String]
        /// AUC on validation records of retained users.
        var auc: Double?
        /// The original's.
        var originalAUC: Double
        /// The absolute distance of mean gold margins, forgotten against unseen; nil where the model is not finite.
        var gap: Double?
        var seconds: Double
        var isExact: Bool
    }

    /// What a search found.
    public struct Outcome: Sendable {
        let trials: [Trial]
        let chosen: [Trial]
        let files: [String]

        /// Every trial.
        public var json: JSONValue {
            func value(_ trial: Trial) -> JSONValue {
                [
                    "setting": .string(trial.setting), "method": .string(trial.method),
                    "changes": .object(trial.changes.mapValues { .string($0) }),
                    "validationAUC": trial.auc.map(MethodsReport.number) ?? .null,
                    "originalValidationAUC": MethodsReport.number(trial.originalAUC),
                    "goldMarginGap": trial.gap.map(MethodsReport.number) ?? .null,
                    "seconds": MethodsReport.number(trial.seconds),
                ]
            }
            return [
                "format": "urn:lethe:benchmark-search:v1", "criterion": .string(criterion),
                "trials": .array(trials.map(value)), "chosen": .array(chosen.map(value)),
                "policies": .array(files.map { .string($0) }),
            ]
        }

        /// What was chosen, for people.
        public var text: String {
            let rows = chosen.map { trial in
                let changes = trial.changes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                return
                    "\(trial.setting)  \(trial.method): \(changes.isEmpty ? "as it was" : changes.joined(separator: ", ")) "
                    + "(AUC \(MethodsReport.fixed(100 * (trial.auc ?? .nan), 2)), gap \(MethodsReport.fixed(trial.gap ?? .nan, 3)))"
            }
            return "Criterion: \(criterion)\n\n" + rows.joined(separator: "\n") + "\n\nPolicies: "
                + files.joined(separator: ", ")
        }
    }

    /// Tries everything that was not tried yet, chooses, and writes the policies.
    /// - Returns: nil where it was asked to stop; trials that were done are kept.
    public func run(
        shouldStop: () -> Bool, events: @escaping (MethodsBenchmark.Event) -> Void
    ) throws -> Outcome? {
        let bench = try MethodsBench(options, environment: environment, events: events)
        var all: [Trial] = []
        var chosen: [Trial] = []
        var files: [String] = []
        for (setting, source) in zip(bench.settings, options.settings) {
            let text = try PolicyText(source.policy)
            let judge = try SearchJudge(bench, setting)
            var changes: [Policy.MethodName: [String: String]] = [:]
            let methods = options.methods.compactMap(Policy.MethodName.init).filter { $0 != .retrain }
            for (place, name) in methods.enumerated() {
                guard let settings = setting.policy.method(named: name) else { continue }
                var own: [Trial] = []
                for (number, candidate) in SearchGrid.candidates(settings).prefix(trials).enumerated() {
                    if shouldStop() { return nil }
                    events(
                        .job(
                            number: place * trials + number + 1, of: methods.count * trials,
                            name: "\(setting.name): \(name.rawValue), trial \(number + 1)", secondsLeft: nil))
                    let policy = try Policy(yaml: try text.changing([name: candidate]))
                    own.append(try judge.trial(name, candidate, policy: policy))
                }
                if let best = Self.best(own) {
                    chosen.append(best)
                    changes[name] = best.changes
                }
                all += own
            }
            let file = Files.join(options.output, "benchmark-\(setting.name).yaml")
            try Files.write(
                try text.changing(
                    changes,
                    comment: "Chosen by lethe benchmark search, \(trials) trials a method; criterion in search.json."),
                to: file)
            files.append(file)
        }
        let outcome = Outcome(trials: all, chosen: chosen, files: files)
        try Files.write(outcome.json.prettyBytes(), to: Files.join(options.output, "search.json"))
        return outcome
    }

    /// The trial that the criterion chooses; the first of equals.
    static func best(_ trials: [Trial]) -> Trial? {
        let finite = trials.filter { $0.auc != nil && $0.gap != nil }
        func auc(_ trial: Trial) -> Double { trial.auc ?? -1 }
        let useful = finite.filter { auc($0) >= $0.originalAUC - tolerance }
        guard let first = useful.first, !first.isExact else { return finite.max { auc($0) < auc($1) } }
        return useful.min { ($0.gap ?? .infinity) < ($1.gap ?? .infinity) }
    }
}

/// The candidates of every method: the policy's own setting first, then others of a grid over the two knobs that matter most.
enum SearchGrid {
    /// Candidates of every method.
    static let most = 9

    /// Factors of the two knobs, nearest to the policy's own setting first.
    private static let factors: [(Double, Double)] = [
        (1, 1), (3, 1), (1, 2), (3, 2), (1, 0.5), (3, 0.5), (0.3, 1), (0.3, 2), (0.3, 0.5),
    ]

    /// Changes of a method's fields, `most` of them.
    static func candidates(_ method: Policy.Method) -> [[String: String]] {
        let knobs = knobs(method)
        return factors.map { first, second in
            var changes: [String: String] = [:]
            for (knob, factor) in zip(knobs, [first, second]) where factor != 1 {
                guard let own = method.fields.first(where: { $0.name == knob.field })?.value, let value = Double(own)
                else { continue }
                let scaled = min(max(value * factor, knob.range.lowerBound), knob.range.upperBound)
                changes[knob.field] = knob.isWhole ? "\(Int(scaled.rounded()))" : decimal(scaled)
            }
            return changes
        }
    }

    private struct Knob {
        let field: String
        var isWhole = false
        var range = 0.0...1.0
    }

    /// A rate and a strength.
    private static func knobs(_ method: Policy.Method) -> [Knob] {
        let rate = Knob(field: "learningRate", range: 1e-9...1)
        switch method {
        case .retrain: return []
        // Their shards train as the original did; what is left to choose is how many there are.
        case .sisa:
            return [
                Knob(field: "shards", isWhole: true, range: 2...8), Knob(field: "slices", isWhole: true, range: 1...4),
            ]
        case .receraser:
            return [
                Knob(field: "attention.learningRate", range: 1e-9...1),
                Knob(field: "attention.epochs", isWhole: true, range: 1...8),
            ]
        case .negKL, .negGrad, .badTeacherReference, .randomLabel:
            return [rate, Knob(field: "lambda", range: 1e-6...100)]
        case .badTeacher: return [rate, Knob(field: "retainedShare", range: 0.01...1)]
        case .e2urec: return [rate, Knob(field: "alpha", range: 1e-6...100)]
        case .calibratedE2URec: return [rate, Knob(field: "beta", range: 0...0.9)]
        case .adapters: return [rate, Knob(field: "epochs", isWhole: true, range: 1...16)]
        }
    }

    /// A decimal without an exponent, as policies are written.
    private static func decimal(_ value: Double) -> String {
        var text = String(format: "%.12f", value)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}

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
        dependencies["settings"] = .array(settings.fields.map { .string("\($0.name)=\($0.value)") })
        dependencies["method"] = .string(name.rawValue)
        dependencies["original"] = .string(original.record.weights)
        let key = try BenchmarkStore.key("trial", dependencies)
        let bytes = try bench.store.bytes("trial", key) {
            let began = bench.environment.seconds()
            let method = try policy.unlearningMethod(settings) {
                ShardKeeping(
                    key: Array("lethe benchmark shards key, public".utf8), code: BenchmarkStore.format,
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
                        seconds: bench.environment.seconds() - began, isExact: method.isExact)))
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
