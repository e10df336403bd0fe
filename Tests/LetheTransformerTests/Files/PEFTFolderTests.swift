import LetheBytes
import LetheTensor
import LetheTransformer
import Testing

struct PEFTFolderTests {
    private static let model = SmallModel.configuration()

    private static func adapter(_ configuration: LoRAConfiguration) throws -> LoRAParameters {
        var adapter = try LoRAParameters(configuration: configuration, model: model, seed: 3)
        for index in adapter.values.indices where adapter.values[index] == 0 {
            adapter.values[index] = Float(index) / 64
        }
        return adapter
    }

    private static func failure(_ damage: (String) throws -> Void) throws -> String {
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "adapter")
            try PEFTFolder.saveAdapter(adapter(LoRAConfiguration(rank: 2)), to: path)
            try damage(path)
            do {
                _ = try PEFTFolder.loadAdapter(path, model: model)
                return "loaded"
            } catch {
                let line = "\(error)"
                #expect(line.hasPrefix(path) && !line.contains("\n"), "\(line)")
                return String(line.dropFirst(path.count + 1))
            }
        }
    }

    private static func configuration(_ path: String, _ field: String, _ value: JSONValue?) throws {
        let file = Files.join(path, "adapter_config.json")
        let content = try StrictJSON.parse(Files.read(file, limit: 1 << 20))
        try Files.write(content.setting(field, value).prettyBytes(), to: file)
    }

    @Test(arguments: [
        LoRAConfiguration(rank: 2, alpha: 8, dropout: 0.05),
        LoRAConfiguration(rank: 1, alpha: 0.5, targets: ["wi", "o"]),
        LoRAConfiguration(rank: 4, isRankStabilized: true), LoRAConfiguration(rank: 3, targets: ["SelfAttention.k"]),
    ])
    func whatIsSavedIsLoaded(configuration: LoRAConfiguration) throws {
        let adapter = try Self.adapter(configuration)
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "adapter")
            try PEFTFolder.saveAdapter(adapter, baseModel: "base", to: path)
            #expect(try Files.names(in: path) == ["adapter_config.json", "adapter_model.safetensors"])
            let loaded = try PEFTFolder.loadAdapter(path, model: Self.model)
            #expect(loaded == adapter)
            #expect(loaded.configuration == configuration)
            #expect(throws: FileError.alreadyExists(path: path)) { try PEFTFolder.saveAdapter(adapter, to: path) }
        }
    }

    @Test(
        arguments: [
            ("peft_type", "IA3"), ("peft_type", nil), ("bias", "all"), ("use_dora", true),
            ("modules_to_save", ["lm_head"]),
            ("rank_pattern", ["q": 4]), ("alpha_pattern", ["q": 4]), ("layers_to_transform", [0]),
            ("layers_to_transform", 1), ("layer_replication", [[0, 1]]), ("fan_in_fan_out", true),
            ("exclude_modules", "q"),
            ("lora_bias", true), ("trainable_token_indices", [1]), ("an_option_of_tomorrow", "x"),
            ("init_lora_weights", "pissa"), ("target_modules", "all-linear"), ("target_modules", [1]),
            ("task_type", "CAUSAL_LM"), ("use_rslora", "yes"), ("lora_alpha", "8"),
        ] as [(String, JSONValue?)])
    func optionsThatChangeTheComputationAreRefused(field: String, value: JSONValue?) throws {
        let line = try Self.failure { try Self.configuration($0, field, value) }
        #expect(line.hasPrefix("adapter_config.json: \(field) is "), "\(line)")
    }

    @Test(
        arguments: [("r", 0, "r is 0"), ("target_modules", [], "target_modules is none")]
            as [(String, JSONValue, String)])
    func impossibleAdaptersAreRefused(field: String, value: JSONValue, expected: String) throws {
        #expect(try Self.failure { try Self.configuration($0, field, value) }.contains(expected))
    }

    @Test(
        arguments: [
            ("rank_pattern", [:]), ("layers_to_transform", nil), ("an_option_of_tomorrow", false), ("eva_config", nil),
            ("revision", "main"), ("inference_mode", false), ("init_lora_weights", "gaussian"),
            ("peft_version", "0.18.0"),
            ("task_type", .null), ("modules_to_save", []),
        ] as [(String, JSONValue?)])
    func optionsThatChangeNothingAreAccepted(field: String, value: JSONValue?) throws {
        #expect(try Self.failure { try Self.configuration($0, field, value) } == "loaded")
    }

    @Test func absentFieldsHavePEFTsDefaults() throws {
        let adapter = try Self.adapter(LoRAConfiguration(rank: 8, alpha: 8, dropout: 0))
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "adapter")
            try PEFTFolder.saveAdapter(adapter, to: path)
            try Files.write(Array(#"{"peft_type":"LORA"}"#.utf8), to: Files.join(path, "adapter_config.json"))
            #expect(try PEFTFolder.loadAdapter(path, model: Self.model) == adapter)
        }
    }

    @Test func aConfigurationOfAnotherAdapterNamesTheTensor() throws {
        for (field, value, expected) in [
            ("r", 3, "lora_A.weight\" should have the shape [3, "), ("r", 65_536, "should have the shape [65536, "),
            ("target_modules", ["q"], "does not belong"),
            ("target_modules", ["q", "v", "k"], ".k.lora_A.weight is missing"),
            ("target_modules", ["x"], "no linear layer of the model ends in x"),
        ] as [(String, JSONValue, String)] {
            let line = try Self.failure { try Self.configuration($0, field, value) }
            #expect(line.hasPrefix("adapter_model.safetensors: ") && line.contains(expected), "\(line)")
        }
    }

    @Test func missingAndBrokenFilesAreNamed() throws {
        #expect(
            try Self.failure { try Files.remove(Files.join($0, "adapter_config.json")) }
                == "adapter_config.json: no such file or folder")
        #expect(
            try Self.failure { try Files.remove(Files.join($0, "adapter_model.safetensors")) }
                == "adapter_model.safetensors: no such file or folder")
        #expect(
            try Self.failure { path in
                try Files.write(
                    Safetensors.serialize([Safetensors.Entry]()), to: Files.join(path, "adapter_model.safetensors"))
            }.contains("is missing"))
        let model = T5Configuration(vocabularySize: 24, dModel: 16, dKV: 3, dFF: 12, numLayers: 2, numHeads: 2)
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "adapter")
            try PEFTFolder.saveAdapter(Self.adapter(LoRAConfiguration(rank: 2)), to: path)
            #expect(throws: FileError.self) { try PEFTFolder.loadAdapter(path, model: model) }
        }
    }

    @Test(.enabled(if: SharedFiles.exists), arguments: ["t5v10", "t5v11", "t5v10_long"])
    func outsideAdaptersAreLoadedMergedAndWrittenBack(name: String) throws {
        let source = SharedFiles.path("oracle/fixtures/\(name)")
        let model = try HuggingFaceFolder.loadModel(source)
        let adapterPath = Files.join(source, "lora")
        let adapter = try PEFTFolder.loadAdapter(adapterPath, model: model.parameters.configuration)
        #expect(adapter.configuration.rank == 4 && adapter.configuration.scale == 2)
        try withTemporaryFolder { folder in
            let path = Files.join(folder, "adapter")
            try PEFTFolder.saveAdapter(adapter, to: path)
            #expect(
                try Files.read(Files.join(path, "adapter_model.safetensors"), limit: 1 << 24)
                    == Files.read(Files.join(adapterPath, "adapter_model.safetensors"), limit: 1 << 24))
        }
        let merged = adapter.merged(into: model.parameters)
        let expected = try SafetensorsFile.load(Files.join(adapterPath, "merged.safetensors"))
        // 2e-6 is the recommended tolerance of the fixtures for merged weights.
        var compared = 0
        for name in expected.names {
            guard let tensor = merged[name] else { continue }
            let difference = zip(tensor.values, try expected.floats(name)).map { abs($0 - $1) }.max() ?? 0
            #expect(difference <= 2e-6, "\(name): \(difference)")
            compared += 1
        }
        #expect(compared == expected.names.count && compared > 0)
    }
}
