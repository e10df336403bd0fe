public import LetheBytes

/// A low-rank adapter as a folder of Hugging Face's PEFT: `adapter_config.json` and `adapter_model.safetensors`.
public enum PEFTFolder {
    static let configurationName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"

    /// Fields that say nothing about the computation of a plain adapter.
    private static let inertFields: Set<String> = [
        "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "megatron_core", "peft_version",
        "runtime_config", "qalora_group_size", "loftq_config", "eva_config", "corda_config",
    ]
    private static let knownFields: Set<String> = [
        "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "target_modules", "use_rslora", "bias",
        "init_lora_weights",
    ]
    /// Ways of initialising that leave the base model's weights alone.
    private static let plainInitializations: [JSONValue] = [true, false, "gaussian", "orthogonal", "eva"]

    /// Reads the adapter in the folder at `path`, made for a model of this shape.
    ///
    /// An option that this engine does not know or follow is refused unless it is off (`false`, `null` or empty).
    public static func loadAdapter(_ path: String, model: T5Configuration) throws(FileError) -> LoRAParameters {
        guard Files.exists(path) else { throw .notFound(path: path) }
        guard Files.kind(path) == .folder else { throw .notAFolder(path: path) }
        let configurationPath = Files.join(path, configurationName)
        let configuration = try LoRAConfiguration(fields: ConfigurationFields(path: configurationPath))
        do { try configuration.validate() } catch { throw .malformed(path: configurationPath, reason: "\(error)") }
        let weightsPath = Files.join(path, weightsName)
        let file = try SafetensorsFile.load(weightsPath)
        do {
            // Whatever rank the configuration claims, memory is only taken for the rank of the tensors that are there.
            for (name, tensor) in file.tensors where name.hasSuffix(".lora_A.weight") {
                let shape = tensor.shape
                guard shape.count != 2 || shape[0] != configuration.rank else { continue }
                throw SafetensorsError.shape(
                    name: name, expected: [configuration.rank, shape.last ?? 1], found: shape)
            }
            guard file.names.contains(where: { $0.hasSuffix(".lora_A.weight") }) else {
                throw SafetensorsError.missing(name: "….lora_A.weight")
            }
            return try LoRAParameters(configuration: configuration, model: model, tensors: try file.floatTensors())
        } catch {
            throw .malformed(path: weightsPath, reason: "\(error)")
        }
    }

    /// Reads what an adapter says of itself, without the model that it was made for: its tensors in the order of their bytes.
    public static func describe(
        _ path: String
    ) throws(FileError) -> (configuration: LoRAConfiguration, tensors: [(name: String, count: Int)]) {
        guard Files.exists(path) else { throw .notFound(path: path) }
        let configuration = try LoRAConfiguration(
            fields: ConfigurationFields(path: Files.join(path, configurationName)))
        let weightsPath = Files.join(path, weightsName)
        let file = try SafetensorsFile.load(weightsPath)
        for (name, tensor) in file.tensors where !name.hasPrefix("base_model.model.") || tensor.shape.count != 2 {
            throw .malformed(
                path: weightsPath, reason: "tensor \(String(reflecting: name.prefix(120))) is no factor of an adapter")
        }
        return (configuration, file.names.map { ($0, file.tensors[$0]?.count ?? 0) })
    }

    /// Writes an adapter as a new folder; nothing of it is visible before all of it is on the disk.
    ///
    /// - Parameters:
    ///   - baseModel: the name or path of the base model that PEFT shows.
    ///   - companions: files that stand beside the adapter, such as how training went.
    /// - Throws: `.alreadyExists` when something is at `path` and `replace` is false.
    public static func saveAdapter(
        _ adapter: LoRAParameters, baseModel: String = "", to path: String, replace: Bool = false,
        companions: [(name: String, bytes: [UInt8])] = []
    ) throws(FileError) {
        try Files.writeFolder(path, replace: replace) { (folder: String) throws(FileError) in
            let content = adapter.configuration.fileContent(baseModel: baseModel)
            try Files.write(content.prettyBytes(), to: Files.join(folder, configurationName))
            let entries = adapter.layout.entries.map { entry in
                Safetensors.Entry(name: entry.name, shape: entry.shape, floats: Array(adapter.values[entry.range]))
            }
            try Safetensors.write(entries, to: Files.join(folder, weightsName))
            for file in companions { try Files.write(file.bytes, to: Files.join(folder, file.name)) }
        }
    }

    /// Refuses every option that would change the computation.
    fileprivate static func checkOptions(_ fields: ConfigurationFields) throws(FileError) {
        guard fields["peft_type"] == "LORA" else { throw fields.unexpected("peft_type", "\"LORA\"") }
        guard try fields.text("bias", default: "none") == "none" else { throw fields.unexpected("bias", "\"none\"") }
        let task = try fields.text("task_type", default: "SEQ_2_SEQ_LM")
        guard task == "SEQ_2_SEQ_LM" else { throw fields.unexpected("task_type", "\"SEQ_2_SEQ_LM\"") }
        if let initialization = fields["init_lora_weights"], !plainInitializations.contains(initialization) {
            throw fields.unexpected("init_lora_weights", "a way that leaves the base model unchanged")
        }
        for name in fields.names where !inertFields.contains(name) && !knownFields.contains(name) {
            guard let value = fields[name], value != false, value != [], value != .object([:]) else { continue }
            throw fields.unexpected(name, "none: this option is not supported")
        }
    }
}

extension LoRAConfiguration {
    /// Reads PEFT's `adapter_config.json`: an absent field has the default of `LoraConfig`, the targets those for T5.
    fileprivate init(fields: ConfigurationFields) throws(FileError) {
        try PEFTFolder.checkOptions(fields)
        var targets = ["q", "v"]
        if let value = fields["target_modules"] {
            guard let elements = value.arrayValue else {
                throw fields.unexpected("target_modules", "a list of names (patterns are not supported)")
            }
            targets = elements.compactMap(\.stringValue)
            guard targets.count == elements.count else { throw fields.unexpected("target_modules", "a list of names") }
        }
        self.init(
            rank: try fields.integer("r", default: 8),
            alpha: try fields.float("lora_alpha", default: 8),
            dropout: try fields.float("lora_dropout", default: 0),
            targets: targets,
            isRankStabilized: try fields.bool("use_rslora", default: false))
    }

    /// The content of `adapter_config.json`.
    fileprivate func fileContent(baseModel: String) -> JSONValue {
        [
            "peft_type": "LORA",
            "task_type": "SEQ_2_SEQ_LM",
            "base_model_name_or_path": .string(baseModel),
            "r": JSONValue(rank),
            "lora_alpha": Int(exactly: alpha).map { JSONValue($0) } ?? .number(alpha.description),
            "lora_dropout": .number(dropout.description),
            "target_modules": .array(targets.map { .string($0) }),
            "use_rslora": .bool(isRankStabilized),
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "modules_to_save": .null,
            "use_dora": false,
        ]
    }
}
