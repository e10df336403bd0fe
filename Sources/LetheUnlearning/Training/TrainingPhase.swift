import LetheCrypto
public import LetheTensor
public import LetheTransformer

/// A training in steps and epochs, with early stopping where validation is watched: every loop that learns is one of these.
///
/// What is done at a step is a function of its number, so that the phase can stop after any step and go on later.
public struct TrainingPhase: Sendable {
    /// The stage's name, unique in its computation.
    public var stage: String
    /// Steps, at most.
    public var steps: Int
    /// Steps from one point of the curve, and one validation, to the next.
    public var stepsPerEpoch: Int
    /// About how much work it is, in examples seen by the model.
    public var units: Int
    /// The number of the first epoch.
    public var firstEpoch = 1
    /// Stop after this many epochs without a better validation loss, and keep the best.
    public var patience: Int?
    /// Stop where the validation loss has come down to this; nil to take all steps.
    public var target: Double?
    /// Whether somebody goes on from the optimiser's moments at the end.
    public var keepsMoments = true

    /// A phase of so many steps.
    public init(stage: String, steps: Int, stepsPerEpoch: Int, units: Int) {
        self.stage = stage
        self.steps = steps
        self.stepsPerEpoch = max(stepsPerEpoch, 1)
        self.units = units
    }

    /// Where AdamW starts.
    public struct Start {
        /// The model.
        public var parameters: T5Parameters
        /// Where given, only this learns.
        public var adapter: LoRAParameters?
        /// Hyper-parameters.
        public var optimizer: AdamWConfiguration
        /// The memory of the phase before; nil for a fresh one.
        public var state: OptimizerState?
        /// What dropout masks depend on.
        public var dropoutSeed: UInt64
        /// How products are computed.
        public var precision: TrainingPrecision = .float32

        /// A start with a fresh optimiser.
        public init(
            parameters: T5Parameters, adapter: LoRAParameters? = nil, optimizer: AdamWConfiguration,
            dropoutSeed: UInt64, state: OptimizerState? = nil, precision: TrainingPrecision = .float32
        ) {
            self.parameters = parameters
            self.adapter = adapter
            self.optimizer = optimizer
            self.dropoutSeed = dropoutSeed
            self.state = state
            self.precision = precision
        }

        /// How many numbers learn.
        var count: Int { adapter?.values.count ?? parameters.values.count }

        func trainer(_ memory: TrainingState.Memory?, pool: WorkerPool) -> Trainer {
            var (parameters, adapter) = (parameters, adapter)
            if let memory {
                if adapter == nil { parameters.values = memory.values } else { adapter?.values = memory.values }
            }
            return Trainer(
                parameters: parameters, adapter: adapter, optimizer: optimizer, dropoutSeed: dropoutSeed, pool: pool,
                state: memory?.optimizer ?? state, precision: precision)
        }
    }

    /// Trains with AdamW.
    ///
    /// - Parameters:
    ///   - inputs: adds to the state's identity what the phase depends on beside `start` and its own numbers: records, settings.
    ///   - next: the batch of the next step; called once a step in order, for the steps done before a resumption too.
    ///   - rate: the learning rate of a step, counted from zero; nil leaves it as it is.
    ///   - validate: the validation loss at an epoch's end, nil for none.
    /// - Throws: `TrainingStopped` where the session asks for it, and what `items` and the session's store throw.
    public func train<Batch>(
        _ start: Start, session: TrainingSession, pool: WorkerPool, progress: ProgressHandler,
        inputs: (inout KeyHash) -> Void, next: () -> Batch, rate: ((Int) -> Double)? = nil,
        validate: (Trainer, Int) throws -> Double? = { _, _ in nil }, items: (Batch) throws -> [TrainingItem]
    ) throws -> TrainingState {
        let identity = session.identity(stage) { hash in
            hash.add("\(steps) \(stepsPerEpoch) \(firstEpoch) \(String(describing: patience)) \(keepsMoments)")
            if let target { hash.add("\(target)") }
            hash.add("\(start.parameters.configuration) \(start.optimizer) \(start.dropoutSeed) \(start.precision)")
            hash.add(start.parameters.values)
            if let adapter = start.adapter {
                hash.add("\(adapter.configuration)")
                hash.add(adapter.values)
            }
            if let state = start.state {
                hash.add("\(state.steps)")
                hash.add(state.first)
                hash.add(state.second)
            }
            inputs(&hash)
        }
        let count = start.count
        return try run(
            session: session, identity: identity, progress: progress,
            fits: { state in
                // Only what nobody trains on may be without moments.
                let moments = state.memory.optimizer
                let areThere = moments.first.count == count && moments.second.count == count
                return state.memory.values.count == count
                    && (areThere || state.isFinished && !keepsMoments)
                    && (state.isFinished || state.best.map { $0.memory.values.count == count } ?? true)
            },
            begin: { start.trainer($0, pool: pool) },
            next: next,
            step: { trainer, batch, number in
                if let rate { trainer.learningRate = rate(number) }
                let items = try items(batch)
                return (trainer.step(items).objective, items.count)
            },
            memory: { trainer, isMomentary in
                TrainingState.Memory(
                    values: trainer.trainedValues,
                    optimizer: isMomentary || keepsMoments
                        ? trainer.optimizerState : OptimizerState(steps: trainer.steps, first: [], second: []))
            },
            validate: validate)
    }

    /// Runs the phase with whatever learns.
    ///
    /// - Parameters:
    ///   - begin: makes the learner, at the start or from a memory.
    ///   - memory: what it has learned; the flag is false where nobody goes on from the moments.
    func run<Learner, Batch>(
        session: TrainingSession, identity: Digest?, progress: ProgressHandler, fits: (TrainingState) -> Bool,
        begin: (TrainingState.Memory?) throws -> Learner, next: () -> Batch,
        step: (Learner, Batch, Int) throws -> (loss: Double, units: Int),
        memory: (Learner, Bool) -> TrainingState.Memory, validate: (Learner, Int) throws -> Double?
    ) throws -> TrainingState {
        let saved = try session.load(stage, identity) { $0.steps >= 0 && $0.steps <= steps && fits($0) }
        let left = saved?.isFinished == true ? 0 : steps - (saved?.steps ?? 0)
        progress(.began(stage: stage, units: units * left / max(steps, 1)))
        if let saved {
            progress(.resumed(steps: saved.steps, epochs: saved.epochs))
            if saved.isFinished {
                session.note(saved, of: stage)
                return saved
            }
        }
        let learner = try begin(saved?.memory)
        var state = saved ?? TrainingState(memory: .init(values: []))
        for _ in 0..<state.steps { _ = next() }
        while state.steps < steps {
            if session.isStopping {
                state.memory = memory(learner, true)
                try session.save(state, of: stage, identity)
                throw TrainingStopped(stage: stage, steps: state.steps)
            }
            let (loss, seen) = try step(learner, next(), state.steps)
            state.steps += 1
            state.lossSum += loss
            progress(.advanced(units: seen))
            if session.isTraced(state.steps) { state.trace.append(.init(step: state.steps, memory(learner, false))) }
            if state.steps % stepsPerEpoch == 0 {
                let number = firstEpoch - 1 + state.steps / stepsPerEpoch
                let epoch = TrainedEpoch(
                    number: number, trainingLoss: state.lossSum / Double(stepsPerEpoch),
                    validationLoss: try validate(learner, number))
                state.epochs.append(epoch)
                state.lossSum = 0
                progress(
                    .epoch(
                        number: number, trainingLoss: epoch.trainingLoss, validationLoss: epoch.validationLoss))
                if let target, let loss = epoch.validationLoss, loss <= target { break }
                if let patience, let loss = epoch.validationLoss {
                    if loss < state.best?.loss ?? .infinity {
                        state.best = .init(memory: memory(learner, false), loss: loss, epoch: number)
                    } else if number - (state.best?.epoch ?? firstEpoch - 1) >= patience {
                        break
                    }
                }
            }
            if session.wantsState {
                state.memory = memory(learner, true)
                try session.save(state, of: stage, identity)
            }
        }
        state.memory = state.best?.memory ?? memory(learner, false)
        // What is kept need not be there twice.
        state.best?.memory = .init(values: [])
        session.trace(&state)
        session.note(state, of: stage)
        state.isFinished = true
        session.finish(state, of: stage, identity)
        return state
    }
}
