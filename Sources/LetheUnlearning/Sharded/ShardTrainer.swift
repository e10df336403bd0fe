import LetheCrypto
import LetheTensor
import LetheTransformer

/// Trains one shard slice by slice, from the last checkpoint that knows only surviving records (METHODS 1.3).
///
/// Stage r trains on slices 1 to r for e_r = floor(r E) - floor((r - 1) E) passes, E = 2 e / (R + 1), so that all stages together
/// cost as much as e passes over the shard. Everything at stage r is a function of what the key of stage r holds: the learning rate
/// follows passes, never a count of records still to come.
struct ShardTrainer {
    /// Part of every key: a change of what is computed must change it.
    static let version = "lethe-shard-trainer-v1"

    /// Where every shard starts.
    let start: T5Parameters
    /// Where given, only an adapter of this kind learns.
    let adapter: LoRAConfiguration?
    let configuration: FineTuningConfiguration
    let slices: Int
    let seeds: TrainingSeeds
    /// What early stopping watches; empty without patience.
    let validation: [Example]
    /// The program's version, so that another build never takes up a checkpoint of this one.
    let code: String
    let store: any CheckpointStore
    let pool: WorkerPool
    let lineage: Digest

    init(
        start: T5Parameters, adapter: LoRAConfiguration?, configuration: FineTuningConfiguration, slices: Int,
        seeds: TrainingSeeds, validation: [Example], code: String, store: any CheckpointStore, pool: WorkerPool
    ) {
        self.start = start
        self.adapter = adapter
        self.configuration = configuration
        self.slices = slices
        self.seeds = seeds
        self.validation = configuration.patience == nil ? [] : validation
        self.code = code
        self.store = store
        self.pool = pool
        var hash = KeyHash()
        hash.add(Self.version)
        hash.add(code)
        hash.add("\(start.configuration)")
        hash.add(start.values)
        hash.add(adapter.map { "\($0)" } ?? "all parameters")
        hash.add("\(configuration)")
        hash.add("\(slices)")
        hash.add("\(seeds)")
        hash.add(self.validation)
        lineage = hash.current()
    }

    /// What a shard's training made.
    struct Outcome {
        /// All numbers that learned.
        let values: [Float]
        /// The checkpoints that the result rests on.
        let live: [CheckpointKey]
        /// Records learned, counted once a pass.
        let recordsTrained: Int
    }

    /// The stages' passes: e_1 to e_R.
    static func passes(epochs: Int, slices: Int) -> [Int] {
        (1...slices).map { 2 * epochs * $0 / (slices + 1) - 2 * epochs * ($0 - 1) / (slices + 1) }
    }

    /// The keys of all stages of a shard.
    func keys(shard: Int, _ parts: [[Example]]) -> [CheckpointKey] {
        var hash = KeyHash()
        hash.add("\(lineage.hex) \(shard)")
        return parts.enumerated().map { index, part in
            hash.add(part)
            return CheckpointKey(lineage: lineage, shard: shard, slice: index + 1, digest: hash.current())
        }
    }

    /// Trains shard `shard` on its slices, or takes up where a checkpoint allows.
    func train(shard: Int, _ parts: [[Example]], progress: ProgressHandler) throws -> Outcome {
        let keys = keys(shard: shard, parts)
        let fresh = try adapter.map {
            try LoRAParameters(
                configuration: $0, model: start.configuration, seed: shardSeed(seeds.adapter, shard))
        }
        let values = fresh?.values ?? start.values
        let zeros = [Float](repeating: 0, count: values.count)
        var state = SliceCheckpoint(
            values: values, optimizer: OptimizerState(steps: 0, first: zeros, second: zeros), passes: 0)
        var done = 0
        for index in keys.indices.reversed() {
            guard let checkpoint = try store.load(keys[index], count: values.count) else { continue }
            (state, done) = (checkpoint, index + 1)
            break
        }

        let passes = Self.passes(epochs: configuration.epochs, slices: slices)
        let counts = parts.indices.map { parts[...$0].reduce(0) { $0 + $1.count } }
        progress(
            .began(
                stage: "shard \(shard + 1)",
                units: (done..<slices).reduce(0) { $0 + passes[$1] * (counts[$1] + validation.count / 3) }))
        var trained = 0
        for index in done..<slices {
            let records = Array(parts[...index].joined())
            let planned = passes[..<index].reduce(0, +)
            let stage = learn(
                records, from: state, fresh: fresh, shard: shard, passes: planned..<planned + passes[index],
                of: passes.reduce(0, +), progress: progress)
            trained += stage.recordsTrained
            state = stage.state
            try store.save(state, for: keys[index])
        }
        return Outcome(values: state.values, live: keys, recordsTrained: trained)
    }

    /// The passes of one stage over its records; with patience the best of them is kept, weights and optimiser together.
    private func learn(
        _ records: [Example], from state: SliceCheckpoint, fresh: LoRAParameters?, shard: Int, passes: Range<Int>,
        of total: Int, progress: ProgressHandler
    ) -> (state: SliceCheckpoint, recordsTrained: Int) {
        guard !records.isEmpty, !passes.isEmpty else {
            return (
                SliceCheckpoint(values: state.values, optimizer: state.optimizer, passes: passes.upperBound), 0
            )
        }
        var adapter = fresh
        adapter?.values = state.values
        let trainer = Trainer(
            parameters: fresh == nil ? start.replacing(state.values) : start, adapter: adapter,
            optimizer: AdamWConfiguration(
                learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
            dropoutSeed: shardSeed(seeds.dropout, shard), pool: pool,
            state: state.optimizer)
        var best: (state: SliceCheckpoint, loss: Double, pass: Int)?
        var trained = 0
        for pass in passes {
            var sampler = BatchSampler(
                count: records.count, batchSize: configuration.batchSize, order: shardSeed(seeds.order, shard),
                pass: pass + 1)
            let steps = sampler.batchesPerPass
            var sum = 0.0
            for step in 0..<steps {
                if configuration.schedule == .linear {
                    let done = (Double(pass) + Double(step) / Double(steps)) / Double(total)
                    trainer.learningRate = configuration.learningRate * (1 - done)
                }
                let batch = sampler.next().map { records[$0] }
                sum += trainer.step(meanLabelLoss(batch)).labelLoss
                trained += batch.count
                progress(.advanced(units: batch.count))
            }
            let validationLoss =
                validation.isEmpty
                ? nil : meanLabelLoss(of: currentModel(trainer), on: validation, pool: pool)
            if validationLoss != nil { progress(.advanced(units: validation.count / 3)) }
            progress(
                .epoch(number: pass + 1, trainingLoss: sum / Double(steps), validationLoss: validationLoss))
            guard let patience = configuration.patience, let validationLoss else { continue }
            if best.map({ validationLoss < $0.loss }) ?? true {
                best = (checkpoint(trainer, passes: passes.upperBound), validationLoss, pass)
            } else if let best, pass - best.pass >= patience {
                break
            }
        }
        return (best?.state ?? checkpoint(trainer, passes: passes.upperBound), trained)
    }

    private func checkpoint(_ trainer: Trainer, passes: Int) -> SliceCheckpoint {
        SliceCheckpoint(values: trainer.trainedValues, optimizer: trainer.optimizerState, passes: passes)
    }

    private func currentModel(_ trainer: Trainer) -> T5Parameters {
        trainer.adapter.map { $0.merged(into: start) } ?? trainer.parameters
    }

    private func shardSeed(_ seed: UInt64, _ shard: Int) -> UInt64 {
        var generator = SeededGenerator(order: seed, pass: -1 - shard)
        return generator.next()
    }
}

/// SHA-256 over items of which each says how long it is, so that no two sequences of items look alike.
private struct KeyHash {
    private var chain: [UInt8] = []

    mutating func add(_ text: String) { absorb(Array(text.utf8)) }

    mutating func add(_ values: [Float]) {
        let hasher = SHA256Hasher()
        for start in stride(from: 0, to: values.count, by: 1 << 16) {
            var part: [UInt8] = []
            for value in values[start..<min(start + 1 << 16, values.count)] { append(value.bitPattern, to: &part) }
            hasher.update(part)
        }
        absorb(hasher.finalize().bytes)
    }

    mutating func add(_ records: [Example]) {
        let hasher = SHA256Hasher()
        for record in records {
            var part: [UInt8] = []
            for ids in [record.inputIDs, record.labels] {
                append(UInt32(ids.count), to: &part)
                for id in ids { append(UInt32(bitPattern: id), to: &part) }
            }
            hasher.update(part)
        }
        absorb(Array("\(records.count) records ".utf8) + hasher.finalize().bytes)
    }

    func current() -> Digest { Digest(sha256: chain) }
    func finish() -> Digest { current() }

    private mutating func absorb(_ item: [UInt8]) {
        chain = Digest(sha256: chain + Array("\(item.count) ".utf8) + item).bytes
    }

    private func append(_ word: UInt32, to bytes: inout [UInt8]) {
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
    }
}
