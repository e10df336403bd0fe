public import LetheTransformer

extension CalibratedE2URec {
    /// Hyper-parameters and switches.
    public struct Configuration: Sendable, Equatable {
        /// What a control leaves out or puts back; nothing in the method itself.
        public enum Ablation: String, Sendable, Equatable, CaseIterable {
            /// No cross-entropy on retained records.
            case withoutCrossEntropy = "no-ce"
            /// No divergence from the original on retained records.
            case withoutDivergence = "no-kl"
            /// Nothing on forgotten records: what the other half does by itself.
            case retainedOnly = "retained-only"
            /// Nothing on retained records.
            case forgottenOnly = "forgotten-only"
            /// All label positions weigh the same, as in the paper's code.
            case allPositions = "all-positions"
            /// The paper's teacher with `plainAlpha`, without calibration and bound.
            case plainTeacher = "plain-teacher"
            /// All steps, without the criterion.
            case fixedSteps = "fixed-steps"
        }

        /// Weight of forgetting against remembering.
        public var beta: Float
        /// The largest alpha that calibration tries.
        public var maximumAlpha: Double
        /// Steps, at most.
        public var steps: Int
        /// Steps between two looks at the criterion.
        public var interval: Int
        /// Retained records drawn once, whose teacher outputs are kept.
        public var anchors: Int
        /// Records a step, of each kind.
        public var batchSize: Int
        /// AdamW's learning rate for the adapter.
        public var learningRate: Double
        /// AdamW's decoupled weight decay for the adapter.
        public var weightDecay: Double
        /// The adapter's shape.
        public var adapter: LoRAConfiguration
        /// Fine-tuning of the augmented model.
        public var augmentation: FineTuningConfiguration
        /// What is left out.
        public var ablations: Set<Ablation>
        /// Alpha of the plain teacher.
        public var plainAlpha: Double

        /// Hyper-parameters; the defaults are E2URec's where it has them.
        public init(
            beta: Float = 0.4, maximumAlpha: Double = 20, steps: Int = 1_000, interval: Int = 50, anchors: Int = 4_096,
            batchSize: Int = 16, learningRate: Double = 1e-3, weightDecay: Double = 0.01, adapter: LoRAConfiguration,
            augmentation: FineTuningConfiguration = FineTuningConfiguration(
                epochs: 1, batchSize: 16, learningRate: 5e-5, patience: nil),
            ablations: Set<Ablation> = [], plainAlpha: Double = 2
        ) {
            self.beta = beta
            self.maximumAlpha = maximumAlpha
            self.steps = steps
            self.interval = interval
            self.anchors = anchors
            self.batchSize = batchSize
            self.learningRate = learningRate
            self.weightDecay = weightDecay
            self.adapter = adapter
            self.augmentation = augmentation
            self.ablations = ablations
            self.plainAlpha = plainAlpha
        }
    }
}
