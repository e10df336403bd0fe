import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTensor
import LetheTransformer
import LetheUnlearning

/// A benchmark at work: data in memory, the store, the models that rows share.
///
/// Used from the one thread that computes.
final class MethodsBench {
    let options: MethodsBenchmark.Options
    let environment: ServiceEnvironment
    /// The same with processor time for its clock: what a method costs does not depend on what else runs.
    let costing: ServiceEnvironment
    let events: (MethodsBenchmark.Event) -> Void
    /// Stops a training between two steps; keeps nothing, since a row's time is that of one run of it.
    let session: TrainingSession
    let store: BenchmarkStore
    let dataset: InteractionDataset
    let fullSplit: RecommendationSplit
    private(set) var settings: [BenchmarkSetting] = []
    /// SHA-256 of the program at work.
    let program: Digest
    /// SHA-256 of the data set's files, by their names.
    let dataDigests: [String: Digest]

    /// Shared models in memory, by key.
    private var models: [Digest: BenchmarkStore.Model] = [:]
    /// Reference logits on audited records, first position, of one setting.
    var references: (setting: String, logits: [[[Float]]])?
    private var plan: (done: Int, units: Double, unitsDone: Double, seconds: Double)

    init(
        _ options: MethodsBenchmark.Options, environment: ServiceEnvironment,
        isInterrupted: @escaping @Sendable () -> Bool, events: @escaping (MethodsBenchmark.Event) -> Void
    ) throws {
        self.options = options
        self.environment = environment
        var costing = environment
        costing.seconds = environment.processorSeconds
        self.costing = costing
        self.events = events
        session = TrainingSession(store: nil, shouldStop: isInterrupted)
        try Files.createFolders(options.output)
        program = try environment.program()
        plan = (0, 0, 0, 0)
        let policies = try options.settings.map { try Policy(yaml: $0.policy) }
        guard policies.allSatisfy({ $0.model == policies[0].model }) else {
            throw EngineError.invalidSetting(
                name: "section model of the settings' policies", found: "different ones",
                expected: "the same: settings share a base")
        }
        (dataset, fullSplit) = try options.profile.load()
        dataDigests = Dictionary(
            uniqueKeysWithValues: try Set(dataset.provenance.files).map {
                ($0, try Digest(sha256OfFile: Files.join(options.profile.folder, $0)))
            })
        store = try BenchmarkStore(
            folder: Files.join(options.output, "cache"), program: program, data: dataDigests, profile: options.profile)
        let tokenizer = try Self.tokenizer(dataset, fullSplit, policies[0], store)
        for (setting, policy) in zip(options.settings, policies) {
            var rules = options.profile.splitting
            if let users = setting.users { rules.subsample = .init(users: users, evaluationRecords: .max) }
            var split = setting.users == nil ? fullSplit : try rules.split(dataset)
            if let count = setting.forgottenUsers {
                guard count < split.trainingUsers.count else {
                    throw EngineError.invalidSetting(
                        name: "--forget-users in setting \(setting.name)", found: "\(count)",
                        expected: "fewer than the \(split.trainingUsers.count) training users")
                }
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
        let key = try store.key(
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

    func shared(_ key: Digest, make: () throws -> BenchmarkStore.Model) throws -> SharedModel {
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
        var training = setting.policy.pretraining
        // Its steps are known beforehand, whatever the setting does later: so settings share it.
        training.schedule = .linear
        let key = try store.key(
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
        let key = try key(
            "original", setting.identityOfOriginals,
            ["base": .string(base.model.record.weights), "seed": JSONValue(seed)])
        return try shared(key) {
            // In the training records' own order: what is forgotten is not at one end.
            try fineTuned(
                base.model.parameters, on: try setting.data.examples(setting.data.split.training), setting.validation,
                setting.policy.fineTuning, Self.seeds("original", seed), setting.pool, "original")
        }
    }

    func retrained(_ setting: BenchmarkSetting, _ seed: Int) throws -> SharedModel {
        let base = try base(setting)
        let key = try key(
            "retrained", setting.identity, ["base": .string(base.model.record.weights), "seed": JSONValue(seed)])
        return try shared(key) {
            try fineTuned(
                base.model.parameters, on: setting.retained, setting.validationOfRetained, setting.policy.fineTuning,
                Self.seeds("retrained", seed), setting.pool, "retrain")
        }
    }

    /// The augmented model of a method, shared by all methods that train it the same way.
    func augmented(
        _ method: any AugmentingMethod, _ task: UnlearningTask, _ setting: BenchmarkSetting, original: String, seed: Int
    ) throws -> SharedModel {
        let key = try key(
            "augmented", setting.identity,
            [
                "original": .string(original), "training": .string("\(method.augmentation)"), "seed": JSONValue(seed),
            ])
        return try shared(key) {
            try fineTuned(
                task.original, on: task.forgotten, [], method.augmentation, task.seeds, setting.pool, "augmented model")
        }
    }

    func key(_ kind: String, _ identity: [String: JSONValue], _ more: [String: JSONValue]) throws -> Digest {
        try store.key(kind, identity.merging(more) { $1 })
    }

    func fineTuned(
        _ start: T5Parameters, on records: [Example], _ validation: [Example], _ configuration: FineTuningConfiguration,
        _ seeds: TrainingSeeds, _ pool: WorkerPool, _ stage: String
    ) throws -> BenchmarkStore.Model {
        let began = costing.seconds()
        let model = try fineTune(
            start, on: records, validation: validation, configuration: configuration, seeds: seeds, pool: pool,
            stage: stage, session: session
        ) { events(.progress(ServiceProgress($0))) }
        return BenchmarkStore.Model(
            parameters: model.parameters,
            record: .init(
                seconds: costing.seconds() - began,
                epochs: model.epochs.map {
                    .init(stage: stage, number: $0.number, loss: $0.trainingLoss, watched: $0.validationLoss)
                }, keptEpoch: model.keptEpoch, weights: weightsDigest([model.parameters]).hex, program: program.hex))
    }
}

extension Array where Element == Int {
    /// In an order that is drawn once and for all.
    fileprivate func shuffledForBenchmark() -> [Int] {
        var generator = SeededGenerator(seed: 42)
        return shuffled(using: &generator)
    }
}
