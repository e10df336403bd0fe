import LetheTensor
import Testing

@testable import LetheTransformer

struct ParameterTests {
    @Test func baseHasAsManyWeightsAsThePaperSays() {
        let base = T5Configuration(dModel: 768, dKV: 64, dFF: 3_072, numLayers: 12, numHeads: 12)
        #expect(base.layout.count == 222_903_552)
        #expect(T5Configuration().layout.count == 60_506_624)
    }

    @Test func anAdapterOfBaseHasAsManyWeightsAsThePaperSays() throws {
        let base = T5Configuration(dModel: 768, dKV: 64, dFF: 3_072, numLayers: 12, numHeads: 12)
        let adapter = try LoRAParameters(configuration: LoRAConfiguration(), model: base, seed: 0)
        #expect(adapter.values.count == 1_769_472)
        #expect(adapter.modules.count == 72)
    }

    @Test func namesAreHuggingFaces() {
        let names = TinyModels.shape().layout.names
        #expect(names.first == "shared.weight")
        #expect(names.contains("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"))
        #expect(!names.contains("encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight"))
        #expect(names.contains("decoder.block.1.layer.1.EncDecAttention.k.weight"))
        #expect(names.contains("decoder.block.1.layer.2.DenseReluDense.wo.weight"))
        #expect(!names.contains("lm_head.weight"))
        #expect(TinyModels.shape(.gatedGelu, tied: false).layout.names.last == "lm_head.weight")
        #expect(Set(names).count == names.count)
    }

    @Test func namedTensorsGoInAndOut() throws {
        let model = TinyModels.model(TinyModels.shape(.gatedSilu, tied: false))
        var tensors: [String: Tensor] = [:]
        for name in model.names { tensors[name] = model[name] }
        #expect(try T5Parameters(configuration: model.configuration, tensors: tensors) == model)
        tensors["encoder.embed_tokens.weight"] = model["shared.weight"]
        tensors["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = Tensor(
            shape: [1], values: [1])
        #expect(try T5Parameters(configuration: model.configuration, tensors: tensors) == model)
        tensors["shared.weight"] = nil
        #expect(try T5Parameters(configuration: model.configuration, tensors: tensors) == model)
    }

    @Test func aWrongTensorIsNamed() throws {
        let model = TinyModels.model(TinyModels.shape())
        let name = "decoder.block.1.layer.2.DenseReluDense.wi.weight"
        var tensors: [String: Tensor] = [:]
        for name in model.names { tensors[name] = model[name] }
        func load(_ change: (inout [String: Tensor]) -> Void) throws {
            var changed = tensors
            change(&changed)
            _ = try T5Parameters(configuration: model.configuration, tensors: changed)
        }
        #expect(throws: ModelError.missingTensor(name: name)) { try load { $0[name] = nil } }
        #expect(throws: ModelError.unexpectedTensor(name: "extra")) {
            try load { $0["extra"] = Tensor(shape: [], values: [1]) }
        }
        #expect(throws: ModelError.wrongShape(name: name, expected: [7, 6], found: [6, 7])) {
            try load { $0[name] = Tensor(shape: [6, 7], values: [Float](repeating: 0, count: 42)) }
        }
        #expect(throws: ModelError.notFinite(name: name, index: 41)) {
            try load { $0[name]?.values[41] = .nan }
        }
    }

    @Test func firstWeightsHaveTheSpreadOfTheirKind() throws {
        let configuration = T5Configuration(
            vocabularySize: 300, dModel: 64, dKV: 16, dFF: 100, numLayers: 1, numHeads: 2, tieWordEmbeddings: false)
        let model = T5Parameters(configuration: configuration, seed: 9)
        let expected: [(String, Double)] = [
            ("shared.weight", 1), ("lm_head.weight", 1),
            ("encoder.block.0.layer.0.SelfAttention.q.weight", 1 / 32),
            ("encoder.block.0.layer.0.SelfAttention.k.weight", 1 / 8),
            ("decoder.block.0.layer.1.EncDecAttention.o.weight", 1 / 32.0.squareRoot()),
            ("decoder.block.0.layer.2.DenseReluDense.wi.weight", 1 / 8),
            ("decoder.block.0.layer.2.DenseReluDense.wo.weight", 0.1),
        ]
        for (name, deviation) in expected {
            let values = try #require(model[name]).values.map(Double.init)
            let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
            // Five standard errors of a variance of n normal numbers.
            #expect(
                abs(variance / (deviation * deviation) - 1) < 5 * (2 / Double(values.count)).squareRoot(), "\(name)")
        }
        #expect(model["encoder.final_layer_norm.weight"]?.values.allSatisfy { $0 == 1 } == true)
        #expect(model == T5Parameters(configuration: configuration, seed: 9))
        #expect(model != T5Parameters(configuration: configuration, seed: 10))
    }

    @Test func firstAdapterWeightsStayInTheirBound() throws {
        let configuration = TinyModels.shape()
        let adapter = try LoRAParameters(configuration: LoRAConfiguration(rank: 4), model: configuration, seed: 2)
        let name = "base_model.model.encoder.block.0.layer.0.SelfAttention.q"
        let a = try #require(adapter["\(name).lora_A.weight"])
        #expect(a.shape == [4, 6])
        #expect(a.values.allSatisfy { abs($0) <= 1 / Float(6).squareRoot() })
        #expect(Set(a.values).count > 20)
        #expect(adapter["\(name).lora_B.weight"]?.values.allSatisfy { $0 == 0 } == true)
    }

    @Test func adaptersKnowTheirLayers() throws {
        let configuration = TinyModels.shape()
        #expect(throws: ModelError.noSuchModule(target: "wi_0")) {
            _ = try LoRAParameters(
                configuration: LoRAConfiguration(targets: ["q", "wi_0"]), model: configuration, seed: 1)
        }
        #expect(throws: ModelError.self) {
            _ = try LoRAParameters(configuration: LoRAConfiguration(rank: 0), model: configuration, seed: 1)
        }
        let adapter = try LoRAParameters(
            configuration: LoRAConfiguration(targets: ["EncDecAttention.v"]), model: configuration, seed: 1)
        #expect(adapter.modules == (0..<2).map { "decoder.block.\($0).layer.1.EncDecAttention.v" })
        var tensors: [String: Tensor] = [:]
        for name in adapter.names { tensors[name] = adapter[name] }
        #expect(
            try LoRAParameters(configuration: adapter.configuration, model: configuration, tensors: tensors) == adapter)
        tensors["x"] = Tensor(shape: [], values: [0])
        #expect(throws: ModelError.unexpectedTensor(name: "x")) {
            _ = try LoRAParameters(configuration: adapter.configuration, model: configuration, tensors: tensors)
        }
    }

    @Test func scalesFollowTheRank() {
        #expect(LoRAConfiguration(rank: 16, alpha: 32).scale == 2)
        #expect(LoRAConfiguration(rank: 16, alpha: 32, isRankStabilized: true).scale == 8)
    }

    @Test func examplesOutsideTheVocabularyAreRefused() throws {
        let configuration = TinyModels.shape()
        try Example(inputIDs: [0, 12], labels: [-100, 12]).validate(configuration)
        try Example(inputIDs: [], labels: []).validate(configuration)
        for example in [
            Example(inputIDs: [13], labels: []), Example(inputIDs: [-1], labels: []),
            Example(inputIDs: [-100], labels: []),
            Example(inputIDs: [], labels: [13]), Example(inputIDs: [], labels: [-99]),
        ] {
            #expect(throws: ModelError.self) { try example.validate(configuration) }
        }
        #expect(throws: ModelError.sequenceTooLong(field: "labels", count: 65_537, limit: 65_536)) {
            try Example(inputIDs: [], labels: [Int32](repeating: 1, count: 65_537)).validate(configuration)
        }
    }

    @Test func sizesOutOfRangeAreRefused() throws {
        try TinyModels.shape().validate()
        let fields: [WritableKeyPath<T5Configuration, Int>] = [
            \.vocabularySize, \.dModel, \.dKV, \.dFF, \.numLayers, \.numDecoderLayers, \.numHeads,
            \.relativeAttentionNumBuckets, \.relativeAttentionMaxDistance,
        ]
        for field in fields {
            for size in [0, -1, Int.max] {
                var configuration = TinyModels.shape()
                configuration[keyPath: field] = size
                #expect(throws: ModelError.self) { try configuration.validate() }
            }
        }
    }

    @Test func relativeBucketsOfOtherShapesFollowTheFormula() {
        // From the exact rule in whole numbers: bucket 4 + k begins at the first n with (n / 4)^4 >= (64 / 4)^k.
        let encoder = RelativePositionBuckets(count: 16, maxDistance: 64, isBidirectional: true)
        #expect([0, 1, 3, 4, 7, 8, 15, 16, 31, 32, 500].map { encoder[-$0] } == [0, 1, 3, 4, 4, 5, 5, 6, 6, 7, 7])
        #expect(encoder[5] == 12)
        let decoder = RelativePositionBuckets(count: 32, maxDistance: 128, isBidirectional: false)
        #expect(
            [5, 0, -15, -16, -18, -19, -112, -113, -9_999].map { decoder[$0] } == [0, 0, 15, 16, 16, 17, 30, 31, 31])
    }
}
