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
    let session: TrainingSession
    let lineage: Digest

    init(
        start: T5Parameters, adapter: LoRAConfiguration?, configuration: FineTuningConfiguration, slices: Int,
        seeds: TrainingSeeds, validation: [Example], code: String, store: any CheckpointStore, pool: WorkerPool,
        session: TrainingSession = .unkept
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
        self.session = session
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
        var trained = 0
        for index in done..<slices {
            let records = Array(parts[...index].joined())
            let planned = passes[..<index].reduce(0, +)
            let stage = try learn(
                records, from: state, fresh: fresh, key: keys[index], passes: planned..<planned + passes[index],
                of: passes.reduce(0, +), progress: progress)
            trained += stage.recordsTrained
            state = stage.state
            try store.save(state, for: keys[index])
        }
        return Outcome(values: state.values, live: keys, recordsTrained: trained)
    }

    /// The passes of one stage over its records; with patience the best of them is kept, weights and optimiser together.
    private func learn(
        _ records: [Example], from state: SliceCheckpoint, fresh: LoRAParameters?, key: CheckpointKey,
        passes: Range<Int>, of total: Int, progress: ProgressHandler
    ) throws -> (state: SliceCheckpoint, recordsTrained: Int) {
        guard !records.isEmpty, !passes.isEmpty else {
            return (
                SliceCheckpoint(values: state.values, optimizer: state.optimizer, passes: passes.upperBound), 0
            )
        }
        var adapter = fresh
        adapter?.values = state.values
        var batches = BatchSampler(
            count: records.count, batchSize: configuration.batchSize, order: shardSeed(seeds.order, key.shard),
            pass: passes.lowerBound + 1)
        let stepsPerPass = batches.batchesPerPass
        var phase = TrainingPhase(
            stage: "shard \(key.shard + 1) slice \(key.slice)", steps: passes.count * stepsPerPass,
            stepsPerEpoch: stepsPerPass, units: passes.count * (records.count + validation.count / 3))
        phase.firstEpoch = passes.lowerBound + 1
        phase.patience = configuration.patience
        let trained = try phase.train(
            TrainingPhase.Start(
                parameters: fresh == nil ? start.replacing(state.values) : start, adapter: adapter,
                optimizer: AdamWConfiguration(
                    learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
                dropoutSeed: shardSeed(seeds.dropout, key.shard), state: state.optimizer),
            session: session, pool: pool, progress: progress,
            // The key is the digest of everything that the stage depends on, but for how many passes the whole shard has.
            inputs: { $0.add("\(key.digest.hex) \(passes) \(total)") }, next: { batches.next() },
            rate: configuration.schedule == .constant
                ? nil
                : { step in
                    let pass = Double(passes.lowerBound + step / stepsPerPass)
                    let done = (pass + Double(step % stepsPerPass) / Double(stepsPerPass)) / Double(total)
                    return configuration.learningRate * (1 - done)
                },
            validate: { trainer, _ in
                guard !validation.isEmpty else { return nil }
                let loss = meanLabelLoss(of: currentModel(trainer), on: validation, pool: pool)
                progress(.advanced(units: validation.count / 3))
                return loss
            },
            items: { meanLabelLoss($0.map { records[$0] }) })
        let (whole, rest) = trained.steps.quotientAndRemainder(dividingBy: stepsPerPass)
        return (
            SliceCheckpoint(
                values: trained.memory.values, optimizer: trained.memory.optimizer, passes: passes.upperBound),
            whole * records.count + min(rest * configuration.batchSize, records.count)
        )
    }

    private func currentModel(_ trainer: Trainer) -> T5Parameters {
        trainer.adapter.map { $0.merged(into: start) } ?? trainer.parameters
    }

    private func shardSeed(_ seed: UInt64, _ shard: Int) -> UInt64 {
        var generator = SeededGenerator(order: seed, pass: -1 - shard)
        return generator.next()
    }
}
