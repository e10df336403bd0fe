import LetheTensor

/// A model's weights by their place in the network: names are looked up once, not at every step.
struct NetworkWeights: Sendable {
    /// One tensor as a matrix, a vector as one row.
    struct Parameter: Sendable {
        let weight: Matrix
        /// The gradient's place, nil where the weights are frozen.
        let gradient: Matrix?
    }

    /// q, k and v as one layer.
    struct SelfAttention: Sendable {
        let norm: Parameter
        let project: Linear
        let combine: Linear
    }

    /// q alone, because it reads another input than k and v.
    struct CrossAttention: Sendable {
        let norm: Parameter
        let queries: Linear
        let keysAndValues: Linear
        let combine: Linear
    }

    /// wi, or wi_0 and wi_1 as one layer, then wo.
    struct FeedForward: Sendable {
        let norm: Parameter
        let expand: Linear
        let contract: Linear
    }

    /// The encoder's have no cross-attention.
    struct Block: Sendable {
        let selfAttention: SelfAttention
        let crossAttention: CrossAttention?
        let feedForward: FeedForward
    }

    struct Stack: Sendable {
        let relativeBias: Parameter
        let blocks: [Block]
        let finalNorm: Parameter
    }

    let embedding: Parameter
    /// The embedding itself where both are tied.
    let head: Parameter
    let encoder: Stack
    let decoder: Stack

    /// Traps where the table is not that of a model of this shape.
    init(_ table: WeightTable, configuration: T5Configuration) {
        func parameter(_ name: String) -> Parameter {
            Parameter(weight: table.weight(name), gradient: table.gradient(name))
        }
        func linear(_ module: String, _ projections: String...) -> Linear {
            table.linear(projections.map { "\(module).\($0)" })
        }
        func block(_ stack: T5Names.Stack, _ block: Int) -> Block {
            let (own, across, expansion) = (
                stack.selfAttention(block), stack.crossAttention(block), stack.feedForward(block)
            )
            let isGated = configuration.feedForwardProjection.isGated
            return Block(
                selfAttention: SelfAttention(
                    norm: parameter(stack.norm(block, sublayer: 0)), project: linear(own, "q", "k", "v"),
                    combine: linear(own, "o")),
                crossAttention: stack == .encoder
                    ? nil
                    : CrossAttention(
                        norm: parameter(stack.norm(block, sublayer: 1)), queries: linear(across, "q"),
                        keysAndValues: linear(across, "k", "v"), combine: linear(across, "o")),
                feedForward: FeedForward(
                    norm: parameter(stack.norm(block, sublayer: stack.feedForwardIndex())),
                    expand: isGated ? linear(expansion, "wi_0", "wi_1") : linear(expansion, "wi"),
                    contract: linear(expansion, "wo")))
        }
        func stack(_ stack: T5Names.Stack, blocks: Int) -> Stack {
            Stack(
                relativeBias: parameter(stack.relativeBias), blocks: (0..<blocks).map { block(stack, $0) },
                finalNorm: parameter(stack.finalNorm))
        }
        embedding = parameter(T5Names.embedding)
        head = configuration.tieWordEmbeddings ? embedding : parameter(T5Names.head)
        encoder = stack(.encoder, blocks: configuration.numLayers)
        decoder = stack(.decoder, blocks: configuration.numDecoderLayers)
    }
}
