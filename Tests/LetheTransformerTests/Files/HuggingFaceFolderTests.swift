import LetheBytes
import LetheTransformer
import Testing

/// Models small enough to write in a test.
enum SmallModel {
    static func configuration(
        vocabularySize: Int = 24, feedForward: FeedForwardProjection = .relu, tied: Bool = true
    ) -> T5Configuration {
        T5Configuration(
            vocabularySize: vocabularySize, dModel: 8, dKV: 3, dFF: 12, numLayers: 2, numDecoderLayers: 1, numHeads: 2,
            dropoutRate: 0.25, layerNormEpsilon: 1e-5, feedForwardProjection: feedForward, tieWordEmbeddings: tied)
    }

    static func parameters(_ configuration: T5Configuration = configuration(), seed: UInt64 = 7) -> T5Parameters {
        T5Parameters(configuration: configuration, seed: seed)
    }
}

extension JSONValue {
    /// The same object with one member set, or removed where `value` is nil.
    func setting(_ name: String, _ value: JSONValue?) -> JSONValue {
        var members = objectValue ?? [:]
        members[name] = value
        return .object(members)
    }
}

struct HuggingFaceFolderTests {
    /// Saves a small model, lets `damage` change the folder, and returns the line of the error that loading throws.
    private static func failure(
        _ parameters: T5Parameters = SmallModel.parameters(), _ damage: (String) throws -> Void
    ) throws -> String {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            try HuggingFaceFolder.saveModel(parameters, tokenizer: nil, to: path)
            try damage(path)
            do {
                _ = try HuggingFaceFolder.loadModel(path)
                return "loaded"
            } catch {
                let line = "\(error)"
                #expect(line.hasPrefix(folder) && !line.contains("\n"), "\(line)")
                return String(line.dropFirst(path.count + 1))
            }
        }
    }

    private static func configuration(_ path: String, _ change: (JSONValue) -> JSONValue) throws {
        let file = Files.join(path, "config.json")
        let value = try StrictJSON.parse(Files.read(file, limit: 1 << 20))
        try Files.write(change(value).prettyBytes(), to: file)
    }

    private static func entries(_ parameters: T5Parameters) -> [Safetensors.Entry] {
        parameters.layout.entries.map { entry in
            .init(name: entry.name, shape: entry.shape, floats: Array(parameters.values[entry.range]))
        }
    }

    @Test(arguments: FeedForwardProjection.allCases, [true, false])
    func whatIsSavedIsLoaded(feedForward: FeedForwardProjection, tied: Bool) throws {
        let parameters = SmallModel.parameters(SmallModel.configuration(feedForward: feedForward, tied: tied))
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            try HuggingFaceFolder.saveModel(parameters, tokenizer: nil, to: path)
            #expect(try Files.names(in: folder) == ["model"])
            #expect(try Files.names(in: path) == ["config.json", "model.safetensors"])
            let model = try HuggingFaceFolder.loadModel(path)
            #expect(model.parameters == parameters)
            #expect(model.tokenizer == nil)
        }
    }

    @Test func theTokenizerTravelsWithTheModel() throws {
        let tokenizer = try TrainedVocabulary.make(100)
        for rows in [tokenizer.vocabularySize, tokenizer.vocabularySize + 28] {
            let parameters = SmallModel.parameters(SmallModel.configuration(vocabularySize: rows))
            try withTemporaryFolder { folder in
                let path = Files.join(folder, "model")
                try HuggingFaceFolder.saveModel(parameters, tokenizer: tokenizer, to: path)
                for withConfiguration in [true, false] {
                    if !withConfiguration { try Files.remove(Files.join(path, "tokenizer_config.json")) }
                    let loaded = try #require(try HuggingFaceFolder.loadModel(path).tokenizer)
                    #expect(loaded.modelBytes == tokenizer.modelBytes)
                    #expect(loaded.extraIDs == 100)
                    #expect(loaded.encode("The River <extra_id_3>") == tokenizer.encode("The River <extra_id_3>"))
                }
            }
        }
    }

    @Test func aVocabularyLargerThanTheEmbeddingIsRefused() throws {
        let tokenizer = try TrainedVocabulary.make(100)
        for (rows, expected) in [
            (tokenizer.pieceCount - 1, "and 0 extra_ids"), (tokenizer.vocabularySize - 1, "and 100 extra_ids"),
        ] {
            let parameters = SmallModel.parameters(SmallModel.configuration(vocabularySize: rows))
            try withTemporaryFolder { folder in
                let path = Files.join(folder, "model")
                try HuggingFaceFolder.saveModel(parameters, tokenizer: tokenizer, to: path)
                if expected.contains(" 0 ") { try Files.remove(Files.join(path, "tokenizer_config.json")) }
                #expect {
                    try HuggingFaceFolder.loadModel(path)
                } throws: { error in
                    "\(error)".hasPrefix(Files.join(path, "spiece.model")) && "\(error)".contains(expected)
                }
            }
        }
    }

    @Test func absentFieldsHaveT5sDefaults() throws {
        try withTemporaryFolder { folder in
            try Files.write(Array("{}".utf8), to: Files.join(folder, "config.json"))
            #expect(try HuggingFaceFolder.loadConfiguration(folder) == T5Configuration())
            let text = #"{"num_layers":3,"num_decoder_layers":null,"layer_norm_epsilon":1e-06,"unknown":[1]}"#
            try Files.write(Array(text.utf8), to: Files.join(folder, "config.json"))
            let configuration = try HuggingFaceFolder.loadConfiguration(folder)
            #expect(configuration == T5Configuration(numLayers: 3, numDecoderLayers: 3))
        }
    }

    @Test(
        arguments: [
            ("model_type", "bart", "model_type is \"bart\", expected \"t5\""),
            ("feed_forward_proj", "gated-tanh", "feed_forward_proj is \"gated-tanh\", expected one of relu, "),
            ("dense_act_fn", "gelu", "dense_act_fn is \"gelu\", expected \"relu\""),
            ("is_gated_act", true, "is_gated_act is true, expected false"),
            ("is_encoder_decoder", false, "is_encoder_decoder is false, expected true"),
            ("tie_encoder_decoder", true, "tie_encoder_decoder is true"),
            ("quantization_config", ["bits": 8], "quantization_config is {\"bits\":8}, expected none"),
            ("d_model", "8", "d_model is \"8\", expected an integer"),
            ("d_model", .number("8.5"), "d_model is 8.5, expected an integer"),
            ("d_model", 0, "d_model is 0, expected 1 to"),
            ("num_layers", -1, "num_layers is -1"),
            ("num_heads", .number("99999999999999999999"), "num_heads is 100000000000000000000, expected an integer"),
            ("vocab_size", .number("9000000000000000000"), "vocab_size is 9000000000000000000"),
            ("pad_token_id", 5_000_000_000, "pad_token_id is 5000000000, expected a token id"),
            ("eos_token_id", 24, "eos_token_id is 24"),
            ("dropout_rate", 2, "dropout_rate is 2"),
            ("layer_norm_epsilon", .number("1e400"), "layer_norm_epsilon is a number, expected a number"),
            ("tie_word_embeddings", 1, "tie_word_embeddings is 1, expected true or false"),
            ("feed_forward_proj", 1, "feed_forward_proj is 1, expected a string"),
        ] as [(String, JSONValue, String)])
    func wrongFieldsAreNamed(field: String, value: JSONValue, expected: String) throws {
        let line = try Self.failure { path in try Self.configuration(path) { $0.setting(field, value) } }
        #expect(line.hasPrefix("config.json: ") && line.contains(expected), "\(line)")
    }

    @Test func aConfigurationOfAnotherModelNamesTheTensor() throws {
        for (field, value, expected) in [
            ("d_ff", 13, "should have the shape [13, 8], found [12, 8]"), ("num_layers", 3, "block.2."),
            ("num_layers", 1, "encoder.block.1."), ("num_heads", 4, "should have the shape"),
            ("vocab_size", 16_777_216, "\"shared.weight\" should have the shape [16777216, 8], found [24, 8]"),
            ("num_decoder_layers", 1000, "is missing"),
        ] {
            let line = try Self.failure { path in
                try Self.configuration(path) { $0.setting(field, JSONValue(value)) }
            }
            #expect(line.hasPrefix("model.safetensors: ") && line.contains(expected), "\(line)")
        }
        let untied = try Self.failure { path in
            try Self.configuration(path) { $0.setting("tie_word_embeddings", false) }
        }
        #expect(untied.contains("lm_head.weight") && untied.contains("missing"), "\(untied)")
    }

    @Test func missingAndBrokenFilesAreNamed() throws {
        #expect(try Self.failure { try Files.remove($0) } == ": no such file or folder".dropFirst())
        #expect(
            try Self.failure { try Files.remove(Files.join($0, "config.json")) }
                == "config.json: no such file or folder")
        #expect(
            try Self.failure { try Files.remove(Files.join($0, "model.safetensors")) }
                == "model.safetensors: no such file or folder")
        #expect(
            try Self.failure { try Files.write([], to: Files.join($0, "config.json")) }
                == "config.json: JSON ends early: expected a value")
        #expect(
            try Self.failure { try Files.write(Array("[]".utf8), to: Files.join($0, "config.json")) }
                == "config.json: expected a JSON object")
        #expect(
            try Self.failure { try Files.write([1, 2], to: Files.join($0, "model.safetensors")) }
                == "model.safetensors: safetensors file is truncated: expected 8 bytes, found 2")
        #expect(
            try Self.failure { try Files.write(Array("no model".utf8), to: Files.join($0, "spiece.model")) }
                .hasPrefix("spiece.model: malformed SentencePiece model: "))
        let sharded = try Self.failure { path in
            try Files.remove(Files.join(path, "model.safetensors"))
            try Files.write(Array("{}".utf8), to: Files.join(path, "model.safetensors.index.json"))
        }
        #expect(sharded.hasPrefix("model.safetensors.index.json: expected weight_map"), "\(sharded)")
    }

    @Test func everyCutOfTheWeightsIsRefused() throws {
        let whole = Safetensors.serialize(Self.entries(SmallModel.parameters()))
        for count in stride(from: 0, to: whole.count, by: 1013) {
            let line = try Self.failure { path in
                try Files.write(Array(whole.prefix(count)), to: Files.join(path, "model.safetensors"))
            }
            #expect(line.contains("truncated"), "\(count): \(line)")
        }
    }

    @Test func weightsThatAreNoNumbersAreRefused() throws {
        var parameters = SmallModel.parameters()
        parameters.values[3] = .nan
        #expect(
            try Self.failure(parameters) { _ in }.contains("shared.weight holds a number that is not finite at index 3")
        )
    }

    @Test func redundantCopiesAreIgnoredAndUnknownTensorsRefused() throws {
        let parameters = SmallModel.parameters()
        let copies: [Safetensors.Entry] = [
            "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight",
        ].map { .init(name: $0, shape: [24, 8], floats: [Float](repeating: 3, count: 192)) }
        let bias = Safetensors.Entry(
            name: "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", shape: [32, 2],
            floats: [Float](repeating: 3, count: 64))
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            try HuggingFaceFolder.saveModel(parameters, tokenizer: nil, to: path)
            let weights = Files.join(path, "model.safetensors")
            try Safetensors.write(Self.entries(parameters) + copies + [bias], to: weights)
            #expect(try HuggingFaceFolder.loadModel(path).parameters == parameters)
            try HuggingFaceFolder.saveModel(parameters, tokenizer: nil, to: path, replace: true)
            #expect(try SafetensorsFile.load(weights).tensors["lm_head.weight"] == nil)
        }
        let line = try Self.failure { path in
            let unknown = Safetensors.Entry(name: "encoder.block.9.what", shape: [1], floats: [1])
            try Safetensors.write(Self.entries(parameters) + [unknown], to: Files.join(path, "model.safetensors"))
        }
        #expect(line.contains("encoder.block.9.what does not belong to this model"), "\(line)")
    }

    @Test func anExistingFolderIsOnlyReplacedOnDemand() throws {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "model")
            try HuggingFaceFolder.saveModel(SmallModel.parameters(), tokenizer: nil, to: path)
            let other = SmallModel.parameters(seed: 8)
            #expect(throws: FileError.alreadyExists(path: path)) {
                try HuggingFaceFolder.saveModel(other, tokenizer: nil, to: path)
            }
            #expect(try HuggingFaceFolder.loadModel(path).parameters == SmallModel.parameters())
            try HuggingFaceFolder.saveModel(other, tokenizer: nil, to: path, replace: true)
            #expect(try HuggingFaceFolder.loadModel(path).parameters == other)
            #expect(try Files.names(in: folder) == ["model"])
        }
    }

    @Test(.enabled(if: SharedFiles.exists), arguments: ["t5v10", "t5v11", "t5v10_long"])
    func outsideModelsAreLoadedAndWrittenBack(name: String) throws {
        let source = SharedFiles.path("oracle/fixtures/\(name)")
        let model = try HuggingFaceFolder.loadModel(source)
        try withTemporaryFolder { folder in
            let path = Files.join(folder, name)
            try HuggingFaceFolder.saveModel(model.parameters, tokenizer: nil, to: path)
            let limit = 1 << 24
            let weights = try Files.read(Files.join(path, "model.safetensors"), limit: limit)
            #expect(weights == (try Files.read(Files.join(source, "model.safetensors"), limit: limit)))
            let old = try StrictJSON.parse(Files.read(Files.join(source, "config.json"), limit: limit))
            let new = try StrictJSON.parse(Files.read(Files.join(path, "config.json"), limit: limit))
            for (field, value) in old.objectValue ?? [:] where new[field] != nil {
                #expect(try new[field]?.canonicalBytes() == value.canonicalBytes(), "\(field)")
            }
            #expect(try HuggingFaceFolder.loadModel(path).parameters == model.parameters)
        }
    }
}
