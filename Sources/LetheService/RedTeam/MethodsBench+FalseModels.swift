import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTensor
import LetheTransformer
import LetheUnlearning

/// How the false candidates come to be.
extension MethodsBench {
    /// The false candidate of this kind. Those that take a training are kept in the store.
    ///
    /// - Parameter honest: the number of a retrained model that is no reference.
    func falseModel(_ kind: FalseModel, in setting: BenchmarkSetting, honest: Int) throws -> T5Parameters {
        switch kind {
        case .original: return try original(setting, 1).model.parameters
        case .wiped:
            return T5Parameters(
                configuration: try base(setting).model.parameters.configuration,
                seed: Self.seeds(kind.rawValue, 1).adapter)
        case .roundedAway:
            return try original(setting, 1).model.parameters.relapsing(
                from: retrained(setting, honest).model.parameters, bits: 4)
        case .overshoot: return try trained(kind, setting) { try overshot(setting) }
        case .flipped:
            return try trained(kind, setting) {
                let task = try task(setting, seed: 1)
                let method = LabelReplacement(rule: .opposite, training: pairs(setting, rateTimes: 1))
                return try method.unlearn(task) { events(.progress(ServiceProgress($0))) }.model.singleModel()
            }
        case .distilled: return try trained(kind, setting) { try distilled(setting) }
        case .reentered:
            // A record's prompt does not name its user, so that another id changes the order of records alone.
            return try trained(kind, setting) { try retrainedOn(setting.retained + setting.forgotten, kind, setting) }
        case .thirdKept:
            let people = Set(setting.data.split.forgottenRecords.map(\.userID)).sorted()
            let kept = Set(people.enumerated().filter { $0.offset % 3 == 0 }.map(\.element))
            let records = setting.data.split.forgottenRecords.filter { kept.contains($0.userID) }
            return try trained(kind, setting) {
                try retrainedOn(setting.retained + setting.data.examples(records), kind, setting)
            }
        }
    }

    private func trained(
        _ kind: FalseModel, _ setting: BenchmarkSetting, make: () throws -> T5Parameters
    ) throws -> T5Parameters {
        let (base, original) = (try base(setting).model, try original(setting, 1).model)
        let key = try key(
            "red-team", setting.identity,
            [
                "kind": .string(kind.rawValue), "base": .string(base.record.weights),
                "original": .string(original.record.weights),
            ])
        return try shared(key) {
            let began = costing.seconds()
            let parameters = try make()
            return BenchmarkStore.Model(
                parameters: parameters,
                record: .init(
                    seconds: costing.seconds() - began, epochs: [], keptEpoch: 0,
                    weights: weightsDigest([parameters]).hex, program: program.hex))
        }.model.parameters
    }

    private func retrainedOn(
        _ records: [Example], _ kind: FalseModel, _ setting: BenchmarkSetting
    ) throws -> T5Parameters {
        try fineTuned(
            base(setting).model.parameters, on: records, setting.validationOfRetained, setting.policy.fineTuning,
            Self.seeds(kind.rawValue, 1), setting.pool, kind.rawValue
        ).parameters
    }

    /// Two passes over the forgotten records in pairs of batches, at a multiple of the setting's learning rate.
    private func pairs(_ setting: BenchmarkSetting, rateTimes factor: Double) -> PairedTraining {
        let size = setting.policy.training.batchSize
        return PairedTraining(
            lambda: 1, learningRate: factor * 1e-4, weightDecay: setting.policy.training.weightDecay, batchSize: size,
            steps: max(8, 2 * setting.forgotten.count / size))
    }

    private func overshot(_ setting: BenchmarkSetting) throws -> T5Parameters {
        let method = NegGrad(training: pairs(setting, rateTimes: 10), bound: .cap(12))
        return try method.unlearn(task(setting, seed: 1)) { events(.progress(ServiceProgress($0))) }
            .model.singleModel()
    }

    /// From the base to the original's answers, over all training records.
    private func distilled(_ setting: BenchmarkSetting) throws -> T5Parameters {
        let teacher = Inference(parameters: try original(setting, 1).model.parameters, pool: setting.pool)
        let rules = setting.policy.training
        let seeds = Self.seeds("distilled", 1)
        let trainer = Trainer(
            parameters: try base(setting).model.parameters,
            optimizer: AdamWConfiguration(learningRate: rules.learningRate, weightDecay: rules.weightDecay),
            dropoutSeed: seeds.dropout, pool: setting.pool)
        let records = try setting.data.examples(setting.data.split.training)
        let units = rules.epochs * records.count
        events(.progress(ServiceProgress(.began(stage: "distillation", units: units))))
        var generator = SeededGenerator(seed: seeds.order)
        for _ in 0..<rules.epochs {
            let order = records.shuffled(using: &generator)
            for start in stride(from: 0, to: order.count, by: rules.batchSize) {
                try session.stopIfAsked("distillation")
                let batch = order[start..<min(start + rules.batchSize, order.count)]
                let positions = batch.reduce(0) { $0 + $1.labels.count }
                var items = batch.map {
                    TrainingItem(example: $0, labelWeight: 0, teacherWeight: 1 / Float(max(positions, 1)))
                }
                teacher.teach(&items, in: items.indices)
                trainer.step(items)
                events(.progress(ServiceProgress(.advanced(units: batch.count))))
            }
        }
        return trainer.parameters
    }
}

extension T5Parameters {
    /// Weights as near to another model's as they can be while rounding to this model's at `bits` bits.
    ///
    /// Every weight moves to the other's, but not out of the cell that rounds as this model's weight does; the largest of a row, which
    /// sets the scale, stays.
    func relapsing(from other: T5Parameters, bits: Int) -> T5Parameters {
        let most = Float(1 << (bits - 1) - 1)
        var values = other.values
        for entry in layout.entries where entry.shape.count == 2 {
            for start in stride(from: entry.offset, to: entry.range.upperBound, by: entry.shape[1]) {
                let row = start..<start + entry.shape[1]
                let largest = row.max { abs(self.values[$0]) < abs(self.values[$1]) } ?? start
                let limit = abs(self.values[largest])
                let scale = limit / most
                for place in row {
                    guard scale > 0, place != largest else {
                        values[place] = self.values[place]
                        continue
                    }
                    let center = (self.values[place] / scale).rounded(.toNearestOrEven)
                    // A hair inside of the cell, so that rounding of the quotient cannot leave it.
                    let (low, high) = ((center - 0.499) * scale, (center + 0.499) * scale)
                    values[place] = min(max(values[place], max(low, -limit)), min(high, limit))
                }
            }
        }
        return replacing(values)
    }
}
