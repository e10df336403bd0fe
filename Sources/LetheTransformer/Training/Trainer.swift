public import LetheTensor

/// Trains all weights of a model, or only an adapter on top of it, step by step.
///
/// The same weights, items, seed and step number give the same bits whatever the number of threads. Not for several callers at once.
public final class Trainer {
    private let configuration: T5Configuration
    private let layout: ParameterLayout
    private let baseAdapter: LoRAParameters?
    private let optimizer: AdamWConfiguration
    private let dropoutSeed: UInt64
    private let pool: WorkerPool
    private let tokensPerRound: Int
    private let precision: TrainingPrecision

    private let weights: NetworkWeights
    /// The model's weights; those of adapted layers contain the adapter, and `merges` keep what they were.
    private let model: Storage<Float>
    /// The buffer that learns: the weights themselves, or the adapter.
    private let trained: Storage<Float>
    private let gradients: Storage<Float>
    private let first: Storage<Float>
    private let second: Storage<Float>
    private let merges: [AdapterMerge]
    private let workspace = Workspace(keepsActivations: true)
    private var losses = Storage<Double>(count: 0)

    /// The learning rate of the next step.
    public var learningRate: Double
    /// Steps taken so far, those before a restored state included.
    public private(set) var steps: Int

    /// Starts from these weights.
    ///
    /// - Parameters:
    ///   - parameters: the model; with an adapter it stays as it is.
    ///   - adapter: made for this model's shape; where given, only the adapter learns.
    ///   - dropoutSeed: what the dropout masks depend on, together with the step's number.
    ///   - state: the memory of an earlier trainer of the same shape, to continue it.
    ///   - precision: how the linear layers' products are computed; weights and optimiser are float32 in any case.
    public convenience init(
        parameters: T5Parameters, adapter: LoRAParameters? = nil, optimizer: AdamWConfiguration, dropoutSeed: UInt64,
        pool: WorkerPool, state: OptimizerState? = nil, precision: TrainingPrecision = .float32
    ) {
        self.init(
            parameters: parameters, adapter: adapter, optimizer: optimizer, dropoutSeed: dropoutSeed, pool: pool,
            state: state,
            tokensPerRound: parameters.configuration.tokensPerRound(weights: parameters.layout.count),
            precision: precision)
    }

    /// - Parameter tokensPerRound: source tokens that go through the network at once; a larger step takes rounds, so that its
    ///   memory stays bounded.
    init(
        parameters: T5Parameters, adapter: LoRAParameters?, optimizer: AdamWConfiguration, dropoutSeed: UInt64,
        pool: WorkerPool, state: OptimizerState?, tokensPerRound: Int, precision: TrainingPrecision = .float32
    ) {
        self.precision = precision
        self.tokensPerRound = tokensPerRound
        if let adapter {
            precondition(
                adapter.modelConfiguration == parameters.configuration,
                "the adapter was made for a model of another shape")
        }
        configuration = parameters.configuration
        layout = parameters.layout
        baseAdapter = adapter
        self.optimizer = optimizer
        self.dropoutSeed = dropoutSeed
        self.pool = pool
        let model = Storage(parameters.values)
        let trained = adapter.map { Storage($0.values) } ?? model
        self.model = model
        let gradients = Storage<Float>(count: trained.count)
        self.trained = trained
        self.gradients = gradients
        first = Storage(count: trained.count)
        second = Storage(count: trained.count)
        if let state {
            first.copy(from: state.first)
            second.copy(from: state.second)
        }
        steps = state?.steps ?? 0
        learningRate = optimizer.learningRate
        let views = adapter.map { AdapterMerge.views(of: $0, values: trained, gradients: gradients) } ?? [:]
        let table = WeightTable(
            layout: parameters.layout, weights: model, gradients: adapter == nil ? gradients : nil, adapters: views)
        weights = NetworkWeights(table, configuration: parameters.configuration)
        merges = adapter.map { AdapterMerge.merges(of: $0, table: table) } ?? []
    }

    /// How many numbers learn.
    public var trainableCount: Int { trained.count }

    /// A copy of the numbers that learn: the model's weights or the adapter's, in their buffer's order.
    public var trainedValues: [Float] { trained.values }

    /// The model's weights as they are now; below an adapter as they were given.
    public var parameters: T5Parameters {
        var values = model.values
        for merge in merges { merge.undo(in: &values) }
        return T5Parameters(configuration: configuration, layout: layout, values: values)
    }

    /// The adapter as it is now, nil where the model itself learns.
    public var adapter: LoRAParameters? {
        guard var adapter = baseAdapter else { return nil }
        adapter.values = trained.values
        return adapter
    }

    /// A copy of the optimiser's memory.
    public var optimizerState: OptimizerState {
        OptimizerState(steps: steps, first: first.values, second: second.values)
    }

    /// Computes the gradient of the items' objective and moves the weights against it.
    ///
    /// Traps on token ids outside the vocabulary (see `Example.validate`) and on teachers of another size.
    /// - Returns: the objective before the weights moved.
    @discardableResult
    public func step(_ items: [TrainingItem]) -> StepLoss {
        let loss = accumulateGradients(items)
        steps += 1
        let step = AdamW(
            learningRate: learningRate, betas: optimizer.betas, epsilon: optimizer.epsilon,
            weightDecay: optimizer.weightDecay, step: steps)
        let update = WeightUpdate(step: step, weights: trained, gradients: gradients, first: first, second: second)
        workspace.work.run(.update(update), pieces: update.pieces, on: pool)
        return loss
    }

    /// The gradient of the items' objective, without a step, by the trained tensors' names. For tests.
    package func gradientsForTesting(_ items: [TrainingItem]) -> (loss: StepLoss, gradients: [String: Tensor]) {
        let loss = accumulateGradients(items)
        let values = gradients.values
        let layout = baseAdapter?.layout ?? layout
        let pairs = layout.entries.map { ($0.name, Tensor(shape: $0.shape, values: Array(values[$0.range]))) }
        return (loss, Dictionary(uniqueKeysWithValues: pairs))
    }

    private func accumulateGradients(_ items: [TrainingItem]) -> StepLoss {
        workspace.work.run(.merges(merges), pieces: merges.count, on: pool)
        var loss = StepLoss(labelLoss: 0, teacherLoss: 0)
        // As few rounds as `tokensPerRound` allows, of about the same size, because a short last round would read and write every
        // gradient for little work.
        let total = items.reduce(0) { $0 + $1.example.inputIDs.count }
        let count = max(1, (total + tokensPerRound - 1) / tokensPerRound)
        var (start, round) = (0, 0)
        repeat {
            let end = endOfRound(items, from: start, share: (total + count - 1) / count)
            runRound(items[start..<end], number: round, onto: &loss)
            (start, round) = (end, round + 1)
        } while start < items.count
        return loss
    }

    /// Where a round that begins at `start` ends. An example that is longer than a round has one of its own.
    private func endOfRound(_ items: [TrainingItem], from start: Int, share: Int) -> Int {
        var (end, tokens) = (start, 0)
        while end < items.count {
            let length = items[end].example.inputIDs.count
            if end > start, tokens >= share || tokens + length > tokensPerRound { break }
            tokens += length
            end += 1
        }
        return end
    }

    private func runRound(_ items: ArraySlice<TrainingItem>, number: Int, onto loss: inout StepLoss) {
        workspace.begin(ItemExamples(items), configuration: configuration)
        var binder = Binder(
            configuration: configuration, weights: weights, batch: workspace.batch,
            randomness: Binder.Randomness(seed: dropoutSeed, step: steps, round: number), workspace: workspace,
            precision: precision)
        let network = BoundNetwork(&binder)
        if losses.count < 2 * network.logits.rows { losses = Storage(count: 3 * network.logits.rows) }
        let objective = Objective(
            items, network: network, vocabularySize: configuration.vocabularySize, losses: losses)
        workspace.work.run(.passes(network, objective), pieces: network.batch.pieces.count, on: pool)
        let tasks = workspace.gradientTasks(of: network)
        workspace.work.run(.gradients(network, tasks), pieces: tasks.count, on: pool)
        objective.add(to: &loss)
    }
}

extension T5Configuration {
    /// How many source tokens a step takes through the network at once, 512 to 16,384.
    ///
    /// Activations and their gradients may take twice the memory of the weights, at least a quarter of a gibibyte or what 2,048
    /// tokens take, at most one: less would make products short and read the weights' gradients too often, more keeps what nobody
    /// needs at once. T5-base trains an adapter within four gibibytes then.
    fileprivate func tokensPerRound(weights: Int) -> Int {
        let expanded = feedForwardProjection.isGated ? 3 * dFF : dFF
        let perToken = numLayers * (6 * dModel + 7 * innerWidth + 2 * expanded) + numDecoderLayers * 4 * innerWidth
        let budget = min(max(2 * weights, 1 << 26, 2_048 * perToken), 1 << 28)
        return min(max(budget / perToken, 512), 16_384)
    }
}
