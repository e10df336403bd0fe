/// The shape of a T5 encoder-decoder, under the names of Hugging Face's `config.json`.
public struct T5Configuration: Sendable, Equatable {
    /// `vocab_size`: rows of the embedding, at least one more than the largest token id.
    public var vocabularySize: Int
    /// `d_model`: width of the residual stream.
    public var dModel: Int
    /// `d_kv`: width of one attention head; `numHeads * dKV` need not equal `dModel`.
    public var dKV: Int
    /// `d_ff`: width of the feed-forward layer.
    public var dFF: Int
    /// `num_layers`: blocks of the encoder.
    public var numLayers: Int
    /// `num_decoder_layers`: blocks of the decoder.
    public var numDecoderLayers: Int
    /// `num_heads`: attention heads of every attention layer.
    public var numHeads: Int
    /// `relative_attention_num_buckets`: rows of each stack's relative position table.
    public var relativeAttentionNumBuckets: Int
    /// `relative_attention_max_distance`: distances from here on share the last bucket.
    public var relativeAttentionMaxDistance: Int
    /// `dropout_rate`: used while training, never in inference.
    public var dropoutRate: Float
    /// `layer_norm_epsilon`: added to the mean square inside the root.
    public var layerNormEpsilon: Float
    /// `feed_forward_proj`: the activation of the feed-forward layer and whether it is gated.
    public var feedForwardProjection: FeedForwardProjection
    /// `tie_word_embeddings`: whether the head is the embedding, scaled by `dModel` to the power -1/2.
    public var tieWordEmbeddings: Bool
    /// `pad_token_id`.
    public var padTokenID: Int32
    /// `eos_token_id`.
    public var eosTokenID: Int32
    /// `decoder_start_token_id`: the decoder's first input.
    public var decoderStartTokenID: Int32

    /// Makes a configuration; what is left out has the default of Hugging Face's `T5Config`.
    public init(
        vocabularySize: Int = 32_128, dModel: Int = 512, dKV: Int = 64, dFF: Int = 2_048, numLayers: Int = 6,
        numDecoderLayers: Int? = nil, numHeads: Int = 8, relativeAttentionNumBuckets: Int = 32,
        relativeAttentionMaxDistance: Int = 128, dropoutRate: Float = 0.1, layerNormEpsilon: Float = 1e-6,
        feedForwardProjection: FeedForwardProjection = .relu, tieWordEmbeddings: Bool = true, padTokenID: Int32 = 0,
        eosTokenID: Int32 = 1, decoderStartTokenID: Int32 = 0
    ) {
        self.vocabularySize = vocabularySize
        self.dModel = dModel
        self.dKV = dKV
        self.dFF = dFF
        self.numLayers = numLayers
        self.numDecoderLayers = numDecoderLayers ?? numLayers
        self.numHeads = numHeads
        self.relativeAttentionNumBuckets = relativeAttentionNumBuckets
        self.relativeAttentionMaxDistance = relativeAttentionMaxDistance
        self.dropoutRate = dropoutRate
        self.layerNormEpsilon = layerNormEpsilon
        self.feedForwardProjection = feedForwardProjection
        self.tieWordEmbeddings = tieWordEmbeddings
        self.padTokenID = padTokenID
        self.eosTokenID = eosTokenID
        self.decoderStartTokenID = decoderStartTokenID
    }

    /// The shape for the demo and the tests: width 128, 4 heads of 32, feed-forward 512, two blocks on either side.
    public static func tiny(vocabularySize: Int) -> T5Configuration {
        T5Configuration(vocabularySize: vocabularySize, dModel: 128, dKV: 32, dFF: 512, numLayers: 2, numHeads: 4)
    }

    /// The shape for better accuracy that still trains on a processor: width 256, 8 heads of 32, 4 + 2 blocks.
    public static func small(vocabularySize: Int) -> T5Configuration {
        T5Configuration(
            vocabularySize: vocabularySize, dModel: 256, dKV: 32, dFF: 1_024, numLayers: 4, numDecoderLayers: 2,
            numHeads: 8)
    }

    /// Width of all heads together: `numHeads * dKV`.
    public var innerWidth: Int { numHeads * dKV }

    /// Checks that a model of this shape can exist.
    ///
    /// - Throws: `ModelError.invalidConfiguration` with the first field that is out of its range.
    public func validate() throws(ModelError) {
        let sizes: [(String, Int, Int)] = [
            ("vocab_size", vocabularySize, 1 << 24), ("d_model", dModel, 1 << 16), ("d_kv", dKV, 1 << 14),
            ("d_ff", dFF, 1 << 20), ("num_layers", numLayers, 1 << 10),
            ("num_decoder_layers", numDecoderLayers, 1 << 10),
            ("num_heads", numHeads, 1 << 12),
        ]
        for (field, value, limit) in sizes where value < 1 || value > limit {
            throw .invalidConfiguration(field: field, found: "\(value)", expected: "1 to \(limit)")
        }
        guard (4...(1 << 16)).contains(relativeAttentionNumBuckets), relativeAttentionNumBuckets % 4 == 0 else {
            throw .invalidConfiguration(
                field: "relative_attention_num_buckets", found: "\(relativeAttentionNumBuckets)",
                expected: "a multiple of 4 from 4 to \(1 << 16)")
        }
        guard relativeAttentionMaxDistance > relativeAttentionNumBuckets / 2, relativeAttentionMaxDistance <= 1 << 24
        else {
            throw .invalidConfiguration(
                field: "relative_attention_max_distance", found: "\(relativeAttentionMaxDistance)",
                expected: "\(relativeAttentionNumBuckets / 2 + 1) to \(1 << 24)")
        }
        guard dropoutRate >= 0, dropoutRate < 1 else {
            throw .invalidConfiguration(field: "dropout_rate", found: "\(dropoutRate)", expected: "0 up to 1")
        }
        guard layerNormEpsilon >= 0, layerNormEpsilon.isFinite else {
            throw .invalidConfiguration(
                field: "layer_norm_epsilon", found: "\(layerNormEpsilon)", expected: "a finite number from 0")
        }
        let tokens = [
            ("pad_token_id", padTokenID), ("eos_token_id", eosTokenID), ("decoder_start_token_id", decoderStartTokenID),
        ]
        for (field, id) in tokens where id < 0 || Int(id) >= vocabularySize {
            throw .invalidConfiguration(field: field, found: "\(id)", expected: "0 to \(vocabularySize - 1)")
        }
    }
}
