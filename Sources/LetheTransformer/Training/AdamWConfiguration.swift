/// AdamW's constants; the defaults are PyTorch's with this project's learning rate.
public struct AdamWConfiguration: Sendable, Equatable {
    /// The step's length; `Trainer.learningRate` may change it from step to step.
    public var learningRate: Double
    /// Decay rates of the first and the second moment.
    public var betas: (first: Double, second: Double) {
        get { (beta1, beta2) }
        set { (beta1, beta2) = newValue }
    }
    /// Added to the root of the second moment.
    public var epsilon: Double
    /// Decoupled: weights shrink by `learningRate * weightDecay` at every step.
    public var weightDecay: Double

    private var beta1: Double
    private var beta2: Double

    /// Makes a configuration.
    public init(
        learningRate: Double = 5e-4, betas: (first: Double, second: Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0.01
    ) {
        self.learningRate = learningRate
        (beta1, beta2) = betas
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }
}
