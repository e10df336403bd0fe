public import LetheTensor

/// The weights of a T5: one flat buffer, laid out by Hugging Face's keys.
public struct T5Parameters: Sendable, Equatable {
    /// The model's shape.
    public let configuration: T5Configuration
    /// Where each tensor lies in `values`.
    public let layout: ParameterLayout
    /// All weights end to end; its count never changes.
    public var values: [Float] {
        didSet { precondition(values.count == layout.count, "\(values.count) weights for \(layout.count) places") }
    }

    /// Takes weights that already lie as `configuration.layout` says.
    init(configuration: T5Configuration, layout: ParameterLayout, values: [Float]) {
        precondition(values.count == layout.count, "\(values.count) weights for \(layout.count) places")
        self.configuration = configuration
        self.layout = layout
        self.values = values
    }

    /// Takes the weights from named tensors, as a model file holds them.
    ///
    /// Names that checkpoints hold besides (tied copies of the embedding, a bias table of cross-attention that no
    /// computation reads) are passed over; any other name that the model does not know is refused.
    ///
    /// - Parameter tensors: by Hugging Face's keys.
    /// - Throws: `ModelError` with the tensor that is missing, unknown, misshapen or not finite, or the field that is wrong.
    public init(configuration: T5Configuration, tensors: [String: Tensor]) throws(ModelError) {
        try configuration.validate()
        let layout = configuration.layout
        for name in tensors.keys.sorted() where layout[name] == nil && !T5Parameters.isRedundant(name, configuration) {
            throw .unexpectedTensor(name: name)
        }
        var values: [Float] = []
        values.reserveCapacity(layout.count)
        for entry in layout.entries {
            guard let tensor = tensors[entry.name] ?? T5Parameters.twin(of: entry.name, in: tensors) else {
                throw .missingTensor(name: entry.name)
            }
            guard tensor.shape == entry.shape else {
                throw .wrongShape(name: entry.name, expected: entry.shape, found: tensor.shape)
            }
            if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(name: entry.name, index: index)
            }
            values += tensor.values
        }
        self.init(configuration: configuration, layout: layout, values: values)
    }

    /// The same model with other weights; traps unless there are as many.
    public func replacing(_ values: [Float]) -> T5Parameters {
        T5Parameters(configuration: configuration, layout: layout, values: values)
    }

    /// The tensors' names in the buffer's order.
    public var names: [String] { layout.names }

    /// A copy of one tensor, nil where the model has no such name.
    public subscript(name: String) -> Tensor? {
        layout[name].map { Tensor(shape: $0.shape, values: Array(values[$0.range])) }
    }

    private static let embeddingCopies = ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"]

    private static func isRedundant(_ name: String, _ configuration: T5Configuration) -> Bool {
        embeddingCopies.contains(name) || (name == T5Names.head && configuration.tieWordEmbeddings)
            || name == "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    }

    /// Where a checkpoint holds the embedding only under the name of a tied copy, that copy.
    private static func twin(of name: String, in tensors: [String: Tensor]) -> Tensor? {
        name == T5Names.embedding ? embeddingCopies.lazy.compactMap { tensors[$0] }.first : nil
    }
}
