public import LetheTensor
public import LetheTransformer

/// A short fine-tuning that shows what a model still knows: what was only covered comes back faster than it is learned (VERIFICATION.md
/// 3.5, G4).
public struct Relearning: Sendable, Equatable {
    /// Steps in all.
    public var steps: Int
    /// Places along the way at which the model is looked at, evenly spaced, the last step among them.
    public var points: Int
    /// Records a step.
    public var batchSize: Int
    /// AdamW's learning rate, constant.
    public var learningRate: Double
    /// AdamW's decoupled weight decay.
    public var weightDecay: Double

    /// A fine-tuning; traps unless there are as many steps as points, and of each one at least.
    public init(steps: Int = 40, points: Int = 4, batchSize: Int, learningRate: Double, weightDecay: Double) {
        precondition(points > 0 && steps >= points && batchSize > 0, "\(points) points in \(steps) steps")
        self.steps = steps
        self.points = points
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.weightDecay = weightDecay
    }

    /// Fine-tunes a copy of a model on `learned` and follows what it says about `audited`: the mean of z_Yes - z_No over the points, for every
    /// audited record.
    ///
    /// A pure function: models that are compared get the same records in the same order.
    /// - Throws: `TrainingStopped` where the session asks for it.
    public func margins(
        of model: T5Parameters, learning learned: [Example], auditing audited: [Example], answers: AnswerTokens,
        seed: UInt64, pool: WorkerPool, session: TrainingSession = .unkept
    ) throws -> [Double] {
        let trainer = Trainer(
            parameters: model,
            optimizer: AdamWConfiguration(learningRate: learningRate, weightDecay: weightDecay),
            dropoutSeed: seed, pool: pool)
        var batches = BatchSampler(count: max(learned.count, 1), batchSize: batchSize, order: seed, pass: 1)
        var sums = [Double](repeating: 0, count: audited.count)
        var step = 0
        for point in 1...points {
            while step < steps * point / points {
                try session.stopIfAsked("relearning")
                if !learned.isEmpty { trainer.step(meanLabelLoss(batches.next().map { learned[$0] })) }
                step += 1
            }
            Inference(parameters: trainer.parameters, pool: pool).forEachLogits(audited, positions: .first) {
                sums[$0] += Double($1[Int(answers.yes)]) - Double($1[Int(answers.no)])
            }
        }
        return sums.map { $0 / Double(points) }
    }
}
