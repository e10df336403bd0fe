/// Why there is no tokenizer.
public enum TokenizerError: Error, Equatable, Sendable {
    /// The bytes are no SentencePiece model, or were changed.
    case malformedModel(reason: String)
    /// The model is sound, but no T5 vocabulary.
    case unsupportedModel(reason: String)
    /// No vocabulary can be trained from these texts.
    case training(reason: String)
}

extension TokenizerError: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .malformedModel(let reason): "malformed SentencePiece model: \(reason)"
        case .unsupportedModel(let reason): "unsupported SentencePiece model: \(reason)"
        case .training(let reason): "no vocabulary can be trained: \(reason)"
        }
    }
}
