import LetheBytes

extension T5Configuration {
    /// Reads Hugging Face's `config.json`: an absent field has the default of `T5Config`.
    ///
    /// Fields that would change the computation in a way that this engine does not follow are refused.
    init(fields: ConfigurationFields) throws(FileError) {
        let standard = T5Configuration()
        guard try fields.text("model_type", default: "t5") == "t5" else {
            throw fields.unexpected("model_type", "\"t5\"")
        }
        for (name, expected) in [("is_encoder_decoder", true), ("tie_encoder_decoder", false), ("is_decoder", false)] {
            guard try fields.bool(name, default: expected) == expected else {
                throw fields.unexpected(name, "\(expected)")
            }
        }
        for name in ["quantization_config", "pruned_heads"] {
            if let value = fields[name], value != .object([:]) { throw fields.unexpected(name, "none") }
        }
        let projectionName = try fields.text("feed_forward_proj", default: standard.feedForwardProjection.rawValue)
        guard let projection = FeedForwardProjection(rawValue: projectionName) else {
            let known = FeedForwardProjection.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.unexpected("feed_forward_proj", "one of \(known)")
        }
        // Hugging Face derives these two, but what stands in the file wins there.
        guard try fields.text("dense_act_fn", default: projection.activationName) == projection.activationName else {
            throw fields.unexpected("dense_act_fn", "\"\(projection.activationName)\", as feed_forward_proj says")
        }
        guard try fields.bool("is_gated_act", default: projection.isGated) == projection.isGated else {
            throw fields.unexpected("is_gated_act", "\(projection.isGated), as feed_forward_proj says")
        }
        let numLayers = try fields.integer("num_layers", default: standard.numLayers)
        self.init(
            vocabularySize: try fields.integer("vocab_size", default: standard.vocabularySize),
            dModel: try fields.integer("d_model", default: standard.dModel),
            dKV: try fields.integer("d_kv", default: standard.dKV),
            dFF: try fields.integer("d_ff", default: standard.dFF),
            numLayers: numLayers,
            numDecoderLayers: try fields.integer("num_decoder_layers", default: numLayers),
            numHeads: try fields.integer("num_heads", default: standard.numHeads),
            relativeAttentionNumBuckets: try fields.integer(
                "relative_attention_num_buckets", default: standard.relativeAttentionNumBuckets),
            relativeAttentionMaxDistance: try fields.integer(
                "relative_attention_max_distance", default: standard.relativeAttentionMaxDistance),
            dropoutRate: try fields.float("dropout_rate", default: standard.dropoutRate),
            layerNormEpsilon: try fields.float("layer_norm_epsilon", default: standard.layerNormEpsilon),
            feedForwardProjection: projection,
            tieWordEmbeddings: try fields.bool("tie_word_embeddings", default: standard.tieWordEmbeddings),
            padTokenID: try fields.token("pad_token_id", default: standard.padTokenID),
            eosTokenID: try fields.token("eos_token_id", default: standard.eosTokenID),
            decoderStartTokenID: try fields.token("decoder_start_token_id", default: standard.decoderStartTokenID))
        do {
            try validate()
        } catch {
            throw .malformed(path: fields.path, reason: "\(error)")
        }
    }

    /// The content of `config.json`, with every field that says something about the computation.
    var fileContent: JSONValue {
        [
            "architectures": ["T5ForConditionalGeneration"],
            "model_type": "t5",
            "is_encoder_decoder": true,
            "vocab_size": JSONValue(vocabularySize),
            "d_model": JSONValue(dModel),
            "d_kv": JSONValue(dKV),
            "d_ff": JSONValue(dFF),
            "num_layers": JSONValue(numLayers),
            "num_decoder_layers": JSONValue(numDecoderLayers),
            "num_heads": JSONValue(numHeads),
            "relative_attention_num_buckets": JSONValue(relativeAttentionNumBuckets),
            "relative_attention_max_distance": JSONValue(relativeAttentionMaxDistance),
            "dropout_rate": .number(dropoutRate.description),
            "layer_norm_epsilon": .number(layerNormEpsilon.description),
            "initializer_factor": .number("1.0"),
            "feed_forward_proj": .string(feedForwardProjection.rawValue),
            "dense_act_fn": .string(feedForwardProjection.activationName),
            "is_gated_act": .bool(feedForwardProjection.isGated),
            "tie_word_embeddings": .bool(tieWordEmbeddings),
            "pad_token_id": JSONValue(padTokenID),
            "eos_token_id": JSONValue(eosTokenID),
            "decoder_start_token_id": JSONValue(decoderStartTokenID),
            "use_cache": true,
            "torch_dtype": "float32",
        ]
    }
}

extension FeedForwardProjection {
    /// What Hugging Face calls the activation alone: `gated-gelu` means the tanh form there.
    var activationName: String {
        switch self {
        case .relu, .gatedRelu: "relu"
        case .gelu: "gelu"
        case .geluNew, .gatedGelu: "gelu_new"
        case .silu, .gatedSilu: "silu"
        }
    }
}
