public import LetheBytes
import LetheRequests
import LetheUnlearning

/// Chooses hyper-parameters of every method with the same number of trials each, on validation data, and never with a retrained
/// model: none is trained here.
public struct MethodsSearch: Sendable {
    /// How a trial is judged, in words.
    public static let criterion = """
        among the trials whose AUC on validation records of retained users is at least the original's minus 0.5 points (without \
        such a trial, the one with the highest AUC), those have forgotten that leave of the memory gap at most a quarter of the \
        original's, or one standard error: how much more mean gold margin the model has gained since the base on forgotten records than \
        on unseen users' records; among these, the one that moves least elsewhere: the least mean Jensen-Shannon divergence from the \
        original on unseen users' records; where none has forgotten, the one with the least memory gap. The unseen users that judge are \
        others than those that calibrate. Exact methods are judged by that AUC alone.
        """
    /// The AUC that a trial may lose.
    static let tolerance = 0.005
    /// The share of the original's gap that a trial may leave and count as having forgotten.
    static let leftGap = 0.25

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
        /// The size of the memory gap, see `MethodsSearch.criterion`; nil where the model is not finite.
        var gap: Double?
        /// The original's gap.
        var originalGap: Double
        /// The gap's standard error over records.
        var gapError: Double?
        /// The mean Jensen-Shannon divergence from the original on unseen users' records, in nats.
        var drift: Double?
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
                    "memoryGap": trial.gap.map(MethodsReport.number) ?? .null,
                    "memoryGapError": trial.gapError.map(MethodsReport.number) ?? .null,
                    "originalMemoryGap": MethodsReport.number(trial.originalGap),
                    "driftOnUnseen": trial.drift.map(MethodsReport.number) ?? .null,
                    "processorSeconds": MethodsReport.number(trial.seconds),
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
                    + "(AUC \(MethodsReport.fixed(100 * (trial.auc ?? .nan), 2)), gap \(MethodsReport.fixed(trial.gap ?? .nan, 3)), "
                    + "drift \(MethodsReport.fixed(100 * (trial.drift ?? .nan), 3)))"
            }
            return "Criterion: \(criterion)\n\n" + rows.joined(separator: "\n") + "\n\nPolicies: "
                + files.joined(separator: ", ")
        }
    }

    /// Tries everything that was not tried yet, chooses, and writes the policies.
    /// - Returns: nil where it was asked to stop; trials that were done are kept.
    public func run(
        shouldStop: () -> Bool, isInterrupted: @escaping @Sendable () -> Bool = { false },
        events: @escaping (MethodsBenchmark.Event) -> Void
    ) throws -> Outcome? {
        let bench = try MethodsBench(
            options, environment: environment, isInterrupted: isInterrupted, events: events)
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
                    do {
                        own.append(try judge.trial(name, candidate, policy: policy))
                    } catch is TrainingStopped {
                        return nil
                    }
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
        let finite = trials.filter { $0.auc != nil && $0.gap != nil && $0.drift != nil }
        func auc(_ trial: Trial) -> Double { trial.auc ?? -1 }
        let useful = finite.filter { auc($0) >= $0.originalAUC - tolerance }
        guard let first = useful.first, !first.isExact else { return finite.max { auc($0) < auc($1) } }
        func gap(_ trial: Trial) -> Double { trial.gap ?? .infinity }
        let forgot = useful.filter { gap($0) <= max(leftGap * $0.originalGap, $0.gapError ?? 0) }
        return forgot.min { ($0.drift ?? .infinity) < ($1.drift ?? .infinity) } ?? useful.min { gap($0) < gap($1) }
    }
}
