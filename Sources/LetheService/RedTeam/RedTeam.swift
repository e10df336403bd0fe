import LetheBytes
import LetheRecommendation
import LetheRequests
import LetheTensor
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// Whether verification lets honest models through and stops false ones: honestly retrained candidates, originals, and a corpus of
/// models that are not what they are said to be.
///
/// Models are judged by the rule, thresholds and gates of verification itself, G3 and G4 among them, against references that none of them was
/// compared with before. What is trained is kept below the output folder, as `MethodsBenchmark` keeps it.
public struct RedTeam: Sendable {
    /// What is run.
    public struct Options: Sendable {
        /// Data, setting, shape and output folder; of the settings the first alone.
        public var bench: MethodsBenchmark.Options
        /// Honest candidates, and as many originals, each from a seed of its own.
        public var candidates: Int
        /// Reference models.
        public var references: Int

        /// Options with the defaults of the command.
        public init(bench: MethodsBenchmark.Options, candidates: Int = 10, references: Int = 5) {
            self.bench = bench
            self.candidates = candidates
            self.references = references
        }
    }

    /// What a model is.
    enum Truth: String, Sendable {
        case honest = "retrained"
        case original = "original"
        case isFalse = "false"
    }

    /// One model before the judge.
    struct Case: Sendable {
        let name: String
        let story: String
        let truth: Truth
        /// Gates of which one at least has to stop it; empty for an honest one.
        let expected: Set<LetheVerification.Gate>
        let judgement: Judgement

        /// The gates that it did not get through.
        var stoppedBy: [LetheVerification.Gate] {
            LetheVerification.Gate.allCases.filter { gate in
                judgement.gates.contains { $0.gate == gate && !$0.passed }
            }
        }

        /// Whether the audit could see memorisation at all: else a refusal says nothing.
        var isMeasurable: Bool { judgement.gates.allSatisfy { $0.gate != .sensitivity || $0.passed } }

        /// Whether a false one was refused for a right reason.
        var isRightlyRefused: Bool {
            isMeasurable && !judgement.verdict.isPass && !expected.isDisjoint(with: stoppedBy)
        }
    }

    let options: Options
    let environment: ServiceEnvironment

    /// Checks the options.
    /// - Throws: `EngineError.invalidSetting`; `PolicyError` for the setting's policy.
    public init(_ options: Options, environment: ServiceEnvironment) throws {
        try ModelFolders.checkRange("--candidates", options.candidates, 1...100)
        try ModelFolders.checkRange("--references", options.references, 2...100)
        var options = options
        options.bench.settings = Array(options.bench.settings.prefix(1))
        options.bench.methods = []
        options.bench.seeds = 1
        options.bench.references = max(2, options.references)
        _ = try MethodsBenchmark(options.bench, environment: environment)
        self.options = options
        self.environment = environment
    }

    /// Trains what is not there yet, judges all models.
    /// - Returns: nil where it was asked to stop; what was trained is kept.
    public func run(
        isInterrupted: @escaping @Sendable () -> Bool = { false },
        events: @escaping (MethodsBenchmark.Event) -> Void
    ) throws -> RedTeamReport? {
        let bench = try MethodsBench(
            options.bench, environment: environment, isInterrupted: isInterrupted, events: events)
        guard let setting = bench.settings.first else { return nil }
        do {
            let court = try Court(
                bench, setting, references: options.references, originals: options.candidates)
            var cases: [Case] = []
            let count = 2 * options.candidates + FalseModel.allCases.count
            func hear(
                _ name: String, _ story: String, _ truth: Truth, _ expected: Set<LetheVerification.Gate>,
                original number: Int? = nil, _ model: () throws -> T5Parameters
            ) throws {
                events(.job(number: cases.count + 1, of: count, name: name, secondsLeft: nil))
                let item = Case(
                    name: name, story: story, truth: truth, expected: expected,
                    judgement: try court.judgement(on: try model(), original: number, seed: UInt64(cases.count)))
                let stops = item.stoppedBy.map(\.rawValue).joined(separator: ", ")
                events(.outcome(item.judgement.verdict.rawValue + (stops.isEmpty ? "" : ", stopped by \(stops)")))
                cases.append(item)
            }
            for number in 1...options.candidates {
                try hear("retrained-\(number)", "retrained without the forgotten people", .honest, []) {
                    try bench.retrained(setting, options.references + number).model.parameters
                }
            }
            for number in 1...options.candidates {
                try hear(
                    "original-\(number)", "the original from another seed, unchanged", .original, [.residual],
                    original: number
                ) {
                    try bench.original(setting, number).model.parameters
                }
            }
            for kind in FalseModel.allCases {
                try hear(kind.rawValue, kind.story, .isFalse, kind.gates) {
                    try bench.falseModel(kind, in: setting, honest: options.references + 1)
                }
            }
            return RedTeamReport(
                options: options, setting: setting.name, users: setting.data.split.trainingUsers.count,
                forgotten: setting.data.split.forgottenUsers.count, audited: setting.audit.records.count,
                policy: setting.policy.digest, thresholds: court.thresholds, data: bench.dataDigests,
                program: bench.program,
                machine: environment.description, cases: cases)
        } catch is TrainingStopped { return nil }
    }
}

/// The judge with what all cases have in common: references, the original, records.
private struct Court {
    let bench: MethodsBench
    let setting: BenchmarkSetting
    let references: [T5Parameters]
    let original: T5Parameters
    let thresholds: Thresholds
    /// Logits on audited records and margins on the others, of original and references.
    private let known: [Outputs]
    /// Margins on audited records of the originals that are candidates, from the second seed on: the first is the original of the audit.
    private let furtherOriginals: [[Double]]
    /// The people who are learned again are drawn once for all cases: no case was made with them in mind.
    private let relearning: KnownReturns?
    private let rounding: KnownReturns

    /// What original and references say after a trial.
    struct KnownReturns {
        let trial: any ReturnTrial
        let known: [[Double]]

        init(_ trial: any ReturnTrial, of models: [T5Parameters], events: (MethodsBenchmark.Event) -> Void) throws {
            self.trial = trial
            events(.progress(ServiceProgress(.began(stage: trial.stage, units: models.count * trial.units))))
            known = try models.map { model in
                let margins = try trial.margins(of: model)
                events(.progress(ServiceProgress(.advanced(units: trial.units))))
                return margins
            }
        }

        func matrix(with candidate: T5Parameters) throws -> EvaluationMatrix {
            try EvaluationMatrix(
                trial.records, margins: [known[0], try trial.margins(of: candidate)] + known.dropFirst())
        }
    }

    struct Outputs {
        let audited: [[Float]]
        /// On retained users' test records.
        let utility: [Double]
        let control: [Double]
    }

    init(_ bench: MethodsBench, _ setting: BenchmarkSetting, references count: Int, originals: Int) throws {
        self.bench = bench
        self.setting = setting
        references = try (1...count).map { try bench.retrained(setting, $0).model.parameters }
        original = try bench.original(setting, 1).model.parameters
        thresholds = setting.policy.verification.thresholds.judging(required: LetheRequests.Gate.allCases)
        known = try ([original] + references).map { try Self.outputs($0, bench, setting) }
        furtherOriginals = try (1...originals).dropFirst().map { number in
            try Self.margins(
                try bench.original(setting, number).model.parameters, on: setting.audit.examples, bench, setting)
        }
        let models = [original] + references
        relearning = try RelearningTrial(
            setting.audit.records, by: setting.policy.relearning, data: setting.data, seed: 8, pool: setting.pool,
            session: bench.session
        ).map { try KnownReturns($0, of: models, events: bench.events) }
        rounding = try KnownReturns(
            RoundingTrial(setting.audit.records, data: setting.data, pool: setting.pool, session: bench.session),
            of: models, events: bench.events)
    }

    /// Judges a model as a run's verification does, with every gate.
    ///
    /// - Parameter number: the candidate's among the originals, which are then compared with the others alone; nil for none of them.
    func judgement(on candidate: T5Parameters, original number: Int?, seed: UInt64) throws -> Judgement {
        let own = try Self.outputs(candidate, bench, setting)
        var audit = try AuditMatrix(
            referenceCount: references.count,
            answers: .init(yes: Int(setting.data.decision.yes), no: Int(setting.data.decision.no)))
        for (place, record) in setting.audit.records.enumerated() {
            try audit.add(
                user: record.userID, isLiked: record.label, original: known[0].audited[place],
                candidate: own.audited[place], references: known[1...].map { $0.audited[place] })
        }
        return Judge.judge(
            Evidence(
                provenance: .verified, forgotten: audit,
                utility: try matrix(setting.retainedTest.map { setting.test.records[$0] }, own, \.utility),
                control: try matrix(setting.control.records, own, \.control),
                furtherOriginals: furtherOriginals.enumerated().filter { $0.offset + 2 != number }.map(\.element),
                relearned: try relearning.map { try $0.matrix(with: candidate) },
                rounded: try rounding.matrix(with: candidate), seed: seed),
            by: thresholds)
    }

    private func matrix(
        _ records: [InteractionRecord], _ own: Outputs, _ margins: KeyPath<Outputs, [Double]>
    ) throws -> EvaluationMatrix {
        try EvaluationMatrix(
            records, margins: ([known[0], own] + known.dropFirst()).map { $0[keyPath: margins] })
    }

    private static func outputs(
        _ model: T5Parameters, _ bench: MethodsBench, _ setting: BenchmarkSetting
    ) throws -> Outputs {
        Outputs(
            audited: Inference(parameters: model, pool: setting.pool)
                .logits(setting.audit.examples, positions: .first),
            utility: try margins(model, on: setting.retainedTest.map { setting.test.examples[$0] }, bench, setting),
            control: try margins(model, on: setting.control.examples, bench, setting))
    }

    private static func margins(
        _ model: T5Parameters, on examples: [Example], _ bench: MethodsBench, _ setting: BenchmarkSetting
    ) throws -> [Double] {
        try bench.session.stopIfAsked("margins")
        return Inference(parameters: model, pool: setting.pool).logits(examples, positions: .first)
            .map(setting.data.margin)
    }
}
