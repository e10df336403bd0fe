/// How a low-rank adapter is built, under the meanings of PEFT's `adapter_config.json`.
public struct LoRAConfiguration: Sendable, Equatable {
    /// `r`: rows of A and columns of B.
    public var rank: Int
    /// `lora_alpha`: numerator of the scale.
    public var alpha: Float
    /// `lora_dropout`: on the adapter's input while training.
    public var dropout: Float
    /// `target_modules`: a linear layer is adapted when its path is, or ends in "." and, one of these names.
    public var targets: [String]
    /// `use_rslora`: whether the scale is alpha / sqrt(rank) instead of alpha / rank.
    public var isRankStabilized: Bool

    /// Makes a configuration; the defaults are those of E2URec.
    public init(
        rank: Int = 16, alpha: Float = 32, dropout: Float = 0.05, targets: [String] = ["q", "v"],
        isRankStabilized: Bool = false
    ) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.targets = targets
        self.isRankStabilized = isRankStabilized
    }

    /// The factor before B·A.
    public var scale: Float {
        isRankStabilized ? alpha / Float(rank).squareRoot() : alpha / Float(rank)
    }

    /// Checks that an adapter of this kind can exist.
    ///
    /// - Throws: `ModelError.invalidConfiguration` with the first field that is out of its range.
    public func validate() throws(ModelError) {
        guard (1...(1 << 16)).contains(rank) else {
            throw .invalidConfiguration(field: "r", found: "\(rank)", expected: "1 to \(1 << 16)")
        }
        guard alpha.isFinite else {
            throw .invalidConfiguration(field: "lora_alpha", found: "\(alpha)", expected: "a finite number")
        }
        guard dropout >= 0, dropout < 1 else {
            throw .invalidConfiguration(field: "lora_dropout", found: "\(dropout)", expected: "0 up to 1")
        }
        guard !targets.isEmpty else {
            throw .invalidConfiguration(field: "target_modules", found: "none", expected: "at least one name")
        }
    }
}
