/// The feed-forward layer's kind, spelled as `feed_forward_proj` of Hugging Face's `config.json`.
///
/// Plain: `wo(act(wi x))`. Gated: `wo(act(wi_0 x) * wi_1 x)`.
public enum FeedForwardProjection: String, Sendable, Equatable, CaseIterable {
    /// The plain layer of T5 v1.0.
    case relu
    /// The Gaussian unit with the error function.
    case gelu
    /// The Gaussian unit with the hyperbolic tangent.
    case geluNew = "gelu_new"
    /// The sigmoid-weighted unit.
    case silu
    /// Gated, with the rectifier.
    case gatedRelu = "gated-relu"
    /// The gated layer of T5 v1.1: Hugging Face reads it as the *tanh* form of the Gaussian unit.
    case gatedGelu = "gated-gelu"
    /// Gated, with the sigmoid-weighted unit.
    case gatedSilu = "gated-silu"

    /// Whether a second projection multiplies the activated one.
    public var isGated: Bool {
        switch self {
        case .relu, .gelu, .geluNew, .silu: false
        case .gatedRelu, .gatedGelu, .gatedSilu: true
        }
    }
}
