import LetheTensor
import LetheTransformer

/// How a method trains all of the original's parameters on pairs of a retained and a forgotten batch.
public struct PairedTraining: Sendable, Equatable {
    /// Weight of what happens on forgotten data, 0 or more.
    public var lambda: Float
    /// AdamW's learning rate.
    public var learningRate: Double
    /// AdamW's decoupled weight decay.
    public var weightDecay: Double
    /// Records a step, of each kind.
    public var batchSize: Int
    /// Steps; the released checkpoint of the paper's code is 3,000 for NegGrad, 2,400 for label flipping.
    public var steps: Int

    /// Hyper-parameters; the defaults are those of the paper's code for NegGrad.
    public init(
        lambda: Float = 0.2, learningRate: Double = 5e-5, weightDecay: Double = 0.01, batchSize: Int = 16,
        steps: Int = 3_000
    ) {
        self.lambda = lambda
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.batchSize = batchSize
        self.steps = steps
    }
}

/// Pairs of batches: both orders are drawn anew when the shorter has been served, as zip over two shuffled loaders does.
struct PairedBatches {
    private let counts: (retained: Int, forgotten: Int)
    private let batchSize: Int
    private let seed: UInt64
    private var epoch = 0
    private var left = 0
    private var retained: BatchSampler
    private var forgotten: BatchSampler

    /// Traps without a record of either kind.
    init(retained: Int, forgotten: Int, batchSize: Int, order seed: UInt64) {
        counts = (retained, forgotten)
        self.batchSize = batchSize
        self.seed = seed
        self.retained = BatchSampler(count: retained, batchSize: batchSize, order: seed, pass: 0)
        self.forgotten = BatchSampler(count: forgotten, batchSize: batchSize, order: seed, pass: 0)
    }

    mutating func next() -> (retained: [Int], forgotten: [Int]) {
        if left == 0 {
            retained = BatchSampler(count: counts.retained, batchSize: batchSize, order: seed, pass: 5000 + 2 * epoch)
            forgotten = BatchSampler(count: counts.forgotten, batchSize: batchSize, order: seed, pass: 5001 + 2 * epoch)
            left = min(retained.batchesPerPass, forgotten.batchesPerPass)
            epoch += 1
        }
        left -= 1
        return (retained.next(), forgotten.next())
    }
}

/// Trains all parameters of `start` on pairs, each step's objective being what `items` makes of it.
///
/// Without retained records the retained batch is empty; without forgotten ones nothing is done.
///
/// - Parameter settings: the method's own, which the states of an interrupted training are bound to.
func trainOnPairs(
    from start: T5Parameters, _ task: UnlearningTask, _ training: PairedTraining, settings: String, stage: String,
    progress: ProgressHandler, items: (_ retained: [Int], _ forgotten: [Int]) throws -> [TrainingItem]
) throws -> UnlearnedModel {
    let steps = task.forgotten.isEmpty ? 0 : training.steps
    var pairs = PairedBatches(
        retained: max(task.retained.count, 1), forgotten: max(task.forgotten.count, 1), batchSize: training.batchSize,
        order: task.seeds.order)
    let phase = TrainingPhase(
        stage: stage, steps: steps, stepsPerEpoch: max(1, steps / 10), units: 2 * steps * training.batchSize)
    let trained = try phase.train(
        TrainingPhase.Start(
            parameters: start,
            optimizer: AdamWConfiguration(learningRate: training.learningRate, weightDecay: training.weightDecay),
            dropoutSeed: task.seeds.dropout),
        session: task.session, pool: task.pool, progress: progress,
        inputs: { task.addRecords(to: &$0, settings: "\(settings) \(training)") },
        next: { pairs.next() },
        items: { try items(task.retained.isEmpty ? [] : $0.retained, $0.forgotten) }
    ).memory
    return UnlearnedModel(
        // The weights of the result, in a model that trains as the original does.
        parameters: task.original.replacing(trained.values), trainableParameters: trained.values.count,
        modelsRead: [.original],
        residue: [Residue(kind: .optimizerState, values: trained.optimizer.first + trained.optimizer.second)])
}

extension UnlearningTask {
    /// What a method on records of both kinds depends on beside its start.
    func addRecords(to hash: inout KeyHash, settings: String) {
        hash.add("\(settings) \(seeds) \(String(describing: answers))")
        hash.add(original.values)
        hash.add(forgotten)
        hash.add(retained)
    }
}
