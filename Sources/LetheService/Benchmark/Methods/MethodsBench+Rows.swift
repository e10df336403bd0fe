import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning
import LetheVerification

/// The rows of the table: what each one's model is, and what it is measured to be.
extension MethodsBench {
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
            more["settings"] = Self.keyed(settings)
            if method.hasSuffix("/stacked") { more["requests"] = options.requests.map { JSONValue($0) } }
            // A control of the calibrated form may put back what is plain E2URec's.
            if case .calibratedE2URec = settings, method.contains("/") {
                more["plain"] = setting.policy.method(named: .e2urec).map(Self.keyed)
            }
        }
        return try key("row", setting.identity, more)
    }

    /// A method's settings as keys have them.
    static func keyed(_ settings: Policy.Method) -> JSONValue {
        .array(settings.fields.map { .string("\($0.name)=\($0.value)") })
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
                key: Array("lethe benchmark shards key, public".utf8), code: program.hex,
                checkpoints: MemoryCheckpoints())
        }
        let parts = name.split(separator: "/").map(String.init)
        if parts.last == "stacked", let requests = options.requests {
            return StackedRequests(made, requests: requests)
        }
        guard parts.count == 2 else { return made }
        if let rewind = made as? Rewind, let control = Rewind.Control(rawValue: parts[1]) {
            return rewind.control(control)
        }
        guard var calibrated = made as? CalibratedE2URec,
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
            answers: LetheUnlearning.AnswerTokens(yes: decision.yes, no: decision.no), pool: setting.pool,
            session: session)
    }

    func row(_ setting: BenchmarkSetting, _ name: String, _ seed: Int) throws -> MeasuredModel {
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
        var stages = StageClock(costing)
        var curve: [MeasuredModel.Point] = []
        var stage = ""
        var parts: [MeasuredModel.Part] = []
        func handle(_ progress: Progress) {
            stages.note(progress)
            switch progress {
            case .began(let name, _): stage = name
            case .advanced, .resumed: break
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
            distances: [], program: program.hex)
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
                Result { () throws(DistanceError) in
                    try allDistances(row, references[reference][index], answers: answers)
                }
            }
            for ((index, reference, _), distances) in zip(rows, distances) {
                let values: [Double]
                do { values = try distances.get() } catch {
                    throw EngineError.invalidSetting(
                        name: "logits of retrained model \(reference + 1) in setting \(setting.name)",
                        found: "\(error)", expected: "finite ones: a retrained model that diverged measures nothing")
                }
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
        let path = Files.join(store.folder, "measured-\(key.hex).json")
        guard let row = try store.measured(key) else { throw FileError.notFound(path: path) }
        let sizes = [row.test.count, row.forgotten.count, row.control.count, row.distances.count]
        let expected = [
            setting.test.records.count, setting.audit.records.count, setting.control.records.count,
            options.references * setting.audit.userCount * DistanceMeasure.all.count,
        ]
        guard !row.isFinite || sizes == expected else {
            throw FileError.malformed(
                path: path, reason: "has \(sizes) numbers, expected \(expected); remove it to measure again")
        }
        return row
    }
}
