import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTensor
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// A benchmark at work: data in memory, the store, the models that rows share.
///
/// Used from the one thread that computes.
final class MethodsBench {
    let options: MethodsBenchmark.Options
    let environment: ServiceEnvironment
    let events: (MethodsBenchmark.Event) -> Void
    let store: BenchmarkStore
    let dataset: InteractionDataset
    let fullSplit: RecommendationSplit
    private(set) var settings: [BenchmarkSetting] = []
    let program: String

    /// Shared models in memory, by key.
    private var models: [Digest: BenchmarkStore.Model] = [:]
    /// Reference logits on audited records, first position, of one setting.
    private var references: (setting: String, logits: [[[Float]]])?
    private var plan: (done: Int, units: Double, unitsDone: Double, seconds: Double)

    init(
        _ options: MethodsBenchmark.Options, environment: ServiceEnvironment,
        events: @escaping (MethodsBenchmark.Event) -> Void
    ) throws {
        self.options = options
        self.environment = environment
        self.events = events
        try Files.createFolders(options.output)
        store = try BenchmarkStore(folder: Files.join(options.output, "cache"))
        program = try environment.program().hex
        plan = (0, 0, 0, 0)
        let policies = try options.settings.map { try Policy(yaml: $0.policy) }
        guard policies.allSatisfy({ $0.model == policies[0].model }) else {
            throw EngineError.invalidSetting(
                name: "section model of the settings' policies", found: "different ones",
                expected: "the same: settings share a base")
        }
        (dataset, fullSplit) = try options.profile.load()
        let tokenizer = try Self.tokenizer(dataset, fullSplit, policies[0], store)
        for (setting, policy) in zip(options.settings, policies) {
            var rules = options.profile.splitting
            if let users = setting.users { rules.subsample = .init(users: users, evaluationRecords: 5_000) }
            var split = setting.users == nil ? fullSplit : try rules.split(dataset)
            if let count = options.forgottenUsers {
                split = try split.forgetting(Array(split.trainingUsers.shuffledForBenchmark().prefix(count)))
            }
            let data = try PreparedData(dataset: dataset, split: split, tokenizer: tokenizer, policy: policy)
            settings.append(try BenchmarkSetting(setting, policy: policy, data: data, options: options))
        }
        plan.units = settings.reduce(0) { sum, setting in sum + setting.jobs.reduce(0) { $0 + setting.cost(of: $1) } }
    }

    /// The vocabulary, from the full split: users outside the window only.
    private static func tokenizer(
        _ dataset: InteractionDataset, _ split: RecommendationSplit, _ policy: Policy, _ store: BenchmarkStore
    ) throws -> SentencePieceTokenizer {
        let key = try BenchmarkStore.key(
            "vocabulary",
            [
                "pretraining": .string(recordsRoot(split.pretraining).hex),
                "size": JSONValue(policy.model.vocabularySize),
                "template": .string(policy.model.promptTemplate.rawValue),
            ])
        let bytes = try store.bytes("vocabulary", key) {
            try ModelTraining.tokenizer(dataset: dataset, split: split, policy: policy).modelBytes
        }
        return try SentencePieceTokenizer.load(bytes)
    }

    // MARK: jobs

    private var jobCount: Int { settings.reduce(0) { $0 + $1.jobs.count } }

    /// Does a job, or finds that it was done.
    func perform(_ job: BenchmarkSetting.Job, in setting: BenchmarkSetting) throws {
        plan.done += 1
        let cost = setting.cost(of: job)
        let name = "\(setting.name): \(job.name)"
        let began = environment.seconds()
        let left = plan.unitsDone > 0 ? plan.seconds / plan.unitsDone * plan.units : nil
        events(.job(number: plan.done, of: jobCount, name: name, secondsLeft: left))
        let isNew: Bool
        switch job {
        case .base: isNew = try base(setting).isNew
        case .original(let seed): isNew = try original(setting, seed).isNew
        case .retrained(let seed): isNew = try retrained(setting, seed).isNew
        case .row(let method, let seed):
            let key = try rowKey(setting, method, seed)
            if try store.measured(key) != nil {
                isNew = false
            } else {
                try store.keep(try row(setting, method, seed), under: key)
                isNew = true
            }
        }
        plan.units -= cost
        if isNew {
            plan.unitsDone += cost
            plan.seconds += environment.seconds() - began
        } else {
            events(.found(name: name))
        }
    }

    // MARK: shared models

    typealias SharedModel = (model: BenchmarkStore.Model, isNew: Bool, key: Digest)

    private func shared(_ key: Digest, make: () throws -> BenchmarkStore.Model) throws -> SharedModel {
        if let model = models[key] { return (model, false, key) }
        let (model, isNew) = try store.model(key, make: make)
        models[key] = model
        return (model, isNew, key)
    }

    /// Seeds that depend on what they are for and on nothing else.
    static func seeds(_ use: String, _ number: Int) -> TrainingSeeds {
        let bytes = Digest(sha256: Array("lethe-benchmark-seeds-v1\n\(use) \(number)\n".utf8)).bytes
        func word(_ index: Int) -> UInt64 { bytes[8 * index..<8 * index + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return TrainingSeeds(order: word(0), dropout: word(1), adapter: word(2))
    }

    /// The base: one for all settings and seeds, as the paper has one pretrained T5.
    func base(_ setting: BenchmarkSetting) throws -> SharedModel {
        let configuration = options.shape.configuration(
            vocabularySize: setting.data.tokenizer.vocabularySize, dropout: setting.policy.training.dropout)
        let training = setting.policy.pretraining
        let key = try BenchmarkStore.key(
            "base",
            [
                "pretraining": .string(recordsRoot(fullSplit.pretraining).hex), "shape": .string("\(configuration)"),
                "training": .string("\(training)"), "vocabulary": setting.identity["vocabulary"] ?? .null,
                "template": setting.identity["template"] ?? .null, "tokens": setting.identity["tokens"] ?? .null,
            ])
        return try shared(key) {
            let seeds = Self.seeds("base", 0)
            return try fineTuned(
                T5Parameters(configuration: configuration, seed: seeds.adapter),
                on: try setting.data.examples(fullSplit.pretraining), [], training, seeds, setting.pool, "base model")
        }
    }

    func original(_ setting: BenchmarkSetting, _ seed: Int) throws -> SharedModel {
        let base = try base(setting)
        let key = try key("original", setting, ["base": .string(base.model.record.weights), "seed": JSONValue(seed)])
        return try shared(key) {
            // In the training records' own order: what is forgotten is not at one end.
            try fineTuned(
                base.model.parameters, on: try setting.data.examples(setting.data.split.training), setting.validation,
                setting.policy.fineTuning, Self.seeds("original", seed), setting.pool, "original")
        }
    }

    func retrained(_ setting: BenchmarkSetting, _ seed: Int) throws -> SharedModel {
        let base = try base(setting)
        let key = try key("retrained", setting, ["base": .string(base.model.record.weights), "seed": JSONValue(seed)])
        return try shared(key) {
            try fineTuned(
                base.model.parameters, on: setting.retained, setting.validationOfRetained, setting.policy.fineTuning,
                Self.seeds("retrained", seed), setting.pool, "retrain")
        }
    }

    /// The augmented model of a method, shared by all methods that train it the same way.
    private func augmented(
        _ method: any AugmentingMethod, _ task: UnlearningTask, _ setting: BenchmarkSetting, original: String, seed: Int
    ) throws -> SharedModel {
        let key = try key(
            "augmented", setting,
            [
                "original": .string(original), "training": .string("\(method.augmentation)"), "seed": JSONValue(seed),
            ])
        return try shared(key) {
            try fineTuned(
                task.original, on: task.forgotten, [], method.augmentation, task.seeds, setting.pool, "augmented model")
        }
    }

    private func key(
        _ kind: String, _ setting: BenchmarkSetting, _ more: [String: JSONValue]
    ) throws -> Digest {
        try BenchmarkStore.key(kind, setting.identity.merging(more) { $1 })
    }

    private func fineTuned(
        _ start: T5Parameters, on records: [Example], _ validation: [Example], _ configuration: FineTuningConfiguration,
        _ seeds: TrainingSeeds, _ pool: WorkerPool, _ stage: String
    ) throws -> BenchmarkStore.Model {
        let began = environment.seconds()
        let model = fineTune(
            start, on: records, validation: validation, configuration: configuration, seeds: seeds, pool: pool,
            stage: stage
        ) { events(.progress(ServiceProgress($0))) }
        return BenchmarkStore.Model(
            parameters: model.parameters,
            record: .init(
                seconds: environment.seconds() - began,
                epochs: model.epochs.map {
                    .init(stage: stage, number: $0.number, loss: $0.trainingLoss, watched: $0.validationLoss)
                }, keptEpoch: model.keptEpoch, weights: weightsDigest([model.parameters]).hex, program: program))
    }

    // MARK: rows

    /// What a row's measurements depend on.
    func rowKey(_ setting: BenchmarkSetting, _ method: String, _ seed: Int) throws -> Digest {
        var more: [String: JSONValue] = ["method": .string(method), "seed": JSONValue(seed)]
        more["base"] = .string(try base(setting).model.record.weights)
        if seed > 0, method != "retrain" {
            more["original"] = .string(try original(setting, seed).model.record.weights)
        }
        more["references"] = .array(
            try (1...options.references).map { .string(try retrained(setting, $0).model.record.weights) })
        more["control"] = .string(recordsRoot(setting.control.records).hex)
        if let settings = policyMethod(setting, method) {
            more["settings"] = .array(settings.fields.map { .string("\($0.name)=\($0.value)") })
            more["weightDecay"] = .string("\(setting.policy.training.weightDecay)")
            if method.hasSuffix("/stacked") { more["requests"] = options.requests.map { JSONValue($0) } }
            more["decay"] = .string(setting.policy.training.learningRateDecay.rawValue)
        }
        return try key("row", setting, more)
    }

    private func policyMethod(_ setting: BenchmarkSetting, _ name: String) -> Policy.Method? {
        let plain = name.split(separator: "/").first.map(String.init) ?? name
        return Policy.MethodName(rawValue: plain).flatMap { setting.policy.method(named: $0) }
    }

    /// The method of a row that unlearns.
    func method(_ setting: BenchmarkSetting, _ name: String) throws -> any UnlearningMethod {
        if name == "original" { return Original() }
        guard let settings = policyMethod(setting, name) else {
            throw ServiceError.methodNotInPolicy(found: name, known: MethodsBenchmark.all)
        }
        let made = try setting.policy.unlearningMethod(settings) {
            // In memory and new: a row's time is that of everything that it needs, and a killed row begins again.
            ShardKeeping(
                key: Array("lethe benchmark shards key, public".utf8), code: BenchmarkStore.format,
                checkpoints: MemoryCheckpoints())
        }
        let parts = name.split(separator: "/").map(String.init)
        if parts.last == "stacked", let requests = options.requests {
            return StackedRequests(made, requests: requests)
        }
        guard parts.count == 2, var calibrated = made as? CalibratedE2URec,
            let ablation = CalibratedE2URec.Configuration.Ablation(rawValue: parts[1])
        else { return made }
        calibrated.configuration.ablations = [ablation]
        if case .e2urec(let plain)? = setting.policy.method(named: .e2urec) {
            calibrated.configuration.plainAlpha = plain.alpha
        }
        return calibrated
    }

    /// What a row's method is given.
    func task(_ setting: BenchmarkSetting, seed: Int) throws -> UnlearningTask {
        let split = setting.data.split
        let decision = setting.data.decision
        return UnlearningTask(
            base: try base(setting).model.parameters, original: try original(setting, seed).model.parameters,
            forgotten: setting.forgotten, retained: setting.retained, validation: setting.validationOfRetained,
            seeds: Self.seeds("unlearn", seed), originalSeeds: Self.seeds("original", seed),
            forgottenOrigins: split.forgottenRecords.map(RecordOrigin.init),
            retainedOrigins: split.retainedRecords.map(RecordOrigin.init), unseen: setting.unseen,
            answers: LetheUnlearning.AnswerTokens(yes: decision.yes, no: decision.no), pool: setting.pool)
    }

    private func row(_ setting: BenchmarkSetting, _ name: String, _ seed: Int) throws -> MeasuredModel {
        switch name {
        case "base":
            let base = try base(setting).model
            return try measure(
                .single(base.parameters), setting, name, seed,
                parts: [.init(name: "base model", seconds: base.record.seconds)],
                curve: base.record.epochs, trainable: base.parameters.values.count, method: nil)
        case "retrain":
            let model = try retrained(setting, seed).model
            return try measure(
                .single(model.parameters), setting, name, seed,
                parts: [.init(name: "retrain", seconds: model.record.seconds)],
                curve: model.record.epochs, trainable: model.parameters.values.count, method: try method(setting, name))
        case "original":
            let model = try original(setting, seed).model
            return try measure(
                .single(model.parameters), setting, name, seed,
                parts: [.init(name: "original", seconds: model.record.seconds)],
                curve: model.record.epochs, trainable: model.parameters.values.count,
                method: Retrain(configuration: setting.policy.fineTuning))
        default: return try unlearned(setting, name, seed)
        }
    }

    private func unlearned(_ setting: BenchmarkSetting, _ name: String, _ seed: Int) throws -> MeasuredModel {
        let method = try method(setting, name)
        let task = try task(setting, seed: seed)
        var stages = StageClock(environment)
        var curve: [MeasuredModel.Point] = []
        var stage = ""
        var parts: [MeasuredModel.Part] = []
        func handle(_ progress: Progress) {
            stages.note(progress)
            switch progress {
            case .began(let name, _): stage = name
            case .advanced: break
            case .epoch(let number, let loss, let watched):
                if loss.isFinite {
                    curve.append(
                        .init(
                            stage: stage, number: number, loss: loss,
                            watched: watched.flatMap { $0.isFinite ? $0 : nil }))
                }
            }
            events(.progress(ServiceProgress(progress)))
        }
        let model: UnlearnedModel
        if let augmenting = method as? any AugmentingMethod {
            let weights = try original(setting, seed).model.record.weights
            let augmented = try augmented(augmenting, task, setting, original: weights, seed: seed).model
            // Its time counts in every row that reads it, though it was trained once.
            parts.append(.init(name: "augmented model", seconds: augmented.record.seconds))
            curve += augmented.record.epochs
            model = try augmenting.unlearn(task, augmented: augmented.parameters, progress: handle)
        } else {
            model = try method.unlearn(task, progress: handle)
        }
        parts += stages.finish().map { .init(name: $0.name, seconds: $0.seconds) }
        return try measure(
            model.model, setting, name, seed, parts: parts, curve: curve, trainable: model.trainableParameters,
            method: method, recordsTrained: model.recordsTrained)
    }

    /// The paper's model.
    static let t5Base = T5Configuration(dModel: 768, dKV: 64, dFF: 3_072, numLayers: 12, numHeads: 12)

    private func measure(
        _ model: RecommenderModel, _ setting: BenchmarkSetting, _ name: String, _ seed: Int,
        parts: [MeasuredModel.Part],
        curve: [MeasuredModel.Point], trainable: Int, method: (any UnlearningMethod)?, recordsTrained: Int? = nil
    ) throws -> MeasuredModel {
        let inference = model.inference(pool: setting.pool)
        let weights =
            switch model {
            case .single(let parameters): weightsDigest([parameters])
            case .ensemble(let ensemble): weightsDigest(ensemble.memberParameters)
            }
        var measured = MeasuredModel(
            method: name, seed: seed, weights: weights.hex, trainable: trainable,
            trainableAtT5Base: try method?.trainableParameters(of: Self.t5Base) ?? 0, isExact: method?.isExact ?? false,
            parts: parts, curve: curve, recordsTrained: recordsTrained, test: [], forgotten: [], control: [],
            distances: [], program: program)
        let units = setting.test.records.count + setting.audit.records.count + setting.control.records.count
        events(.progress(.began(stage: "measuring \(name)", units: units)))
        guard let test = margins(inference, setting.test, setting),
            let control = margins(inference, setting.control, setting),
            let (forgotten, distances) = try compare(inference, setting)
        else { return measured }
        (measured.test, measured.control, measured.forgotten, measured.distances) = (
            test, control, forgotten, distances
        )
        return measured
    }

    /// The margins on records; nil where one is not finite.
    private func margins(
        _ model: any LabelLogits, _ measured: BenchmarkSetting.Measured, _ setting: BenchmarkSetting
    ) -> [Float]? {
        let decision = setting.data.decision
        var margins: [Float] = []
        margins.reserveCapacity(measured.examples.count)
        model.forEachLogits(measured.examples, positions: .first) { _, logits in
            margins.append(logits[Int(decision.yes)] - logits[Int(decision.no)])
            if margins.count % 256 == 0 { events(.progress(.advanced(units: 256))) }
        }
        return margins.allSatisfy(\.isFinite) ? margins : nil
    }

    /// Margins on audited records and sums of distances to every reference by user; nil where an output is not finite.
    private func compare(
        _ model: any LabelLogits, _ setting: BenchmarkSetting
    ) throws -> (margins: [Float], distances: [Double])? {
        let references = try referenceLogits(setting)
        let decision = setting.data.decision
        let answers = LetheVerification.AnswerTokens(yes: Int(decision.yes), no: Int(decision.no))
        let measures = DistanceMeasure.all.count
        let users = setting.audit.userCount
        var sums = [Double](repeating: 0, count: references.count * users * measures)
        var margins: [Float] = []
        for start in stride(from: 0, to: setting.audit.examples.count, by: 256) {
            let range = start..<min(start + 256, setting.audit.examples.count)
            let logits = model.logits(Array(setting.audit.examples[range]), positions: .first)
            guard logits.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
            margins += logits.map { $0[Int(decision.yes)] - $0[Int(decision.no)] }
            let rows = zip(range, logits).flatMap { index, row in references.indices.map { (index, $0, row) } }
            let distances = rows.concurrentMap { index, reference, row in
                (try? allDistances(row, references[reference][index], answers: answers)) ?? []
            }
            for ((index, reference, _), values) in zip(rows, distances) {
                let place = (reference * users + setting.audit.userOfRecord[index]) * measures
                for (measure, value) in values.enumerated() { sums[place + measure] += value }
            }
            events(.progress(.advanced(units: range.count)))
        }
        return (margins, sums)
    }

    private func referenceLogits(_ setting: BenchmarkSetting) throws -> [[[Float]]] {
        if let references, references.setting == setting.name { return references.logits }
        references = nil
        let logits = try (1...options.references).map { seed in
            Inference(parameters: try retrained(setting, seed).model.parameters, pool: setting.pool)
                .logits(setting.audit.examples, positions: .first)
        }
        references = (setting.name, logits)
        return logits
    }

    /// Every row that was measured.
    func measured(_ setting: BenchmarkSetting, _ method: String, _ seed: Int) throws -> MeasuredModel {
        let key = try rowKey(setting, method, seed)
        guard let row = try store.measured(key) else {
            throw FileError.notFound(path: Files.join(store.folder, "measured-\(key.hex).json"))
        }
        return row
    }
}

extension BenchmarkSetting {
    /// About how much work a job is, in records through a model forwards.
    func cost(of job: Job) -> Double {
        let (all, kept) = (Double(forgotten.count + retained.count), Double(retained.count))
        let epochs = Double(
            policy.training.earlyStoppingPatience == nil ? policy.training.epochs : min(policy.training.epochs, 3))
        let watched = Double(validation.count)
        let measuring = Double(test.records.count + control.records.count + 3 * audit.records.count)
        switch job {
        case .base: return 3 * Double(data.split.pretraining.count * policy.training.pretrainingEpochs)
        case .original: return epochs * (3 * all + watched)
        case .retrained: return epochs * (3 * kept + watched)
        case .row(let method, let seed):
            guard seed > 0, method != "original", method != "retrain",
                let name = Policy.MethodName(rawValue: method.split(separator: "/").first.map(String.init) ?? ""),
                let settings = policy.method(named: name)
            else { return measuring }
            let times = method.hasSuffix("/stacked") ? 2.0 : 1
            return times
                * settings.cost(all: all, forgotten: Double(forgotten.count), shard: epochs * (3 * kept + 4 * watched))
                + measuring * (settings.isSharded ? 4 : 1)
        }
    }
}

extension Policy.Method {
    fileprivate var isSharded: Bool {
        switch self {
        case .sisa, .receraser: true
        default: false
        }
    }

    /// Records through a model forwards; a step forwards and backwards is three.
    fileprivate func cost(all: Double, forgotten: Double, shard: Double) -> Double {
        func paired(_ pairs: Policy.Paired) -> Double { 6 * Double(pairs.steps * pairs.batchSize) }
        switch self {
        case .retrain: return shard
        case .sisa: return shard
        case .receraser(let eraser):
            return shard + all
                + (eraser.attention.map {
                    Double($0.epochs) * all * Double(eraser.shards) / 10 + all * Double(eraser.shards)
                } ?? 0)
        case .negKL(let pairs, _): return paired(pairs) * 4 / 3
        case .negGrad(let pairs, _, _), .badTeacherReference(let pairs), .randomLabel(let pairs): return paired(pairs)
        case .badTeacher(let teacher):
            return 4 * Double(teacher.epochs) * (forgotten + teacher.retainedShare * (all - forgotten))
        case .e2urec(let method):
            return 3 * forgotten * Double(method.augmented.epochs + method.forgetOnlyEpochs) + 2 * forgotten
                + 7 * Double(method.jointSteps * method.batchSize)
        case .calibratedE2URec(let method):
            return 3 * forgotten * Double(method.augmented.epochs) + 2 * forgotten
                + 4 * Double(method.steps * method.batchSize)
        case .adapters(let adapters): return 3 * all * Double(adapters.epochs)
        }
    }
}

extension Array where Element == Int {
    /// In an order that is drawn once and for all.
    fileprivate func shuffledForBenchmark() -> [Int] {
        var generator = SeededGenerator(seed: 42)
        return shuffled(using: &generator)
    }
}
