/// The keys of T5's tensors, as Hugging Face writes them.
enum T5Names {
    static let embedding = "shared.weight"
    static let head = "lm_head.weight"

    enum Stack: String {
        case encoder, decoder

        var finalNorm: String { "\(rawValue).final_layer_norm.weight" }

        /// The table of relative positions, which lies in the first block and serves the whole stack.
        var relativeBias: String { "\(rawValue).block.0.layer.0.SelfAttention.relative_attention_bias.weight" }

        func selfAttention(_ block: Int) -> String { "\(rawValue).block.\(block).layer.0.SelfAttention" }
        func crossAttention(_ block: Int) -> String { "\(rawValue).block.\(block).layer.1.EncDecAttention" }

        /// The sublayer's number inside its block: the decoder has cross-attention between the two.
        func feedForwardIndex() -> Int { self == .encoder ? 1 : 2 }
        func feedForward(_ block: Int) -> String {
            "\(rawValue).block.\(block).layer.\(feedForwardIndex()).DenseReluDense"
        }
        func norm(_ block: Int, sublayer: Int) -> String {
            "\(rawValue).block.\(block).layer.\(sublayer).layer_norm.weight"
        }
    }
}

extension T5Configuration {
    /// Every tensor of the model with its shape, in Hugging Face's order; a tied head is absent.
    ///
    /// Of each attention q, k and v follow one another, as do wi_0 and wi_1 of a gated layer: the engine reads them as one matrix.
    var tensors: [(name: String, shape: [Int])] {
        var tensors: [(name: String, shape: [Int])] = [(T5Names.embedding, [vocabularySize, dModel])]
        func attention(_ module: String) {
            for projection in ["q", "k", "v"] {
                tensors.append(("\(module).\(projection).weight", [innerWidth, dModel]))
            }
            tensors.append(("\(module).o.weight", [dModel, innerWidth]))
        }
        func stack(_ stack: T5Names.Stack, blocks: Int) {
            for block in 0..<blocks {
                attention(stack.selfAttention(block))
                if block == 0 {
                    tensors.append((stack.relativeBias, [relativeAttentionNumBuckets, numHeads]))
                }
                tensors.append((stack.norm(block, sublayer: 0), [dModel]))
                if stack == .decoder {
                    attention(stack.crossAttention(block))
                    tensors.append((stack.norm(block, sublayer: 1), [dModel]))
                }
                let module = stack.feedForward(block)
                for projection in feedForwardProjection.isGated ? ["wi_0", "wi_1"] : ["wi"] {
                    tensors.append(("\(module).\(projection).weight", [dFF, dModel]))
                }
                tensors.append(("\(module).wo.weight", [dModel, dFF]))
                tensors.append((stack.norm(block, sublayer: stack.feedForwardIndex()), [dModel]))
            }
            tensors.append((stack.finalNorm, [dModel]))
        }
        stack(.encoder, blocks: numLayers)
        stack(.decoder, blocks: numDecoderLayers)
        if !tieWordEmbeddings {
            tensors.append((T5Names.head, [vocabularySize, dModel]))
        }
        return tensors
    }

    /// The flat buffer's layout for a model of this shape.
    public var layout: ParameterLayout { ParameterLayout(tensors) }
}
